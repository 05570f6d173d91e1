"""`scenarios/*.yml`: what could become of something, under assumptions that somebody owns.

A scenario decides nothing. It puts alternatives side by side, its assumptions first, and says which
observed value by when would show that they were wrong.
"""

from collections.abc import Iterator
from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from orchestration.declarations.common import Code, Declared, GroupId, Identifier, Text, Words
from orchestration.declarations.people import NamelessWords
from orchestration.declarations.yaml_lines import Location

BASELINE = "baseline"


def _no_single_number(value: Any) -> Any:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise ValueError(
            "a single number hides how little is known; give a range, such as "
            "{low: …, mid: …, high: …} (months: {low: …, high: …})"
        )
    return value


class Spread(Declared):
    """What somebody takes for likely: a middle, and the range in which the truth should lie."""

    low: float
    mid: float
    high: float
    holds: Annotated[
        float,
        Field(ge=0.5, le=0.99, description="How likely the truth lies from low to high."),
    ] = 0.8

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if not self.low <= self.mid <= self.high:
            raise ValueError(
                f"found {self.low:g}, {self.mid:g}, {self.high:g}; low, mid and high must rise"
            )
        if self.low == self.high:
            raise ValueError(
                f"found {self.low:g} to {self.high:g}; a range without width is a single number"
            )
        return self


class Months(Declared):
    """From how many months to how many; {low: 0, high: 0} says at once."""

    low: Annotated[float, Field(ge=0)]
    high: Annotated[float, Field(ge=0)]

    @model_validator(mode="after")
    def _is_a_range(self) -> Self:
        if self.low > self.high:
            raise ValueError(f"found {self.low:g} to {self.high:g}; low must not be above high")
        if self.low == self.high and self.high > 0:
            raise ValueError(
                f"found {self.low:g} to {self.high:g}; a range without width is a single number"
            )
        return self


Range = Annotated[Spread, BeforeValidator(_no_single_number)]
MonthRange = Annotated[Months, BeforeValidator(_no_single_number)]


class Ground(Declared):
    """Where an assumption comes from."""

    kind: Annotated[
        Literal["literature", "evaluation", "set"],
        Field(
            description="literature: others found it elsewhere. evaluation: looked at here. set: "
            "somebody took it so, without either."
        ),
    ]
    what: Annotated[Words, Field(description="The study, the evaluation, or who set it and why.")]
    url: str | None = None


class Assumption(Declared):
    """What all assumptions say of themselves."""

    id: Identifier
    what: Annotated[Words, Field(description="The assumption in one sentence.")]
    source: Ground
    status: Literal["estimated", "literature", "set"]
    owner: Annotated[NamelessWords, Field(description="Who answers for it: a role or a body.")]


class Effect(Assumption):
    """What one dose does to an indicator, and when it shows."""

    indicator: Identifier
    role: Annotated[
        Literal["outcome", "leading_step"],
        Field(
            description="outcome: what matters to people. leading_step: what can be seen earlier "
            "and is no proof of it, such as enrolments."
        ),
    ] = "outcome"
    change: Annotated[
        Literal["percent", "in_unit"],
        Field(
            description="percent of the value, two doses acting on what one has left; or in the "
            "unit of the indicator, two doses twice."
        ),
    ]
    by: Annotated[Range, Field(description="The change that one dose makes; negative lowers.")]
    per_dose: Annotated[float, Field(gt=0, description="Of how much dose that is the change.")] = 1
    lag_months: Annotated[
        MonthRange, Field(description="From more or less dose until the change begins.")
    ]
    ramp_months: Annotated[MonthRange, Field(description="From then until it is there in full.")]
    fades_months: Annotated[
        MonthRange | None,
        Field(description="After a cut: from the end of the lag until nothing of it is left."),
    ] = None
    saturates_at: Annotated[
        float | None, Field(gt=0, description="Above this dose more of it changes nothing.")
    ] = None


class Population(Assumption):
    """More or fewer people than the look ahead carries forward."""

    indicator: Identifier
    acts: Annotated[
        Literal["with_people", "against_people"],
        Field(
            description="with_people: the value grows as they do, such as cases. against_people: "
            "it shrinks, such as places per child where places stay as they are."
        ),
    ]
    yearly: Annotated[Range, Field(description="Percent a year more (negative: fewer) people.")]
    since: date
    areas: Annotated[list[Code], Field(description="Empty: everywhere.")] = []


class Shock(Assumption):
    """Something from outside that comes and passes."""

    indicator: Identifier
    change: Literal["percent", "in_unit"]
    by: Range
    since: date
    until: date
    areas: Annotated[list[Code], Field(description="Empty: everywhere.")] = []

    @model_validator(mode="after")
    def _passes(self) -> Self:
        if self.until < self.since:
            raise ValueError(f"until is {self.until} but since is {self.since}; not earlier")
        return self


class Cost(Assumption):
    """What one dose costs in a year."""

    per_dose: Annotated[Range, Field(description="Euros a year.")]


class Observed(Declared):
    """The doses that anybody has seen so far; beyond them nothing is known."""

    low: float
    high: float
    where: Words

    @model_validator(mode="after")
    def _rises(self) -> Self:
        if self.low >= self.high:
            raise ValueError(f"found {self.low:g} to {self.high:g}; low must be below high")
        return self


class Dose(Declared):
    """How much of the programme there is, area by area."""

    unit: Words
    today: Annotated[
        dict[Code, float], Field(description="Area → dose; areas that are not named have none.")
    ]
    observed: Observed


class Alternative(Declared):
    """One way on."""

    id: Identifier
    name: Words
    kind: Annotated[
        Literal["continue", "expand", "cut", "surroundings"],
        Field(
            description="continue: as today. expand: more dose. cut: less, or none. surroundings: "
            "the programme as today, people or events differ."
        ),
    ]
    since: Annotated[date | None, Field(description="expand, cut: from when on.")] = None
    dose: Annotated[
        dict[Code, float],
        Field(description="Area → dose from then on; others as today. cut: empty means none left."),
    ] = {}
    outside_observed: Annotated[
        bool, Field(description="A dose lies outside what was observed; say why all the same.")
    ] = False
    outside_because: Words | None = None
    money_per_year: Annotated[
        float | None, Field(ge=0, description="Euros a year there are for the programme.")
    ] = None
    population: list[Identifier] = []
    shocks: list[Identifier] = []

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        moves = self.kind in ("expand", "cut")
        if moves != (self.since is not None):
            raise ValueError(
                f"`{self.kind}` needs `since`" if moves else f"`{self.kind}` has no `since`"
            )
        if self.kind == "expand" and not self.dose:
            raise ValueError("`expand` needs `dose`: which area gets how much")
        if self.dose and not moves:
            raise ValueError(f"`{self.kind}` leaves the dose as it is; it has no `dose`")
        if self.kind == "surroundings" and not (self.population or self.shocks):
            raise ValueError("`surroundings` names `population` or `shocks`, else nothing differs")
        if self.outside_observed != (self.outside_because is not None):
            raise ValueError("`outside_observed: true` and `outside_because` go together")
        return self


class Refutation(Declared):
    """An observed value that would show the assumptions to be wrong."""

    id: Identifier
    indicator: Identifier
    area: Code
    group: GroupId = "all"
    grain: Literal["month", "quarter", "half_year", "year"] = "year"
    period: Annotated[date, Field(description="First day of the period, or the reporting date.")]
    found: Annotated[
        Literal["above", "below"], Field(description="Refuted where the value lies so.")
    ]
    than: float
    by: Annotated[date, Field(description="The day by which that value should be known.")]
    alternative: Annotated[
        Identifier | None,
        Field(description="It can be seen only if this alternative is taken; empty: in any case."),
    ] = None
    says: Annotated[Words, Field(description="What would then be wrong.")]

    @model_validator(mode="after")
    def _can_be_seen(self) -> Self:
        if self.by < self.period:
            raise ValueError(f"by is {self.by}, before the period of {self.period} begins")
        return self


class Scenario(Declared):
    """A question, alternatives and what they rest on. The baseline is the published look ahead."""

    id: Identifier
    name: Words
    question: Annotated[Words, Field(description="What is to be talked about, as a question.")]
    owner: Annotated[NamelessWords, Field(description="Who answers for it: a role or a body.")]
    programme: Identifier | None = None
    dose: Dose | None = None
    effects: list[Effect] = []
    cost: Cost | None = None
    population: list[Population] = []
    shocks: list[Shock] = []
    alternatives: Annotated[list[Alternative], Field(min_length=1)]
    refuted_by: Annotated[
        list[Refutation],
        Field(min_length=1, description="Without it a scenario could never be wrong."),
    ]
    not_modelled: Annotated[
        list[Words], Field(min_length=1, description="What matters and is not in the figures.")
    ]

    @model_validator(mode="after")
    def _has_what_it_needs(self) -> Self:
        for name, given in (("dose", self.dose), ("effects", self.effects)):
            if self.programme is not None and not given:
                raise ValueError(f"a scenario of a programme needs `{name}`")
            if self.programme is None and given:
                raise ValueError(f"`{name}` is of a programme; name it as `programme`")
        if self.cost is not None and self.dose is None:
            raise ValueError("`cost` is that of a dose, and there is none")
        return self


def wrong_within(scenario: Scenario) -> Iterator[tuple[Location, str]]:
    """What does not fit within one scenario, with the place it stands at."""
    yield from _named_twice(scenario)
    for index, effect in enumerate(scenario.effects):
        if effect.change == "percent" and effect.by.low <= -100:
            found = f"found {effect.by.low:g} percent; a value cannot fall by 100 percent or more"
            yield ("effects", index, "by", "low"), found
    for index, shock in enumerate(scenario.shocks):
        if shock.change == "percent" and shock.by.low <= -100:
            found = f"found {shock.by.low:g} percent; a value cannot fall by 100 percent or more"
            yield ("shocks", index, "by", "low"), found
    for index, one in enumerate(scenario.alternatives):
        for location, message in _wrong_alternative(scenario, one):
            yield ("alternatives", index, *location), message
    known = {one.id for one in scenario.alternatives}
    for index, refutation in enumerate(scenario.refuted_by):
        if refutation.alternative is not None and refutation.alternative not in known:
            found = f"found alternative {refutation.alternative!r}, which is none of these"
            yield ("refuted_by", index, "alternative"), found
    if scenario.dose is not None:
        seen = scenario.dose.observed
        for area, dose in scenario.dose.today.items():
            if not seen.low <= dose <= seen.high:
                found = f"found {dose:g}, but observed are {seen.low:g} to {seen.high:g}"
                yield ("dose", "today", area), f"{found}; what is there today is observed"


def _named_twice(scenario: Scenario) -> Iterator[tuple[Location, str]]:
    assumed: list[tuple[Location, str]] = [
        *(((("effects", n, "id")), one.id) for n, one in enumerate(scenario.effects)),
        *(((("population", n, "id")), one.id) for n, one in enumerate(scenario.population)),
        *(((("shocks", n, "id")), one.id) for n, one in enumerate(scenario.shocks)),
        *([] if scenario.cost is None else [(("cost", "id"), scenario.cost.id)]),
    ]
    alternatives: list[tuple[Location, str]] = [
        (("alternatives", n, "id"), one.id) for n, one in enumerate(scenario.alternatives)
    ]
    refutations: list[tuple[Location, str]] = [
        (("refuted_by", n, "id"), one.id) for n, one in enumerate(scenario.refuted_by)
    ]
    for named in (assumed, alternatives, refutations):
        seen = {BASELINE}
        for location, name in named:
            if name in seen:
                taken = "the published look ahead" if name == BASELINE else "another one"
                yield location, f"found {name!r}, which is the id of {taken} here"
            seen.add(name)


def _wrong_alternative(scenario: Scenario, one: Alternative) -> Iterator[tuple[Location, str]]:
    for field, known in (("population", scenario.population), ("shocks", scenario.shocks)):
        declared = {assumed.id for assumed in known}
        for index, name in enumerate(getattr(one, field)):
            if name not in declared:
                listed = ", ".join(map(repr, sorted(declared))) or "none"
                yield (field, index), f"found {name!r}; declared under `{field}` are {listed}"
    if one.money_per_year is not None and scenario.cost is None:
        yield ("money_per_year",), "says what there is, but no `cost` says what a dose takes"
    if one.kind not in ("expand", "cut"):
        return
    if scenario.dose is None:
        yield ("kind",), f"`{one.kind}` moves a dose; declare `programme`, `dose` and `effects`"
        return
    if one.kind == "cut":
        for index, effect in enumerate(scenario.effects):
            if effect.fades_months is None:
                found = f"needs `fades_months` of effect {effect.id!r} (effects[{index}]): how fast"
                yield ("kind",), f"a cut {found} what is there goes"
    today, seen = scenario.dose.today, scenario.dose.observed
    outside = []
    for area, dose in one.dose.items():
        had = today.get(area, 0.0)
        if (dose <= had) if one.kind == "expand" else (dose >= had):
            more = "more" if one.kind == "expand" else "less"
            yield ("dose", area), f"found {dose:g} where there is {had:g} today; not {more}"
        if not seen.low <= dose <= seen.high:
            outside.append(area)
    if outside and not one.outside_observed:
        area = outside[0]
        yield (
            ("dose", area),
            (
                f"found {one.dose[area]:g}, but only {seen.low:g} to {seen.high:g} was ever "
                "observed; say `outside_observed: true` and `outside_because`, or stay within"
            ),
        )
    if one.outside_observed and not outside:
        yield ("outside_observed",), "every dose lies within what was observed; leave it out"


def doses(scenario: Scenario, one: Alternative) -> dict[str, float]:
    """The dose of every area that has one today or then, under an alternative."""
    today = {} if scenario.dose is None else scenario.dose.today
    if one.kind == "cut" and not one.dose:
        return dict.fromkeys(today, 0.0)
    return {**today, **one.dose}


AS_PUBLISHED = Text(de="Der veröffentlichte Ausblick", en="The published look ahead")
