"""`indicators/*.yml`: what a number means, how it is computed and what it is not meant for."""

from collections.abc import Mapping
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

Kind = Literal[
    "count",
    "share",
    "rate",
    "ratio",
    "reported",
    "change",
    "cumulative",
    "standardised",
    "mean",
    "quantile",
    "composite",
    "access",
    "model",
]

# The fields that a kind needs beside those every kind may have; it has no others.
_NEEDED: dict[str, tuple[str, ...]] = {
    "change": ("of", "against", "expressed"),
    "cumulative": ("of", "within"),
    "standardised": ("over", "standard"),
    "mean": ("over", "counted_in"),
    "quantile": ("over", "counted_in", "quantile"),
    "composite": ("index",),
    "access": ("access",),
    "model": ("model", "reads"),
}
PARTS_OF_AN_INDEX = ("count", "share", "rate", "ratio", "reported")
_ONLY_SOME_KINDS = tuple(sorted({name for names in _NEEDED.values() for name in names}))


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


class Access(Declared):
    """How near an offer has to be, and where in their areas people are taken to live.

    Only areas are known, not addresses: with a distance people are spread evenly over their area,
    or over the part of it where anybody lives; with a travel-time table they start where it does.
    """

    facilities: Annotated[Identifier, Field(description="A list in `facilities/`.")]
    within_metres: Annotated[
        float | None, Field(gt=0, description="As the crow flies; ways are longer.")
    ] = None
    within_minutes: Annotated[float | None, Field(gt=0)] = None
    travel_times: Annotated[
        Identifier | None, Field(description="With minutes: a table of the list in `facilities/`.")
    ] = None
    counts: Annotated[
        Literal["people", "places"],
        Field(
            description="people: percent of them with an offer in reach. places: how many places "
            "are in reach of one of them on average, however many others they are in reach of."
        ),
    ] = "people"
    people_live: Annotated[
        Literal["evenly_in_area", "evenly_in_inhabited_land"] | None,
        Field(description="With metres: over what the people of an area are spread."),
    ] = None
    inhabited_land: Annotated[
        str | None,
        Field(
            description="GeoJSON of the land where people live, in longitude and latitude, gzip "
            "allowed, relative to areas/ or below ${NAME}."
        ),
    ] = None

    @model_validator(mode="after")
    def _is_clear(self) -> Self:
        if (self.within_metres is None) == (self.within_minutes is None):
            raise ValueError("say either `within_metres` or `within_minutes`")
        if (self.within_minutes is None) != (self.travel_times is None):
            raise ValueError("`within_minutes` and `travel_times` go together")
        if (self.within_metres is None) != (self.people_live is None):
            raise ValueError(
                "a distance needs `people_live`: nobody knows addresses, so say over what the "
                "people of an area are spread; a travel-time table starts where it says itself"
            )
        if (self.people_live == "evenly_in_inhabited_land") != (self.inhabited_land is not None):
            raise ValueError("`evenly_in_inhabited_land` and `inhabited_land` go together")
        return self


class Reads(Declared):
    """What a city's own model is computed from, and how far away that may lie."""

    measures: list[Identifier] = []
    indicators: list[Identifier] = []
    reach: Annotated[
        Literal["own_cell", "own_area", "other_areas"],
        Field(
            description="Where the figures lie that one value is made of. own_cell: its own area "
            "and year. own_area: its own area at any time. other_areas: anywhere. The farther, the "
            "more a release withholds where one of them is withheld."
        ),
    ]

    @model_validator(mode="after")
    def _something(self) -> Self:
        for names in (self.measures, self.indicators):
            if len(set(names)) < len(names):
                raise ValueError("the same name stands twice")
        if not (self.measures or self.indicators):
            raise ValueError("name the measures or indicators that the model reads")
        return self


class Formula(Declared):
    """How the indicator is computed from measures, or from other indicators."""

    kind: Annotated[
        Kind,
        Field(
            description="count: a sum. share: part of a whole in percent. rate: events per N of a "
            "stock. ratio: one measure to another. reported: a value the department has computed "
            "itself and that is never summed. change: of another indicator against an earlier "
            "period. cumulative: a count added up since the beginning of the year. standardised: a "
            "rate as it would be with the age structure of a standard population. mean, quantile: "
            "of values that were counted in bins. composite: an index of other indicators "
            "(`index`). access: percent of the people in `denominator` with an offer near them "
            "(`access`). model: what a model of the city's own gives (models/city_*.sql)."
        ),
    ]
    numerator: list[Term] = []
    denominator: list[Term] = []
    index: Index | None = None
    access: Access | None = None
    model: Annotated[
        str | None,
        Field(
            pattern=r"^city_[a-z][a-z0-9_]*$",
            description="model: the file in models/ without its ending, such as city_mean.",
        ),
    ] = None
    reads: Reads | None = None
    per: Annotated[float | None, Field(gt=0)] = None
    by: Annotated[
        list[Identifier], Field(description="Dimensions it is also computed for, group by group.")
    ] = []
    of: Annotated[
        Identifier | None,
        Field(description="change, cumulative: the indicator it is computed from, all its groups."),
    ] = None
    against: Annotated[
        Literal["period_before", "year_before"] | None,
        Field(description="change: the period before, or the same period of the year before."),
    ] = None
    expressed: Annotated[
        Literal["absolute", "percent"] | None,
        Field(description="change: a difference, or percent of the earlier value."),
    ] = None
    within: Annotated[
        Literal["year", "fiscal_year"] | None,
        Field(description="cumulative: the year it begins anew with; municipality.yml says when."),
    ] = None

    over: Annotated[
        Identifier | None,
        Field(description="standardised, mean, quantile: the dimension of the bands or bins."),
    ] = None
    standard: Annotated[
        Identifier | None,
        Field(
            description="standardised: the standard population, a column `standard_…` of the code "
            "list; codes without a number in it are left out."
        ),
    ] = None
    counted_in: Annotated[
        Literal["completed_units", "whole_numbers"] | None,
        Field(
            description="mean, quantile: what a bin from 15 to 17 holds. completed_units, such as "
            "years of age: all up to the 18th birthday. whole_numbers, such as children in a "
            "household: 15, 16 and 17."
        ),
    ] = None
    quantile: Annotated[
        float | None, Field(gt=0, lt=1, description="quantile: which one; the median is 0.5.")
    ] = None

    @model_validator(mode="after")
    def _has_what_its_kind_needs(self) -> Self:
        needed = _NEEDED.get(self.kind, ())
        for name in _ONLY_SOME_KINDS:
            given = getattr(self, name) is not None
            if given != (name in needed):
                raise ValueError(
                    f"a {self.kind} has no `{name}`" if given else f"a {self.kind} needs `{name}`"
                )
        if "of" in needed and (self.numerator or self.denominator or self.by):
            raise ValueError(
                f"a {self.kind} is computed from the indicator named in `of`; it has no numerator, "
                "denominator or `by` of its own"
            )
        if self.kind == "model" and (self.numerator or self.denominator or self.by):
            raise ValueError("a model has no numerator, denominator or `by`; it says what it reads")
        if self.kind == "access":
            if self.numerator or self.by or len(self.denominator) != 1:
                raise ValueError(
                    "an access has one denominator, the people it is about, and no numerator or "
                    "`by`: how many of them are near is computed"
                )
        elif "of" not in needed and self.kind not in ("composite", "model") and not self.numerator:
            raise ValueError(f"a {self.kind} needs a numerator")
        if "over" in needed:
            self._is_plain_by_bands()
        return self

    def _is_plain_by_bands(self) -> None:
        sides = [self.numerator, self.denominator]
        wanted = [1, 1] if self.kind == "standardised" else [1, 0]
        if [len(side) for side in sides] != wanted:
            how = (
                "one numerator and one denominator" if wanted[1] else "one numerator, nothing else"
            )
            raise ValueError(f"a {self.kind} has {how}; `over` says by which bands")
        if self.by or any(term.groups != ["all"] for side in sides for term in side):
            raise ValueError(
                f"a {self.kind} takes all groups of `over`; it has no `groups` and no `by`"
            )

    @model_validator(mode="after")
    def _fits_kind(self) -> Self:
        if self.kind == "composite" and (self.numerator or self.denominator or self.by):
            raise ValueError("a composite has parts, no numerator, denominator or `by`")
        if self.kind in ("share", "rate", "ratio") and not self.denominator:
            raise ValueError(f"a {self.kind} needs a denominator")
        if self.kind in ("count", "reported") and self.denominator:
            raise ValueError(f"a {self.kind} has no denominator")
        if (self.kind in ("rate", "standardised")) != (self.per is not None):
            raise ValueError("a rate, standardised or not, and only a rate, needs `per`")
        if self.kind == "reported" and len(self.numerator) != 1:
            raise ValueError("a reported value comes from exactly one measure")
        return self


class ForecastRule(Declared):
    """For which series a look ahead is wanted."""

    grain: Literal["week", "month", "quarter", "half_year", "year"]
    levels: Annotated[list[Identifier], Field(min_length=1)]
    horizon: Annotated[int, Field(ge=1, le=60)]


class NowcastRule(Declared):
    """For which series late reports are expected, so that the latest counts are still growing."""

    grain: Literal["week", "month", "quarter", "half_year", "year"]
    levels: Annotated[list[Identifier], Field(min_length=1)]
    settled_after_days: Annotated[
        int,
        Field(
            ge=1,
            le=1500,
            description="Days after the end of a period from which its count is taken as complete.",
        ),
    ]


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
        Literal["byar", "wilson", "dobson", "none"] | None,
        Field(
            description="95 % interval; by default byar for counts of events and rates, wilson for "
            "shares, dobson for standardised rates, none for stocks and all else. Changes of what "
            "has byar's limits get limits of their own, unless this says none."
        ),
    ] = None
    caveats: Words | None = None
    not_meant_for: Words | None = None
    gaming: Annotated[Words | None, Field(description="How it could be gamed.")] = None
    lag_years: Annotated[float | None, Field(ge=0, description="Time until an effect shows.")] = (
        None
    )
    forecast: ForecastRule | None = None
    nowcast: NowcastRule | None = None
    was: FormerIds = []
    retired: Annotated[
        Retired | None,
        Field(description="Still computed from what is there, but not forecast any more."),
    ] = None

    @model_validator(mode="after")
    def _only_counts_grow(self) -> Self:
        if self.nowcast is not None and self.formula.kind not in ("count", "rate"):
            raise ValueError(
                f"a {self.formula.kind} has no nowcast; only a count of events, or a rate of them, "
                "grows by late reports"
            )
        return self

    @model_validator(mode="after")
    def _computed_from_another(self) -> Self:
        if self.formula.of is not None:
            if self.interval not in (None, "none"):
                raise ValueError(
                    f"the interval of a {self.formula.kind} follows from {self.formula.of!r}; "
                    "leave `interval` out, or say none"
                )
            if self.forecast is not None:
                raise ValueError(
                    f"a {self.formula.kind} has no forecast; declare it for {self.formula.of!r}"
                )
        return self

    @model_validator(mode="after")
    def _by_bands(self) -> Self:
        kind = self.formula.kind
        if (self.interval == "dobson") > (kind == "standardised"):
            raise ValueError("dobson is the interval of a standardised rate")
        if self.formula.over is not None:
            fitting = ("dobson", "none") if kind == "standardised" else ("none",)
            if self.interval is not None and self.interval not in fitting:
                raise ValueError(f"the interval of a {kind} is {' or '.join(fitting)}")
            if self.forecast is not None:
                raise ValueError(f"a {kind} has no forecast; declare it for the counts behind it")
        return self

    @model_validator(mode="after")
    def _model_gives_all(self) -> Self:
        if self.formula.kind == "model":
            if self.interval not in (None, "none"):
                raise ValueError("a model gives `low` and `high` itself; leave `interval` out")
            if self.forecast is not None:
                raise ValueError("a model has no forecast; declare it for what it reads")
        return self

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

    @model_validator(mode="after")
    def _access_rests_on_assumptions(self) -> Self:
        if self.formula.kind == "access":
            if self.forecast is not None:
                raise ValueError(
                    "an access has no forecast; it changes where offers open and close, which no "
                    "trend knows"
                )
            if self.interval not in (None, "none"):
                raise ValueError(
                    "the limits of an access follow from where people may live; leave `interval` "
                    "out, or say none"
                )
        return self


def measures_behind(indicator: Indicator, indicators: Mapping[str, Indicator]) -> set[str]:
    """The measures an indicator rests on, itself or through the indicators it is computed from."""
    formula = indicator.formula
    found = {term.measure for term in (*formula.numerator, *formula.denominator)}
    others = [] if formula.of is None else [formula.of]
    if formula.index is not None:
        found.add(formula.index.minimum.measure)
        others += [part.indicator for part in formula.index.parts]
    if formula.reads is not None:
        found.update(formula.reads.measures)
        others += formula.reads.indicators
    return found.union(*(measures_behind(indicators[name], indicators) for name in others))
