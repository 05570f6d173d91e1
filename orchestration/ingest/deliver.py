"""Takes in deliveries: reads each new file by its contract and commits it to the lake."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from orchestration.declarations.sources import Layout, Source
from orchestration.declarations.tree import Declarations
from orchestration.ingest import dates, lake
from orchestration.ingest.files import Found, search
from orchestration.ingest.lake import Delivery
from orchestration.ingest.plan import Context, make_plan
from orchestration.ingest.readers import open_tables
from orchestration.ingest.reading import ASIDE_SCHEMA, Outcome, all_rows, first_cell, read_file
from orchestration.ingest.table import Unreadable
from orchestration.masking import masked
from orchestration.place import Place

_MOST_REASONS, _FIRST_ROWS = 50, 5
# the first quotation of each reason is what a cell held, later ones are words of the contract
_CELL_IN_REASON = r"(?<before>(?:^|; )[^';]*)'[^']*'"

_TOLD_NOT_READ = {
    "name",
    "why",
    "licence",
    "attribution",
    "url",
    "purpose",
    "legal_basis",
    "recipients",
    "origin",
    "minutes_per_delivery",
    "deliveries_per_year",
    "only_here",
}


@dataclass
class Intake:
    """What a run found for one source: new entries, known files, copies, files of no layout.

    `copies` are pairs of a file left unread and the file of the same content that was read;
    `unreached` says which databases could not be asked and which files not read, and why.
    """

    source_id: str
    new: list[Delivery] = field(default_factory=list)
    known: int = 0
    copies: list[tuple[str, str]] = field(default_factory=list)
    unreached: list[str] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Desk:
    """What every delivery of one source is read with."""

    declarations: Declarations
    source: Source
    place: Place
    fingerprint: str
    arrivals: dict[str, date]


def take_in(
    declarations: Declarations,
    source: Source,
    place: Place,
    progress: Callable[[str], None] = lambda _: None,
) -> Intake:
    """Take in every file of a source that the ledger does not know yet, or whose contract changed.

    Files are read in the order of their names. A file that cannot be read is committed as
    rejected, with the reason; it never stops the others. A file is the same delivery as another
    when their bytes and whatever dates the contract takes from their names are equal.
    """
    lake.prepare(place)
    intake = Intake(source.id)
    fingerprint = contract_fingerprint(declarations, source)
    desk = _Desk(declarations, source, place, fingerprint, lake.arrivals(place))
    known = {entry.delivery_id: entry for entry in lake.ledger(place, source.id)}
    seen: dict[str, str] = {}
    searched = search(source, place)
    intake.unmatched, intake.unreached = searched.unmatched, searched.unreached
    for found in searched.deliveries():
        try:
            sha256 = lake.checksum(found.content)
        except PermissionError as error:
            intake.unreached.append(f"{found.name} cannot be read: {error.strerror}")
            continue
        delivery_id = _delivery_id(source, found.layouts, sha256, found.name)
        if delivery_id in seen:
            intake.copies.append((found.name, seen[delivery_id]))
            continue
        seen[delivery_id] = found.name
        entry = known.get(delivery_id)
        if entry is not None and entry.fingerprint == fingerprint:
            intake.known += 1
            continue
        progress(found.name)
        known_as = found if entry is None else replace(found, name=entry.file_name)
        try:
            intake.new.append(_commit(desk, known_as, sha256, delivery_id))
        except BlockingIOError as error:
            intake.unreached.append(f"{found.name}: {error.strerror}")
    for entry in known.values():
        if entry.delivery_id in seen:
            continue
        layouts = tuple(one for one in source.layouts if one.name == entry.layout)
        original = lake.original(place, entry.sha256)
        if entry.fingerprint == fingerprint or not layouts or not original.is_file():
            intake.known += 1
            continue
        progress(entry.file_name)
        delivery_id = _delivery_id(source, layouts, entry.sha256, entry.file_name)
        if delivery_id not in seen:
            seen[delivery_id] = entry.file_name
            found = Found(original, entry.file_name, layouts)
            intake.new.append(_commit(desk, found, entry.sha256, delivery_id))
        if delivery_id != entry.delivery_id:
            lake.withdraw(place, entry)
    return intake


def contract_fingerprint(declarations: Declarations, source: Source) -> str:
    """Changes when the contract, the areas, the code lists or the reading code change."""
    digest = hashlib.sha256(source.model_dump_json(exclude=_TOLD_NOT_READ).encode())
    digest.update(declarations.register.areas.write_csv().encode())
    digest.update(json.dumps(declarations.codes, sort_keys=True).encode())
    for path in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _delivery_id(source: Source, layouts: tuple[Layout, ...], sha256: str, file_name: str) -> str:
    """One name for one delivery: its bytes and what the contract takes from the file's name."""
    told = dates.told_by_name(layouts[0], file_name)
    digest = lake.checksum(f"{sha256} {told}".encode()) if told else sha256
    return f"{source.id}-{digest[:12]}"


def _arrival(desk: _Desk, delivery_id: str, path: Path, name: str) -> date:
    """When a file first came, from the records; written down the first time it is seen."""
    if delivery_id not in desk.arrivals:
        arrived = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
        lake.note_arrival(desk.place, delivery_id, name, arrived)
        desk.arrivals[delivery_id] = arrived.date()
    return desk.arrivals[delivery_id]


@dataclass
class _Read:
    """What came of reading a delivery; `rejected` says why where it loads nothing."""

    layout: Layout
    as_of: date
    as_of_from: str
    outcome: Outcome = field(default_factory=Outcome)
    notes: list[str] = field(default_factory=list)
    rejected: str | None = None


def _commit(desk: _Desk, found: Found, sha256: str, delivery_id: str) -> Delivery:
    source, place = desk.source, desk.place
    with lake.Parts(place, source.id, delivery_id) as parts:
        with lake.keeping_original(place, found.content, sha256) as path:
            read = _read(desk, found, path, delivery_id, parts)
            size = path.stat().st_size
        outcome = read.outcome
        aside = pl.concat([pl.DataFrame(schema=ASIDE_SCHEMA), *outcome.asides])
        reasons, notes = masked(source, _reasons(aside), read.notes)
        accepted = outcome.rows_in - aside.height
        unharmed = not reasons and read.rejected is None
        delivery = Delivery(
            delivery_id=delivery_id,
            source_id=source.id,
            department_id=source.department,
            layout=read.layout.name,
            file_name=found.name,
            sha256=sha256,
            size=size,
            as_of=read.as_of,
            as_of_from=read.as_of_from,
            state="accepted" if unharmed else "partly" if accepted else "rejected",
            rows_in=outcome.rows_in,
            rows_accepted=accepted,
            rows_quarantined=aside.height,
            observations=parts.height(),
            notes=notes,
            reasons=reasons,
            fingerprint=desk.fingerprint,
        )
        lake.commit(place, delivery, parts, aside)
    return delivery


def _read(desk: _Desk, found: Found, path: Path, delivery_id: str, parts: lake.Parts) -> _Read:
    """Read a delivery; where it is refused as a whole, all its rows are set aside."""
    arrived = _arrival(desk, delivery_id, found.path or path, found.name)
    read = _Read(found.layouts[0], arrived, "arrival", rejected=found.problem)
    try:
        if read.rejected is None:
            told = _layout(desk, found, path, arrived, delivery_id)
            read.layout, read.as_of, read.as_of_from = told
            context = _context(desk, read.layout, delivery_id, found.name, read.as_of)
            read.outcome = read_file(path, context, parts)
    except Unreadable as error:
        read.rejected = str(error)
    context = _context(desk, read.layout, delivery_id, found.name, read.as_of)
    outcome = read.outcome
    read.notes = list(outcome.notes)
    if read.rejected is not None:
        parts.clear()
        aside = all_rows(path, context, read.rejected)
        read.outcome = Outcome(rows_in=aside.height, asides=[aside])
        read.notes += [read.rejected] if not aside.height else []
    elif outcome.set_aside > desk.source.refuse_above * outcome.rows_in:
        parts.clear()
        aside, whole = _refused(path, context, outcome)
        read.outcome = Outcome(rows_in=outcome.rows_in, asides=[aside])
        read.notes = [whole, *read.notes]
    return read


def _context(desk: _Desk, layout: Layout, delivery_id: str, name: str, as_of: date) -> Context:
    return Context(desk.declarations, desk.source, layout, delivery_id, name, as_of)


def _layout(
    desk: _Desk, found: Found, path: Path, arrived: date, delivery_id: str
) -> tuple[Layout, date, str]:
    """The first layout in use at the file's date whose columns the file has, with that date.

    Raises Unreadable; where there are several layouts, the message says of each why it does not
    fit.
    """
    problems: list[tuple[Layout, str]] = []
    for layout in found.layouts:
        try:
            context = _context(desk, layout, delivery_id, found.name, arrived)
            as_of, as_of_from = _as_of(layout, found.name, arrived, path, context)
            if layout.since is not None and as_of < layout.since:
                raise Unreadable(f"as of {as_of}, but in use from {layout.since}")
            if layout.until is not None and as_of >= layout.until:
                raise Unreadable(f"as of {as_of}, but in use before {layout.until}")
            if len(found.layouts) > 1:
                for table in open_tables(path, layout.format).tables:
                    make_plan(table, context)
        except Unreadable as error:
            problems.append((layout, str(error)))
            continue
        return layout, as_of, as_of_from
    if len(problems) == 1:
        raise Unreadable(problems[0][1])
    each = "; ".join(f"layout {layout.name}: {problem}" for layout, problem in problems)
    raise Unreadable(f"fits no layout: {each}")


def _as_of(
    layout: Layout, file_name: str, arrived: date, path: Path, context: Context
) -> tuple[date, str]:
    if layout.as_of is None:
        return arrived, "arrival"
    try:
        if layout.as_of.cell is not None:
            return dates.parse(first_cell(path, context), layout.as_of), "cell"
        day = dates.from_names(layout.as_of, file_name, None)
    except dates.NoDate as error:
        raise Unreadable(f"as_of: {error}") from None
    assert day is not None  # the contract allows no columns here
    return day, "file name" if layout.as_of.file_name else "contract"


def _refused(path: Path, context: Context, outcome: Outcome) -> tuple[pl.DataFrame, str]:
    """Too many bad rows mean that something is wrong with the file as a whole: accept none."""
    bad = pl.concat(outcome.asides)
    common = _reasons(bad)[0][0]
    whole = (
        f"refused as a whole: {bad.height} of {outcome.rows_in} rows are bad "
        f"(the contract allows {context.source.refuse_above:.0%}), most often: {common}"
    )
    rows = all_rows(path, context, whole).join(
        bad.select("row_ref", own="reason"), on="row_ref", how="left", maintain_order="left"
    )
    reason = pl.coalesce("own", "reason")
    return rows.with_columns(reason=reason).select(*ASIDE_SCHEMA), whole


def _reasons(aside: pl.DataFrame) -> list[tuple[str, int, str]]:
    """Each reason with how many rows it stopped and the first of them, the most frequent first.

    Where there are too many, they are told by kind, without the contents of the cells; the
    quarantined lines keep each row's own.
    """
    alike = pl.col("reason").str.replace_all(r"in row \S+ already", "in an earlier row already")
    kind = alike.str.replace_all(_CELL_IN_REASON, "${before}'…'")
    each = aside.group_by("reason", maintain_order=True).agg(
        count=pl.len(), first=pl.col("row_ref").head(_FIRST_ROWS)
    )
    found = _together(each, alike)
    if found.height > _MOST_REASONS:
        found = _together(each, kind.str.replace_all(r"\S+ lies outside", "… lies outside"))
    rest = found.slice(_MOST_REASONS)
    told = list(found.head(_MOST_REASONS).iter_rows())
    if rest.height:
        first = rest["first"].explode().head(_FIRST_ROWS).to_list()
        told.append((f"{rest.height} other reasons", int(rest["count"].sum()), first))
    return [
        (reason, count, ", ".join(first) + (", …" if count > len(first) else ""))
        for reason, count, first in told
    ]


def _together(each: pl.DataFrame, alike: pl.Expr) -> pl.DataFrame:
    """Reasons that are alike as one, with `count` and `first` rows."""
    first = pl.col("first").explode().head(_FIRST_ROWS)
    return (
        each.group_by(alike.alias("alike"), maintain_order=True)
        .agg(pl.col("reason").first(), pl.col("count").sum(), first)
        .with_columns(pl.when(count=1).then("reason").otherwise("alike").alias("reason"))
        .select("reason", "count", "first")
        .sort(["count", "reason"], descending=[True, False])
    )
