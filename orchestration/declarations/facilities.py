"""`facilities/*.yml`: lists of offers with their places, and how long the way to them takes."""

from datetime import date
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from orchestration.declarations.common import Code, Declared, Identifier, Words

# Degrees on WGS 84 and ETRS89 (the same within a metre), and UTM on ETRS89 in the zones of Germany.
KNOWN_CRS = ("EPSG:4326", "EPSG:4258", "EPSG:25831", "EPSG:25832", "EPSG:25833")


def _known(value: Any) -> Any:
    if value not in KNOWN_CRS:
        raise ValueError(
            f"known are {', '.join(KNOWN_CRS)}; ask whoever keeps the list, and have coordinates "
            "of other systems (Gauß-Krüger, Soldner) converted there: guessed ones are metres to "
            "hundreds of metres off"
        )
    return value


Crs = Annotated[
    Literal["EPSG:4326", "EPSG:4258", "EPSG:25831", "EPSG:25832", "EPSG:25833"],
    BeforeValidator(_known),
    Field(description="In what the coordinates are; never guessed from the numbers."),
]


class Columns(Declared):
    """How a CSV file with one facility or one way per line is read."""

    file: Annotated[
        str,
        Field(description="CSV, packed or not, relative to facilities/ or below ${NAME}."),
    ]
    member: Annotated[
        str | None, Field(description="The file's name where `file` is an archive.")
    ] = None
    encoding: Literal["utf-8", "cp1252"] = "utf-8"
    delimiter: str = ","
    decimal: Literal[".", ","] = "."


class Edition(Columns):
    """A list as it was kept on a day; it stands for that day and up to a year after it."""

    valid_on: Annotated[date, Field(description="The day of which it says what is open.")]
    known_on: Annotated[
        date | None, Field(description="When it became known, if later than `valid_on`.")
    ] = None
    complete_since: Annotated[
        date | None,
        Field(
            description="Since when it also keeps what has closed in the meantime; then it stands "
            "for the time from there on. Needs `closed`."
        ),
    ] = None
    id: Annotated[str, Field(description="Column with the facility's code.")] = "id"
    name: Annotated[str | None, Field(description="Column with its name.")] = None
    x: Annotated[str, Field(description="Column with the longitude or easting.")]
    y: Annotated[str, Field(description="Column with the latitude or northing.")]
    crs: Crs
    capacity: Annotated[
        str | None, Field(description="Column with its places; none counts as no offer.")
    ] = None
    opened: Annotated[str | None, Field(description="Column with its first day.")] = None
    closed: Annotated[str | None, Field(description="Column with its last day.")] = None
    date_format: str = "%Y-%m-%d"

    @property
    def since(self) -> date:
        """The first day it stands for."""
        return self.complete_since or self.valid_on

    @property
    def known(self) -> date:
        """When it became known."""
        return self.known_on or self.valid_on

    @model_validator(mode="after")
    def _keeps_what_closed(self) -> Self:
        if self.complete_since is not None and self.closed is None:
            raise ValueError(
                "a list that also keeps what has closed (`complete_since`) needs the column "
                "`closed`; without it, a list says nothing of the time before its day"
            )
        if self.complete_since is not None and self.complete_since > self.valid_on:
            raise ValueError("complete_since must not be after valid_on")
        return self


class TravelTimes(Columns):
    """How many minutes the way takes, one line per area (or point in it) and facility."""

    id: Identifier
    mode: Annotated[Words, Field(description="How people travel: zu Fuß, mit Bus und Bahn.")]
    area_system: Identifier
    area_version: Code
    area: Annotated[str, Field(description="Column with the area's code.")] = "area_id"
    facility: Annotated[str, Field(description="Column with the facility.")] = "facility_id"
    minutes: Annotated[str, Field(description="Column with the minutes.")] = "minutes"
    complete_up_to: Annotated[
        float,
        Field(gt=0, description="Minutes up to which every way is in the table; others are longer"),
    ]
    point: Annotated[
        str | None, Field(description="Column with the point, where areas have several.")
    ] = None
    people: Annotated[
        str | None, Field(description="Column with how many people live at the point.")
    ] = None

    @model_validator(mode="after")
    def _points_with_people(self) -> Self:
        if (self.point is None) != (self.people is None):
            raise ValueError(
                "several points per area need both `point` and `people`: how many live at each"
            )
        return self


class FacilityList(Declared):
    """Offers with their places. One list is one file here, with all its editions."""

    id: Identifier
    department: Identifier
    name: Words
    licence: str | None = None
    attribution: str | None = None
    url: str | None = None
    editions: Annotated[list[Edition], Field(min_length=1)]
    travel_times: list[TravelTimes] = []
    at_most_set_aside: Annotated[
        float,
        Field(
            ge=0,
            lt=1,
            description="Share of lines without a usable place that may be set aside (and is "
            "stated beside every value); with more the list is refused.",
        ),
    ] = 0
    beyond_border: Annotated[
        Literal["refused", "counted"],
        Field(description="Offers outside all areas: a mistake, or neighbours that count."),
    ] = "refused"
