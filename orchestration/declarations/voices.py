"""`voices/*.yml`: what people said, or know from where they live and work — beside the numbers."""

import datetime
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from orchestration.declarations.common import Code, Declared, GroupId, Identifier
from orchestration.declarations.people import NamelessWords


class Voice(Declared):
    """One voice, or one piece of local knowledge: who in which role, where, how it was heard."""

    id: Identifier
    kind: Literal["voice", "local_knowledge"] = "voice"
    role: Annotated[NamelessWords, Field(description="In which role they speak: never a name.")]
    says: Annotated[NamelessWords, Field(description="What was said, in their words.")]
    heard_on: datetime.date
    areas: Annotated[
        list[Code], Field(description="The areas it speaks of; none: the whole municipality.")
    ] = []
    group: Annotated[GroupId, Field(description="The group it speaks of.")] = "all"
    method: Annotated[NamelessWords, Field(description="How it was heard.")]
    reach: Annotated[NamelessWords, Field(description="How many were heard, and who was not.")]
    consent: Annotated[
        Literal["internal", "council", "partner", "public"],
        Field(description="How far those who spoke agreed that it may be told."),
    ]
    indicator: Identifier | None = None
    hypothesis: Annotated[
        Identifier | None, Field(description="A hypothesis of a dialogue (dialogues/*.yml).")
    ] = None

    @model_validator(mode="after")
    def _speaks_of_something(self) -> Self:
        if self.indicator is None and self.hypothesis is None:
            raise ValueError("link it to an `indicator` or to a `hypothesis` of a dialogue")
        return self
