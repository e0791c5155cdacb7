"""Scores and conclusions of the annual report: the table of points, the effects with their grades, the indicators of each part of the evaluation."""

from collections.abc import Sequence

from commresearch.cases.indicators_file import Better, Block, Indicator, not_reported, total_score
from commresearch.reporting.annual_page import AnnualPage
from commresearch.reporting.cells import DASH, capital
from commresearch.reporting.display import Item, Table, bullets, heading
from commresearch.words import entries, number, say


def conclusions(page: AnnualPage) -> list[Item]:
    """What the evaluation comes to: the table of points, then what the pilot is estimated to have changed; the two are told apart."""
    items: list[Item] = [heading(page.say("conclusions_heading")), heading(page.say("scores_heading"), 2)]
    if page.indicators:
        items += [page.prose(_score_text(page)), _score_table(page)]
    else:
        items.append(page.prose(page.say("score_none", year=page.year)))
    return [*items, heading(page.say("effects_heading"), 2), page.prose(page.say("effects_lead")), *_effects(page)]


def _score_text(page: AnnualPage) -> str:
    text = page.text("score_text", year=page.year, n=number(len(page.indicators)), score=page.points(page.score), mark=page.mark)
    if not page.blank_points:
        return text
    reported = 100 - page.blank_points
    share = page.points(100 * page.score / reported) if reported else DASH
    return text + page.text("score_text_blank", n=number(sum(one.actual is None for one in page.indicators)), blank=page.points(page.blank_points), reported=page.points(reported), share=share)


def _score_table(page: AnnualPage) -> Table:
    rows = []
    for block in Block:
        found = of_block(page, block)
        rows.append([page.block(block), *(_score_row(page, found) if found else ["0", DASH, page.say("not_reported"), DASH])])
    rows.append([page.say("score_total"), *_score_row(page, page.indicators)])
    return page.table(
        "scores", page.say("scores_caption", score=page.points(page.score)), page.header("col_block", "col_number", "col_weight", "col_score", "col_blank"), rows,
        align="lrrrr", widths=(28, 16, 16, 20, 20), note=page.say("scores_note"),
    )


def _score_row(page: AnnualPage, found: Sequence[Indicator]) -> list[str]:
    weight = sum(one.weight for one in found)
    return [number(len(found)), page.points(weight), page.points(total_score(tuple(found))), page.points(not_reported(tuple(found)))]


def of_block(page: AnnualPage, block: Block) -> tuple[Indicator, ...]:
    """The indicators of one part of the evaluation."""
    return tuple(one for one in page.indicators if one.block is block)


# ---------------------------------------------------------------- what the pilot changed


def _effects(page: AnnualPage) -> list[Item]:
    """Every outcome with effect, interval, unit and grade, and what the grade allows to be said; why others have no estimate."""
    words, rows = entries("grades"), []
    for entry in page.impact.estimated:
        effect, grade = page.impact.effect_of(entry), entry["estimate"]["grade"]
        allowed = words[grade][f"words_{page.language}"] if grade in words else DASH
        rows.append([capital(page.impact.outcome(entry)), page.impact.effect(effect), page.impact.axis(str(effect.unit)), grade if grade else DASH, allowed])
    items: list[Item] = []
    if rows:
        items.append(page.table(
            "effects", page.say("effects_caption"), page.header("col_outcome", "col_effect", "col_unit", "col_grade", "col_allowed"), rows, align="lrlll",
            widths=(17, 24, 15, 10, 34), note=page.say("effects_note", level=page.impact.level),
        ))
        items.append(bullets(page.text("grading_line", outcome=capital(page.impact.outcome(one)), text=page.impact.both(one["grading"]["text"])) for one in page.impact.estimated))
    if page.impact.refused:
        lines = [page.text("refused_line", outcome=capital(page.impact.outcome(one)), why=page.impact.refusal(one)) for one in page.impact.refused]
        items += [page.prose(page.say("refused_lead")), bullets(lines)]
    return items


# ---------------------------------------------------------------- indicators


def analysis(page: AnnualPage) -> list[Item]:
    """The indicators of decision, process, output and benefit, one part after the other."""
    items: list[Item] = [heading(page.say("analysis_heading")), page.prose(page.say("analysis_lead"))]
    for block in Block:
        found = of_block(page, block)
        items.append(heading(page.say("block_heading", block=page.block(block)), 2))
        items += [_indicator_table(page, block, found), *_reasons(page, found)] if found else [page.prose(page.say("block_none"))]
    return items


def _indicator_table(page: AnnualPage, block: Block, found: Sequence[Indicator]) -> Table:
    rows = [
        [_named(page, one), _unit(page, one), _target(page, one), _actual(page, one), page.points(one.weight), page.say("not_reported") if one.actual is None else page.points(one.score)]
        for one in found
    ]
    return page.table(
        f"indicators-{block}", page.say("indicators_caption", block=page.block(block), n=number(len(found)), score=page.points(total_score(tuple(found))), weight=page.points(sum(one.weight for one in found))),
        page.header("col_indicator", "col_unit", "col_target", "col_actual", "col_weight", "col_score"), rows, align="llrrrr", widths=(36, 13, 17, 14, 9, 11),
        note=page.say("indicators_note") if any(one.is_judged for one in found) else "",
    )


def _named(page: AnnualPage, one: Indicator) -> str:
    named = page.own(page.say("indicator_named", level2=one.level2, level3=one.level3))
    return named + page.say("lower_is_better") if one.better is Better.LOWER else named


def _unit(page: AnnualPage, one: Indicator) -> str:
    """The unit, in English by its word where there is one."""
    return say(f"annual.unit_{one.unit}", page.language)


def _target(page: AnnualPage, one: Indicator) -> str:
    return page.own(one.target) if one.is_judged else number(float(one.target))


def _actual(page: AnnualPage, one: Indicator) -> str:
    if one.actual is None:
        return page.say("not_reported")
    return page.say("reached_percent", n=number(float(one.actual))) if one.is_judged else number(float(one.actual))


def _reasons(page: AnnualPage, found: Sequence[Indicator]) -> list[Item]:
    """Why targets were missed or passed by far, as the file says it; who answers for the indicator and where it comes from."""
    told = [
        page.text(
            "reason_line", name=page.own(one.level3), reason=page.own(one.reason), source=page.own(one.source) if one.source else page.say("not_reported"),
            responsible=page.own(one.responsible) if one.responsible else page.say("not_reported"),
        )
        for one in found if one.reason
    ]
    return [page.prose(page.say("reasons_lead")), bullets(told)] if told else []
