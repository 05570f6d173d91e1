"""Takes in deliveries: finds new files, reads each by its contract and commits it to the lake."""

import hashlib
import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from pathlib import Path

import polars as pl

from orchestration.declarations.register import expand
from orchestration.declarations.sources import Layout, Source
from orchestration.declarations.tree import Declarations
from orchestration.ingest import dates, lake
from orchestration.ingest.lake import Delivery
from orchestration.ingest.readers import Row, Unreadable, raw_lines, read_tables
from orchestration.ingest.tidy import OBSERVATION_SCHEMA, Context, Tidied, tidy
from orchestration.place import Place


@dataclass
class Intake:
    """What a run found for one source: new entries, known files, copies, files of no layout.

    `copies` are pairs of a file left unread and the file of the same content that was read.
    """

    source_id: str
    new: list[Delivery] = field(default_factory=list)
    known: int = 0
    copies: list[tuple[str, str]] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class _Found:
    path: Path
    layout: Layout


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
    known = {entry.delivery_id: entry for entry in lake.ledger(place, source.id)}
    arrivals = lake.arrivals(place)
    seen: dict[str, str] = {}
    for found in _files(source, place, intake):
        data = found.path.read_bytes()
        sha256 = lake.sha256_of(data)
        delivery_id = _delivery_id(source, found.layout, sha256, found.path.name)
        if delivery_id in seen:
            intake.copies.append((found.path.name, seen[delivery_id]))
            continue
        seen[delivery_id] = found.path.name
        entry = known.get(delivery_id)
        if entry is not None and entry.fingerprint == fingerprint:
            intake.known += 1
            continue
        progress(found.path.name)
        lake.keep_original(place, data, sha256)
        file_name = entry.file_name if entry is not None else found.path.name
        arrived = _arrival(place, arrivals, delivery_id, found.path)
        intake.new.append(
            _commit(
                declarations, source, found.layout, place, data, file_name, arrived, fingerprint
            )
        )
    for entry in known.values():
        if entry.delivery_id in seen:
            continue
        if entry.fingerprint == fingerprint:
            intake.known += 1
            continue
        layout = next((one for one in source.layouts if one.name == entry.layout), None)
        original = place.originals / entry.sha256[:2] / entry.sha256
        if layout is None or not original.is_file():
            intake.known += 1
            continue
        progress(entry.file_name)
        arrived = _arrival(place, arrivals, entry.delivery_id, original)
        data = original.read_bytes()
        delivery_id = _delivery_id(source, layout, entry.sha256, entry.file_name)
        if delivery_id not in seen:
            seen[delivery_id] = entry.file_name
            intake.new.append(
                _commit(
                    declarations, source, layout, place, data, entry.file_name, arrived, fingerprint
                )
            )
        if delivery_id != entry.delivery_id:
            lake.withdraw(place, entry)
    return intake


def _delivery_id(source: Source, layout: Layout, sha256: str, file_name: str) -> str:
    """One name for one delivery: its bytes and what the contract takes from the file's name."""
    told = dates.told_by_name(layout, file_name)
    digest = lake.sha256_of(f"{sha256} {told}".encode()) if told else sha256
    return f"{source.id}-{digest[:12]}"


def contract_fingerprint(declarations: Declarations, source: Source) -> str:
    """Changes when the contract, the areas, the code lists or the reading code change."""
    digest = hashlib.sha256(source.model_dump_json().encode())
    digest.update(declarations.register.areas.write_csv().encode())
    digest.update(json.dumps(declarations.codes, sort_keys=True).encode())
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def inbox_patterns(source: Source, place: Place) -> Iterator[tuple[Path, str, Layout]]:
    """Each layout's folder and glob pattern; raises KeyError where a variable is not set."""
    for layout in source.layouts:
        for pattern in layout.files:
            full = expand(pattern, place.inbox / source.id)
            anchor = Path(*(part for part in _before_glob(full.parts)))
            yield anchor, str(full.relative_to(anchor)), layout


def inbox_files(declarations: Declarations, place: Place) -> list[Path]:
    """Every file in the inbox that some layout takes, sorted."""
    return sorted(
        {
            path
            for source in declarations.sources.values()
            for folder, pattern, _ in inbox_patterns(source, place)
            for path in folder.glob(pattern)
            if _is_delivery(path)
        }
    )


def _is_delivery(path: Path) -> bool:
    return path.is_file() and not path.name.startswith((".", "~$"))


def _before_glob(parts: tuple[str, ...]) -> Iterator[str]:
    for part in parts[:-1]:
        if any(sign in part for sign in "*?["):
            return
        yield part


def _files(source: Source, place: Place, intake: Intake) -> list[_Found]:
    found: dict[Path, _Found] = {}
    for folder, pattern, layout in inbox_patterns(source, place):
        for path in folder.glob(pattern):
            if _is_delivery(path):
                found.setdefault(path, _Found(path, layout))
    inbox = place.inbox / source.id
    for path in sorted(inbox.rglob("*")) if inbox.is_dir() else []:
        if _is_delivery(path) and path not in found:
            intake.unmatched.append(path.relative_to(place.inbox).as_posix())
    return sorted(found.values(), key=lambda one: (one.path.name, str(one.path)))


def _arrival(place: Place, arrivals: dict[str, date], delivery_id: str, path: Path) -> date:
    """When a file first came, from the records; written down the first time it is seen."""
    if delivery_id not in arrivals:
        arrived = datetime.fromtimestamp(path.stat().st_mtime, tz=UTC)
        lake.note_arrival(place, delivery_id, path.name, arrived)
        arrivals[delivery_id] = arrived.date()
    return arrivals[delivery_id]


def _as_of(layout: Layout, file_name: str, arrived: date) -> tuple[date, str]:
    if layout.as_of is None:
        return arrived, "arrival"
    day = dates.from_names(layout.as_of, file_name, None)
    assert day is not None  # the contract allows no columns here
    return day, "file name" if layout.as_of.file_name else "contract"


def _commit(
    declarations: Declarations,
    source: Source,
    layout: Layout,
    place: Place,
    data: bytes,
    file_name: str,
    arrived: date,
    fingerprint: str,
) -> Delivery:
    sha256 = lake.sha256_of(data)
    delivery_id = _delivery_id(source, layout, sha256, file_name)
    notes: list[str] = []
    as_of, as_of_from = arrived, "arrival"
    outcome = Tidied(pl.DataFrame(schema=OBSERVATION_SCHEMA), [], 0)
    rejected: str | None = None
    try:
        try:
            as_of, as_of_from = _as_of(layout, file_name, arrived)
        except dates.NoDate as error:
            raise Unreadable(f"as_of: {error}") from None
        context = Context(declarations, source, layout, delivery_id, file_name, as_of)
        outcome = _read(data, context)
    except Unreadable as error:
        rejected = str(error)
        rows = _countable(data, layout)
        outcome = Tidied(outcome.observations, [(row, rejected) for row in rows], len(rows))
    share = len(outcome.quarantined) / outcome.rows_in if outcome.rows_in else 0.0
    if rejected is None and share > source.refuse_above:
        outcome = _refused(outcome, source, data, layout)
    accepted = outcome.rows_in - len(outcome.quarantined)
    reasons = _reasons(outcome.quarantined)
    if rejected is not None and not reasons:
        notes.append(rejected)
    state = "accepted" if not reasons and rejected is None else "partly" if accepted else "rejected"
    delivery = Delivery(
        delivery_id=delivery_id,
        source_id=source.id,
        department_id=source.department,
        layout=layout.name,
        file_name=file_name,
        sha256=sha256,
        size=len(data),
        as_of=as_of,
        as_of_from=as_of_from,
        state=state,
        rows_in=outcome.rows_in,
        rows_accepted=accepted,
        rows_quarantined=len(outcome.quarantined),
        observations=outcome.observations.height,
        notes=notes + outcome.notes,
        reasons=reasons,
        fingerprint=fingerprint,
    )
    aside = pl.DataFrame(
        [(row.ref, reason, row.raw) for row, reason in outcome.quarantined],
        schema=lake.QUARANTINE_SCHEMA,
        orient="row",
    )
    lake.commit(place, delivery, outcome.observations, aside)
    return delivery


def _read(data: bytes, context: Context) -> Tidied:
    tables = [tidy(table, context) for table in read_tables(data, context.layout.format)]
    return Tidied(
        pl.concat([one.observations for one in tables]),
        [pair for one in tables for pair in one.quarantined],
        sum(one.rows_in for one in tables),
        list(dict.fromkeys(note for one in tables for note in one.notes)),
    )


def _countable(data: bytes, layout: Layout) -> list[Row]:
    """The rows of a file that does not fit the contract; its lines where there is no table."""
    try:
        return [row for table in read_tables(data, layout.format) for row in table.rows]
    except Unreadable:
        return raw_lines(data, layout.format)


def _refused(outcome: Tidied, source: Source, data: bytes, layout: Layout) -> Tidied:
    """Too many bad rows mean that something is wrong with the file as a whole: accept none."""
    reasons = {row.ref: reason for row, reason in outcome.quarantined}
    common = Counter(reasons.values()).most_common(1)[0][0]
    whole = (
        f"refused as a whole: {len(reasons)} of {outcome.rows_in} rows are bad "
        f"(the contract allows {source.refuse_above:.0%}), most often: {common}"
    )
    rows = _countable(data, layout)
    return Tidied(
        outcome.observations.clear(),
        [(row, reasons.get(row.ref, whole)) for row in rows],
        outcome.rows_in,
        [whole, *outcome.notes],
    )


def _reasons(quarantined: list[tuple[Row, str]]) -> list[tuple[str, int, str]]:
    by_reason: dict[str, list[str]] = defaultdict(list)
    for row, reason in quarantined:
        by_reason[reason].append(row.ref)
    return [
        (reason, len(refs), ", ".join(refs[:5]) + (", …" if len(refs) > 5 else ""))
        for reason, refs in sorted(by_reason.items(), key=lambda item: (-len(item[1]), item[0]))
    ]
