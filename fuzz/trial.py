"""One broken delivery taken in by an invented city, and what has to be said of that."""

import os
import shutil
import tempfile
import traceback
from collections.abc import Iterator
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import polars as pl

from fuzz import oracle
from fuzz.bases import PAST, Base, found_city, written
from fuzz.mutations import Mutant
from fuzz.oracle import Part, Values
from orchestration.ingest import lake
from orchestration.ingest.changes import changes
from orchestration.ingest.deliver import Intake, take_in
from orchestration.ingest.lake import Delivery
from orchestration.place import Place

EQUAL, REFUSED, ASIDE, NOTED, PAST_TELLS, SILENT = (
    "equal",
    "refused",
    "aside",
    "noted",
    "past tells",
    "silent",
)


@dataclass
class Verdict:
    """What came of one mutation; `problems` are what must not be."""

    outcome: str
    quarantined: int = 0
    traceback: str = ""
    lost: str = ""
    outside: str = ""
    silent: str = ""

    @property
    def problems(self) -> list[str]:
        """Everything that must not be, in words."""
        return [one for one in (self.traceback, self.lost, self.outside, self.silent) if one]


@dataclass
class City:
    """An invented city inside a folder that is watched; each source has delivered once before."""

    watched: Path
    known: dict[str, Base]
    truth: dict[str, Values] = field(default_factory=dict)
    notes: dict[str, set[str]] = field(default_factory=dict)
    earlier: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.place = Place(self.watched / "a" / "b" / "c" / "stadt")
        for name in ("cwd", "home", "tmp"):
            (self.watched / name).mkdir(parents=True)
        (self.watched / "waechter.txt").write_text("unberührt", encoding="utf-8")
        self.declarations = found_city(self.place.folder, self.known)
        self._past = self.watched.parent / f"{self.watched.name}.past"
        for base in self.known.values():
            self._begin(base)

    def _begin(self, base: Base) -> None:
        data = written(base, day=PAST)
        path = self.place.inbox / base.id / base.named(PAST)
        path.write_bytes(data)
        entries = self._take_in(base).new
        self.earlier |= {entry.delivery_id for entry in entries}
        path.unlink()
        parts = oracle.read(base, data, base.named(PAST))
        self.truth[base.id] = oracle.said(base, parts or [], set()) or {}
        self.notes[base.id] = {note for entry in entries for note in entry.notes}
        seen = self._seen(base, entries)
        if not entries or any(one.state != "accepted" for one in entries):
            raise AssertionError(f"{base.id}: the good file is not taken in: {entries}")
        if seen != self.truth[base.id]:
            raise AssertionError(f"{base.id}: the good file is not read as it was written")
        shutil.move(self.place.folder / "store", self._past / base.id)

    def _take_in(self, base: Base) -> Intake:
        return take_in(self.declarations, self.declarations.sources[base.id], self.place)

    @contextmanager
    def _at_home(self) -> Iterator[None]:
        """What is written where one stands, at home or among temporary files is seen as well."""
        before = {name: os.environ.get(name) for name in ("HOME", "TMPDIR")}
        told = tempfile.tempdir
        os.environ |= {"HOME": str(self.watched / "home"), "TMPDIR": str(self.watched / "tmp")}
        tempfile.tempdir = None
        try:
            with chdir(self.watched / "cwd"):
                yield
        finally:
            tempfile.tempdir = told
            for name, value in before.items():
                if value is None:
                    del os.environ[name]
                else:
                    os.environ[name] = value

    def _seen(self, base: Base, entries: list[Delivery]) -> Values:
        frames = [lake.observations(self.place, entry).collect() for entry in entries]
        seen: Values = {}
        names = ("measure_id", "area_id", "period_start", "group_id", "value", "status")
        for frame in frames:
            for measure, area, day, group, value, status in frame.select(names).iter_rows():
                if base.id == "einzeln" and value == 0:
                    continue
                key = (measure, area, day.isoformat(), group)
                if key in seen:
                    key = (*key[:3], f"{group} twice")
                seen[key] = (value, status)
        return seen

    def _tree(self) -> dict[str, tuple[int, int]]:
        """Everything in the watched folder outside the store, with sizes and times of files."""
        found = {}
        store = self.place.folder / "store"
        for folder, _, files in os.walk(self.watched):
            if Path(folder).is_relative_to(store):
                continue
            for name in files:
                about = (Path(folder) / name).lstat()
                found[f"{folder}/{name}"] = (about.st_size, about.st_mtime_ns)
            found[folder] = (0, 0)
        return found

    def try_out(self, base: Base, mutant: Mutant) -> Verdict:
        """Deliver a mutant to a fresh copy of the city as it was before."""
        store = self.place.folder / "store"
        shutil.rmtree(store, ignore_errors=True)
        shutil.copytree(self._past / base.id, store)
        path = self.place.inbox / base.id / mutant.name
        try:
            path.write_bytes(mutant.data)
        except OSError:  # a name this machine does not allow cannot arrive
            return Verdict(EQUAL)
        before = self._tree()
        try:
            with oracle.hushed() as said, self._at_home():
                intake = self._take_in(base)
                shouted = said()
            verdict = self._judged(base, mutant, intake)
            if shouted:  # what a library prints by itself, such as a panic it recovers from
                verdict.traceback = f"written to standard error: {shouted[:400]}"
        except KeyboardInterrupt:
            raise
        except BaseException:  # noqa: BLE001 - also what Rust panics become
            verdict = Verdict(SILENT, traceback=traceback.format_exc())
        after = self._tree()
        if before != after:
            changed = sorted(before.items() ^ after.items())[:3]
            verdict.outside = f"outside the store: {changed}"
        path.unlink(missing_ok=True)
        return verdict

    def _judged(self, base: Base, mutant: Mutant, intake: Intake) -> Verdict:
        entries = [entry for entry in intake.new if entry.delivery_id not in self.earlier]
        parts = oracle.read(base, mutant.data, mutant.name)
        aside = {
            (entry.file_name, ref)
            for entry in entries
            for ref in self._quarantined(entry)["row_ref"].to_list()
        }
        verdict = Verdict(EQUAL, sum(entry.rows_quarantined for entry in entries))
        verdict.lost = self._balance(entries, parts)
        truth, seen = self.truth[base.id], self._seen(base, entries)
        refused = bool(entries) and all(entry.state == "rejected" for entry in entries)
        if not entries and not intake.copies and not intake.unmatched:
            verdict.lost = verdict.lost or "the file left no entry"
        verdict.silent = self._invented(base, entries, parts, aside)
        if seen == truth:
            return verdict
        if refused:
            verdict.outcome = REFUSED
            return verdict
        noted = {note for entry in entries for note in entry.notes} - self.notes[base.id]
        gone = truth.keys() - seen.keys()
        other = [key for key, value in seen.items() if truth.get(key) != value]
        if base.id == "einzeln":  # cases set aside make smaller counts
            other = [key for key in other if (seen[key][0] or 0) > (truth.get(key, (0,))[0] or 0)]
            gone = truth.keys() - gone
        if not other and (not gone or verdict.quarantined or noted):
            verdict.outcome = ASIDE if verdict.quarantined else NOTED
        elif noted:
            verdict.outcome = NOTED
        elif self._past_tells(base, entries):
            verdict.outcome = PAST_TELLS
        else:
            verdict.outcome = SILENT
            verdict.silent = verdict.silent or f"nothing tells: {(other or list(gone))[:3]}"
        return verdict

    def _invented(
        self,
        base: Base,
        entries: list[Delivery],
        parts: list[Part] | None,
        aside: set[tuple[str, str]],
    ) -> str:
        """What the lake holds other than the parts of the file say, '' where that is nothing.

        Part by part: one that says of a cell what another part does not is a later delivery.
        """
        if parts is None:  # of an archive that cannot be listed nobody knows what it says
            return ""
        taken = {entry.file_name for entry in entries if entry.state != "rejected"}
        unknown = taken - {part.name for part in parts}
        if unknown:
            return f"taken in, but not in the archive: {sorted(unknown)}"
        unread = taken & {part.name for part in parts if part.rows is None}
        if unread:
            return f"taken in, but a second reading fails: {sorted(unread)}"
        for name in sorted(taken):
            read_twice = oracle.said(base, [part for part in parts if part.name == name], aside)
            seen = self._seen(base, [entry for entry in entries if entry.file_name == name])
            if read_twice is not None and read_twice != seen:
                differing = sorted(read_twice.items() ^ seen.items(), key=str)[:3]
                return f"the lake holds what the file does not say: {differing}"
        return ""

    def _quarantined(self, entry: Delivery) -> pl.DataFrame:
        path = self.place.quarantined / entry.source_id / f"{entry.delivery_id}.parquet"
        if not path.exists():
            return pl.DataFrame(schema=lake.QUARANTINE_SCHEMA)
        return pl.read_parquet(path)

    def _balance(self, entries: list[Delivery], parts: list[Part] | None) -> str:
        """What is wrong with the counts of rows, '' where nothing is."""
        for entry in entries:
            kept = self._quarantined(entry).height
            if entry.rows_in != entry.rows_accepted + entry.rows_quarantined:
                return f"{entry.rows_in} in, {entry.rows_accepted} + {entry.rows_quarantined} out"
            if kept != entry.rows_quarantined:
                return f"{entry.rows_quarantined} set aside, {kept} kept"
        by_name = {entry.file_name: entry for entry in entries}
        if parts is None:
            return ""
        for part in parts:
            there = by_name.get(part.name)
            if there is None:
                if any(one.state == "rejected" and one.notes for one in entries):
                    continue  # the archive as a whole was refused, with words
                return f"{part.name!r} left no entry"
            wanted = {len(part.rows)} if part.rows is not None else set()
            if part.lines is not None and there.state == "rejected":
                wanted.add(part.lines)
            if part.rows is None and there.state == "rejected" and part.lines is None:
                continue
            if part.partial and there.rows_in >= (part.lines or 0):
                continue
            if wanted and there.rows_in not in wanted:
                return f"{there.rows_in} rows in, but the file has {sorted(wanted)}"
        return ""

    def _past_tells(self, base: Base, entries: list[Delivery]) -> bool:
        """Whether the comparison with what the source delivered before says that it differs."""
        told = changes(self.place, base.id)
        return any(
            change.kind not in ("equal", "nothing", "first")
            for entry in entries
            for change in told[entry.delivery_id]
        )
