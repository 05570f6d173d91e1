"""`sources/*.yml`: one contract per source: find, read, map, check, protect a delivery."""

import re
from datetime import date
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from orchestration.declarations.checks import Checks, Tolerance, TolerancePair
from orchestration.declarations.common import (
    Code,
    Declared,
    FormerIds,
    GroupId,
    Identifier,
    Retired,
    Words,
)

Grain = Literal["day", "week", "month", "quarter", "half_year", "year"]
Symbol = Literal["nil", "secret", "unknown", "blocked", "later", "unreliable", "missing"]

GERMAN_TABLE_SYMBOLS: dict[str, Symbol] = {
    "": "missing",
    "-": "nil",
    "–": "nil",
    ".": "unknown",
    "x": "blocked",
    "X": "blocked",
    "…": "later",
    "...": "later",
    "/": "unreliable",
}


def _known_encoding(value: str) -> str:
    try:
        "".encode(value)  # unlike a lookup, refuses codecs that are not for text, such as hex
    except LookupError:
        raise ValueError(
            f"unknown encoding {value!r}; common ones are utf-8, cp1252, cp850"
        ) from None
    return value


def _pattern(value: str) -> str:
    try:
        re.compile(value)
    except re.error as error:
        raise ValueError(f"not a regular expression: {error}") from None
    return value


def _pattern_with_group(value: str) -> str:
    if re.compile(_pattern(value)).groups != 1:
        raise ValueError("needs exactly one group in parentheses around the date")
    return value


Pattern = Annotated[str, AfterValidator(_pattern)]
DatePattern = Annotated[str, AfterValidator(_pattern_with_group)]
CellText = Annotated[
    str, BeforeValidator(lambda value: str(value) if isinstance(value, int) else value)
]
Columns = Annotated[
    str | list[str], Field(description="A column's name, or all the names it has had.")
]


def names(columns: str | list[str]) -> list[str]:
    """All names a column may have in a file, the first being the preferred one."""
    return [columns] if isinstance(columns, str) else columns


SPREADSHEETS = ("xlsx", "xls", "ods")


class Format(Declared):
    """How the bytes become a table of text cells."""

    type: Annotated[
        Literal["csv", "xlsx", "xls", "ods", "json", "geojson", "parquet"],
        Field(
            description="What the department says it sends. gzip, bz2, xz and zstd are unpacked; a "
            "spreadsheet of another kind than its ending says is read and noted."
        ),
    ] = "csv"
    members: Annotated[
        Pattern | None,
        Field(
            description="For archives (.zip, .tar, .tar.gz, .tar.xz): every file inside whose name "
            "matches is a delivery of its own."
        ),
    ] = None
    records: Annotated[
        str | None,
        Field(description="For JSON: where the list of records stands, such as `data.items`."),
    ] = None
    encoding: Annotated[str, AfterValidator(_known_encoding)] = "utf-8"
    delimiter: Annotated[
        str,
        StringConstraints(strip_whitespace=False, min_length=1, max_length=1),
        Field(description='One character; a tab is written "\\t" in double quotes.'),
    ] = ";"
    decimal: Literal[",", "."] = ","
    thousands: Literal[".", ",", " ", "'"] | None = None
    title_rows: Annotated[int, Field(ge=0, description="Lines above the header.")] = 0
    header_rows: Annotated[int, Field(ge=1, le=5)] = 1
    sheet: Annotated[
        Pattern | None,
        Field(description="Regular expression for the sheets to read; all that match are read."),
    ] = None
    footer: Annotated[
        Pattern | None,
        Field(description="Lines whose first cell matches end the table (sources, footnotes)."),
    ] = None

    @model_validator(mode="after")
    def _fits_type(self) -> Self:
        if self.type not in SPREADSHEETS and self.sheet is not None:
            raise ValueError(
                f"a {self.type.upper()} file has no sheet; remove `sheet` or set type: xlsx"
            )
        if self.type != "json" and self.records is not None:
            raise ValueError("`records` is for type: json")
        if self.decimal == self.thousands:
            raise ValueError("decimal and thousands mark are the same")
        return self


class Cell(Declared):
    """A single cell of the first table that holds a date, such as a stamp in the first row."""

    column: Columns
    row: Annotated[int, Field(ge=1, description="Counted from the first row below the header.")]


class DateRule(Declared):
    """Where a date stands: in columns, in a cell, in the file's or sheet's name, or fixed."""

    columns: Annotated[
        str | list[str] | None, Field(description="Several columns are joined by '-'.")
    ] = None
    file_name: DatePattern | None = None
    sheet: DatePattern | None = None
    cell: Cell | None = None
    fixed: date | None = None
    format: Annotated[
        str,
        Field(
            description="strptime format, such as %Y%m or %d.%m.%Y; %B is a German or English "
            "month name, %q a quarter."
        ),
    ] = "%Y-%m-%d"
    at: Annotated[
        Literal["start", "end"],
        Field(description="Which day a year or month stands for."),
    ] = "start"
    offset_years: int = 0
    plus_days: int = 0

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        places = (self.columns, self.file_name, self.sheet, self.cell, self.fixed)
        if sum(place is not None for place in places) != 1:
            raise ValueError("give exactly one of columns, file_name, sheet, cell, fixed")
        return self


class PeriodRule(DateRule):
    """The period a row is about."""

    grain: Grain


class AreaRule(Declared):
    """What a code of a certain form means."""

    pattern: Annotated[
        Pattern,
        Field(description="Whole code; a group in parentheses, if any, is the area's code."),
    ]
    level: Identifier | None = None
    id: Annotated[Code | None, Field(description="The area, whatever the code says.")] = None
    unassigned: Annotated[
        bool, Field(description="No finer area is known; the code names the one above.")
    ] = False


class WithinColumn(Declared):
    """The coarser area that is still known where the area itself is empty."""

    column: str
    level: Identifier
    pad: int = 0


class EarlierVersion(Declared):
    """The version of the area system that a file uses for periods up to a day."""

    version: Code
    until: Annotated[date, Field(description="Last day; a period counts by its first day.")]


class AreaColumn(Declared):
    """Where the area stands and in which version of the area system."""

    column: Annotated[
        Columns | None, Field(description="Without a column all rows are about area `is`.")
    ] = None
    is_: Annotated[Code | None, Field(alias="is")] = None
    system: Identifier
    version: Code
    earlier: Annotated[
        list[EarlierVersion],
        Field(
            description="For a file whose older periods carry older areas: oldest first; `version` "
            "holds for all periods after the last of them."
        ),
    ] = []
    level: Identifier
    pad: Annotated[int, Field(description="Fill up with leading zeros to this length.")] = 0
    rules: list[AreaRule] = []
    within: WithinColumn | None = None
    absent: Annotated[
        Literal["missing", "zero"],
        Field(description="What it means when an area of the level has no row."),
    ] = "missing"

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.column is None) == (self.is_ is None):
            raise ValueError("give either column or is")
        days = [one.until for one in self.earlier]
        if sorted(set(days)) != days:
            raise ValueError("earlier: the days must rise from version to version")
        named = [*(one.version for one in self.earlier), self.version]
        if len(set(named)) < len(named):
            raise ValueError("earlier: a version is named twice")
        return self


class GroupColumn(Declared):
    """A column that says which group a row is about."""

    dimension: Identifier
    column: Columns
    map: Annotated[
        dict[CellText, str],
        Field(
            description="Text in the file, '' for an empty cell → code of the dimension; '' means "
            "the total."
        ),
    ] = {}
    bands: Annotated[
        bool,
        Field(
            description="The texts are bands such as `15 bis unter 18` or `65+`. Where they nest "
            "in the bands of the code list (columns from, to), they are added up; else refused."
        ),
    ] = False


class Value(Declared):
    """A column, or all columns of one form, that hold a measure."""

    measure: Identifier
    column: Columns | None = None
    match: Annotated[
        Pattern | None,
        Field(
            description="Regular expression over whole headers. The named group `period` is read "
            "by the layout's period format; other named groups are dimensions."
        ),
    ] = None
    group: GroupId = "all"
    where: Annotated[
        dict[str, list[Code]], Field(description="Only rows with these values in other columns.")
    ] = {}
    factor: Annotated[
        float, Field(gt=0, description="Multiplies what stands in the cell: 1000 for thousands.")
    ] = 1.0
    bands: Annotated[
        list[Identifier],
        Field(description="Named groups of `match` that are bands, added up where they nest."),
    ] = []

    @model_validator(mode="after")
    def _one_origin(self) -> Self:
        if (self.column is None) == (self.match is None):
            raise ValueError("give either column or match")
        return self


class Count(Declared):
    """A measure counted from a case list, or a numeric column of it added up."""

    measure: Identifier
    date: Annotated[
        Columns | None,
        Field(description="The date that decides the month, where it is not that of `period`."),
    ] = None
    sum: Annotated[
        Columns | None, Field(description="Add up this column instead of counting rows.")
    ] = None
    where: dict[str, list[Code]] = {}
    groups: list[Identifier] = []


class Stock(Declared):
    """Cases open at the end of each month: opened by then and not closed before its end."""

    measure: Identifier
    opened: Columns
    closed: Columns
    where: dict[str, list[Code]] = {}
    groups: list[Identifier] = []


class Duration(Declared):
    """How long closed cases took, counted by bins of days in the month in which they ended."""

    measure: Identifier
    start: Columns
    end: Columns
    dimension: Annotated[
        Identifier,
        Field(description="Code list of the bins, with the days in its columns `from` and `to`."),
    ]
    where: dict[str, list[Code]] = {}


class Covers(Declared):
    """Which time span a case list covers; a month in it without rows is a zero."""

    file_name: Annotated[DatePattern | None, Field(description="The year or month it names.")] = (
        None
    )
    format: str = "%Y"
    since: Annotated[
        Literal["previous_year", "same_year", "all"] | None,
        Field(
            description="From 1 January of that year to the as_of date; `all`: from the first date "
            "in the file."
        ),
    ] = None
    column: Annotated[
        Columns | None,
        Field(description="The date the window is about, where another date is counted."),
    ] = None
    complete_after_days: Annotated[
        int,
        Field(
            ge=0,
            description="A counted month is complete only from so many days after the window "
            "begins, because the counted date follows the one the window is about.",
        ),
    ] = 0

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        if (self.file_name is None) == (self.since is None):
            raise ValueError("give either file_name or since")
        if self.complete_after_days and self.column is None:
            raise ValueError("`complete_after_days` needs `column`, the date the window is about")
        return self


class Cases(Declared):
    """One row per event: rows become counts by month, area and group."""

    counts: list[Count] = []
    stocks: list[Stock] = []
    durations: list[Duration] = []
    covers: Covers
    reported: Annotated[
        Columns | None,
        Field(
            description="The date on which a case became known. Counts are then also given as "
            "they were known at the end of every month before."
        ),
    ] = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not (self.counts or self.stocks or self.durations):
            raise ValueError("give counts, stocks or durations")
        return self

    @property
    def measures(self) -> list[str]:
        """The measures that are made from the rows."""
        counted = [one.measure for one in self.counts]
        return counted + [s.measure for s in self.stocks] + [d.measure for d in self.durations]


class RowRule(Declared):
    """Rows recognised by the text in one column."""

    column: Columns
    pattern: Annotated[Pattern, Field(description="Whole cell.")]


class Skip(RowRule):
    """Rows that hold no data, such as a stamp: read over, counted and noted."""

    why: Words


class Subtotal(RowRule):
    """Rows that add up others: compared with their parts and never loaded beside them."""

    of: Annotated[
        Literal["following", "preceding"],
        Field(description="The parts stand below or above, up to the next such row."),
    ]
    by: Annotated[
        list[str], Field(description="Columns that are equal in a subtotal and its parts.")
    ] = []
    tolerance: Annotated[float, Field(ge=0)] = 0.0


class Database(Declared):
    """A query that is the delivery; who may ask stands only in the environment."""

    dialect: Literal["postgresql", "mssql", "oracle", "sqlite"]
    connection: Annotated[
        str,
        Field(
            pattern=r"^[A-Z][A-Z0-9_]*$",
            description="Environment variable with the connection URL, such as KITA_DB with "
            "postgresql://user:password@host/name.",
        ),
    ]
    query: str


class Layout(Declared):
    """One form in which the delivery comes; the first layout whose files match is used."""

    name: Identifier = "standard"
    files: Annotated[
        list[str],
        Field(
            min_length=1,
            description="Glob patterns, relative to deliveries/<source>/. A path that starts with "
            "${NAME} is looked up below the folder that environment variable names.",
        ),
    ] = ["*"]
    since: Annotated[
        date | None, Field(description="This form is in use from this as_of date on.")
    ] = None
    until: Annotated[date | None, Field(description="… and before this one.")] = None
    database: Annotated[
        Database | None, Field(description="Asks a database instead of looking for files.")
    ] = None
    format: Format = Format()
    as_of: Annotated[
        DateRule | None, Field(description="When we knew it; without a rule, the arrival.")
    ] = None
    area: AreaColumn
    period: PeriodRule
    groups: list[GroupColumn] = []
    values: list[Value] = []
    cases: Cases | None = None
    skip: list[Skip] = []
    subtotals: list[Subtotal] = []
    symbols: Annotated[
        dict[str, Symbol], Field(description="Signs in cells that differ from the German standard.")
    ] = {}
    ignore: Annotated[
        list[str], Field(description="Columns we know and do not read; * for all others.")
    ] = []

    @model_validator(mode="after")
    def _table_or_cases(self) -> Self:
        if bool(self.values) == (self.cases is not None):
            raise ValueError("give either values (a table) or cases (one row per event)")
        if self.cases is not None and self.period.grain != "month":
            raise ValueError("case lists are counted by month: period.grain must be month")
        if self.as_of is not None and (self.as_of.columns or self.as_of.sheet):
            raise ValueError("as_of is one date per file: use file_name, cell or fixed")
        if self.database is not None and self.as_of is not None and self.as_of.file_name:
            raise ValueError("a database has no file name: as_of is the day it is asked, or fixed")
        if self.database is not None and self.format.type != "parquet":
            raise ValueError("a database's answer is kept as Parquet: set format.type: parquet")
        if self.period.cell is not None:
            raise ValueError("a period stands in columns, names or is fixed, not in one cell")
        return self

    @property
    def measures(self) -> list[str]:
        """The measures this layout fills."""
        if self.cases is not None:
            return list(dict.fromkeys(self.cases.measures))
        return list(dict.fromkeys(value.measure for value in self.values))


class Additive(Declared):
    """Over what a measure may be summed."""

    areas: bool = True
    groups: bool = True
    time: bool = True


class Break(Declared):
    """From when on something else is counted under the same name."""

    since: Annotated[date, Field(description="The first period that is counted the new way.")]
    what: Annotated[Words, Field(description="What changed, as half a sentence.")]


class Measure(Declared):
    """What was counted. Declared once, by the source that owns it."""

    id: Identifier
    was: FormerIds = []
    name: Words
    unit: str
    kind: Literal["stock", "flow"]
    additive: Additive = Additive()
    minimum: float | None = 0
    whole: bool = True
    control_of: Annotated[
        Identifier | None,
        Field(description="The same thing is owned by another source; this one only controls it."),
    ] = None
    control_tolerance: Annotated[
        Tolerance,
        Field(description="How far it may lie from the owner's figure before somebody is asked."),
    ] = TolerancePair(absolute=0.5)
    carried_by: Annotated[
        Literal["area", "population", "events"] | None,
        Field(
            description="Basis of the crosswalk by which older counts are carried over to newer "
            "areas; without it the crosswalk that areas/*.yml declares first."
        ),
    ] = None
    breaks: Annotated[
        list[Break],
        Field(description="Values before and after are not compared, nor added up over time."),
    ] = []

    @model_validator(mode="after")
    def _breaks_in_order(self) -> Self:
        days = [one.since for one in self.breaks]
        if days != sorted(set(days)):
            raise ValueError("breaks must be in the order of their days, each day once")
        return self

    @model_validator(mode="after")
    def _carried_at_all(self) -> Self:
        if self.carried_by is not None and not self.additive.areas:
            raise ValueError("what may not be summed over areas is never carried over")
        return self


Origin = Literal[
    "statutory_statistic",
    "funding_proof",
    "specialist_system",
    "register",
    "internal_steering",
    "open_data",
    "only_for_wirkraum",
]


class OnlyHere(Declared):
    """Who answers for a collection that nobody else needs, what for, and until when."""

    owner: Annotated[str, Field(min_length=1, description="A role, such as Sozialplanung.")]
    dialogue: Annotated[Identifier, Field(description="The dialogue that asked for it.")]
    ends: Annotated[date, Field(description="Last day; decided anew or gone after it.")]


class Source(Declared):
    """A contract with a department about one kind of delivery."""

    id: Identifier
    was: FormerIds = []
    retired: Annotated[Retired | None, Field(description="Nothing more is expected.")] = None
    department: Identifier
    name: Words
    why: Annotated[Words, Field(description="Why this file exists anyway.")]
    licence: str | None = None
    attribution: str | None = None
    url: str | None = None
    protection: Literal["none", "sozialdaten", "statistik"] = "none"
    purpose: Words | None = None
    legal_basis: str | None = None
    recipients: list[str] = []
    retention_days: Annotated[
        int | None,
        Field(
            ge=1,
            description="Days after arrival on which `wirkraum retain` deletes original and "
            "quarantined lines.",
        ),
    ] = None
    origin: Annotated[Origin | None, Field(description="What makes the file exist anyway.")] = None
    minutes_per_delivery: Annotated[
        float | None, Field(ge=0, description="Working time one delivery costs the department.")
    ] = None
    deliveries_per_year: Annotated[
        float | None,
        Field(gt=0, description="Where the files in the inbox do not tell, such as a history."),
    ] = None
    only_here: Annotated[
        OnlyHere | None, Field(description="Needed with `origin: only_for_wirkraum`.")
    ] = None
    measures: Annotated[list[Measure], Field(min_length=1)]
    layouts: Annotated[list[Layout], Field(min_length=1)]
    refuse_above: Annotated[
        float,
        Field(gt=0, le=1, description="Refuse the whole file when more rows than this are bad."),
    ] = 0.5
    checks: Checks = Checks()

    @model_validator(mode="after")
    def _protection_is_explained(self) -> Self:
        needed = {
            "purpose": self.purpose,
            "legal_basis": self.legal_basis,
            "recipients": self.recipients,
            "retention_days": self.retention_days,
        }
        missing = [name for name, value in needed.items() if not value]
        if self.protection != "none" and missing:
            raise ValueError(f"protection: {self.protection} also needs {', '.join(missing)}")
        return self

    @model_validator(mode="after")
    def _nothing_only_for_us_without_end(self) -> Self:
        if self.origin == "only_for_wirkraum" and self.only_here is None:
            raise ValueError(
                "a file made only for Wirkraum also needs only_here: {owner, dialogue, ends}"
            )
        if self.origin != "only_for_wirkraum" and self.only_here is not None:
            raise ValueError("only_here belongs to origin: only_for_wirkraum")
        return self
