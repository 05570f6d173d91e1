"""Finds deliveries: files in the inbox and in declared folders, also inside archives."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from orchestration.declarations.register import expand
from orchestration.declarations.sources import Layout, Source
from orchestration.declarations.tree import Declarations
from orchestration.ingest import content, databases
from orchestration.ingest.table import Unreadable
from orchestration.place import Place


@dataclass(frozen=True)
class Found:
    """A delivered file and the layouts that may read it, in their order.

    `data` is set for a file inside an archive, whose `path` is that of the archive, and for the
    answer of a database, which has no path; `problem` where the archive cannot be opened.
    """

    path: Path | None
    name: str
    layouts: tuple[Layout, ...]
    data: bytes | None = None
    problem: str | None = None

    @property
    def content(self) -> Path | bytes:
        """What was delivered."""
        if self.data is not None:
            return self.data
        assert self.path is not None
        return self.path


@dataclass
class Search:
    """What there is for one source.

    `unmatched` are files in its inbox that fit no layout, `unreached` says which databases could
    not be asked and why.
    """

    files: list[Path] = field(default_factory=list)
    layouts: dict[Path, list[Layout]] = field(default_factory=dict)
    databases: list[Layout] = field(default_factory=list)
    unmatched: list[str] = field(default_factory=list)
    unreached: list[str] = field(default_factory=list)

    def deliveries(self) -> Iterator[Found]:
        """Every delivery, by name; archives are opened, then databases asked, one by one."""
        yield from self._files()
        for layout in self.databases:
            assert layout.database is not None
            try:
                data = databases.fetch(layout.database)
            except Unreadable as error:
                self.unreached.append(str(error))
                continue
            yield Found(None, f"{layout.name}.parquet", (layout,), data)

    def _files(self) -> Iterator[Found]:
        for path in self.files:
            layouts = tuple(self.layouts[path])
            patterns = {one.format.members for one in layouts if one.format.members is not None}
            if not patterns:
                yield Found(path, in_unicode(path.name), layouts)
            missing: list[content.NoMember] = []
            for pattern in sorted(patterns):
                inside = tuple(one for one in layouts if one.format.members == pattern)
                try:
                    for name, data in content.members(path, pattern):
                        yield Found(path, name, inside, data)
                except content.NoMember as error:
                    missing.append(error)
                except Unreadable as error:
                    yield Found(path, in_unicode(path.name), inside, problem=str(error))
            # an archive need not hold something for every layout, but something for one of them
            if missing and len(missing) == len(patterns):
                problem = "; ".join(map(str, missing))
                yield Found(path, in_unicode(path.name), layouts, problem=problem)


def search(source: Source, place: Place) -> Search:
    """Look for the files of a source; raises KeyError where a declared variable is not set."""
    found = Search(databases=[one for one in source.layouts if one.database is not None])
    for folder, pattern, layout in inbox_patterns(source, place):
        for path in folder.glob(pattern):
            if is_delivery(path):
                known = found.layouts.setdefault(path, [])
                if layout not in known:
                    known.append(layout)
    inbox = place.inbox / source.id
    for path in sorted(inbox.rglob("*")) if inbox.is_dir() else []:
        if is_delivery(path) and path not in found.layouts:
            found.unmatched.append(in_unicode(path.relative_to(place.inbox).as_posix()))
    found.files = sorted(found.layouts, key=lambda path: (path.name, str(path)))
    return found


def inbox_patterns(source: Source, place: Place) -> Iterator[tuple[Path, str, Layout]]:
    """Each layout's folder and glob pattern, also below the source's earlier names.

    Raises KeyError where a variable is not set, unless the source is retired.
    """
    for layout in source.layouts:
        for pattern in layout.files if layout.database is None else []:
            for name in (source.id, *source.was):
                try:
                    full = expand(pattern, place.inbox / name)
                except KeyError:
                    if source.retired is not None:
                        continue
                    raise
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
            if is_delivery(path)
        }
    )


def in_unicode(name: str) -> str:
    """A file's name with a question mark for bytes that are no UTF-8."""
    return name.encode("utf-8", "replace").decode("utf-8")


def is_delivery(path: Path) -> bool:
    """Whether a path is a file that someone delivered: no hidden and no lock file."""
    return path.is_file() and not path.name.startswith((".", "~$"))


def _before_glob(parts: tuple[str, ...]) -> Iterator[str]:
    for part in parts[:-1]:
        if any(sign in part for sign in "*?["):
            return
        yield part
