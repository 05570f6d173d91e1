"""The building blocks all declarations share: strict models, identifiers, bilingual texts."""

from datetime import date
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field


class Declared(BaseModel):
    """Base of every declaration: unknown fields are errors, values never change after reading."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, str_strip_whitespace=True, defer_build=True
    )


Identifier = Annotated[
    str,
    Field(
        pattern=r"^[a-z][a-z0-9_]*$",
        description="Lower-case name, letters, digits and underscores, starting with a letter.",
    ),
]

Code = Annotated[
    str,
    BeforeValidator(lambda value: str(value) if isinstance(value, int) else value),
    Field(min_length=1, description="A code is text; leading zeros need quotes: '0110'."),
]

GroupId = Annotated[
    str,
    Field(
        pattern=r"^(all|[a-z][a-z0-9_]*=[^|=]+(\|[a-z][a-z0-9_]*=[^|=]+)*)$",
        description="`all` or `dimension=code`, several joined by | with dimensions sorted.",
    ),
]


class Text(Declared):
    """A text for readers of a release: German, with English beside it."""

    de: Annotated[str, Field(min_length=1)]
    en: Annotated[str | None, Field(min_length=1)] = None

    @property
    def english(self) -> str:
        """The English text, or the German one where nobody has translated it yet."""
        return self.en or self.de


def _as_text(value: Any) -> Any:
    return {"de": value} if isinstance(value, str) else value


Words = Annotated[
    Text,
    BeforeValidator(_as_text),
    Field(description="German text, or {de: …, en: …}."),
]

FormerIds = Annotated[
    list[Identifier],
    Field(description="Ids it had before; what was kept under them counts for this one."),
]


class Retired(Declared):
    """No longer kept up: since when and why. What is there stays."""

    on: date
    why: Words
