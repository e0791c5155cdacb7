"""One look for all figures: a Chinese font, colours safe for colour-blind readers and in grey print."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from commresearch.reporting.fonts import SANS, register_fonts
from commresearch.terms import Headline, Mention

INK, MUTED, RULE = "#1b1f24", "#6b7280", "#d7dbe0"
OUTCOME_COLOUR: Mapping[Headline, str] = {Headline.YOUTH: "#0072b2", Headline.COMPLAINTS: "#b8460e", Headline.SPACE: "#00795c"}
MENTION_SHADE: Mapping[Mention, str] = {
    Mention.STATED: "#1f4e79", Mention.IMPLIED: "#7fa7cf", Mention.RELATED: "#d6e3f0", Mention.NOT_MENTIONED: "#ffffff",
}
WIDTH = 6.3  #: inches of a figure across the text column of an A4 page


@contextmanager
def house_style() -> Iterator[None]:
    """Draw in the house style; settings outside the block stay as they are."""
    import matplotlib as mpl
    import seaborn as sns

    register_fonts()
    settings: dict[Any, Any] = {
        "font.family": [SANS, "DejaVu Sans"], "font.size": 9, "axes.unicode_minus": False, "axes.edgecolor": RULE,
        "axes.labelcolor": INK, "text.color": INK, "xtick.color": MUTED, "ytick.color": INK, "axes.titlesize": 10.5,
        "axes.titlelocation": "left", "axes.spines.top": False, "axes.spines.right": False, "figure.constrained_layout.use": True,
        "svg.fonttype": "path", "svg.hashsalt": "commresearch", "savefig.facecolor": "white",
    }
    with mpl.rc_context(), sns.axes_style("white", rc=settings), mpl.rc_context(settings):
        yield
