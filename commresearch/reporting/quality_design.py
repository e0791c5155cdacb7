"""What the intervals of the quality report rest on, in the words that the sampling allows."""

from commresearch.reporting.quality_page import QualityPage

FEW_GROUPS = 10  #: groups below which the width of an interval is itself uncertain


def rests_on(page: QualityPage) -> str:
    """What intervals rest on: design or model, and which groups of sheets count as one."""
    if page.model_reason:
        return page.notes(page.text("results_model_design", level=page.level, reason=page.model_reason), alike(page))
    is_raked = page.inference == "model" and len(page.quality.weights) > 0
    key = "results_model_raked" if is_raked else f"results_{page.inference}"
    return page.notes(page.say(key, level=page.level), design(page), alike(page))


def design(page: QualityPage) -> str:
    """The design that intervals follow from; nothing where they do not."""
    if page.inference != "design":
        return ""
    strata, clusters = (page.join(page.say("quoted", text=page.named(name)) for name in page.quality.noted(note)) for note in ("by_stratum", "by_cluster"))
    parts = {
        "strata": page.say("design_strata", list=strata) if strata else page.say("design_no_strata"),
        "clusters": page.say("design_clusters", list=clusters) if clusters else page.say("design_no_clusters"),
    }
    return page.text("design_named", **parts)


def alike(page: QualityPage, *, few_only: bool = False) -> str:
    """That intervals of a model rest on groups, with a warning where these are few; nothing where every sheet stands for itself.

    Sheets that name no group are groups by themselves: the number of groups is left out then, because how many lack one would follow.
    """
    found, unnamed, table = page.quality.noted("alike"), page.quality.noted("alike_unnamed"), page.quality.estimates
    if not found or (few_only and (unnamed or min(found.values()) >= FEW_GROUPS)):
        return ""
    (name, n), *_ = found.items()
    if unnamed:
        return page.text("alike_unnamed", name=page.named(name))
    is_whole = "df" in table and (table["df"].dropna() == n - 1).all()
    degrees = page.say("alike_degrees", df=n - 1) if is_whole else ""
    few = page.say("alike_few", least=FEW_GROUPS) if n < FEW_GROUPS else ""
    return page.notes(page.text("alike", name=page.named(name), n=n, degrees=degrees), few)
