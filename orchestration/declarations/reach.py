"""Whom a service or a programme reaches: what is counted, held against its target group's need."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from orchestration.declarations.common import Declared, GroupId, Identifier


class Reach(Declared):
    """What is counted of those who come, and what that count can say and what not."""

    target_group: Annotated[
        Identifier, Field(description="The target group (groups/*.yml) it is meant for.")
    ]
    uptake: Annotated[Identifier, Field(description="The measure that counts who came.")]
    groups: Annotated[
        list[GroupId], Field(min_length=1, description="The groups of the measure, added up.")
    ] = ["all"]
    counts: Annotated[
        Literal["people", "cases"],
        Field(description="people: each once per period. cases: one person may count repeatedly."),
    ]
    only_target_group: Annotated[
        bool, Field(description="Whether nobody else is counted than people of the target group.")
    ]
    place: Annotated[
        Literal["home", "offer"],
        Field(description="The area is where people live, or where the offer is."),
    ]
    by: Annotated[
        list[Identifier],
        Field(description="Dimensions (codes/*.csv) by which uptake is delivered as well."),
    ] = []

    @model_validator(mode="after")
    def _by_of_everybody(self) -> Self:
        if self.by and self.groups != ["all"]:
            raise ValueError("`by` splits the count of everybody; with `groups` leave it out")
        return self
