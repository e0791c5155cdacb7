"""The course: lessons from notebooks, their exercises, and the page, slides, worksheet and workbook that are made of each."""
