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


class Outlines(Declared):
    """Where the outlines of the areas of one level are."""

    file: Annotated[
        str,
        Field(
            description="GeoJSON in longitude and latitude, gzip allowed, relative to areas/ or "
            "below ${NAME}."
        ),
    ]
    id: Annotated[str, Field(description="Property with the area's code.")] = "area_id"


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
    geometry: Annotated[
        Outlines | None,
        Field(description="Outlines of these areas, for maps; not needed to count."),
    ] = None

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


Basis = Literal["area", "population", "events"]


class Events(Declared):
    """A case list whose rows carry the codes of both versions, such as accidents or addresses."""

    files: Annotated[
        list[str],
        Field(
            min_length=1,
            description="CSV, gzip allowed, relative to areas/ or below ${NAME}; all are counted.",
        ),
    ]
    from_column: str
    to_column: str
    delimiter: str = ";"
    pad: Annotated[int, Field(description="Fill codes up with leading zeros to this length.")] = 0


class WeightError(Declared):
    """How far the weights are from the truth, measured where the truth is known."""

    spread: Annotated[
        float,
        Field(
            ge=0,
            le=1,
            description="0: the true shares are exactly the weights; 1: each older area lies as a "
            "whole in one newer area. `python -m bench.crosswalk` shows how it is measured.",
        ),
    ]
    measured_by: Annotated[Words, Field(description="What it was measured by: `Unfälle 2018`.")]


class Crosswalk(Declared):
    """How counts of an older version are carried over to a newer one.

    Two versions may have several, one per basis; a measure names the basis that suits it
    (`carried_by`), or takes the one that is declared first.
    """

    from_version: Code
    to_version: Code
    level: Identifier
    basis: Annotated[Basis, Field(description="What the weights were measured by.")]
    file: Annotated[
        str | None, Field(description="One row per pair of an older and a newer area.")
    ] = None
    delimiter: str = ","
    from_column: str = "from_area_id"
    to_column: str = "to_area_id"
    weight_column: Annotated[
        str, Field(description="Shares of the older area, together about 1.")
    ] = "weight"
    count_column: Annotated[
        str | None,
        Field(description="Residents or events of the pair instead of shares; they become shares."),
    ] = None
    events: Annotated[
        Events | None, Field(description="Count the weights from a case list instead of a file.")
    ] = None
    prior: Annotated[
        Basis | None,
        Field(
            description="With events: one more event per older area, shared out by the weights of "
            "this basis, so that few or no events decide nothing alone."
        ),
    ] = None
    error: Annotated[
        WeightError | None, Field(description="Stated beside every value carried over by it.")
    ] = None
    unchanged: Annotated[
        list[Identifier],
        Field(description="Levels whose areas are the same in both versions, codes included."),
    ] = []

    @model_validator(mode="after")
    def _one_origin(self) -> "Crosswalk":
        if (self.file is None) == (self.events is None):
            raise ValueError("give either file or events")
        if self.events is not None and self.basis != "events":
            raise ValueError("weights counted from events have `basis: events`")
        if self.prior is not None and (self.events is None or self.prior == "events"):
            raise ValueError("prior is another basis, for weights counted from events")
        return self


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
