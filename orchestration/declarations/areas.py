"""`areas/*.yml`: area systems with their levels, versions and the crosswalks between versions."""

from datetime import date
from typing import Annotated, Literal

from pydantic import Field, model_validator

from orchestration.declarations.common import Code, Declared, Identifier, Text, Words


class Level(Declared):
    """A level of the hierarchy, such as districts; levels are listed from fine to coarse."""

    id: Identifier
    name: Words


class Member(Declared):
    """One area written by hand, where no file has it."""

    id: Code
    name: str
    parent: Code | None = None


class Validity(Declared):
    """When a single area exists, where that differs from its version."""

    id: Code
    valid_from: date | None = None
    valid_to: date | None = None


class AreaFile(Declared):
    """The areas of one level: from a CSV or GeoJSON file, by hand, or both."""

    level: Identifier
    file: Annotated[
        str | None,
        Field(description="CSV or GeoJSON, gzip allowed, relative to the municipality's areas/."),
    ] = None
    delimiter: str = ","
    id: Annotated[str, Field(description="Column or property with the area's code.")] = "area_id"
    name: Annotated[str, Field(description="Column or property with its name.")] = "name"
    parent: Annotated[
        str | None, Field(description="Column or property with the code of the area above.")
    ] = None
    parent_prefix: Annotated[
        int | None, Field(ge=1, description="The parent's code is this many leading characters.")
    ] = None
    parent_is: Annotated[Code | None, Field(description="One parent for all.")] = None
    prefix: Annotated[
        int | None,
        Field(ge=1, description="Keep this many leading characters of the code, one area each."),
    ] = None
    members: list[Member] = []
    validity: list[Validity] = []

    @model_validator(mode="after")
    def _one_origin(self) -> "AreaFile":
        if self.file is None and not self.members:
            raise ValueError("give a file or members")
        if sum(p is not None for p in (self.parent, self.parent_prefix, self.parent_is)) > 1:
            raise ValueError("give one of parent, parent_prefix, parent_is")
        return self


class Version(Declared):
    """The areas as they were valid for a time."""

    version: Code
    valid_from: date
    valid_to: date | None = None
    areas: Annotated[list[AreaFile], Field(min_length=1)]


class Crosswalk(Declared):
    """How counts of an older version are carried over to a newer one."""

    from_version: Code
    to_version: Code
    level: Identifier
    file: str
    delimiter: str = ","
    from_column: str = "from_area_id"
    to_column: str = "to_area_id"
    weight_column: str = "weight"
    basis: Annotated[
        Literal["area", "population", "events"],
        Field(description="What the weights were measured by."),
    ]
    unchanged: Annotated[
        list[Identifier],
        Field(description="Levels whose areas are the same in both versions, codes included."),
    ] = []


class AreaSystem(Declared):
    """One way of dividing the municipality, with all its versions."""

    area_system: Identifier
    name: Words
    levels: Annotated[list[Level], Field(min_length=1)]
    unassigned: Annotated[
        Words, Field(description="Name of the member that takes rows without an area.")
    ] = Text(de="nicht zuzuordnen", en="not assignable")
    versions: Annotated[list[Version], Field(min_length=1)]
    crosswalks: list[Crosswalk] = []

    @property
    def current(self) -> Version:
        """The version that began last: the one older numbers are carried over to."""
        return max(self.versions, key=lambda version: version.valid_from)

    def rank(self, level: str) -> int:
        """Height of a level, 0 being the finest."""
        return [known.id for known in self.levels].index(level)
