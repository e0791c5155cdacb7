"""One look for all figures: a Chinese font, colours safe for colour-blind readers and in grey print."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from commresearch.reporting.fonts import SANS, register_fonts
from commresearch.terms import Headline, Mention, Outcome

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, RULE, ACCENT = "#1b1f24", "#6b7280", "#d7dbe0", "#b8460e"
OUTCOME_COLOUR: Mapping[Headline, str] = {Headline.YOUTH: "#0072b2", Headline.COMPLAINTS: "#b8460e", Headline.SPACE: "#00795c"}
HEADLINES: Mapping[Outcome, Headline] = {
    Outcome.COMPLAINT_RATE: Headline.COMPLAINTS, Outcome.YOUTH_PARTICIPATION: Headline.YOUTH, Outcome.SPACE_USE: Headline.SPACE,
    Outcome.AREA_IN_USE: Headline.SPACE,
}
MENTION_SHADE: Mapping[Mention, str] = {
    Mention.STATED: "#1f4e79", Mention.IMPLIED: "#7fa7cf", Mention.RELATED: "#d6e3f0", Mention.NOT_MENTIONED: "#ffffff",
}
WIDTH = 6.3  #: inches of a figure across the text column of an A4 page
MOST_TICKS = 9  #: months named under an axis


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the house style; settings outside the block stay as they are."""
    import matplotlib as mpl

    from commresearch.reporting.lean_seaborn import axes_style

    register_fonts()
    settings: dict[Any, Any] = {
        "font.family": [SANS], "font.size": 9, "axes.unicode_minus": False, "axes.edgecolor": RULE,
        "axes.labelcolor": INK, "text.color": INK, "xtick.color": MUTED, "ytick.color": INK, "axes.titlesize": 10.5,
        "axes.titlelocation": "left", "axes.spines.top": False, "axes.spines.right": False, "figure.constrained_layout.use": True,
        "svg.fonttype": "path", "svg.hashsalt": "commresearch", "savefig.facecolor": "white",
    }
    with mpl.rc_context(), axes_style("white", rc=settings), mpl.rc_context(settings):
        yield


def stamp_drawing(figure: "Figure", stamp: str) -> None:
    """The words that mark simulated data, above the drawing at its right."""
    if stamp:
        figure.suptitle(stamp, x=0.99, ha="right", fontsize=8, color=ACCENT, bbox={"boxstyle": "square,pad=0.3", "fc": "white", "ec": ACCENT, "lw": 0.8})


def mark_date(axes: "Axes", place: float, kind: str, label: str) -> None:
    """A line at the beginning of a month: dashed for a change of recording, thin for starts; its label on top, written upwards."""
    style = {"color": ACCENT, "linestyle": (0, (4, 3)), "linewidth": 1.0} if kind == "break" else {"color": INK, "linestyle": "-", "linewidth": 0.6}
    axes.axvline(place, **style)  # type: ignore[arg-type]
    top = axes.get_ylim()[1]
    axes.text(
        place + 0.1, top, label, rotation=90, va="top", ha="left", fontsize=7.5, color=style["color"],
        bbox={"boxstyle": "square,pad=0.1", "fc": "white", "ec": "none", "alpha": 0.75},
    )


def month_axis(axes: "Axes", months: "Sequence[pd.Timestamp]") -> None:
    """Months under the axis as 2024-03, at most nine of them, at whole quarters where there are many."""
    step = next((s for s in (1, 2, 3, 6, 12, 24) if len(months) / s <= MOST_TICKS), 36)
    first = next((i for i, m in enumerate(months) if (m.month - 1) % min(step, 12) == 0), 0)
    ticks = list(range(first, len(months), step))
    axes.set_xticks(ticks, [f"{months[i]:%Y-%m}" for i in ticks])
