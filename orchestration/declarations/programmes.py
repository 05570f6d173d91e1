"""`programmes/*.yml`: what is done for a time, where, for whom and by which logic."""

from datetime import date

from orchestration.declarations.common import Code, Declared, GroupId, Identifier, Words


class LogicModel(Declared):
    """From means to effects, each step said in one sentence."""

    input: Words
    output: Words
    outcome: Words
    impact: Words


class Programme(Declared):
    """A measure with a beginning and mostly an end."""

    id: Identifier
    name: Words
    department: Identifier
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
