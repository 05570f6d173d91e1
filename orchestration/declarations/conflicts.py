"""`conflicts/*.yml`: goals that stand in each other's way, each side in its own words.

Nothing here weighs the sides or proposes what to do; that is for those who decide.
"""

from datetime import date
from typing import Annotated

from pydantic import Field, model_validator

from orchestration.declarations.common import Declared, Identifier, Words


class Side(Declared):
    """One side: a goal, and what those who hold it say."""

    goal: Identifier
    says: Annotated[Words, Field(description="What this side says, in its own words.")]
    said_by: Annotated[Words, Field(description="Who said so: a role or a body, never a name.")]
    accepts_less_of: Annotated[
        Words | None,
        Field(
            description="What it would accept less of here; else what the goal says, if anything."
        ),
    ] = None


class Decider(Declared):
    """Who decides, and when at the latest."""

    who: Words
    by: date


class Decision(Declared):
    """What was decided, in the words of those who did; left out while it is open."""

    on: date
    what: Words


class Conflict(Declared):
    """Two or more goals that cannot all be had at once, declared by somebody on a day."""

    id: Identifier
    name: Words
    declared_by: Annotated[Words, Field(description="A role or a body, never a name.")]
    declared_on: date
    sides: Annotated[list[Side], Field(min_length=2, description="No order is meant.")]
    numbers_say: Annotated[
        Words, Field(description="What the numbers say, as known when it was declared.")
    ]
    numbers_do_not_say: Annotated[
        Words, Field(description="What nobody can read from the numbers.")
    ]
    decides: Decider
    decision: Decision | None = None

    @model_validator(mode="after")
    def _in_time(self) -> "Conflict":
        goals = [side.goal for side in self.sides]
        twice = sorted({name for name in goals if goals.count(name) > 1})
        if twice:
            raise ValueError(
                f"goal {twice[0]!r} stands on two sides; each side has a goal of its own"
            )
        declared = f"declared_on is {self.declared_on}"
        if self.decides.by < self.declared_on:
            raise ValueError(
                f"decides.by is {self.decides.by} but {declared}; it cannot be earlier"
            )
        if self.decision is not None and self.decision.on < self.declared_on:
            raise ValueError(
                f"decision.on is {self.decision.on} but {declared}; not earlier either"
            )
        return self
