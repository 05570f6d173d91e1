"""`dialogues/*.yml`: when people sat together over numbers, who was there, and over which ones.

Afterwards: what they suppose, what was decided, what was changed, what to look at next time.
"""

import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from orchestration.declarations.common import Code, Declared, GroupId, Identifier, Words
from orchestration.declarations.people import NamelessWords


class Hypothesis(Declared):
    """What could explain what was seen: to be looked into, not yet known."""

    id: Identifier
    says: NamelessWords


class Priority(Declared):
    """What people decided to matter first. It is recorded, never computed."""

    id: Identifier
    on: datetime.date
    decided_by: Annotated[NamelessWords, Field(description="A role or a body, never a name.")]
    what: NamelessWords
    areas: list[Code] = []
    group: GroupId = "all"


class Change(Declared):
    """What a service does differently since."""

    service: Identifier
    since: datetime.date
    what: NamelessWords


class Dialogue(Declared):
    """One conversation over indicators, held or planned."""

    id: Identifier
    date: datetime.date
    title: Words
    audience: Annotated[
        Literal["internal", "council", "partner", "public"],
        Field(description="For whom it is open."),
    ] = "internal"
    topics: Annotated[
        list[Identifier], Field(min_length=1, description="The indicators it was about.")
    ]
    hypotheses: list[Hypothesis] = []
    decisions: list[Priority] = []
    changes: list[Change] = []
    look_next: Annotated[list[NamelessWords], Field(description="What to look at next time.")] = []

    @model_validator(mode="after")
    def _afterwards(self) -> Self:
        days = [("decisions", one.on) for one in self.decisions]
        days += [("changes", one.since) for one in self.changes]
        for name, day in days:
            if day < self.date:
                raise ValueError(
                    f"{name}: found {day}, before the dialogue of {self.date}; what came of it "
                    "cannot be earlier"
                )
        return self
