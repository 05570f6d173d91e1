"""`reference_values/*.yml`: what stands beside a value, so that it can be read: never a rank."""

from typing import Annotated, Self

from pydantic import Field, model_validator

from orchestration.declarations.common import Declared, Identifier, Words

# Values with numerator and denominator, which can be put together for several areas.
POOLED = ("share", "rate", "ratio", "mean", "access")
# Values of which only those of larger areas are there; a count says nothing beside a larger one.
ONLY_ABOVE = ("standardised", "quantile", "reported")


class Alike(Declared):
    """Which areas are alike: near each other in what a department cannot change.

    Each context indicator becomes a z score over the areas of the level at its newest date; the
    distance of two areas is the root mean square of the differences.
    """

    context: Annotated[list[Identifier], Field(min_length=1)]
    why: Annotated[Words, Field(description="Why these make areas alike, for those who read.")]
    within: Annotated[
        float, Field(gt=0, description="How near, in standard deviations; farther is not alike.")
    ]
    at_least: Annotated[
        int, Field(ge=2, description="With fewer areas as near as that, no area is alike.")
    ] = 3
    at_most: Annotated[int, Field(ge=2, description="The nearest so many are taken.")] = 5

    @model_validator(mode="after")
    def _is_clear(self) -> Self:
        if self.at_least > self.at_most:
            raise ValueError("at_least must not be more than at_most")
        if len(set(self.context)) < len(self.context):
            raise ValueError("an indicator stands twice in the context")
        return self


class ReferenceValues(Declared):
    """Beside values of one level: the whole, the area above, and areas alike by their context."""

    id: Identifier
    area_system: Identifier
    level: Identifier
    indicators: Annotated[list[Identifier], Field(min_length=1)]
    alike: Alike | None = None
