"""Outcomes by unit and month: definitions, units with validity, events to panels by one SQL text on two engines. A name loads its module at first use."""

from typing import TYPE_CHECKING

from commresearch import late_names

if TYPE_CHECKING:
    from commresearch.outcomes.build import build_panel
    from commresearch.outcomes.definition import OutcomeDefinition, require_equal
    from commresearch.outcomes.engine import Engine, open_engine
    from commresearch.outcomes.from_survey import SurveyWave, outcomes_from_surveys
    from commresearch.outcomes.panel import Panel, read_panel
    from commresearch.outcomes.quality import PanelQuality, panel_quality
    from commresearch.outcomes.units import UnitRegister
else:
    _MODULES = {
        "build_panel": "commresearch.outcomes.build",
        "OutcomeDefinition": "commresearch.outcomes.definition",
        "require_equal": "commresearch.outcomes.definition",
        "Engine": "commresearch.outcomes.engine",
        "open_engine": "commresearch.outcomes.engine",
        "SurveyWave": "commresearch.outcomes.from_survey",
        "outcomes_from_surveys": "commresearch.outcomes.from_survey",
        "Panel": "commresearch.outcomes.panel",
        "read_panel": "commresearch.outcomes.panel",
        "PanelQuality": "commresearch.outcomes.quality",
        "panel_quality": "commresearch.outcomes.quality",
        "UnitRegister": "commresearch.outcomes.units",
    }
    __getattr__, __dir__ = late_names(__name__, _MODULES)

__all__ = [
    "Engine", "OutcomeDefinition", "Panel", "PanelQuality", "SurveyWave", "UnitRegister", "build_panel", "open_engine", "outcomes_from_surveys",
    "panel_quality", "read_panel", "require_equal",
]
