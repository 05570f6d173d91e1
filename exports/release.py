"""The only door: nothing but `build_release` lets numbers out of a municipality's folder.

A release is dated, immutable and reproducible: `<releases>/<audience>/<as_of>-<hash8>/`, where the
hash covers the released tables, the profile and the municipality. The ledger in `store/records`
lists all of them, one JSON line each, append only.
"""

import fcntl
import hashlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import date
from importlib.resources import files
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, Final, Literal

import polars as pl

from exports.disclosure import Rule, protect
from exports.fingerprint import frame_fingerprint
from exports.metadata import SUMS, About, changed_files, checksums, readme_de, readme_en
from exports.tables import (
    LeftOut,
    Origin,
    compose,
    keep_public_levels,
    origin_sources,
    select,
    write_csv,
    write_database,
    write_parquet,
)

LOWEST_PUBLIC: Final = 3
NOT_TEMPLATE: Final = {"node_modules", ".evidence", ".svelte-kit", "build", "__pycache__"}
RECORD: Final = "release.json"


class LedgerMissing(Exception):
    """The release ledger is not there, so nobody knows what has been handed out before."""


class LedgerDamaged(Exception):
    """A line of the release ledger cannot be read."""


class ReleaseChanged(Exception):
    """A folder that was released is no longer what was released."""


@dataclass(frozen=True)
class Profile:
    """What an audience gets.

    `indicators` and `levels` of None mean all. Counts below `minimum_count` are suppressed, by
    default 5; None switches that off, which only the audience `internal` may.
    """

    id: str
    audience: Literal["internal", "public"]
    title_de: str
    title_en: str
    indicators: tuple[str, ...] | None = None
    levels: tuple[str, ...] | None = None
    minimum_count: int | None = 5

    def __post_init__(self) -> None:
        if self.audience not in ("internal", "public"):
            raise ValueError(f"audience is {self.audience!r}; known are internal and public")
        if self.minimum_count is not None:
            Rule(self.minimum_count)
        if self.audience == "public" and (self.minimum_count or 0) < LOWEST_PUBLIC:
            raise ValueError(
                f"profile {self.id!r} is public and has minimum_count {self.minimum_count}: a "
                "public release without suppression of small counts is not possible. Leave "
                f"minimum_count out (5) or set {LOWEST_PUBLIC} or more."
            )


@dataclass(frozen=True)
class Release:
    """What `build_release` did: `is_new` is False where the same content was out already.

    `rows` counts rows by table, `suppressed` the rows of `indicator_value` with that status.
    """

    release_id: str
    folder: Path
    is_new: bool
    rows: Mapping[str, int]
    suppressed: int
    left_out: tuple[LeftOut, ...]
    content_hash: str


def create_ledger(path: Path) -> None:
    """Create the empty ledger of a municipality that has never released anything.

    Called once, by `wirkraum init` or a first run, never to get past `LedgerMissing`. Raises
    FileExistsError rather than touch a ledger that is there.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("x", encoding="utf-8") as ledger:
        os.fsync(ledger.fileno())
    _sync(path.parent)


def list_releases(ledger: Path) -> list[dict[str, Any]]:
    """All releases in the order they were recorded, one dict per line of the ledger.

    Raises LedgerMissing, and LedgerDamaged with the number of a line that cannot be read.
    """
    if not ledger.is_file():
        raise LedgerMissing(
            f"The release ledger {ledger} is missing. It lists what has been handed out so far; a "
            "release whose predecessors are unknown could give protected figures away by "
            "difference. Restore the file from the backup of store/records. Without a backup, "
            "put all release folders back, create an empty ledger and run the release again: each "
            f"folder's {RECORD} is then entered anew."
        )
    records: list[dict[str, Any]] = []
    for number, line in enumerate(ledger.read_text(encoding="utf-8").splitlines(), start=1):
        try:
            record = json.loads(line)
            record["release_id"], record["folder"], record["content_hash"]
        except (ValueError, KeyError, TypeError) as error:
            raise LedgerDamaged(
                f"Line {number} of the release ledger {ledger} cannot be read. Restore the file "
                "from the backup of store/records. If it is the last line and was cut off by a "
                f"crash, remove it: the release enters itself again from its {RECORD}."
            ) from error
        records.append(record)
    return records


def build_release(
    tables: Mapping[str, pl.DataFrame],
    profile: Profile,
    *,
    municipality: str,
    as_of: date,
    releases: Path,
    ledger: Path,
) -> Release:
    """Protect, join and write one release; give back where it lies and what was held back.

    `tables` are the marts by name (`exports.tables.INPUTS`). The folder holds `parquet/`, `csv/`
    with CSVW descriptions, `site/` (an Evidence project), LIESMICH.md, README.md, release.json
    and SHA256SUMS; all files are read-only. It is written beside its place and renamed, so that
    it is whole or not there; the ledger line follows. Whatever a crash left between the two is
    completed by the next call. The same content again writes nothing.

    Raises LedgerMissing, LedgerDamaged, ReleaseChanged where a released folder was altered, and
    ValueError where profile and tables do not fit or nothing is left to release.
    """
    with _locked(ledger):
        _enter_forgotten(releases, ledger)
        protected = (
            dict(tables)
            if profile.minimum_count is None
            else protect(tables, Rule(profile.minimum_count))
        )
        if profile.audience == "public":
            protected = keep_public_levels(protected)
        chosen, left_out = select(
            protected,
            profile.indicators,
            profile.levels,
            licensed_only=profile.audience == "public",
        )
        composed = compose(chosen)
        content_hash = _content_hash(composed, profile, municipality, as_of)
        name = f"{as_of.isoformat()}-{content_hash[:8]}"
        record: dict[str, Any] = {
            "release_id": f"{profile.audience}-{name}",
            "audience": profile.audience,
            "profile": profile.id,
            "as_of": as_of.isoformat(),
            "content_hash": content_hash,
            "folder": f"{profile.audience}/{name}",
            "municipality": municipality,
            "title_de": profile.title_de,
            "title_en": profile.title_en,
            "minimum_count": profile.minimum_count,
            "rows": {table: frame.height for table, frame in sorted(composed.items())},
            "suppressed": composed["indicator_value"].filter(status="suppressed").height,
            "left_out": [asdict(left) for left in left_out],
        }
        folder = releases / profile.audience / name
        is_new = all(known["release_id"] != record["release_id"] for known in list_releases(ledger))
        if folder.exists():
            _check_unchanged(folder)
        else:
            _write(folder, composed, record, left_out)
        if is_new:
            _append(ledger, record)
        _write_latest(releases, profile.audience, ledger)
    return Release(
        release_id=record["release_id"],
        folder=folder,
        is_new=is_new,
        rows=record["rows"],
        suppressed=record["suppressed"],
        left_out=left_out,
        content_hash=content_hash,
    )


@contextmanager
def _locked(ledger: Path) -> Iterator[None]:
    """One release at a time; two could both find themselves new."""
    list_releases(ledger)
    with ledger.open("rb") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _enter_forgotten(releases: Path, ledger: Path) -> None:
    """Enter folders that a crash kept out of the ledger."""
    known = {record["release_id"] for record in list_releases(ledger)}
    for path in sorted(releases.glob(f"[!.]*/[!.]*/{RECORD}")):
        record = json.loads(path.read_text(encoding="utf-8"))
        if record["release_id"] not in known:
            _check_unchanged(path.parent)
            _append(ledger, record)


def _check_unchanged(folder: Path) -> None:
    changed = changed_files(folder)
    if changed:
        raise ReleaseChanged(
            f"{folder} was released and has been changed since: {', '.join(changed[:5])}. A "
            "release is never altered; restore the folder from backup, or move it away and run "
            "the release again."
        )


def _content_hash(
    tables: Mapping[str, pl.DataFrame], profile: Profile, municipality: str, as_of: date
) -> str:
    content = {
        "tables": {name: frame_fingerprint(name, frame) for name, frame in tables.items()},
        "profile": asdict(profile),
        "municipality": municipality,
        "as_of": as_of.isoformat(),
    }
    return hashlib.sha256(
        json.dumps(content, sort_keys=True, ensure_ascii=False).encode()
    ).hexdigest()


def _write(
    folder: Path,
    tables: Mapping[str, pl.DataFrame],
    record: Mapping[str, Any],
    left_out: tuple[LeftOut, ...],
) -> None:
    part = folder.with_name(f".{folder.name}.part")
    if part.exists():
        shutil.rmtree(part)
    origin = Origin(
        record["release_id"],
        record["title_de"],
        record["title_en"],
        record["as_of"],
        origin_sources(tables["source"]),
    )
    for below in ("parquet", "csv", "site"):
        (part / below).mkdir(parents=True)
    for name, frame in tables.items():
        write_parquet(name, frame, part / "parquet" / f"{name}.parquet", origin)
        write_csv(name, frame, part / "csv" / f"{name}.csv", origin)
    _copy_template(files("exports") / "evidence", part / "site")
    facts = {key: value for key, value in record.items() if key not in ("rows", "left_out")}
    write_database(
        {**tables, "release": pl.DataFrame([facts], schema_overrides={"minimum_count": pl.Int64})},
        part / "site" / "sources" / "wirkraum" / "wirkraum.duckdb",
        origin,
    )
    about = About(
        origin, record["municipality"], record["audience"], record["minimum_count"], left_out
    )
    (part / "LIESMICH.md").write_text(readme_de(about, tables), encoding="utf-8")
    (part / "README.md").write_text(readme_en(about, tables), encoding="utf-8")
    (part / RECORD).write_text(
        json.dumps(record, ensure_ascii=False, indent=2, sort_keys=True) + "\n", encoding="utf-8"
    )
    (part / SUMS).write_text(checksums(part), encoding="utf-8")
    for path in sorted(part.rglob("*")):
        if path.is_file():
            path.chmod(0o444)
        _sync(path)
    _sync(part)
    part.rename(folder)
    _sync(folder.parent)


def _copy_template(source: Traversable, target: Path) -> None:
    for entry in source.iterdir():
        if entry.name in NOT_TEMPLATE:
            continue
        if entry.is_dir():
            (target / entry.name).mkdir()
            _copy_template(entry, target / entry.name)
        else:
            (target / entry.name).write_bytes(entry.read_bytes())


def _append(ledger: Path, record: Mapping[str, Any]) -> None:
    line = json.dumps(record, ensure_ascii=False, sort_keys=True) + "\n"
    with ledger.open("ab") as handle:
        handle.write(line.encode())
        handle.flush()
        os.fsync(handle.fileno())


def _write_latest(releases: Path, audience: str, ledger: Path) -> None:
    """Point to the newest release of each profile, by day of knowledge, then by entry."""
    shown = ("release_id", "folder", "as_of", "content_hash")
    newest: dict[str, dict[str, str]] = {}
    for record in sorted(list_releases(ledger), key=lambda record: str(record["as_of"])):
        if record["audience"] == audience and (releases / record["folder"]).is_dir():
            newest[record["profile"]] = {key: record[key] for key in shown}
    text = json.dumps({"audience": audience, "profiles": newest}, indent=2, sort_keys=True) + "\n"
    path = releases / audience / "latest.json"
    if path.is_file() and path.read_text(encoding="utf-8") == text:
        return
    part = path.with_name(".latest.json.part")
    part.write_text(text, encoding="utf-8")
    _sync(part)
    part.replace(path)
    _sync(path.parent)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
