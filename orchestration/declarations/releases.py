"""`releases/*.yml`: profiles, one per audience — what goes out and how it is protected."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from orchestration.declarations.common import Declared, Identifier, Words


class ReleaseProfile(Declared):
    """What an audience gets."""

    id: Identifier
    audience: Literal["internal", "public"]
    title: Words
    indicators: list[Identifier] | None = None
    levels: list[Identifier] | None = None
    minimum_count: Annotated[
        int | None,
        Field(ge=3, description="Smaller counts are suppressed; public releases default to 5."),
    ] = None

    @model_validator(mode="after")
    def _public_is_protected(self) -> Self:
        if self.audience == "public" and self.minimum_count is None:
            object.__setattr__(self, "minimum_count", 5)
        return self
