"""[outcomes.*] of case.toml: the choices of each outcome that a case may make otherwise than the fixed definitions."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

from commresearch.terms import Outcome, UnitLevel

NO_BOUNDARY_DAY = "as_was"  #: every event counts where its place belonged on its own day
TicketType = Literal["complaint", "report", "help", "inquiry", "suggestion", "praise", "other"]
RoomClass = Literal["activity", "office", "corridor", "plant", "tenancy"]
Word = Annotated[str, Field(min_length=1, pattern=r"\S")]
Age = Annotated[int, Field(ge=0, le=120)]


def _not_empty(values: tuple[str, ...]) -> tuple[str, ...]:
    """Asked after the words themselves: a list whose only word is wrong is not told to be empty, too."""
    if not values:
        raise ValueError("rule_case_list")
    return values


class _Choices(BaseModel):
    """What every outcome lets a case choose: the level of its units, and the day whose boundaries count."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, regex_engine="python-re")

    unit_level: Annotated[UnitLevel, Field(strict=False)] = UnitLevel.COMMUNITY
    boundaries: date | str = NO_BOUNDARY_DAY

    @field_validator("boundaries", mode="before")
    @classmethod
    def _a_day_or_none(cls, value: Any) -> Any:
        if value != NO_BOUNDARY_DAY and (not isinstance(value, date) or isinstance(value, datetime)):
            raise ValueError("rule_case_boundaries")
        return value

    @property
    def stated(self) -> Mapping[str, object]:
        """The choices that the case writes down, by the names that `OutcomeDefinition.of` takes."""
        return self.model_dump(exclude_unset=True)


class _Dated(_Choices):
    """An outcome over people or households: they are interpolated between their dates, or those of one day hold throughout."""

    denominator: Literal["interpolated", "baseline"] = "interpolated"
    baseline: date | None = None


class ComplaintRate(_Dated):
    """[outcomes.complaint_rate].

    types, topics
        types of ticket that count, topics that count (all where none is named)
    repeat_days
        days after the previous contact within which the same matter of the same caller is a repeat
    follow_up_days
        days after receipt within which a case counts as closed in time
    """

    types: Annotated[tuple[TicketType, ...], Field(strict=False), AfterValidator(_not_empty)] = ("complaint", "report")
    topics: Annotated[tuple[Word, ...], Field(strict=False)] = ()
    repeat_days: Annotated[int, Field(ge=0, le=366)] = 7
    follow_up_days: Annotated[int, Field(ge=1, le=366)] = 30


class YouthParticipation(_Dated):
    """[outcomes.youth_participation]: ages in completed years, both included, and the share (%) of unknown ages that still allows a headline."""

    age_low: Age = 14
    age_high: Age = 35
    unknown_limit: Annotated[int, Field(ge=0, le=100)] = 20

    @model_validator(mode="after")
    def _ages_in_order(self) -> "YouthParticipation":
        if self.age_low > self.age_high:
            raise ValueError("rule_case_ages")
        return self


class AreaInUse(_Choices):
    """[outcomes.area_in_use]: the classes of room that count."""

    room_classes: Annotated[tuple[RoomClass, ...], Field(strict=False), AfterValidator(_not_empty)] = ("activity",)


class SpaceUse(AreaInUse):
    """[outcomes.space_use].

    open_minute, close_minute
        the reference hours, as minutes after midnight
    rooms, baseline
        rooms on the register on the day of the baseline, or all
    weighting
        every room alike, or by its area
    """

    open_minute: Annotated[int, Field(ge=0, le=1_440)] = 510
    close_minute: Annotated[int, Field(ge=0, le=2_880)] = 1_260
    rooms: Literal["baseline", "all"] = "baseline"
    baseline: date | None = None
    weighting: Literal["equal", "area"] = "equal"

    @model_validator(mode="after")
    def _hours_in_order(self) -> "SpaceUse":
        if not self.open_minute < self.close_minute <= self.open_minute + 1_440:
            raise ValueError("rule_case_hours")
        return self


class OutcomeSettings(BaseModel):
    """[outcomes]: one table for each outcome; one that is not written has the fixed definition."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)

    complaint_rate: ComplaintRate = ComplaintRate()
    youth_participation: YouthParticipation = YouthParticipation()
    space_use: SpaceUse = SpaceUse()
    area_in_use: AreaInUse = AreaInUse()

    def __getitem__(self, outcome: Outcome | str) -> _Choices:
        """The choices of one outcome."""
        choices: _Choices = getattr(self, Outcome(outcome))
        return choices
