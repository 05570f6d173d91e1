"""`groups/*.yml`: target groups — who is meant, measured against whom, named with respect."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from orchestration.declarations.common import Declared, GroupId, Identifier, Words


class TargetGroup(Declared):
    """A group of people a goal, service or programme is for."""

    id: Identifier
    group: Annotated[
        GroupId | None,
        Field(description="Its `group_id`; left out where codes cannot say who is meant."),
    ] = None
    name: Words
    definition: Words
    denominator: Annotated[
        Identifier | None, Field(description="The measure that counts all who belong to it.")
    ] = None
    denominator_groups: Annotated[
        list[GroupId],
        Field(description="The groups of that measure, added up; by default `group`."),
    ] = []
    need_measure: Annotated[
        Identifier | None,
        Field(description="The measure that counts whose need is known; none: need is not known."),
    ] = None
    need_groups: Annotated[
        list[GroupId], Field(min_length=1, description="The groups of that measure, added up.")
    ] = ["all"]
    sensitivity: Literal["none", "sensitive"] = "none"

    @model_validator(mode="after")
    def _counted_somehow(self) -> Self:
        if self.denominator is not None and self.group is None and not self.denominator_groups:
            raise ValueError("without `group`, say with `denominator_groups` whom to count")
        return self

    @property
    def counted_groups(self) -> list[str]:
        """The groups of the denominator, added up."""
        return self.denominator_groups or ([] if self.group is None else [self.group])
