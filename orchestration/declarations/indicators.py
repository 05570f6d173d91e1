"""`indicators/*.yml`: what a number means, how it is computed and what it is not meant for."""

from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from orchestration.declarations.common import (
    Declared,
    FormerIds,
    GroupId,
    Identifier,
    Retired,
    Words,
)

Kind = Literal["count", "share", "rate", "ratio", "reported"]


class Term(Declared):
    """A measure, of everybody or of certain groups added up."""

    measure: Identifier
    groups: Annotated[list[GroupId], Field(min_length=1)] = ["all"]


class Formula(Declared):
    """How the indicator is computed from measures."""

    kind: Annotated[
        Kind,
        Field(
            description="count: a sum. share: part of a whole in percent. rate: events per N of a "
            "stock. ratio: one measure to another. reported: a value the department has computed "
            "itself and that is never summed."
        ),
    ]
    numerator: Annotated[list[Term], Field(min_length=1)]
    denominator: list[Term] = []
    per: Annotated[float | None, Field(gt=0)] = None
    by: Annotated[
        list[Identifier], Field(description="Dimensions it is also computed for, group by group.")
    ] = []

    @model_validator(mode="after")
    def _fits_kind(self) -> Self:
        if self.kind in ("share", "rate", "ratio") and not self.denominator:
            raise ValueError(f"a {self.kind} needs a denominator")
        if self.kind in ("count", "reported") and self.denominator:
            raise ValueError(f"a {self.kind} has no denominator")
        if (self.kind == "rate") != (self.per is not None):
            raise ValueError("a rate, and only a rate, needs `per`")
        if self.kind == "reported" and len(self.numerator) != 1:
            raise ValueError("a reported value comes from exactly one measure")
        return self


class ForecastRule(Declared):
    """For which series a look ahead is wanted."""

    grain: Literal["month", "quarter", "half_year", "year"]
    levels: Annotated[list[Identifier], Field(min_length=1)]
    horizon: Annotated[int, Field(ge=1, le=60)]


class Indicator(Declared):
    """One indicator. Adding one is adding one file like this and nothing else."""

    id: Identifier
    department: Identifier
    name: Words
    meaning: Words
    formula: Formula
    unit: str
    polarity: Literal["higher_is_better", "lower_is_better", "neither"] = "neither"
    interval: Annotated[
        Literal["byar", "wilson", "none"] | None,
        Field(
            description="95 % interval; by default byar for counts of events and rates, wilson for "
            "shares, none for stocks and all else."
        ),
    ] = None
    caveats: Words | None = None
    not_meant_for: Words | None = None
    gaming: Annotated[Words | None, Field(description="How it could be gamed.")] = None
    lag_years: Annotated[float | None, Field(ge=0, description="Time until an effect shows.")] = (
        None
    )
    forecast: ForecastRule | None = None
    was: FormerIds = []
    retired: Annotated[
        Retired | None,
        Field(description="Still computed from what is there, but not forecast any more."),
    ] = None
