"""The panels that claims on a case are measured in: counted on their own topics, and without channels that joined among their months."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Any

import pandas as pd

from commresearch.cases import Case
from commresearch.cases.case import LogRules
from commresearch.cases.case_claims_file import ClaimTerms
from commresearch.outcomes import Panel, build_panel
from commresearch.outcomes.live import recording_breaks
from commresearch.terms import DataKind, Outcome
from commresearch.workflow.case_estimates import register_of
from commresearch.workflow.case_logs import CleanedLog

TICKETS = str(DataKind.TICKETS)
OF_UNITS = (DataKind.GRIDS, DataKind.LINEAGE)
KEY = ["unit_id", "month"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ClaimPanels:
    """The panel of one claim.

    panel : Panel or None
        None where the case does not count its outcome, or the logs know none of its topics.
    unaffected : Panel, optional
        Without the channels that joined among the claim's months, where there are such channels.
    unknown_topics : tuple of str
        Topics of the claim that no ticket has.
    """

    panel: Panel | None
    unaffected: Panel | None = None
    unknown_topics: tuple[str, ...] = ()


class ClaimCounter:
    """Counts complaints of a case anew; every topic and set of channels once."""

    def __init__(self, case: Case, logs: Sequence[CleanedLog], panels: Mapping[str, Panel]) -> None:
        self._case, self._logs, self._panels = case, logs, panels
        self._tickets: pd.DataFrame | None = None
        self._made: dict[tuple[tuple[str, ...], tuple[str, ...]], Panel] = {}

    def of(self, terms: ClaimTerms) -> ClaimPanels:
        """The panels of one claim: the case's own where it asks for the same topics."""
        own = self._panels.get(terms.outcome)
        if own is None or terms.outcome != Outcome.COMPLAINT_RATE:
            return ClaimPanels(panel=own)
        unknown = tuple(sorted(set(terms.topics) - set(map(str, self.tickets["topic"].dropna().unique()))))
        if unknown:
            return ClaimPanels(panel=None, unknown_topics=unknown)
        same = tuple(sorted(map(str, own.definition["topics"]))) == terms.topics
        panel = own if same else self._counted(own, terms.topics, ())
        joined = self._joined(terms)
        return ClaimPanels(panel=panel, unaffected=self._counted(own, terms.topics, joined) if joined else None)

    @property
    def tickets(self) -> pd.DataFrame:
        """All tickets of the case, read once."""
        if self._tickets is None:
            found = register_of(self._logs, DataKind.TICKETS)
            self._tickets = pd.DataFrame({"topic": [], "channel": []}) if found is None else found
        return self._tickets

    def _joined(self, terms: ClaimTerms) -> tuple[str, ...]:
        """Channels that joined among the months of a claim and that its tickets name; none where tickets changed in some units in another way, too."""
        coverage = register_of(self._logs, DataKind.COVERAGE)
        if coverage is None or "channel" not in self.tickets:
            return ()
        breaks = recording_breaks(coverage)
        months = pd.to_datetime(breaks["on"]).dt.strftime("%Y-%m")
        parts = [str(source).partition(":") for source in breaks["source"]]
        kind, channel = (pd.Series([part[i] for part in parts], index=breaks.index, dtype="str") for i in (0, 2))
        within = (kind == TICKETS) & (months > terms.base_start) & (months <= terms.period_end)
        if (within & (channel == "") & (breaks["unit_id"].astype("str") != "*")).any():
            return ()
        named = set(channel[within & (channel != "")])
        return tuple(sorted(named & set(map(str, self.tickets["channel"].dropna().unique()))))

    def _counted(self, own: Panel, topics: tuple[str, ...], without: tuple[str, ...]) -> Panel:
        """Complaints of some topics without some channels, all else as the case counts them."""
        key = topics, without
        if key not in self._made:
            choices: dict[str, Any] = dict(own.definition.parameters) | {"topics": topics}
            tickets = self.tickets[~self.tickets["channel"].isin(list(without))] if without else self.tickets
            events = {DataKind.TICKETS: tickets.reset_index(drop=True)}
            events |= {kind: found for kind in OF_UNITS if (found := register_of(self._logs, kind)) is not None}
            roster, rollout, coverage = (register_of(self._logs, kind) for kind in (DataKind.ROSTER, DataKind.ROLLOUT, DataKind.COVERAGE))
            if coverage is not None and without:
                coverage = coverage[~coverage["source"].isin([f"{TICKETS}:{name}" for name in without])].reset_index(drop=True)
            months = own.frame["month"]
            made = build_panel(
                Outcome.COMPLAINT_RATE, events, pd.DataFrame() if roster is None else roster, rollout, months=(f"{months.min():%Y-%m}", f"{months.max():%Y-%m}"),
                coverage=coverage, extract_at=self._extract_at(), months_without_rows={DataKind.TICKETS: self._empty_months()}, **choices,
            )
            in_part = pd.MultiIndex.from_frame(own.frame.loc[own.frame["partial_month"].astype(bool), KEY])  # one frame does not tell what a ledger lacks
            partial = made.frame["partial_month"].astype(bool) | pd.MultiIndex.from_frame(made.frame[KEY]).isin(in_part)
            self._made[key] = replace(made, frame=made.frame.assign(partial_month=partial))
        return self._made[key]

    def _extract_at(self) -> datetime | None:
        """The end of the earliest day on which a log of tickets was extracted."""
        days = [log.extracted_on for log in self._logs if log.table.kind is DataKind.TICKETS and log.extracted_on is not None]
        return datetime.combine(min(days), time()) + timedelta(days=1) if days else None

    def _empty_months(self) -> str:
        """What a month is in which there is no ticket: zero only where that is said of all their files."""
        rules = [d.rules if isinstance(d.rules, LogRules) else LogRules() for d in self._case.settings.data if d.kind is DataKind.TICKETS]
        return "zero" if rules and all(r.months_without_rows == "zero" for r in rules) else "missing"
