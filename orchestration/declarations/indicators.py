"""`indicators/*.yml`: what a number means, how it is computed and what it is not meant for."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from orchestration.declarations.common import (
    Code,
    Declared,
    FormerIds,
    GroupId,
    Identifier,
    Retired,
    Words,
)

Kind = Literal["count", "share", "rate", "ratio", "reported", "composite"]


class Term(Declared):
    """A measure, of everybody or of certain groups added up."""

    measure: Identifier
    groups: Annotated[list[GroupId], Field(min_length=1)] = ["all"]


class IndexPart(Declared):
    """An indicator that an index adds up, in standard deviations from the mean of the areas."""

    indicator: Identifier
    weight: Annotated[
        float, Field(description="Negative where more of it lowers the index; never 0.")
    ] = 1
    since: Annotated[date | None, Field(description="First reporting date it belongs to.")] = None
    until: Annotated[date | None, Field(description="Last reporting date it belongs to.")] = None

    @model_validator(mode="after")
    def _counts(self) -> Self:
        if self.weight == 0:
            raise ValueError("a part of weight 0 is no part; leave it out")
        if self.since and self.until and self.since > self.until:
            raise ValueError("since must not be after until")
        return self


class Minimum(Declared):
    """How large an area must be, by a stock such as residents, to be compared at all."""

    measure: Identifier
    groups: Annotated[list[GroupId], Field(min_length=1)] = ["all"]
    count: Annotated[float, Field(gt=0)]


class LeftOut(Declared):
    """Areas that an index leaves out although they are large enough, and why."""

    area_version: Code
    areas: Annotated[list[Code], Field(min_length=1)]
    since: date | None = None
    until: date | None = None
    why: Words


class IndexClass(Declared):
    """A class of an index: all above the class before, up to and with its own limit."""

    id: Code
    name: Words
    up_to: Annotated[
        float | None,
        Field(description="In standard deviations of the index; the last class has no limit."),
    ] = None


class Index(Declared):
    """An index of several indicators, which says where an area stands among the others.

    Each part becomes a z score over the areas of one level, version and date; the weighted sum is
    standardised again. Only areas of the same date can be compared.
    """

    levels: Annotated[list[Identifier], Field(min_length=1)]
    public_level: Annotated[
        Identifier, Field(description="The finest level that leaves in a public release.")
    ]
    parts: Annotated[list[IndexPart], Field(min_length=2)]
    minimum: Minimum
    without: list[LeftOut] = []
    classes: list[IndexClass] = []

    @model_validator(mode="after")
    def _is_clear(self) -> Self:
        names = [part.indicator for part in self.parts]
        if len(set(names)) < len(names):
            raise ValueError("an indicator stands twice among the parts")
        limits = [one.up_to for one in self.classes]
        known = [limit for limit in limits[:-1] if limit is not None]
        if limits and (len(known) < len(limits) - 1 or limits[-1] is not None):
            raise ValueError("every class but the last, and only they, need `up_to`")
        if known != sorted(set(known)):
            raise ValueError("the limits of the classes must rise")
        if len({one.id for one in self.classes}) < len(self.classes):
            raise ValueError("two classes have the same id")
        return self


class Formula(Declared):
    """How the indicator is computed from measures, or from other indicators."""

    kind: Annotated[
        Kind,
        Field(
            description="count: a sum. share: part of a whole in percent. rate: events per N of a "
            "stock. ratio: one measure to another. reported: a value the department has computed "
            "itself and that is never summed. composite: an index of other indicators (`index`)."
        ),
    ]
    numerator: list[Term] = []
    denominator: list[Term] = []
    index: Index | None = None
    per: Annotated[float | None, Field(gt=0)] = None
    by: Annotated[
        list[Identifier], Field(description="Dimensions it is also computed for, group by group.")
    ] = []

    @model_validator(mode="after")
    def _fits_kind(self) -> Self:
        if (self.kind == "composite") != (self.index is not None):
            raise ValueError("a composite, and only a composite, needs `index`")
        if self.kind == "composite" and (self.numerator or self.denominator or self.by):
            raise ValueError("a composite has parts, no numerator, denominator or `by`")
        if self.kind != "composite" and not self.numerator:
            raise ValueError(f"a {self.kind} needs a numerator")
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

    @model_validator(mode="after")
    def _index_is_relative(self) -> Self:
        if self.formula.kind == "composite":
            if self.forecast is not None:
                raise ValueError(
                    "a composite says where an area stands among the others of the same date; "
                    "it has no forecast of its own, look ahead at its parts"
                )
            if self.interval not in (None, "none"):
                raise ValueError("a composite has no interval; it rests on no count")
        return self
