"""`programmes/*.yml`: what is done for a time, where, for whom and by which logic."""

from datetime import date
from typing import Annotated

from pydantic import Field

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
    funding_ends: date | None = None
    yearly_budget: float | None = None
    chosen_because: Words | None = None
    logic: LogicModel
    also_acting: list[Words] = []
    indicators: list[Identifier] = []
    reach: Reach | None = None
