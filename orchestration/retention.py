"""Deletes what may not be kept: originals and quarantined lines whose time is over.

Counted are the days since a file arrived. What stays are the observations, the ledger with its
counts, and one tombstone per deletion in `store/records/tombstones.jsonl`, which names no file: a
file's name may itself be about a person.
"""

import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass, replace
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from pathlib import Path

from orchestration.declarations.sources import Source
from orchestration.declarations.tree import Declarations
from orchestration.ingest import lake
from orchestration.ingest.lake import Delivery
from orchestration.masking import masked
from orchestration.place import Place


@dataclass(frozen=True)
class Expired:
    """Bytes whose time is over: of a delivery, or (without an id) of a file nobody ever read."""

    source_id: str
    delivery_id: str | None
    sha256: str
    size: int
    due: date
    rule: str
    files: tuple[Path, ...]


@dataclass
class _File:
    path: Path
    size: int
    came: date

    @cached_property
    def sha256(self) -> str:
        return lake.checksum(self.path)


def retain(declarations: Declarations, place: Place, on: date, *, dry: bool) -> list[Expired]:
    """Delete what is due on a day and write the tombstones; with `dry` only say what would go.

    A file that arrived on day D with `retention_days: N` goes on day D + N. It goes from the
    inbox, too, under whatever name it lies there; files outside the municipality's folder are not
    touched. Bytes that several deliveries share stay until the last of them is due. The tombstone
    is written first: a deletion that broke off is completed by the next call.
    """
    found = list(expired(declarations, place, on))
    if not dry:
        for one in found:
            _bury(place, one, on)
            _quieten(declarations, place, one)
    return found


def expired(declarations: Declarations, place: Place, on: date) -> Iterator[Expired]:
    """What is due on a day, in the order of sources and arrivals."""
    rules = {
        source.id: source.retention_days
        for source in declarations.sources.values()
        if source.retention_days is not None
    }
    if not rules:
        return
    entries = lake.ledger(place)
    arrived = lake.arrivals(place)
    inbox = {source_id: list(_files(place.inbox / source_id)) for source_id in sorted(rules)}
    # Bytes may be needed by a delivery whose time is not over, also of another source.
    held = {one.sha256 for one in entries if not _is_due(one, rules, arrived, on)}
    buried: set[Path] = set()
    for entry in entries:
        if entry.sha256 in held or not _is_due(entry, rules, arrived, on):
            continue
        days = rules[entry.source_id]
        original = lake.original(place, entry.sha256)
        copies = [one.path for one in inbox[entry.source_id] if one.sha256 == entry.sha256]
        files = [path for path in (original, *copies, *_aside(place, entry)) if path.is_file()]
        fresh = tuple(path for path in files if path not in buried)
        buried.update(fresh)
        if fresh:
            due = arrived[entry.delivery_id] + timedelta(days=days)
            rule = f"retention_days: {days}, sources/{entry.source_id}.yml"
            yield Expired(
                entry.source_id, entry.delivery_id, entry.sha256, entry.size, due, rule, fresh
            )
    known = {(one.source_id, one.sha256) for one in entries}
    for source_id, files_there in inbox.items():
        for one in files_there:
            due = one.came + timedelta(days=rules[source_id])
            if (source_id, one.sha256) not in known and due <= on:
                rule = f"retention_days: {rules[source_id]}, sources/{source_id}.yml"
                yield Expired(source_id, None, one.sha256, one.size, due, rule, (one.path,))
    yield from _orphans(place, entries, min(rules.values()), on)


def _is_due(entry: Delivery, rules: dict[str, int], arrived: dict[str, date], on: date) -> bool:
    days, came = rules.get(entry.source_id), arrived.get(entry.delivery_id)
    return days is not None and came is not None and came + timedelta(days=days) <= on


def _orphans(place: Place, entries: list[Delivery], days: int, on: date) -> Iterator[Expired]:
    """Leftovers of broken runs and of contracts that changed; they may be of any source."""
    originals = {lake.original(place, one.sha256) for one in entries}
    aside = {path for one in entries for path in _aside(place, one)}
    for one in _files(place.originals):
        due = one.came + timedelta(days=days)
        if one.path not in originals | aside and due <= on:
            rule = f"retention_days: {days}, the shortest of all sources"
            yield Expired("", None, one.sha256, one.size, due, rule, (one.path,))


def _aside(place: Place, entry: Delivery) -> list[Path]:
    folder = place.quarantined / entry.source_id
    return sorted(folder.glob(f"{entry.delivery_id}.*"))


def _files(folder: Path) -> Iterator[_File]:
    for path in sorted(folder.rglob("*")) if folder.is_dir() else []:
        if path.is_file() and not path.is_symlink():
            state = path.stat()
            came = datetime.fromtimestamp(state.st_mtime, tz=UTC).date()
            yield _File(path, state.st_size, came)


def _bury(place: Place, one: Expired, on: date) -> None:
    line = {name: value for name, value in asdict(one).items() if name not in ("files", "due")}
    line |= {"files": len(one.files), "due": one.due.isoformat(), "deleted": on.isoformat()}
    place.records.mkdir(parents=True, exist_ok=True)
    with (place.records / "tombstones.jsonl").open("a", encoding="utf-8") as handle:
        handle.write(json.dumps(line, ensure_ascii=False) + "\n")
        handle.flush()
        os.fsync(handle.fileno())
    for path in one.files:
        path.unlink(missing_ok=True)


def _quieten(declarations: Declarations, place: Place, one: Expired) -> None:
    """Mask the ledger's words as well: the entry may be older than the contract's protection."""
    source: Source | None = declarations.sources.get(one.source_id)
    if source is None or one.delivery_id is None:
        return
    entry = next(
        known for known in lake.ledger(place, source.id) if known.delivery_id == one.delivery_id
    )
    reasons, notes = masked(source, entry.reasons, entry.notes)
    lake.enter(place, replace(entry, reasons=reasons, notes=notes))
