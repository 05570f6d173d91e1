"""Proves a draft by taking in its file, and compares it with a contract that exists."""

import dataclasses
import difflib
import fnmatch
import re
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from orchestration.declarations.references import check_references
from orchestration.declarations.sources import Layout, Source, names
from orchestration.declarations.tree import DeclarationError, Declarations, Problem
from orchestration.declarations.yaml_lines import Location
from orchestration.ingest.deliver import take_in
from orchestration.ingest.lake import Delivery
from orchestration.ingest.table import normalised
from orchestration.masking import masked
from orchestration.place import Place
from orchestration.propose.draft import Draft, draft, identifier
from orchestration.propose.render import render


@dataclass(frozen=True)
class Proposal:
    """A draft, what taking its file in gave, and the contract it would replace, if any."""

    draft: Draft
    source: Source
    delivery: Delivery
    known: Source | None
    layout: Layout | None


def propose(
    file: Path,
    declarations: Declarations,
    source_id: str | None = None,
    department: str | None = None,
) -> Proposal:
    """Draft a contract for a file and take the file in by it, in a place that is thrown away.

    Raises CannotPropose where there is no table and DeclarationError where the draft does not fit
    the municipality (such as a department that nobody declares).
    """
    known, layout = existing(file, declarations, source_id)
    inbox = Place(declarations.folder).inbox.resolve()
    if source_id is None and known is None and file.resolve().is_relative_to(inbox):
        source_id = identifier(file.resolve().relative_to(inbox).parts[0])
    others = {key: one for key, one in declarations.sources.items() if one is not known}
    rest = dataclasses.replace(declarations, sources=others)
    made = draft(file, rest, source_id, department, known)
    source = Source.model_validate(made.data)
    changed = dataclasses.replace(declarations, sources={**others, source.id: source})
    _check(changed, source)
    return Proposal(made, source, _taken_in(file, changed, source), known, layout)


def existing(
    file: Path, declarations: Declarations, source_id: str | None
) -> tuple[Source | None, Layout | None]:
    """The contract with this id, or whose inbox or file pattern holds the file, with its layout."""
    place = Place(declarations.folder)
    for source in declarations.sources.values():
        if source_id is not None and source.id != source_id:
            continue
        inside = file.resolve().is_relative_to((place.inbox / source.id).resolve())
        for layout in source.layouts:
            for pattern in layout.files:
                name = pattern.rsplit("/", 1)[-1]
                told = len(re.sub(r"[^A-Za-z]", "", re.sub(r"\.\w+$", "", name))) > 2
                if fnmatch.fnmatch(file.name, name) and (inside or told or source_id):
                    return source, layout
        if inside or source_id is not None:
            return source, source.layouts[-1]
    return None, None


def _check(declarations: Declarations, source: Source) -> None:
    problems: list[Problem] = []

    def report(kind: str, name: str, location: Location, message: str) -> None:
        if (kind, name) == ("sources", source.id):
            where = ".".join(map(str, location))
            problems.append(Problem(f"the draft of {source.id}", 1, where, message))

    check_references(declarations, report)
    if problems:
        raise DeclarationError(problems)


def _taken_in(file: Path, declarations: Declarations, source: Source) -> Delivery:
    with tempfile.TemporaryDirectory(prefix="wirkraum-") as folder:
        place = Place(Path(folder))
        inbox = place.inbox / source.id
        inbox.mkdir(parents=True)
        shutil.copyfile(file, inbox / file.name)
        (delivery,) = take_in(declarations, source, place).new
        return delivery


def proof(proposal: Proposal) -> Iterator[str]:
    """What taking the file in gave, line by line; contents of protected files are masked."""
    delivery = proposal.delivery
    reasons, notes = masked(proposal.source, delivery.reasons, delivery.notes)
    yield (
        f"{delivery.file_name}: {delivery.rows_in} rows in, {delivery.rows_accepted} accepted, "
        f"{delivery.rows_quarantined} set aside, {delivery.observations} observations"
    )
    for reason, count, rows in reasons[:10]:
        yield f"  {count} × {reason} (row {rows})"
    if len(reasons) > 10:
        yield f"  and {len(reasons) - 10} more reasons"
    for note in notes:
        yield f"  note: {note}"


def changes(known: Source, layout: Layout, made: Draft) -> Iterator[str]:
    """What changed in the file against the layout it falls to, in words."""
    drafted = Source.model_validate(made.data).layouts[0]
    for name in type(drafted.format).model_fields:
        before, now = getattr(layout.format, name), getattr(drafted.format, name)
        spreadsheet = drafted.format.type != "csv"
        if before == now or name in ("sheet", "footer", "thousands"):
            continue
        if spreadsheet and name in ("encoding", "delimiter", "decimal"):
            continue
        yield f"{name}: the contract says {before!r}, the file has {now!r}"
    present = [column for column in made.columns if column]
    wanted = dict(_columns(layout))
    missing = [first for first, some in wanted.items() if not some & set(present)]
    named = {name for some in wanted.values() for name in some}
    named |= {normalised(name) for name in layout.ignore}
    patterns = [value.match for value in layout.values if value.match]
    new = [
        column
        for column in present
        if column not in named and not any(re.fullmatch(one, column) for one in patterns)
    ]
    for column in missing:
        close = max(new, key=lambda one: _likeness(column, one), default=None)
        if close is not None and _likeness(column, close) > 0.6:
            new.remove(close)
            yield f"column {column!r} is missing; {close!r} may be its new name"
        else:
            yield f"column {column!r} is missing"
    if "*" not in layout.ignore:
        for column in new:
            yield f"column {column!r} is new"
    for pattern in patterns:
        if not any(re.fullmatch(pattern, column) for column in present):
            yield f"no column matches {pattern!r} any more"
    if known.id != made.data["id"]:
        yield f"id: the contract is {known.id!r}"


def _likeness(one: str, other: str) -> float:
    """How alike two headers are, whatever the order of their words."""
    first, second = (re.sub(r"[^\w\s]", " ", text.casefold()) for text in (one, other))
    return max(
        difflib.SequenceMatcher(None, first, second).ratio(),
        difflib.SequenceMatcher(
            None, " ".join(sorted(first.split())), " ".join(sorted(second.split()))
        ).ratio(),
    )


def _columns(layout: Layout) -> Iterator[tuple[str, set[str]]]:
    """Columns a layout needs, with all the names each may have."""
    aliases = [value.column for value in layout.values if value.column]
    aliases += [group.column for group in layout.groups]
    if layout.area.column:
        aliases.append(layout.area.column)
    aliases += names(layout.period.columns or [])
    for column in aliases:
        some = [normalised(name) for name in names(column)]
        yield some[0], set(some)
    parts = layout.cases.counts if layout.cases else layout.values
    for part in parts:
        for column in part.where:
            yield normalised(column), {normalised(column)}


def contract_diff(known: Source, layout: Layout, made: Source) -> str:
    """Contract against draft as a unified diff, both written the same way, one layout each."""
    before = known.model_copy(update={"layouts": [layout]})
    after_layout = made.layouts[0].model_copy(update={"name": layout.name, "files": layout.files})
    after = made.model_copy(update={"layouts": [after_layout]})
    return "".join(
        difflib.unified_diff(
            render(before).splitlines(keepends=True),
            render(after).splitlines(keepends=True),
            f"sources/{known.id}.yml",
            "draft",
        )
    )
