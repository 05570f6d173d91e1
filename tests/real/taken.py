"""A municipality with real files, taken in into a temporary folder."""

import shutil
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest
from filelock import FileLock

from orchestration.declarations import Declarations, read_declarations
from orchestration.ingest import lake
from orchestration.ingest.deliver import take_in
from orchestration.ingest.files import inbox_patterns
from orchestration.ingest.lake import Delivery
from orchestration.place import Place


@dataclass(frozen=True)
class Taken:
    """A municipality whose files were taken in: its declarations and what the lake holds.

    `files` are the files of each source's layouts, by `source/layout`.
    """

    data: Path
    declarations: Declarations
    place: Place
    deliveries: list[Delivery]
    copies: list[tuple[str, str]]
    files: dict[str, list[Path]]

    def of(self, source: str) -> list[Delivery]:
        """The deliveries of a source, by as_of and file name."""
        return [one for one in self.deliveries if one.source_id == source]

    def one(self, name: str, source: str | None = None) -> Delivery:
        """The only delivery whose file has this name."""
        (found,) = (
            one
            for one in self.deliveries
            if one.file_name == name and source in (None, one.source_id)
        )
        return found

    def observed(self, deliveries: Iterable[Delivery]) -> pl.DataFrame:
        """The observations of these deliveries, with the name of their file."""
        parts = [
            lake.observations(self.place, one).with_columns(file_name=pl.lit(one.file_name))
            for one in deliveries
        ]
        return pl.concat(parts).collect()

    def measure(self, name: str, group: str | None = "all") -> pl.DataFrame:
        """All observations of a measure, by default of the total; `group` None for all groups."""
        source, _ = self.declarations.measures[name]
        found = self.observed(self.of(source.id)).filter(measure_id=name)
        return found if group is None else found.filter(group_id=group)


def take_all_in(declared: Path, folder: Path, variable: str, data: Path) -> Taken:
    """Copy declarations to `folder` and take in all their files; `variable` names their place.

    Where another test process has done so already, its lake is used.
    """
    place, copies = Place(folder), []
    files: dict[str, list[Path]] = {}
    lock = FileLock(folder.with_suffix(".lock"))
    with lock, pytest.MonkeyPatch.context() as patch:
        patch.setenv(variable, str(data))
        if not folder.exists():
            shutil.copytree(declared, folder, ignore=shutil.ignore_patterns("store", "var"))
        declarations = read_declarations(folder)
        for source in declarations.sources.values():
            copies += take_in(declarations, source, place).copies
            for anchor, pattern, layout in inbox_patterns(source, place):
                files.setdefault(f"{source.id}/{layout.name}", []).extend(anchor.glob(pattern))
    return Taken(data, declarations, place, lake.ledger(place), copies, files)
