"""A plan that is written down before outcomes are looked at: what, how, which months; locked by a hash, its deviations told."""

import hashlib
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from commresearch.errors import CaseError, Failure
from commresearch.impact.result import ImpactEstimate, Note
from commresearch.records import canonical_json
from commresearch.words import has

FIELDS = ("outcome", "estimand", "method", "inference", "first_month", "last_month", "conf_level", "units", "notes")


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """What will be estimated, and how.

    outcome, estimand, method, inference : str
        Members of `Outcome`, `Estimand`, `Method`, `Inference`.
    first_month, last_month : str
        YYYY-MM.
    conf_level : float
    units : tuple of str
        Units that take part, or none where all do.
    notes : str
        Anything else that was decided: outliers, secondary outcomes, subgroups.
    """

    outcome: str
    estimand: str
    method: str
    inference: str
    first_month: str
    last_month: str
    conf_level: float = 0.95
    units: tuple[str, ...] = ()
    notes: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LockedPlan:
    """A plan with its lock.

    locked_on : date
    fingerprint : str
        sha256 over the files that were there when the plan was locked.
    key : str
        sha256 over plan, day and fingerprint.
    receipt : dict
        issuer, number, date of an outside time stamp or registration; empty: locked on this computer only (本地锁定).
    """

    plan: Plan
    locked_on: date
    fingerprint: str
    key: str
    receipt: Mapping[str, str]

    @property
    def status(self) -> Note:
        """What the lock is worth: on one's own computer, or with somebody else's receipt."""
        values: dict[str, object] = {"day": self.locked_on.isoformat(), "key": self.key[:12]}
        if not self.receipt:
            return Note(key="plan_local", values=values)
        return Note(key="plan_receipt", values=values | {"issuer": self.receipt.get("issuer", ""), "number": self.receipt.get("number", "")})


def fingerprint_of(hashes: Mapping[str, str]) -> str:
    """One hash over the names and hashes of files, in the order of their names."""
    return hashlib.sha256(canonical_json(dict(sorted(hashes.items()))).encode("utf8")).hexdigest()


def lock_plan(plan: Plan, *, today: date, fingerprint: str) -> LockedPlan:
    """Lock a plan to a day and to the files that are there."""
    return LockedPlan(plan=plan, locked_on=today, fingerprint=fingerprint, key=_key(plan, today, fingerprint), receipt={})


def plan_text(locked: LockedPlan) -> str:
    """The plan as plan.toml, which people can read and nobody can change unseen."""
    lines = ["[plan]", *(f"{name} = {_toml(getattr(locked.plan, name))}" for name in FIELDS)]
    lines += ["", "[lock]", f"locked_on = {locked.locked_on.isoformat()}", f'fingerprint = "{locked.fingerprint}"', f'key = "{locked.key}"']
    if locked.receipt:
        lines += ["", "[receipt]", *(f"{name} = {_toml(value)}" for name, value in locked.receipt.items())]
    return "\n".join(lines) + "\n"


def read_plan(text: str, file: str = "plan.toml") -> LockedPlan:
    """A locked plan, held against its own hash.

    Raises
    ------
    CaseError
        The text is no TOML, or parts or keys are missing (CR-I50); it was changed after it was locked (CR-I51).
    """
    try:
        tables = tomllib.loads(text)
        facts: dict[str, Any] = {name: tables["plan"][name] for name in FIELDS}
        plan = Plan(**(facts | {"units": tuple(facts["units"])}))
        lock = tables["lock"]
        locked = LockedPlan(plan=plan, locked_on=lock["locked_on"], fingerprint=lock["fingerprint"], key=lock["key"], receipt=tables.get("receipt", {}))
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise CaseError(Failure(code="CR-I50", values={"file": file, "error": str(error)})) from None
    if _key(plan, locked.locked_on, locked.fingerprint) != locked.key:
        raise CaseError(Failure(code="CR-I51", values={"file": file, "day": locked.locked_on.isoformat()}))
    return locked


def deviations(locked: LockedPlan, estimate: ImpactEstimate, *, months: tuple[str, str], units: Sequence[str] = ()) -> tuple[Note, ...]:
    """What an estimate does otherwise than the plan says, one note each.

    Parameters
    ----------
    months : (first, last)
        Months that the estimate looked at, YYYY-MM.
    units : sequence of str
        Units in it; looked at where the plan names units.
    """
    plan = locked.plan
    done = {
        "outcome": estimate.outcome, "estimand": str(estimate.estimand), "method": str(estimate.method), "inference": str(estimate.inference),
        "first_month": months[0], "last_month": months[1], "conf_level": estimate.conf_level,
    }
    found = [
        Note(key="plan_deviation", values={"what": _named(name), "planned": _said(name, getattr(plan, name)), "done": _said(name, value)})
        for name, value in done.items() if getattr(plan, name) != value
    ]
    if plan.units and set(plan.units) != set(units):
        gone, new = sorted(set(plan.units) - set(units)), sorted(set(units) - set(plan.units))
        found.append(Note(key="plan_units", values={"gone": gone or ["—"], "new": new or ["—"]}))
    return tuple(found)


def _named(name: str) -> dict[str, str]:
    return {language: Note(key=f"plan_{name}").text(language) for language in ("zh", "en")}


def _said(name: str, value: object) -> object:
    """A choice as people say it, where there are words for it."""
    key = f"{name}_{value}"
    return {language: Note(key=key).text(language) for language in ("zh", "en")} if has(f"effects.{key}") else value


def _key(plan: Plan, day: date, fingerprint: str) -> str:
    facts = asdict(plan) | {"units": list(plan.units), "locked_on": day.isoformat(), "fingerprint": fingerprint}
    return hashlib.sha256(canonical_json(facts).encode("utf8")).hexdigest()


def _toml(value: object) -> str:
    if isinstance(value, tuple | list):
        return "[" + ", ".join(_toml(v) for v in value) + "]"
    if isinstance(value, float):
        return repr(value)
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'
