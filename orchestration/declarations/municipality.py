"""`municipality.yml`: the municipality, its departments and its room."""

from typing import Annotated, Literal

from pydantic import Field

from orchestration.declarations.common import Declared, Identifier, Words


class Department(Declared):
    """A department that delivers numbers or answers for indicators."""

    id: Identifier
    name: Words


class Person(Declared):
    """A role that answers for something; a role, not necessarily a name."""

    role: str
    contact: str | None = None


class Municipality(Declared):
    """The municipality as a whole."""

    id: Identifier
    name: Words
    languages: list[Literal["de", "en"]] = ["de", "en"]
    room: Annotated[
        Literal["fachplanung", "statistikstelle"],
        Field(
            description="Where the warehouse stands. In `fachplanung` protected sources are "
            "disclosure-controlled in the published warehouse too; in `statistikstelle` not."
        ),
    ] = "fachplanung"
    fiscal_year_starts: Annotated[int, Field(ge=1, le=12)] = 1
    departments: Annotated[list[Department], Field(min_length=1)]
    responsible: list[Person] = []
