"""Lists what was delivered and what each delivery changed; shows the rows that were set aside."""

import json
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

import polars as pl
from rich.box import SIMPLE_HEAD
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from orchestration.checks import check_table
from orchestration.declarations.sources import Source
from orchestration.ingest import lake
from orchestration.ingest.changes import changes, in_words
from orchestration.ingest.lake import Delivery
from orchestration.masking import contract_words, is_guarded, mask
from orchestration.place import Place

_SHORT = 6


@dataclass(frozen=True)
class Listed:
    """A delivery as the list shows it; `short` is its id as far as it takes to tell it apart."""

    entry: Delivery
    short: str
    arrived: date | None
    checks: str
    changed: str


@dataclass(frozen=True)
class Aside:
    """A quarantined row: where it stands in the file, why it was set aside, and as delivered."""

    row_ref: str
    reason: str
    line: str


def listed(place: Place, source_id: str | None = None, limit: int | None = None) -> list[Listed]:
    """All deliveries, or those of one source, by source and as_of; with a limit the newest ones.

    Raises FileNotFoundError where nothing was ever delivered, or nothing by that source.
    """
    every = _every(place)
    entries = [one for one in every if source_id in (None, one.source_id)]
    if not entries:
        known = ", ".join(sorted({one.source_id for one in every}))
        raise FileNotFoundError(f"no delivery of {source_id!r}; there are deliveries of {known}")
    if limit is not None:
        newest = sorted(entries, key=lambda one: (one.as_of, one.source_id, one.file_name))[-limit:]
        entries = [one for one in entries if one in newest]
    arrived = lake.arrivals(place)
    checks = _checks(place, entries)
    told = {
        delivery_id: in_words(found)
        for source in sorted({one.source_id for one in entries})
        for delivery_id, found in changes(place, source).items()
    }
    ids = [one.delivery_id for one in every]
    return [
        Listed(
            one,
            _short(one.delivery_id, ids),
            arrived.get(one.delivery_id),
            checks.get(one.delivery_id, "–"),
            told[one.delivery_id],
        )
        for one in entries
    ]


def find(place: Place, text: str) -> Delivery:
    """The delivery an id, its beginning, or the beginning of its checksum names.

    Raises FileNotFoundError for an id that names none or several, with those that are near.
    """
    every = _every(place)
    ids = [one.delivery_id for one in every]
    found = [
        one
        for one in every
        if one.delivery_id.startswith(text) or _checksum(one.delivery_id).startswith(text)
    ]
    exact = [one for one in found if text in (one.delivery_id, _checksum(one.delivery_id))]
    if len(exact) == 1 or len(found) == 1:
        return (exact or found)[0]
    if found:
        raise FileNotFoundError(
            f"{text!r} names {len(found)} deliveries: {_names(found, ids)}; write more of the id"
        )
    near = [one for one in every if text.rpartition("-")[0] == one.source_id] or [
        one for one in every if _checksum(one.delivery_id)[:2] == text.rpartition("-")[2][:2]
    ]
    hint = f"near are {_names(near, ids)}" if near else "`wirkraum deliveries` lists all"
    raise FileNotFoundError(f"no delivery {text!r}; {hint}")


def set_aside(place: Place, entry: Delivery, source: Source | None, *, unmask: bool) -> list[Aside]:
    """The quarantined rows of a delivery; contents of guarded sources masked unless asked for.

    A source that is no longer declared counts as guarded. Empty where the lines were deleted.
    """
    path = place.quarantined / entry.source_id / f"{entry.delivery_id}.parquet"
    if not path.is_file():
        return []
    rows = pl.read_parquet(path).select("row_ref", "reason", "raw").iter_rows()
    if unmask or not needs_mask(source):
        return [Aside(*row) for row in rows]
    words = shown_words(source)
    return [
        Aside(ref, mask(reason, words), f"… ({len(raw)} characters)") for ref, reason, raw in rows
    ]


def needs_mask(source: Source | None) -> bool:
    """Whether contents of a source's rows may be shown only to somebody who says so."""
    return source is None or is_guarded(source)


def shown_words(source: Source | None) -> frozenset[str]:
    """The words that stay where contents are masked: those of the contract."""
    return frozenset() if source is None else contract_words(source)


def note_unmasked(place: Place, entry: Delivery, who: str, at: datetime) -> None:
    """Write down who looked at protected contents, when and of which delivery."""
    line = {"delivery_id": entry.delivery_id, "source_id": entry.source_id}
    line |= {"who": who, "at": at.isoformat(timespec="seconds")}
    place.records.mkdir(parents=True, exist_ok=True)
    with (place.records / "unmasked.jsonl").open("a", encoding="utf-8") as handle:
        handle.write(json.dumps(line, ensure_ascii=False) + "\n")
        handle.flush()
        os.fsync(handle.fileno())


def print_list(rows: Sequence[Listed], console: Console) -> None:
    """Print deliveries as a table that fits a terminal of 80 characters, source by source."""
    for source_id in dict.fromkeys(one.entry.source_id for one in rows):
        table = Table(title=source_id, title_justify="left", box=SIMPLE_HEAD, padding=(0, 1, 0, 0))
        for name in ("id", "as of\nfrom\narrived"):
            table.add_column(name, no_wrap=True)
        table.add_column("rows in\naccepted\nset aside", justify="right", no_wrap=True)
        table.add_column("state\nchecks", max_width=10)
        table.add_column("file\nwhat it changed", ratio=1, overflow="fold")
        for one in rows:
            entry = one.entry
            if entry.source_id == source_id:
                table.add_row(
                    one.short,
                    f"{entry.as_of}\n{entry.as_of_from}\n{one.arrived or 'not recorded'}",
                    f"{entry.rows_in:,}\n{entry.rows_accepted:,}\n{entry.rows_quarantined:,}",
                    f"{entry.state}\n{one.checks}",
                    escape(f"{entry.file_name}\n{one.changed}"),
                )
        console.print(table)


def print_set_aside(
    entry: Delivery,
    rows: Sequence[Aside],
    console: Console,
    *,
    words: frozenset[str] | None = None,
    limit: int | None = None,
) -> None:
    """Print quarantined rows beside their original lines.

    With `words` the rows are masked ones, and what the ledger says is masked but for these words.
    """

    def say(text: str) -> None:
        told = text if words is None else mask(text, words)
        console.print(_printable(told), markup=False, soft_wrap=True)

    console.print(
        f"{entry.delivery_id}: {entry.file_name}, as of {entry.as_of}, {entry.state}; "
        f"{entry.rows_in:,} rows in, {entry.rows_accepted:,} accepted, "
        f"{entry.rows_quarantined:,} set aside.",
        markup=False,
        soft_wrap=True,
    )
    for note in entry.notes:
        say(f"Noticed: {note}")
    if len(rows) < entry.rows_quarantined:
        kept = "their lines are" if not rows else "the lines of the others are"
        console.print(f"Set aside for these reasons; {kept} no longer kept, or never were:")
        for reason, count, refs in entry.reasons:
            say(f"  {reason} ({count}: {refs})")
    if not rows:
        return
    if words is not None:
        console.print("The contents are protected and masked; --unmask shows them and is recorded.")
    table = Table("row")
    table.add_column("why", overflow="fold")
    table.add_column("as delivered", overflow="fold")
    for one in rows[:limit]:
        table.add_row(*(escape(_printable(part)) for part in (one.row_ref, one.reason, one.line)))
    console.print(table)
    if limit is not None and len(rows) > limit:
        console.print(f"… and {len(rows) - limit:,} more rows; --limit shows more.")


def _printable(text: str) -> str:
    """Text from a file, without the signs by which it could steer a terminal."""
    return "".join(
        sign if sign.isprintable() or sign in "\t\n" else sign.encode("unicode_escape").decode()
        for sign in text
    )


def _every(place: Place) -> list[Delivery]:
    every = lake.ledger(place)
    if not every:
        raise FileNotFoundError(
            f"nothing was delivered to {place.folder} yet: wirkraum run {place.folder}"
        )
    return every


def _checks(place: Place, entries: list[Delivery]) -> dict[str, str]:
    """What the recorded checks said, such as `12 passed, 1 warning`."""
    results = check_table(place, entries)
    told = {}
    for (delivery_id,), rows in results.group_by("delivery_id", maintain_order=True):
        failed = rows.filter(~pl.col("passed"))
        parts = [f"{rows.height - failed.height} passed"]
        for severity in ("critical", "warning", "info"):
            count = failed.filter(pl.col("severity") == severity).height
            parts += [f"{count} {severity}"] if count else []
        told[str(delivery_id)] = ", ".join(parts)
    return told


def _checksum(delivery_id: str) -> str:
    return delivery_id.rpartition("-")[2]


def _short(delivery_id: str, ids: Sequence[str]) -> str:
    """The beginning of the checksum, as long as it takes to be the only one."""
    checksum = _checksum(delivery_id)
    others = [_checksum(one) for one in ids if one != delivery_id]
    for length in range(_SHORT, len(checksum)):
        if not any(other.startswith(checksum[:length]) for other in others):
            return checksum[:length]
    return delivery_id


def _names(entries: Sequence[Delivery], ids: Sequence[str], most: int = 8) -> str:
    shown = [f"{_short(one.delivery_id, ids)} ({one.file_name})" for one in entries[:most]]
    more = f" and {len(entries) - most} more" if len(entries) > most else ""
    return ", ".join(shown) + more
