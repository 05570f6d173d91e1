"""`programmes/*.yml`: what is done for a time, where, for whom and by which logic."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from orchestration.declarations.common import Code, Declared, GroupId, Identifier, Words
from orchestration.declarations.reach import Reach


class EarliestSign(Declared):
    """What could be seen first if the logic holds, and from when on."""

    what: Words
    since: date | None = None


class LogicModel(Declared):
    """From means to effects, each step said in one sentence."""

    input: Words
    output: Words
    outcome: Words
    impact: Words
    lag_years: Annotated[
        float | None, Field(ge=0, description="Years from the output until the outcome shows.")
    ] = None
    earliest_sign: EarliestSign | None = None


class Programme(Declared):
    """A measure with a beginning and mostly an end."""

    id: Identifier
    name: Words
    department: Identifier
    service: Annotated[
        Identifier | None, Field(description="The service it is part of, if any.")
    ] = None
    areas: list[Code] = []
    group: GroupId = "all"
    start: date
    end: date | None = None
    began: Annotated[
        dict[Code, date],
        Field(description="Areas where it began on another day than `start`, each with its day."),
    ] = {}
    strength: Annotated[
        dict[Code, Annotated[float, Field(gt=0)]],
        Field(
            description="How strong it is in each of its areas, in one unit for all, such as hours "
            "a week per 1,000 residents; where it differs, that is what is compared."
        ),
    ] = {}
    funding_ends: date | None = None
    yearly_budget: float | None = None
    chosen_because: Words | None = None
    chosen_by: Annotated[
        Literal["need", "application", "opportunity", "lot"] | None,
        Field(
            description="need: because something was bad there. application: they applied. "
            "opportunity: something else made it possible there. lot: drawn."
        ),
    ] = None
    logic: LogicModel
    also_acting: list[Words] = []
    indicators: list[Identifier] = []
    reach: Reach | None = None

    @model_validator(mode="after")
    def _in_its_areas(self) -> Self:
        for name in ("began", "strength"):
            codes = getattr(self, name)
            if strange := sorted(set(codes) - set(self.areas)):
                raise ValueError(f"`{name}` names {', '.join(strange)}; name areas of `areas`")
        if self.strength and (unsaid := sorted(set(self.areas) - set(self.strength))):
            raise ValueError(f"`strength` leaves out {', '.join(unsaid)}; say it for all `areas`")
        return self
