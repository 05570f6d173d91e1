"""`goals/*.yml`: what somebody wants to reach, in dated versions that are never overwritten."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field

from orchestration.declarations.common import Code, Declared, Identifier, Words


class Holder(Declared):
    """Whose goal it is."""

    kind: Literal["council", "department", "carrier", "residents", "land"]
    name: Words


class GoalVersion(Declared):
    """The goal as it stood from a day on."""

    since: date
    state: Literal["proposed", "contested", "decided", "dropped"]
    baseline: float | None = None
    target: float | None = None
    by: date | None = None
    note: Words | None = None


class Goal(Declared):
    """A goal tied to an indicator; of the whole municipality unless areas are named."""

    id: Identifier
    name: Words
    holder: Holder
    indicator: Identifier
    areas: list[Code] = []
    group: str = "all"
    grain: Annotated[
        Literal["month", "quarter", "half_year", "year"],
        Field(description="The length of the periods whose values are held against the target."),
    ] = "year"
    direction: Annotated[
        Literal["at_most", "at_least"] | None,
        Field(
            description="Whether the target is an upper or a lower bound. Needed only where "
            "baseline and target, or the polarity of the indicator, do not say it: to keep "
            "something as it is, or to limit a rise."
        ),
    ] = None
    versions: Annotated[list[GoalVersion], Field(min_length=1)]
    accepts_less_of: Annotated[
        Words | None, Field(description="What its holder would accept less of.")
    ] = None
