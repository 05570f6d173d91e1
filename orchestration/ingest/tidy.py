"""The heart of a contract: rows of text cells become tidy observations or are set aside.

Every row that comes in goes to exactly one of the two; a row with one bad cell is set aside as a
whole, with the reason in words. All rules of this module look at every row, vectorised in polars.
"""

import re
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cache
from typing import Any, cast

import numpy as np
import polars as pl

from orchestration.declarations.register import UNASSIGNED_LEVEL, unassigned_id
from orchestration.declarations.sources import GERMAN_TABLE_SYMBOLS, Layout, Symbol
from orchestration.ingest import dates
from orchestration.ingest.plan import Context, Located, Plan, group_code
from orchestration.ingest.table import ASIDE, Batch, Unreadable, with_texts
from orchestration.ingest.versions import known_somewhere, version_of

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
_MANY_WRONG = 10_000
_REASONS = {name: ASIDE[name] for name in ("_row", "reason")}

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
_SAYINGS: list[tuple[str, str | None, str | None]] = [
    ("observed", None, None),
    _LIMITED,
    *((status, reason, reason_en) for _, status, reason, reason_en in _SYMBOL_MEANING.values()),
]
_SAID = {symbol: number for number, symbol in enumerate(_SYMBOL_MEANING, 2)}


def _few(values: Iterable[str | None]) -> pl.Series:
    """Texts as codes with their dictionary: cheap to look up, to compare and to write."""
    values = list(values)
    categories = list(dict.fromkeys(value for value in values if value is not None))
    return pl.Series(values, dtype=pl.Enum(categories))


@cache
def _same(text: str) -> pl.Expr:
    return pl.lit(text, dtype=pl.Enum([text]))


_STATUS, _REASON, _REASON_EN = (_few(texts) for texts in zip(*_SAYINGS, strict=True))


class Reasons:
    """Why rows are set aside, by row number."""

    def __init__(self) -> None:
        self._found = [pl.DataFrame(schema=_REASONS)]

    def add(self, numbers: pl.Series, reasons: pl.Series) -> None:
        """Set rows aside, each for its reason; several reasons are kept side by side."""
        self._found.append(pl.DataFrame({"_row": numbers, "reason": reasons}, schema=_REASONS))

    @property
    def rows(self) -> pl.Series:
        """Numbers of the rows that are set aside."""
        return pl.concat(self._found)["_row"].unique(maintain_order=True)

    def asides(self, batch: Batch) -> pl.DataFrame:
        """Each such row with its reasons in one line and its text as delivered (ASIDE)."""
        found = pl.concat(self._found)
        if found["_row"].is_duplicated().any():
            each = pl.col("reason").unique(maintain_order=True).str.join("; ")
            found = found.group_by("_row", maintain_order=True).agg(each)
        return with_texts(found.sort("_row"), batch.raw)


@dataclass
class Marked:
    """Rows of a batch with area, day and groups found, and the reasons against some of them."""

    frame: pl.DataFrame
    reasons: Reasons = field(default_factory=Reasons)

    @property
    def sound(self) -> pl.DataFrame:
        """The rows nothing speaks against."""
        return without(self.frame, self.reasons.rows)


def without(frame: pl.DataFrame, numbers: pl.Series) -> pl.DataFrame:
    """The rows whose `_row` is none of these."""
    if not len(numbers):
        return frame
    return frame.filter(~pl.col("_row").is_in(numbers.implode()))


class _Meanings:
    """What the distinct texts of some columns mean, each asked for once."""

    def __init__(
        self, resolve: Callable[..., tuple[object, str | None]], dtype: type[pl.DataType]
    ) -> None:
        self._resolve = resolve
        self._dtype = dtype
        self._numbers: dict[tuple[Any, ...], int] = {}
        self._texts = pl.Enum([])
        self._values: list[Any] = []
        self.wrong: dict[int, str] = {}
        self._look_up()

    @property
    def keys(self) -> list[tuple[Any, ...]]:
        """The texts by their number."""
        return list(self._numbers)

    def _look_up(self) -> None:
        """Make columns of what the texts mean and of why some mean nothing, by their number."""
        if self._dtype == pl.String:
            self.column = _few(self._values)
        else:
            self.column = pl.Series(self._values, dtype=self._dtype)
        why = map(self.wrong.get, range(len(self._values)))
        self._why = pl.Series(why, dtype=pl.String)

    def reasons(self, numbers: pl.Series, values: pl.Series) -> tuple[pl.Series, pl.Series]:
        """Where texts mean nothing, and why; `values` is what the numbers stand for."""
        at = values.is_null().arg_true()
        why = self._why.gather(numbers.gather(at))
        return at.filter(why.is_not_null()), why.drop_nulls()

    def numbers(self, rows: pl.DataFrame) -> pl.Series:
        """For each row the number of its texts; new ones are resolved."""
        if rows.width == 1 and rows.dtypes[0] == pl.String:
            return self._of_texts(rows.to_series())
        unique = rows.unique(maintain_order=True)
        keys = list(unique.iter_rows())
        self._learn(keys)
        table = unique.with_columns(
            _number=pl.Series(map(self._numbers.get, keys), dtype=pl.UInt32)
        )
        return rows.join(
            table, on=rows.columns, how="left", maintain_order="left", nulls_equal=True
        )["_number"]

    def _of_texts(self, texts: pl.Series) -> pl.Series:
        """Their numbers; in sorted files only the first of equal neighbours is looked up."""
        changed = texts.slice(1).ne_missing(texts.head(-1))
        if 4 * int(changed.sum()) >= len(texts):
            return self._each_of(texts)
        first = np.append(0, changed.arg_true().to_numpy() + 1)
        numbers = self._each_of(texts.gather(first)).to_numpy()
        return pl.Series(np.repeat(numbers, np.diff(first, append=len(texts))))

    def _each_of(self, texts: pl.Series) -> pl.Series:
        codes = texts.cast(self._texts, strict=False)
        if codes.null_count():
            new = texts.filter(codes.is_null()).unique(maintain_order=True)
            self._learn([(text,) for text in new])
            self._texts = pl.Enum([text for (text,) in self._numbers])
            codes = texts.cast(self._texts)
        return codes.to_physical()

    def forget_wrong(self, still: Collection[str]) -> None:
        """Ask anew for texts that mean nothing, but for those that begin with one of `still`."""
        known = [
            (key, self._values[number], self.wrong.get(number))
            for key, number in self._numbers.items()
            if number not in self.wrong or key[0] in still
        ]
        self._numbers = {key: number for number, (key, _, _) in enumerate(known)}
        self._values = [value for _, value, _ in known]
        self.wrong = {number: why for number, (_, _, why) in enumerate(known) if why is not None}
        self._texts = pl.Enum([])
        self._look_up()

    def _learn(self, keys: list[tuple[Any, ...]]) -> None:
        new = [key for key in keys if key not in self._numbers]
        for key in new:
            value, wrong = self._resolve(*key)
            number = self._numbers[key] = len(self._numbers)
            self._values.append(value)
            if wrong is not None:
                self.wrong[number] = wrong
        if new:
            self._look_up()


class Resolver:
    """Remembers over the batches of a table what each distinct text means."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self._known: dict[str, _Meanings] = {}

    def mark(self, batch: Batch) -> Marked:
        """Add `area_id`, `day`, `_start` and `group:<dimension>` ('' for the total) to the rows.

        `_start` is the first day of the period; texts are pl.Enum, but for case lists.
        """
        marked = Marked(batch.frame)
        self._periods(marked)
        self._areas(marked)
        for dimension, column in self.plan.groups.items():
            self._group(marked, dimension, column)
        return marked

    def add(
        self,
        marked: Marked,
        what: str,
        inputs: list[str],
        resolve: Callable[..., tuple[object, str | None]],
        dtype: type[pl.DataType] = pl.String,
    ) -> pl.Series:
        """Add a column by a function of the texts in others, called once per distinct text.

        The function gives a value, or None and why there is none. Gives the number of each row's
        text.
        """
        known = self._known.get(what)
        if known is None:
            known = self._known[what] = _Meanings(resolve, dtype)
        if len(known.wrong) > _MANY_WRONG:
            known.forget_wrong(self._areas_elsewhere(known) if what == "area_id" else ())
        numbers = known.numbers(marked.frame.select(inputs))
        column = known.column.gather(numbers).alias(what)
        if dtype == pl.String and self.plan.layout.cases is not None:
            column = column.cast(pl.String)
        marked.frame = marked.frame.with_columns(column)
        at, why = known.reasons(numbers, column)
        marked.reasons.add(marked.frame["_row"].gather(at), why)
        return numbers

    def _areas_elsewhere(self, known: _Meanings) -> frozenset[str]:
        """Unknown codes that another version knows: all of them are looked at in the end."""
        register = self.plan.context.declarations.register
        codes = {key[0] for number, key in enumerate(known.keys) if number in known.wrong}
        return known_somewhere(codes, self.plan.layout.area, register)

    def _areas(self, marked: Marked) -> None:
        rule = self.plan.layout.area
        if self.plan.area is None:
            marked.frame = marked.frame.with_columns(area_id=_same(rule.is_ or ""))
            return
        register = self.plan.context.declarations.register
        versions = [rule.version, *(one.version for one in rule.earlier)]
        levels: dict[str, dict[str, str]] = {}
        tops: dict[str, str] = {}
        for one in versions:
            areas = register.of(rule.system, one)
            levels[one] = dict(areas.select("area_id", "level").iter_rows())
            ranked = areas.filter(~pl.col("is_unassigned")).sort("level_rank")
            tops[one] = str(ranked["area_id"].last())

        def resolve(
            code: str, within: str = "", version: str = rule.version
        ) -> tuple[object, str | None]:
            level_of, what = levels[version], f"{rule.system} {version}"
            if not code:
                named = rule.within is not None and bool(within)
                parent = within.zfill(rule.within.pad) if rule.within and named else tops[version]
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

        inputs = [self.plan.area, *([self.plan.within] if self.plan.within else [])]
        if not rule.earlier:
            self.add(marked, "area_id", inputs, resolve)
            return
        if any(one.period for one in self.plan.values):
            raise Unreadable("area.earlier needs the period in the rows, not in the header")

        def version_on(day: date | None) -> tuple[object, str | None]:
            return (rule.version if day is None else version_of(rule, day)), None

        def resolve_in(*texts: str) -> tuple[object, str | None]:
            code, *within, version = texts
            return resolve(code, "".join(within), version)

        self.add(marked, "area_version", ["day"], version_on)
        self.add(marked, "area_id", [*inputs, "area_version"], resolve_in)

    @property
    def area_codes(self) -> dict[str, list[str]]:
        """The distinct texts of the area column so far, by the area version they count in."""
        codes: dict[str, list[str]] = {}
        earlier = bool(self.plan.layout.area.earlier)
        known = self._known.get("area_id")
        for key in known.keys if known is not None else ():
            version = key[-1] if earlier else self.plan.layout.area.version
            codes.setdefault(version, []).append(key[0])
        return codes

    def _periods(self, marked: Marked) -> None:
        rule, inputs = self.plan.layout.period, self.plan.period
        if self.plan.outer_period is not None or not inputs:
            day = pl.lit(self.plan.outer_period, dtype=pl.Date)
            marked.frame = marked.frame.with_columns(day=day, _start=_start_of(day, rule.grain))
            return

        def resolve(*parts: str) -> tuple[object, str | None]:
            try:
                return dates.parse("-".join(parts), rule), None
            except dates.NoDate as error:
                return None, f"{' + '.join(inputs)}: {error}"

        numbers = self.add(marked, "day", inputs, resolve, pl.Date)
        days = self._known["day"].column.alias("day").to_frame()
        starts = days.select(_start=_start_of(pl.col("day"), rule.grain)).to_series()
        marked.frame = marked.frame.with_columns(starts.gather(numbers))

    def _group(self, marked: Marked, dimension: str, column: str) -> None:
        layout = self.plan.layout
        banded = any(one.bands for one in layout.groups if one.dimension == dimension)

        def resolve(text: str) -> tuple[object, str | None]:
            try:
                return group_code(self.plan.context, dimension, text, banded), None
            except ValueError as error:
                return None, f"{column}: {error}"

        self.add(marked, f"group:{dimension}", [column], resolve)


def note_bad(marked: Marked) -> None:
    """Take the column `_bad` out of the frame and into the reasons."""
    bad = marked.frame.filter(pl.col("_bad").is_not_null())
    marked.reasons.add(bad["_row"], bad["_bad"])
    marked.frame = marked.frame.drop("_bad")


def observations_of(plan: Plan, marked: Marked) -> pl.DataFrame:
    """The values of a table's rows; bad cells speak against rows.

    OBSERVATION_SCHEMA with `_row` in place of `row_ref`; texts are pl.Enum where few are distinct.
    """
    parts = [_one_value(plan, one, marked) for one in plan.values]
    return finished(without(_below_each_other(parts), marked.reasons.rows), plan.context)


def _one_value(plan: Plan, one: Located, marked: Marked) -> pl.DataFrame:
    rows = marked.frame
    for name, wanted in one.where.items():
        rows = rows.filter(pl.col(name).is_in(wanted))
    figures, bad = _figures(plan, one, rows)
    marked.reasons.add(rows["_row"].gather(bad["at"]), bad["reason"])
    grain, stock = plan.layout.period.grain, one.measure.kind == "stock"
    if one.period is None:
        start = pl.col("day" if stock else "_start")
    else:
        start = pl.lit(one.period) if stock else _start_of(pl.lit(one.period), grain)
    banded = _banded(plan)
    part = pl.concat_str([pl.lit(one.column), *banded], separator="\t") if banded else None
    groups = group_ids(rows, one.group, list(plan.groups))
    return rows.with_columns(figures.get_columns()).select(
        "_row",
        "area_id",
        *figures.columns,
        *(["area_version"] if plan.layout.area.earlier else []),
        period_start=start,
        group_id=groups,
        measure_id=_same(one.measure.id),
        unit=_same(one.measure.unit),
        grain=_same(grain),
        **({} if part is None else {"_part": part}),
    )


def _below_each_other(parts: list[pl.DataFrame]) -> pl.DataFrame:
    """Frames of the same columns as one, with one dictionary per column of texts."""
    if len(parts) == 1:
        return parts[0]
    wider: dict[str, pl.Enum] = {}
    for name in parts[0].columns:
        kinds = [part.schema[name] for part in parts]
        if all(isinstance(kind, pl.Enum) for kind in kinds) and len(set(kinds)) > 1:
            texts = (text for kind in kinds for text in cast("pl.Enum", kind).categories)
            wider[name] = pl.Enum(list(dict.fromkeys(texts)))
    return pl.concat([part.cast(wider) for part in parts])  # type: ignore[arg-type]


def adds_up(layout: Layout) -> bool:
    """Whether several cells of this layout may be parts of one, because bands are widened."""
    return any(one.bands for one in layout.groups) or any(one.bands for one in layout.values)


def _banded(plan: Plan) -> list[pl.Expr]:
    """What tells apart the parts that re-banding adds up."""
    columns = [plan.groups[one.dimension] for one in plan.layout.groups if one.bands]
    return [pl.col(name) for name in columns] or ([pl.lit("")] if adds_up(plan.layout) else [])


def figures_of(plan: Plan, one: Located, rows: pl.DataFrame) -> pl.DataFrame:
    """What the cells of a value column say: `value`, `status`, `reason`, `reason_en`."""
    return _figures(plan, one, rows)[0]


def _figures(plan: Plan, one: Located, rows: pl.DataFrame) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The figures, and where bad cells are (`at`) and why; whole numbers need no detour."""
    text = rows[one.column]
    value = text.cast(pl.Int64, strict=False).cast(pl.Float64)
    said = pl.zeros(rows.height, dtype=pl.UInt8, eager=True)
    bad = pl.DataFrame(schema={"at": pl.UInt32, "reason": pl.String})
    minimum = one.measure.minimum
    odd = value.is_null() if minimum is None else (value.is_null() | (value < minimum))
    if odd.any():
        at = odd.arg_true()
        closely = _closely(plan, one, text.gather(at))
        value = value.scatter(at, closely["value"])
        said = said.scatter(at, closely["said"])
        bad = closely.select(at=at, reason="bad").drop_nulls("reason")
    if one.factor != 1.0:
        value = value * one.factor
    words = {"status": _STATUS, "reason": _REASON, "reason_en": _REASON_EN}
    if said.max():
        told = {name: texts.gather(said) for name, texts in words.items()}
    else:
        told = {name: texts.new_from_index(0, rows.height) for name, texts in words.items()}
    return pl.DataFrame({"value": value, **told}), bad


def _closely(plan: Plan, one: Located, text: pl.Series) -> pl.DataFrame:
    """Cells that are no plain number: `value`, `said` (position in _SAYINGS), `bad` (why)."""
    how = plan.layout.format
    symbols = GERMAN_TABLE_SYMBOLS | plan.layout.symbols
    bare = pl.col("text").str.replace(r"^\((.*)\)$", "${1}").str.strip_chars(" ")
    looked = (
        text.alias("text")
        .to_frame()
        .with_columns(
            symbol=pl.col("text").replace_strict(symbols, default=None, return_dtype=pl.String),
            number=_number(bare, how.decimal, how.thousands),
            limited=pl.col("text").str.contains(r"^\(.*\)$"),
        )
    )
    number, symbol = pl.col("number"), pl.col("symbol")
    example = "1234" + how.decimal + "5"
    found = pl.format("{}: found '{}'", pl.lit(one.column), pl.col("text").str.slice(0, 40))
    minimum = one.measure.minimum
    below = pl.lit(value=False) if minimum is None else number < minimum
    must_be_whole = one.measure.whole and one.factor == 1.0
    broken = number != number.round(0) if must_be_whole else pl.lit(value=False)
    bad = (
        pl.when(symbol.is_not_null())
        .then(None)
        .when(number.is_null())
        .then(pl.format("{}, expected a number like " + example, found))
        .when(below)
        .then(pl.format("{}, which is below the minimum {}", found, pl.lit(minimum)))
        .when(broken)
        .then(pl.format("{}, but a count is a whole number", found))
    )
    stands_for = {name: meaning[0] for name, meaning in _SYMBOL_MEANING.items()}
    value = symbol.replace_strict(stands_for, default=None, return_dtype=pl.Float64)
    said = symbol.replace_strict(_SAID, default=None, return_dtype=pl.UInt8)
    return looked.select(
        value=pl.when(symbol.is_not_null()).then(value).otherwise(number),
        said=pl.coalesce(said, pl.col("limited").cast(pl.UInt8)),
        bad=bad,
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


def _start_of(day: pl.Expr, grain: str) -> pl.Expr:
    """The first day of the period a day lies in."""
    if grain == "day":
        return day
    every = {"week": "1w", "month": "1mo", "quarter": "1q", "half_year": "6mo", "year": "1y"}
    return day.dt.truncate(every[grain])


def group_ids(rows: pl.DataFrame, fixed: Mapping[str, str], dimensions: list[str]) -> pl.Series:
    """The canonical text of each row's group, from fixed codes and `group:<dimension>` columns."""
    columns = [f"group:{name}" for name in dimensions if name not in fixed]
    text = _group_id(fixed, dimensions).alias("group_id")
    if not columns:
        return _few(pl.select(text).to_series()).new_from_index(0, rows.height)
    if len(columns) == 1 and isinstance(known := rows.schema[columns[0]], pl.Enum):
        texts = pl.DataFrame({columns[0]: known.categories}).select(text).to_series()
        return _few(texts).gather(rows[columns[0]].to_physical())
    unique = rows.select(columns).unique(maintain_order=True).with_row_index("_number")
    texts = unique.select(text).to_series()
    numbers = rows.select(columns).join(
        unique, on=columns, how="left", maintain_order="left", nulls_equal=True
    )
    return _few(texts).gather(numbers["_number"])


def _group_id(fixed: Mapping[str, str], dimensions: list[str]) -> pl.Expr:
    parts: dict[str, pl.Expr] = {name: pl.lit(f"{name}={code}") for name, code in fixed.items()}
    for name in dimensions:
        column = pl.col(f"group:{name}").cast(pl.String)
        if name not in fixed:
            parts[name] = pl.when(column != "").then(pl.format(name + "={}", column))
    if not parts:
        return pl.lit("all")
    if len(parts) == len(fixed):
        return pl.lit("|".join(f"{name}={fixed[name]}" for name in sorted(fixed)))
    joined = pl.concat_str(
        [parts[name] for name in sorted(parts)], separator="|", ignore_nulls=True
    )
    return pl.when(joined == "").then(pl.lit("all")).otherwise(joined)


def finished(accepted: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Complete observations with what is the same for the whole delivery (OBSERVATION_SCHEMA).

    `_row` and `_part` are kept in front where they are there, `row_ref` may still be missing; texts
    may be pl.Enum.
    """
    area = context.layout.area
    moving = "area_version" in accepted.columns
    row = [name for name in ("_row", "_part") if name in accepted.columns]
    complete = accepted.with_columns(
        source_id=_same(context.source.id),
        delivery_id=_same(context.delivery_id),
        area_system=_same(area.system),
        area_version="area_version" if moving else _same(area.version),
        as_of="as_of" if "as_of" in accepted.columns else pl.lit(context.as_of),
    )
    few = [name for name, dtype in complete.schema.items() if isinstance(dtype, pl.Enum)]
    return complete.select(
        *row,
        *(
            pl.col(name) if name in few else pl.col(name).cast(dtype)
            for name, dtype in OBSERVATION_SCHEMA.items()
            if name in complete.columns
        ),
    )


def cell_hashes(observations: pl.DataFrame) -> np.ndarray:
    """One number (UInt32) per observation that is equal where two fill the same cell.

    Different cells may share a number by chance, so that it can only rouse suspicion.
    """
    total = np.zeros(observations.height, dtype=np.uint64)
    for seed, name in enumerate(_same_cell(observations)):
        column = observations[name]
        if not isinstance(column.dtype, pl.Enum):
            total += column.hash(seed).to_numpy()
            continue
        hashes = pl.Series(column.dtype.categories, dtype=pl.String).hash(seed)
        if len(hashes) == 1 and not column.null_count():
            total += np.uint64(hashes[0])
        else:
            total += hashes.gather(column.to_physical()).fill_null(0).to_numpy()
    return (total >> np.uint64(32)).astype(np.uint32)


def _same_cell(observations: pl.DataFrame) -> list[str]:
    return [*KEY, "_part"] if "_part" in observations.columns else KEY


def plain(observations: pl.DataFrame, prefix: str = "") -> pl.DataFrame:
    """The same with all texts as text, and with `row_ref` where there is `_row`."""
    found = observations.cast({pl.Enum: pl.String})
    if "_row" not in found.columns:
        return found
    return found.with_columns(row_ref=prefix + pl.col("_row").cast(pl.String))


def added_up(long: pl.DataFrame) -> pl.DataFrame:
    """Sum what re-banding has put into one cell; a part without a value leaves none."""
    unknown = pl.col("value").is_null()
    odd = pl.when(unknown.any()).then(pl.col("status").filter(unknown).first())
    known = pl.col("status").filter(pl.col("status") != "observed").first().fill_null("observed")

    def words(name: str) -> pl.Expr:
        missing = pl.when(unknown.any()).then(pl.col(name).filter(unknown).first())
        return missing.otherwise(pl.col(name).drop_nulls().first())

    told = ("value", "row_ref", "status", "reason", "reason_en")
    return (
        long.drop("_part")
        .group_by(KEY, maintain_order=True)
        .agg(
            pl.exclude(*told).first(),
            row_ref=pl.col("row_ref").unique(maintain_order=True).str.join(", "),
            value=pl.when(~unknown.any()).then(pl.col("value").sum()),
            status=odd.otherwise(known),
            reason=words("reason"),
            reason_en=words("reason_en"),
        )
        .select(*OBSERVATION_SCHEMA)
    )


def clashes(suspects: pl.DataFrame) -> pl.DataFrame:
    """Rows that fill a cell another row fills too: the later of equal ones, else all, and why.

    `suspects` are observations with `_row`; several tables must not share row numbers. Gives
    `_row`, in order and each once, and `reason`.
    """
    same = _same_cell(suspects)
    doubled = suspects.filter(pl.len().over(same) > 1).with_columns(
        first=pl.col("_row").min().over(same),
        first_ref=pl.col("row_ref").sort_by("_row").first().over(same),
        equal=(pl.col("value").n_unique().over(same) == 1)
        & (pl.col("status").n_unique().over(same) == 1),
    )
    wrong = doubled.filter(~pl.col("equal") | (pl.col("_row") != pl.col("first")))
    same_again = pl.format("{}: the same cell stands in row {} already", "measure_id", "first_ref")
    differing = pl.format("{}: several rows give different values for the same cell", "measure_id")
    reason = pl.when("equal").then(same_again).otherwise(differing)
    found = wrong.select("_row", reason=reason).unique("_row", keep="first", maintain_order=True)
    return found.sort("_row")


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


def absent(cells: pl.DataFrame, context: Context) -> pl.DataFrame:
    """Zeros for areas without a row, where the contract says that is what absence means."""
    key = ["measure_id", "period_start", "grain", "group_id", "unit"]
    wanted = expected_areas(context, cells.select(key).unique(maintain_order=True))
    zeros = wanted.join(cells, on=[*key, "area_id"], how="anti").with_columns(
        row_ref=pl.lit(""),
        value=pl.lit(0.0),
        status=pl.lit("observed"),
        reason=pl.lit("in der Lieferung nicht genannt, laut Vertrag null"),
        reason_en=pl.lit("not named in the delivery, zero by contract"),
    )
    return finished(zeros, context)
