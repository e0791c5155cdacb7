(function () {
  var table = document.getElementById("cases");
  var body = table.tBodies[0];
  var rows = Array.prototype.slice.call(body.rows);
  var filter = document.getElementById("filter");
  var count = document.getElementById("count");

  function show() {
    var wanted = filter.value.trim().toLowerCase();
    var n = 0;
    rows.forEach(function (row) {
      var shown = Array.prototype.slice.call(row.cells, 0, -1).map(function (cell) { return cell.textContent; }).join(" ");
      row.hidden = wanted !== "" && shown.toLowerCase().indexOf(wanted) < 0;
      if (!row.hidden) { n += 1; }
    });
    count.textContent = count.dataset.text.replace("{n}", n);
  }

  function order(column, ascending) {
    function text(row) { var cell = row.cells[column]; return cell.dataset.sort || cell.textContent; }
    var numeric = rows.every(function (row) { return /^\d+$/.test(text(row)); });
    rows.sort(function (a, b) {
      var x = text(a), y = text(b);
      var way = numeric ? x - y : x.localeCompare(y, document.documentElement.lang);
      return ascending ? way : -way;
    });
    rows.forEach(function (row) { body.appendChild(row); });
  }

  Array.prototype.forEach.call(table.tHead.rows[0].cells, function (head, column) {
    var button = head.querySelector("button");
    if (!button) { return; }
    button.addEventListener("click", function () {
      var ascending = head.getAttribute("aria-sort") !== "ascending";
      table.tHead.querySelectorAll("[aria-sort]").forEach(function (other) { other.setAttribute("aria-sort", "none"); });
      head.setAttribute("aria-sort", ascending ? "ascending" : "descending");
      order(column, ascending);
    });
  });
  filter.addEventListener("input", show);
  show();
})();
