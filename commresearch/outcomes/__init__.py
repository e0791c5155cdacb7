"""Outcomes by unit and month: definitions, units with validity, events to panels by one SQL text on two engines."""

from commresearch.outcomes.build import build_panel
from commresearch.outcomes.definition import OutcomeDefinition, require_equal
from commresearch.outcomes.engine import Engine, open_engine
from commresearch.outcomes.panel import Panel, read_panel
from commresearch.outcomes.quality import PanelQuality, panel_quality
from commresearch.outcomes.units import UnitRegister

__all__ = [
    "Engine", "OutcomeDefinition", "Panel", "PanelQuality", "UnitRegister", "build_panel", "open_engine", "panel_quality", "read_panel",
    "require_equal",
]
