"""The heart of a contract: rows of text cells become tidy observations or go to quarantine.

Every row that comes in goes to exactly one of the two; a row with one bad cell goes to quarantine
as a whole, with the reason in words.
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date

import polars as pl

from orchestration.declarations.register import UNASSIGNED_LEVEL, unassigned_id
from orchestration.declarations.sources import (
    GERMAN_TABLE_SYMBOLS,
    Layout,
    Measure,
    Source,
    Symbol,
    names,
)
from orchestration.declarations.tree import Declarations
from orchestration.ingest import dates
from orchestration.ingest.readers import Row, Table, Unreadable, normalised

OBSERVATION_SCHEMA = {
    "source_id": pl.String,
    "delivery_id": pl.String,
    "row_ref": pl.String,
    "measure_id": pl.String,
    "area_system": pl.String,
    "area_version": pl.String,
    "area_id": pl.String,
    "period_start": pl.Date,
    "grain": pl.String,
    "group_id": pl.String,
    "value": pl.Float64,
    "unit": pl.String,
    "status": pl.String,
    "reason": pl.String,
    "reason_en": pl.String,
    "as_of": pl.Date,
}
KEY = ["measure_id", "area_id", "period_start", "grain", "group_id"]

_SYMBOL_MEANING: dict[Symbol, tuple[float | None, str, str | None, str | None]] = {
    "nil": (0.0, "observed", None, None),
    "secret": (None, "suppressed", "vom Fachbereich geschützt", "protected by the department"),
    "unknown": (None, "missing", "unbekannt oder geheim gehalten", "unknown or kept secret"),
    "blocked": (None, "not_collected", "Aussage nicht sinnvoll", "figure would make no sense"),
    "later": (None, "missing", "Angabe folgt später", "figure follows later"),
    "unreliable": (None, "missing", "Zahl nicht sicher genug", "figure not reliable enough"),
    "missing": (None, "missing", "keine Angabe in der Lieferung", "no figure in the delivery"),
}
_LIMITED = ("estimated", "Aussagewert eingeschränkt", "limited reliability")


@dataclass(frozen=True)
class Context:
    """What a row needs to know about its delivery."""

    declarations: Declarations
    source: Source
    layout: Layout
    delivery_id: str
    file_name: str
    as_of: date


@dataclass
class Tidied:
    """Outcome of one table: observations, the rows set aside with their reasons, and notes."""

    observations: pl.DataFrame
    quarantined: list[tuple[Row, str]]
    rows_in: int
    notes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Located:
    """A value column found in a table."""

    column: str
    measure: Measure
    group: dict[str, str]
    period: date | None
    where: dict[str, list[str]]


def tidy(table: Table, context: Context) -> Tidied:
    """Map one table by its contract.

    Raises Unreadable when the table as a whole does not fit: a declared column is missing or a
    date that stands in the file's or sheet's name cannot be read.
    """
    columns = {header: header for header in table.columns if header}
    located = _locate(context, columns)
    table_period = _outer_period(context, table)
    needed = _needed_columns(context.layout, columns, located)
    notes = [*table.notes, *_unknown_columns(context.layout, table, needed)]

    rows, bad = _square(table)
    frame = pl.DataFrame(
        {name: [row.cells[table.columns.index(name)].strip() for row in rows] for name in needed},
        schema=dict.fromkeys(needed, pl.String),
    ).with_row_index("_row")
    reasons = Reasons()
    frame = _areas(frame, context, columns, reasons)
    frame = _periods(frame, context, columns, table_period, reasons)
    frame = _group_columns(frame, context, columns, reasons)
    if context.layout.cases is None:
        long = _values(frame, context, located, reasons)
        long = _distinct(long, rows, reasons)
        accepted = long.filter(~pl.col("_row").is_in(reasons.rows)).join(
            _refs(rows), on="_row", how="left"
        )
        observations = finished(accepted, context)
        if context.layout.area.absent == "zero":
            observations = pl.concat([observations, _absent(observations, context)])
    else:
        from orchestration.ingest.cases import count_cases

        observations = count_cases(frame, context, columns, _refs(rows), reasons)
    bad += [(rows[index], reason) for index, reason in sorted(reasons.texts())]
    return Tidied(observations, bad, len(table.rows), notes)


class Reasons:
    """Why rows are set aside, by row index."""

    def __init__(self) -> None:
        self._by_row: dict[int, list[str]] = {}

    def add(self, indexes: Iterable[int], reasons: Iterable[str]) -> None:
        """Set rows aside, each for its reason; several reasons are kept side by side."""
        for index, reason in zip(indexes, reasons, strict=True):
            known = self._by_row.setdefault(index, [])
            if reason not in known:
                known.append(reason)

    @property
    def rows(self) -> list[int]:
        """Indexes of the rows that are set aside."""
        return list(self._by_row)

    def texts(self) -> list[tuple[int, str]]:
        """Each such row with its reasons in one line."""
        return [(index, "; ".join(reasons)) for index, reasons in self._by_row.items()]


def _refs(rows: list[Row]) -> pl.DataFrame:
    return pl.DataFrame(
        {"_row": range(len(rows)), "row_ref": [row.ref for row in rows]},
        schema={"_row": pl.UInt32, "row_ref": pl.String},
    )


def _square(table: Table) -> tuple[list[Row], list[tuple[Row, str]]]:
    width = len(table.columns)
    rows, bad = [], []
    for row in table.rows:
        if len(row.cells) == width:
            rows.append(row)
        else:
            bad.append((row, f"{len(row.cells)} cells, but the header has {width} columns"))
    return rows, bad


def find_column(aliases: str | list[str], columns: dict[str, str], what: str) -> str:
    """The header under which a declared column stands; raises Unreadable when none is there."""
    for name in names(aliases):
        if normalised(name) in columns:
            return normalised(name)
    wanted = " or ".join(repr(name) for name in names(aliases))
    raise Unreadable(
        f"column {wanted} ({what}) is missing; the file has {', '.join(map(repr, columns))}"
    )


def _locate(context: Context, columns: dict[str, str]) -> list[_Located]:
    measures = {measure.id: measure for measure in context.source.measures}
    located = []
    for value in context.layout.values:
        measure = measures[value.measure]
        fixed = (
            {} if value.group == "all" else dict(p.split("=", 1) for p in value.group.split("|"))
        )
        where = {
            find_column(name, columns, "where"): list(wanted)
            for name, wanted in value.where.items()
        }
        if value.column is not None:
            column = find_column(value.column, columns, f"measure {value.measure}")
            located.append(_Located(column, measure, fixed, None, where))
            continue
        matches = [(name, re.fullmatch(value.match or "", name)) for name in columns]
        found = [(name, match.groupdict()) for name, match in matches if match]
        if not found:
            raise Unreadable(
                f"no column matches {value.match!r} (measure {value.measure}); "
                f"the file has {', '.join(map(repr, columns))}"
            )
        for name, parts in found:
            period = parts.pop("period", None)
            try:
                day = None if period is None else dates.parse(period, context.layout.period)
            except dates.NoDate as error:
                raise Unreadable(f"header {name!r}: {error}") from None
            group = dict(fixed)
            for dimension, text in parts.items():
                code = _group_code(context, dimension, text)
                if code is None:
                    raise Unreadable(f"header {name!r}: {text!r} is no code of {dimension!r}")
                if code:
                    group[dimension] = code
            located.append(_Located(name, measure, group, day, where))
    return located


def _outer_period(context: Context, table: Table) -> date | None:
    try:
        return dates.from_names(context.layout.period, context.file_name, table.sheet)
    except dates.NoDate as error:
        raise Unreadable(f"period: {error}") from None


def _needed_columns(layout: Layout, columns: dict[str, str], located: list[_Located]) -> list[str]:
    needed = [one.column for one in located]
    needed += [name for one in located for name in one.where]
    if layout.area.column is not None:
        needed.append(find_column(layout.area.column, columns, "area"))
    if layout.area.within is not None:
        needed.append(find_column(layout.area.within.column, columns, "area within"))
    in_header = any(one.period for one in located)
    if layout.period.columns is not None and not in_header:
        needed += [find_column(name, columns, "period") for name in names(layout.period.columns)]
    needed += [find_column(group.column, columns, "group") for group in layout.groups]
    for count in layout.cases.counts if layout.cases else []:
        needed += [find_column(name, columns, "where") for name in count.where]
    return list(dict.fromkeys(needed))


def _unknown_columns(layout: Layout, table: Table, needed: list[str]) -> list[str]:
    if "*" in layout.ignore:
        return []
    known = {*needed, *(normalised(name) for name in layout.ignore)}
    unknown = [name for name in table.columns if name and name not in known]
    if not unknown:
        return []
    found = ", ".join(map(repr, unknown))
    return [f"unknown column(s) {found}: not read; add them to the contract or to `ignore`"]


def _map_unique(
    frame: pl.DataFrame,
    inputs: list[str],
    outputs: Mapping[str, type[pl.DataType]],
    resolve: Callable[..., tuple[object, ...]],
) -> pl.DataFrame:
    """Apply a Python function once per distinct combination of input columns."""
    unique = frame.select(inputs).unique(maintain_order=True)
    results = [resolve(*row) for row in unique.iter_rows()]
    columns = {
        name: pl.Series(name, [result[index] for result in results], dtype=dtype)
        for index, (name, dtype) in enumerate(outputs.items())
    }
    return frame.join(unique.with_columns(**columns), on=inputs, how="left", maintain_order="left")


def _note_bad(frame: pl.DataFrame, column: str, reasons: Reasons) -> pl.DataFrame:
    bad = frame.filter(pl.col(column).is_not_null())
    reasons.add(bad["_row"].to_list(), bad[column].to_list())
    return frame.drop(column)


def _areas(
    frame: pl.DataFrame, context: Context, columns: dict[str, str], reasons: Reasons
) -> pl.DataFrame:
    rule = context.layout.area
    register = context.declarations.register.of(rule.system, rule.version)
    level_of = dict(register.select("area_id", "level").iter_rows())
    top = register.filter(~pl.col("is_unassigned")).sort("level_rank")["area_id"].last()
    what = f"{rule.system} {rule.version}"

    def resolve(code: str, within: str) -> tuple[object, ...]:
        if not code:
            parent = within.zfill(rule.within.pad) if rule.within and within else str(top)
            member = unassigned_id(parent)
            if level_of.get(member) == UNASSIGNED_LEVEL:
                return member, None
            return None, f"area is empty and {within!r} is no area of {what}"
        padded = code.zfill(rule.pad)
        area_id, level = padded, rule.level
        for one in rule.rules:
            match = re.fullmatch(one.pattern, padded)
            if match:
                area_id = one.id or (match[1] if match.re.groups else padded)
                if one.unassigned:
                    area_id, level = unassigned_id(area_id), UNASSIGNED_LEVEL
                else:
                    level = one.level or rule.level
                break
        found = level_of.get(area_id)
        if found is None:
            return None, f"{code!r} is no area of {what}"
        if found != level:
            return None, f"{code!r} is of level {found}, expected {level}"
        return area_id, None

    if rule.column is None:
        return frame.with_columns(area_id=pl.lit(rule.is_))
    inputs = [find_column(rule.column, columns, "area")]
    if rule.within is not None:
        inputs.append(find_column(rule.within.column, columns, "area within"))
        found = _map_unique(frame, inputs, {"area_id": pl.String, "_bad": pl.String}, resolve)
    else:
        found = _map_unique(
            frame,
            inputs,
            {"area_id": pl.String, "_bad": pl.String},
            lambda code: resolve(code, ""),
        )
    return _note_bad(found, "_bad", reasons)


def _periods(
    frame: pl.DataFrame,
    context: Context,
    columns: dict[str, str],
    outer: date | None,
    reasons: Reasons,
) -> pl.DataFrame:
    rule = context.layout.period
    if outer is not None:
        return frame.with_columns(day=pl.lit(outer))
    present = [name for name in names(rule.columns or []) if normalised(name) in columns]
    if not present:
        return frame.with_columns(day=pl.lit(None, dtype=pl.Date))
    inputs = [normalised(name) for name in present]

    def resolve(*parts: str) -> tuple[object, ...]:
        try:
            return dates.parse("-".join(parts), rule), None
        except dates.NoDate as error:
            return None, f"{' + '.join(inputs)}: {error}"

    found = _map_unique(frame, inputs, {"day": pl.Date, "_bad": pl.String}, resolve)
    return _note_bad(found, "_bad", reasons)


def _group_code(context: Context, dimension: str, text: str) -> str | None:
    """The code a text stands for, '' for the total, None when it is unknown."""
    for group in context.layout.groups:
        if group.dimension == dimension and text in group.map:
            return group.map[text]
    codes = {entry.code for entry in context.declarations.codes.get(dimension, [])}
    return text if text in codes else None


def _group_columns(
    frame: pl.DataFrame, context: Context, columns: dict[str, str], reasons: Reasons
) -> pl.DataFrame:
    """Add one column `group:<dimension>` per declared group column, '' meaning the total."""
    for group in context.layout.groups:
        column = find_column(group.column, columns, "group")

        def resolve(
            text: str, dimension: str = group.dimension, column: str = column
        ) -> tuple[object, ...]:
            code = _group_code(context, dimension, text)
            bad = f"{column}: {text!r} is no code of {dimension!r}" if code is None else None
            return code, bad

        outputs = {f"group:{group.dimension}": pl.String, "_bad": pl.String}
        frame = _note_bad(_map_unique(frame, [column], outputs, resolve), "_bad", reasons)
    return frame


def _values(
    frame: pl.DataFrame, context: Context, located: list[_Located], reasons: Reasons
) -> pl.DataFrame:
    how = context.layout.format
    symbols = GERMAN_TABLE_SYMBOLS | context.layout.symbols
    grain = context.layout.period.grain
    dimensions = [group.dimension for group in context.layout.groups]
    parts = []
    for one in located:
        part = frame
        for name, wanted in one.where.items():
            part = part.filter(pl.col(name).is_in(wanted))
        stock = one.measure.kind == "stock"
        day = pl.col("day") if one.period is None else pl.lit(one.period)
        text = pl.col(one.column)
        limited = text.str.contains(r"^\(.*\)$")
        bare = text.str.replace(r"^\((.*)\)$", "${1}").str.strip_chars(" ")
        part = part.select(
            "_row",
            "area_id",
            _start_of(day, grain, stock=stock).alias("period_start"),
            group_id=_group_id(one.group, dimensions),
            measure_id=pl.lit(one.measure.id),
            unit=pl.lit(one.measure.unit),
            column=pl.lit(one.column),
            text=text,
            symbol=text.replace_strict(symbols, default=None, return_dtype=pl.String),
            number=_number(bare, how.decimal, how.thousands),
            limited=limited,
            minimum=pl.lit(one.measure.minimum, dtype=pl.Float64),
            whole=pl.lit(one.measure.whole),
        )
        parts.append(part)
    long = pl.concat(parts).with_columns(grain=pl.lit(grain))
    number, symbol = pl.col("number"), pl.col("symbol")
    example = "1234" + how.decimal + "5"
    found = pl.format("{}: found '{}'", "column", pl.col("text").str.slice(0, 40))
    bad = (
        pl.when(symbol.is_null() & number.is_null())
        .then(pl.format("{}, expected a number like " + example, found))
        .when(symbol.is_null() & (number < pl.col("minimum")))
        .then(pl.format("{}, which is below the minimum {}", found, "minimum"))
        .when(symbol.is_null() & pl.col("whole") & (number != number.round(0)))
        .then(pl.format("{}, but a count is a whole number", found))
    )
    long = _note_bad(long.with_columns(_bad=bad), "_bad", reasons)

    def of_symbol(position: int, dtype: type[pl.DataType]) -> pl.Expr:
        table = {name: values[position] for name, values in _SYMBOL_MEANING.items()}
        return symbol.replace_strict(table, default=None, return_dtype=dtype)

    is_symbol = symbol.is_not_null()
    return long.with_columns(
        value=pl.when(is_symbol).then(of_symbol(0, pl.Float64)).otherwise(number),
        status=pl.when(is_symbol)
        .then(of_symbol(1, pl.String))
        .otherwise(pl.when("limited").then(pl.lit(_LIMITED[0])).otherwise(pl.lit("observed"))),
        reason=pl.when(is_symbol)
        .then(of_symbol(2, pl.String))
        .otherwise(pl.when("limited").then(pl.lit(_LIMITED[1]))),
        reason_en=pl.when(is_symbol)
        .then(of_symbol(3, pl.String))
        .otherwise(pl.when("limited").then(pl.lit(_LIMITED[2]))),
    )


def _number(text: pl.Expr, decimal: str, thousands: str | None) -> pl.Expr:
    mark = re.escape(decimal)
    whole = r"\d+"
    if thousands is not None:
        whole = rf"(?:\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+|\d+)"
    pattern = rf"^[+-]?(?:{whole}(?:{mark}\d*)?|{mark}\d+)(?:[eE][+-]?\d+)?$"
    plain = text.str.replace_all(thousands, "", literal=True) if thousands else text
    number = plain.str.replace(decimal, ".", literal=True).cast(pl.Float64, strict=False)
    return pl.when(text.str.contains(pattern) & number.is_finite()).then(number)


def _start_of(day: pl.Expr, grain: str, *, stock: bool) -> pl.Expr:
    if stock or grain == "day":
        return day
    every = {"month": "1mo", "quarter": "1q", "half_year": "6mo", "year": "1y"}[grain]
    return day.dt.truncate(every)


def _group_id(fixed: dict[str, str], dimensions: list[str]) -> pl.Expr:
    parts: dict[str, pl.Expr] = {name: pl.lit(f"{name}={code}") for name, code in fixed.items()}
    for name in dimensions:
        column = pl.col(f"group:{name}")
        if name not in fixed:
            parts[name] = pl.when(column != "").then(pl.format(name + "={}", column))
    if not parts:
        return pl.lit("all")
    joined = pl.concat_str(
        [parts[name] for name in sorted(parts)], separator="|", ignore_nulls=True
    )
    return pl.when(joined == "").then(pl.lit("all")).otherwise(joined)


def _distinct(long: pl.DataFrame, rows: list[Row], reasons: Reasons) -> pl.DataFrame:
    """Set aside rows that fill a cell another row fills too: the later of equal ones, else all."""
    sound = long.filter(~pl.col("_row").is_in(reasons.rows))
    doubled = sound.filter(pl.len().over(KEY) > 1).with_columns(
        first=pl.col("_row").min().over(KEY),
        equal=(pl.col("value").n_unique().over(KEY) == 1)
        & (pl.col("status").n_unique().over(KEY) == 1),
    )
    wrong = doubled.filter(~pl.col("equal") | (pl.col("_row") != pl.col("first")))
    for row, first, equal, column in wrong.select("_row", "first", "equal", "column").iter_rows():
        if equal:
            reason = f"{column}: the same cell stands in row {rows[first].ref} already"
        else:
            reason = f"{column}: several rows give different values for the same cell"
        reasons.add([row], [reason])
    return long


def finished(accepted: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Complete observations with what is the same for the whole delivery (OBSERVATION_SCHEMA)."""
    area = context.layout.area
    return accepted.with_columns(
        source_id=pl.lit(context.source.id),
        delivery_id=pl.lit(context.delivery_id),
        area_system=pl.lit(area.system),
        area_version=pl.lit(area.version),
        as_of=pl.lit(context.as_of),
    ).select([pl.col(name).cast(dtype) for name, dtype in OBSERVATION_SCHEMA.items()])


def expected_areas(context: Context, periods: pl.DataFrame) -> pl.DataFrame:
    """Every area of the layout's level in every row of `periods` in which the area exists.

    The member for rows without an area is left out. An area exists from the beginning of its
    version, or from its own later date.
    """
    area = context.layout.area
    register = context.declarations.register.of(area.system, area.version)
    later = pl.col("valid_from") > register["valid_from"].min()
    areas = register.filter(level=area.level).select(
        "area_id", begins=pl.when(later).then("valid_from")
    )
    crossed = periods.join(areas.sort("area_id"), how="cross")
    exists = pl.col("begins").is_null() | (pl.col("begins") <= pl.col("period_start"))
    return crossed.filter(exists).drop("begins")


def _absent(observations: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Zeros for areas without a row, where the contract says that is what absence means."""
    key = ["measure_id", "period_start", "grain", "group_id", "unit"]
    wanted = expected_areas(context, observations.select(key).unique(maintain_order=True))
    absent = wanted.join(observations, on=[*key, "area_id"], how="anti").with_columns(
        row_ref=pl.lit(""),
        value=pl.lit(0.0),
        status=pl.lit("observed"),
        reason=pl.lit("in der Lieferung nicht genannt, laut Vertrag null"),
        reason_en=pl.lit("not named in the delivery, zero by contract"),
    )
    return finished(absent, context)
