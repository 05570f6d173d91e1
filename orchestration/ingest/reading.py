"""One delivered file read by its contract, batch by batch: observations, rows set aside, notes."""

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np
import polars as pl
import pyarrow as pa

from orchestration.ingest import content, tidy
from orchestration.ingest.cases import CaseTally
from orchestration.ingest.lake import Parts
from orchestration.ingest.plan import Context, Plan, make_plan, unknown_columns
from orchestration.ingest.readers import open_tables
from orchestration.ingest.special import check_subtotals, leave_out
from orchestration.ingest.table import ASIDE, Batch, Table, Unreadable, with_texts
from orchestration.ingest.versions import judge_version, not_yet_begun, outside_validity

ASIDE_SCHEMA = {"row_ref": pl.String, "reason": pl.String, "raw": pl.String}
_TABLE = 2**32
_LOOKED_AT = ["_row", *tidy.KEY, "value", "status"]


@dataclass
class Outcome:
    """What came of a file: rows in = rows accepted + rows in `asides` (ASIDE_SCHEMA)."""

    rows_in: int = 0
    asides: list[pl.DataFrame] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def set_aside(self) -> int:
        """How many rows are set aside."""
        return sum(frame.height for frame in self.asides)

    def add_asides(self, prefix: str, asides: pl.DataFrame) -> None:
        """Set rows of one table (ASIDE) aside."""
        if asides.height:
            reference = prefix + pl.col("_row").cast(pl.String)
            self.asides.append(asides.select(reference.alias("row_ref"), "reason", "raw"))


class _Written(NamedTuple):
    """Where the observations of a part come from, and their cells; None where none can repeat."""

    table: int = 0
    prefix: str = ""
    cells: Future[np.ndarray] | None = None


@dataclass
class _Pass:
    """One reading of all tables; `doubled` are hashes of cells that an earlier one saw twice."""

    context: Context
    parts: Parts
    hashers: ThreadPoolExecutor
    doubled: pl.Series | None = None
    outcome: Outcome = field(default_factory=Outcome)
    cells: list[Future[np.ndarray]] = field(default_factory=list)
    written: list[_Written] = field(default_factory=list)
    suspects: list[pl.DataFrame] = field(default_factory=list)
    lines: list[pl.DataFrame] = field(default_factory=list)

    def give(self, observations: pl.DataFrame, written: _Written | None = None) -> None:
        if observations.height:
            written = written or _Written()
            self.written.append(written)
            self.parts.add(observations, written.prefix)


def read_file(path: Path, context: Context, parts: Parts) -> Outcome:
    """Read a file; its observations go to `parts` batch by batch.

    Where several rows fill one cell, the first of equal ones stays and the others are taken out of
    the parts again. Where bands are summed up that cannot be done afterwards: the file is read a
    second time. Raises Unreadable when the file as a whole does not fit.
    """
    with ThreadPoolExecutor(1) as hashers:
        first = _Pass(context, parts, hashers)
        _read(path, first)
        doubled = _doubled(first.cells)
    pa.default_memory_pool().release_unused()  # what the C library keeps from reading, too
    if doubled is None:
        return first.outcome
    if not tidy.adds_up(context.layout):
        _take_out_doubled(path, first, doubled)
        return first.outcome
    parts.clear()
    with ThreadPoolExecutor(1) as hashers:
        second = _Pass(context, parts, hashers, doubled)
        _read(path, second)
    return second.outcome


def _doubled(hashed: list[Future[np.ndarray]]) -> pl.Series | None:
    """The numbers that occur more than once, if any; looked for in one range after another."""
    cells = [one.result() for one in hashed]
    if not cells:
        return None

    def doubled_in(part: int) -> pl.Series:
        chosen = [pl.Series(one[one >> np.uint32(30) == part]) for one in cells]
        # one thread sorts by the digits of the numbers, several compare, which takes far longer
        numbers = pl.concat(chosen).sort(multithreaded=False).to_numpy()
        return pl.Series(numbers[1:][numbers[1:] == numbers[:-1]]).unique()

    found = pl.concat(map(doubled_in, range(4)))
    return found if len(found) else None


def _take_out_doubled(path: Path, reading: _Pass, doubled: pl.Series) -> None:
    """Look again at cells that several rows may fill, and set aside the rows that clash."""

    def suspects(number: int) -> pl.DataFrame | None:
        table, prefix, cells = reading.written[number]
        if cells is None:
            return None
        positions = pl.Series(cells.result()).is_in(doubled.implode()).arg_true()
        found = tidy.plain(reading.parts.rows(number, positions, _LOOKED_AT), prefix)
        at = pl.col("_row").cast(pl.Int64) + table * _TABLE
        return found.with_columns(_row=at, _written=pl.lit(number))

    with ThreadPoolExecutor(2) as readers:
        found = readers.map(suspects, range(len(reading.written)))
        looked = pl.concat(one for one in found if one is not None)
    reading.cells.clear()
    reading.written.clear()
    pa.default_memory_pool().release_unused()
    going = tidy.clashes(looked)
    if not going.height:
        return
    known = looked.select("_row", "row_ref", "_written").unique("_row", keep="first")
    going = going.join(known, on="_row", maintain_order="left")
    for (number,), rows in going.group_by("_written"):
        numbers = (rows["_row"] % _TABLE).cast(pl.UInt32)
        reading.parts.take_out(int(str(number)), numbers)
    reading.parts.finish()
    texts = _texts(path, reading.context, going["_row"])
    rows = going.join(texts, on="_row", maintain_order="left").select(*ASIDE_SCHEMA)
    reading.outcome.asides.append(rows)


def _texts(path: Path, context: Context, places: pl.Series) -> pl.DataFrame:
    """Rows as they were delivered, read anew; `_row` is their place, number and table in one."""
    found = []
    for number, table in enumerate(open_tables(path, context.layout.format).tables):
        rows = (places.filter(places // _TABLE == number) % _TABLE).cast(pl.UInt32)
        if not len(rows):
            continue
        at = pl.col("_row").cast(pl.Int64) + number * _TABLE
        if table.texts is not None:
            found.append(table.texts(rows).with_columns(at))
            continue
        for batch in table.batches([]):
            here = rows.filter(rows.is_in(batch.frame["_row"].implode()))
            texts = pl.DataFrame({"_row": here, "raw": batch.raw(here)})
            found.append(texts.with_columns(at))
    return pl.concat(found)


def _read(path: Path, reading: _Pass) -> None:
    opened = open_tables(path, reading.context.layout.format)
    reading.outcome.notes += opened.notes
    any_rows = False
    for number, table in enumerate(opened.tables):
        before = reading.outcome.rows_in
        _table(table, number, reading)
        any_rows = any_rows or reading.outcome.rows_in > before
    if not any_rows:
        raise Unreadable("the file has a header but no rows of data")
    _resolve(reading)
    reading.outcome.notes = list(dict.fromkeys(reading.outcome.notes))


def _table(table: Table, number: int, reading: _Pass) -> None:
    plan = make_plan(table, reading.context)
    resolver = tidy.Resolver(plan)
    tally = CaseTally(plan, resolver, table.prefix) if plan.layout.cases is not None else None
    notes = unknown_columns(plan)
    skipped: dict[str, list[int]] = {}
    cells: list[pl.DataFrame] = []
    seen: list[pl.DataFrame] = []
    late: list[pl.DataFrame] = []
    limited = _some_areas_have_dates(plan)
    batches = _ahead(table.batches(plan.needed))
    whole = bool(plan.layout.subtotals) or tidy.adds_up(plan.layout)
    for batch in _as_one(batches, plan.needed) if whole else batches:
        reading.outcome.rows_in += batch.frame.height + batch.odd.height
        reading.outcome.add_asides(table.prefix, batch.odd)
        data = leave_out(plan, batch, skipped)
        if plan.layout.subtotals:
            data, said = check_subtotals(plan, data, table.prefix)
            notes += said
        marked = resolver.mark(data)
        if tally is not None:
            tally.add(marked)
        else:
            observations = tidy.observations_of(plan, marked)
            begun_later = pl.col("period_start") > plan.context.as_of
            late.append(observations.filter(begun_later).select("_row", "period_start"))
            if limited:
                places = observations.select("area_version", "area_id", "period_start")
                seen.append(tidy.plain(places.unique()))
            if plan.layout.area.absent == "zero":
                cells.append(tidy.plain(observations.select(*tidy.KEY, "unit")))
            _sort_out(plan, observations, data, table.prefix, number, reading)
        reading.outcome.add_asides(table.prefix, marked.reasons.asides(data))
    notes += _judge_areas(plan, resolver, seen)
    notes += not_yet_begun(pl.concat(late), plan.context.as_of) if late else []
    if tally is not None:
        reading.give(tally.observations())
        notes += [*tally.notes, *_equal_rows(table, tally.alike)]
    if cells:
        reading.give(tidy.absent(pl.concat(cells), plan.context))
    for why, rows in skipped.items():
        more = ", …" if len(rows) > 5 else ""
        shown = ", ".join(f"{table.prefix}{row}" for row in rows[:5])
        notes.append(f"{len(rows)} row(s) skipped by contract ({why}): {shown}{more}")
    reading.outcome.notes += [*table.notes, *notes]


def _equal_rows(table: Table, candidates: pl.Series) -> list[str]:
    """Words on rows that equal an earlier one as delivered, in columns nobody reads, too.

    Only candidates are looked at, and a number is all that is kept of each.
    """
    if candidates.is_empty():
        return []
    found: list[pl.Series] = []
    for batch in table.batches([]):
        here = candidates.filter(candidates.is_in(batch.frame["_row"].implode()))
        found.append(batch.raw(here).hash())
    numbers = pl.concat(found)
    equal = len(numbers) - numbers.n_unique()
    return [f"{equal} row(s) equal an earlier row in all columns; all count"] if equal else []


def _some_areas_have_dates(plan: Plan) -> bool:
    area = plan.layout.area
    register = plan.context.declarations.register.of(area.system, area.version)
    return register["valid_from"].n_unique() > 1 or register["valid_to"].n_unique() > 1


def _judge_areas(plan: Plan, resolver: tidy.Resolver, seen: list[pl.DataFrame]) -> list[str]:
    """Notes on area versions; raises Unreadable where the places meant are not those declared."""
    area, register = plan.layout.area, plan.context.declarations.register
    complete = plan.layout.cases is None and area.absent == "missing"
    notes = []
    for version, codes in resolver.area_codes.items():
        verdict = judge_version(codes, area, register, version, complete=complete)
        if verdict.refusal is not None:
            raise Unreadable(verdict.refusal)
        if verdict.note is not None:
            notes.append(verdict.note)
    for (version,), found in (
        pl.concat(seen).group_by("area_version", maintain_order=True) if seen else ()
    ):
        notes += outside_validity(found, area.system, str(version), register)
    return notes


def _ahead(batches: Iterator[Batch]) -> Iterator[Batch]:
    """The same batches, the next one read while the one before is worked on."""
    with ThreadPoolExecutor(1) as reader:
        following = reader.submit(next, batches, None)
        while (batch := following.result()) is not None:
            following = reader.submit(next, batches, None)
            yield batch


def _as_one(batches: Iterator[Batch], needed: list[str]) -> Iterator[Batch]:
    """All batches as one, for rules that look across rows."""
    found = list(batches)
    if len(found) == 1:
        yield found[0]
        return
    schema = {"_row": pl.UInt32, **dict.fromkeys(needed, pl.String)}

    def raw(numbers: pl.Series) -> pl.Series:
        texts = [pl.DataFrame(schema={"_row": pl.UInt32, "raw": pl.String})]
        for one in found:
            here = numbers.filter(numbers.is_in(one.frame["_row"].implode()))
            texts.append(pl.DataFrame({"_row": here, "raw": one.raw(here)}))
        rows = numbers.alias("_row").to_frame()
        return rows.join(pl.concat(texts), on="_row", how="left", maintain_order="left")["raw"]

    yield Batch(
        pl.concat([pl.DataFrame(schema=schema), *(one.frame for one in found)]),
        pl.concat([pl.DataFrame(schema=ASIDE), *(one.odd for one in found)]),
        raw,
    )


def _sort_out(
    plan: Plan, observations: pl.DataFrame, batch: Batch, prefix: str, table: int, reading: _Pass
) -> None:
    """Keep what is alone in its cell; rows that share one are looked at when all is read."""
    if reading.cells:
        wait(reading.cells[-1:])
    cells = reading.hashers.submit(tidy.cell_hashes, observations)
    if not tidy.adds_up(plan.layout):
        reading.cells.append(cells)
        reading.give(observations, _Written(table, prefix, cells))
        return
    observations = tidy.plain(observations, prefix)
    if reading.doubled is None:
        reading.cells.append(cells)
    else:
        # parts of one cell must stay together, or two sums would share it
        rows = observations["_row"].unique(maintain_order=True)
        at = pl.col("_row").cast(pl.Int64) + table * _TABLE
        reading.suspects.append(observations.with_columns(_row=at))
        texts = pl.DataFrame({"_row": rows, "raw": batch.raw(rows)})
        reference = prefix + pl.col("_row").cast(pl.String)
        reading.lines.append(texts.select(at, reference.alias("row_ref"), "raw"))
        return
    reading.give(tidy.added_up(observations))


def _resolve(reading: _Pass) -> None:
    """Decide on rows of widened bands that fill the same cell, and sum up those that stay."""
    if not reading.suspects:
        return
    suspects = pl.concat(reading.suspects)
    clashing = tidy.clashes(suspects)
    if clashing.height:
        rows = clashing.join(pl.concat(reading.lines), on="_row", maintain_order="left")
        reading.outcome.asides.append(rows.select(*ASIDE_SCHEMA))
    reading.give(tidy.added_up(tidy.without(suspects, clashing["_row"])))


def all_rows(path: Path, context: Context, reason: str) -> pl.DataFrame:
    """Every row of a file set aside for one reason (ASIDE_SCHEMA); lines if there is no table."""
    outcome = Outcome()
    try:
        for table in open_tables(path, context.layout.format).tables:
            for batch in table.batches([]):
                rows = batch.frame.select("_row", reason=pl.lit(reason))
                odd = batch.odd.with_columns(reason=pl.lit(reason))
                asides = pl.concat([odd, with_texts(rows, batch.raw)])
                outcome.add_asides(table.prefix, asides.sort("_row"))
    except Unreadable:
        how = context.layout.format
        head = 0 if how.type in ("json", "geojson") else how.title_rows + how.header_rows
        outcome = Outcome()
        lines = enumerate(content.lines_as_they_are(path, how.encoding), 1)
        filled = ((n, line) for n, line in lines if n > head and line.strip())
        while some := list(islice(filled, 100_000)):
            rows = pl.DataFrame(some, schema={"_row": pl.UInt32, "raw": pl.String}, orient="row")
            outcome.add_asides("", rows.with_columns(reason=pl.lit(reason)))
    if not outcome.asides:
        return pl.DataFrame(schema=ASIDE_SCHEMA)
    return pl.concat(outcome.asides)


def first_cell(path: Path, context: Context) -> str:
    """The text of the cell the layout's as_of names; raises Unreadable where it is not there."""
    rule = context.layout.as_of
    assert rule is not None
    assert rule.cell is not None
    for table in open_tables(path, context.layout.format).tables:
        column = make_plan(table, context).column(rule.cell.column, "as_of.cell")
        left = rule.cell.row
        for batch in table.batches([column]):
            if batch.frame.height >= left:
                return str(batch.frame[column][left - 1])
            left -= batch.frame.height
    raise Unreadable(f"as_of.cell: the first table has no row {rule.cell.row}")
