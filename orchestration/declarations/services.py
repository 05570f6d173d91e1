"""`services/*.yml`: what the municipality does anyway, and how free it is in doing it."""

from datetime import date
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from orchestration.declarations.common import Declared, Identifier, Words
from orchestration.declarations.people import FEWEST_POSTS, NamelessWords
from orchestration.declarations.reach import Reach


class YearCost(Declared):
    """What a service costs in one budget year."""

    year: int
    planned: Annotated[float | None, Field(ge=0, description="By the budget, in euros.")] = None
    actual: Annotated[float | None, Field(ge=0, description="By the accounts, in euros.")] = None


class Contract(Declared):
    """From when to when a carrier has the task by contract."""

    since: date
    until: date | None = None

    @model_validator(mode="after")
    def _in_time(self) -> Self:
        if self.until is not None and self.until < self.since:
            raise ValueError(f"until is {self.until}, but since is {self.since}; not earlier")
        return self


class Contribution(Declared):
    """Our contribution: what is done for an outcome that others act on, too.

    It claims no effect, and there is no field for anything below the service: no team, no person.
    """

    does: Annotated[NamelessWords, Field(description="What we do.")]
    reaches: Annotated[NamelessWords, Field(description="Whom we reach, beside the figures.")]
    misses: Annotated[NamelessWords, Field(description="Whom we do not reach, as far as we know.")]
    outcome: Annotated[NamelessWords, Field(description="Which outcome it should serve.")]
    indicator: Annotated[
        Identifier | None, Field(description="The indicator that speaks of this outcome, if any.")
    ] = None
    also_acting: Annotated[
        list[NamelessWords], Field(min_length=1, description="Who else acts on this outcome.")
    ]


class Service(Declared):
    """A standing task, mandatory or not."""

    id: Identifier
    name: Words
    department: Identifier
    duty: Literal["voluntary", "mandatory", "by_instruction"]
    how_is_open: bool = False
    legal_basis: str | None = None
    beyond_the_law: Annotated[
        Words | None, Field(description="What is done beyond what the law asks for.")
    ] = None
    budget_product: str | None = None
    yearly_cost: Annotated[
        float | None, Field(ge=0, description="Rough cost of a year where `costs` are not at hand.")
    ] = None
    costs: Annotated[list[YearCost], Field(description="Planned and actual cost by year.")] = []
    staff: Annotated[float | None, Field(ge=0, description="Full-time posts.")] = None
    carrier: Annotated[
        NamelessWords | None, Field(description="Who carries it out, where it is not the city.")
    ] = None
    contract: Contract | None = None
    funder: Annotated[
        NamelessWords | None, Field(description="Who pays, where not the city alone.")
    ] = None
    reporting_duty: Annotated[
        Words | None, Field(description="What has to be reported to whom, and when.")
    ] = None
    indicators: list[Identifier] = []
    reach: Reach | None = None
    contribution: Contribution | None = None

    @model_validator(mode="after")
    def _each_year_once(self) -> Self:
        years = [one.year for one in self.costs]
        if years != sorted(set(years)):
            raise ValueError("costs must be in the order of their years, each year once")
        return self

    @model_validator(mode="after")
    def _a_service_not_a_team(self) -> Self:
        if self.contribution is None or (self.staff or 0) >= FEWEST_POSTS:
            return self
        posts = "no number of posts (`staff`)" if self.staff is None else f"{self.staff:g} posts"
        raise ValueError(
            f"found a contribution of a service with {posts}; below {FEWEST_POSTS} posts it would "
            "speak of single colleagues: say it for a larger service of the department"
        )
