"""The lake: observations, ledger, originals and quarantine, each written whole or not at all.

A delivery counts once its ledger entry lies there; the entry is written last. A run that dies
before leaves files that the next run writes again with the same content.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from datetime import date, datetime
from errno import EAGAIN
from functools import cache
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
from pyarrow import parquet

from orchestration.ingest.tidy import OBSERVATION_SCHEMA
from orchestration.place import Place

pa.set_memory_pool(pa.system_memory_pool())  # the usual one keeps what it once had

QUARANTINE_SCHEMA = {"row_ref": pl.String, "reason": pl.String, "raw": pl.String}
_SET_ASIDE = ".observations.parquet"
_MAY_BE_NULL = {"value", "reason", "reason_en"}
_ASKED_FOR = ["source_id", "delivery_id", "measure_id", "area_id", "period_start"]


@dataclass(frozen=True)
class Delivery:
    """The ledger's entry on one delivered file; holds nothing that depends on the clock.

    `state` is accepted, partly (some rows in quarantine) or rejected (none accepted); `reasons`
    are (reason, rows, first rows).
    """

    delivery_id: str
    source_id: str
    department_id: str
    layout: str
    file_name: str
    sha256: str
    size: int
    as_of: date
    as_of_from: str
    state: str
    rows_in: int
    rows_accepted: int
    rows_quarantined: int
    observations: int
    notes: list[str]
    reasons: list[tuple[str, int, str]]
    fingerprint: str


def prepare(place: Place) -> None:
    """Create the folders, the originals readable by the owner alone, and an empty typed file."""
    for folder in (place.lake / "observations", place.lake / "ledger", place.records):
        folder.mkdir(parents=True, exist_ok=True)
    place.originals.mkdir(parents=True, exist_ok=True)
    place.originals.chmod(0o700)
    for folder in (place.lake, place.originals):
        for left in [path for path in folder.rglob(".*") if path.is_file()]:
            left.unlink()
    empty = place.lake / "observations" / "_schema" / "empty.parquet"
    if not empty.exists():
        write_parquet(pl.DataFrame(schema=OBSERVATION_SCHEMA), empty)


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Give a temporary path beside `path` and move it there, synced, when the block succeeds."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        yield temporary
        with temporary.open("rb+") as handle:
            os.fsync(handle.fileno())
        temporary.replace(path)
    finally:
        temporary.unlink(missing_ok=True)


def write_parquet(frame: pl.DataFrame, path: Path) -> None:
    """Write parquet atomically; the same frame always gives the same bytes."""
    with replacing(path) as temporary:
        frame.write_parquet(temporary, compression="zstd", statistics=True)


def original(place: Place, sha256: str) -> Path:
    """Where delivered bytes are kept; there may be none any more."""
    return place.originals / sha256[:2] / sha256


@contextmanager
def keeping_original(place: Place, content: Path | bytes, sha256: str) -> Iterator[Path]:
    """Keep the delivered bytes under their checksum, readable by the owner alone.

    Gives where they lie while the block runs. Raises OSError at its end where the copy turns out
    to be another one than was asked for; nothing is kept then.
    """
    path = original(place, sha256)
    if path.exists():
        yield path
        return
    with replacing(path) as temporary, ThreadPoolExecutor(1) as checker:
        if isinstance(content, bytes):
            temporary.write_bytes(content)
        else:
            shutil.copyfile(content, temporary)
        temporary.chmod(0o600)
        copied = checker.submit(checksum, temporary)
        yield temporary
        if copied.result() != sha256:
            raise OSError(EAGAIN, "it changed while it was read; wait until it is complete")


class Parts:
    """The observations of one delivery on their way into the lake, part by part.

    Parts wait in a quick format until it is known which rows stay, and become parquet once. Nobody
    reads them before the delivery is committed; when the block ends without that, they are taken
    away again.
    """

    def __init__(self, place: Place, source_id: str, delivery_id: str) -> None:
        self._folder = place.lake / "observations" / source_id
        self._delivery_id = delivery_id
        self._waiting: list[_Part] = []
        self._writers = ThreadPoolExecutor(2)
        self._writing: Future[None] | None = None
        self._finishing: list[Future[int]] = []

    def __enter__(self) -> "Parts":
        return self

    def __exit__(self, *_: object) -> None:
        self._writers.shutdown(cancel_futures=True)
        self._writing = None
        self.clear()

    def add(self, observations: pl.DataFrame, prefix: str = "") -> None:
        """Take one more part (OBSERVATION_SCHEMA, texts may be pl.Enum).

        In place of `row_ref` there may be `_row`, the number that stands in it after `prefix`.
        """
        self._folder.mkdir(parents=True, exist_ok=True)
        path = self._folder / f".{self._delivery_id}.{len(self._waiting):04d}.rows.part"
        same = [column.head(1) for column in observations if _is_the_same(column)]
        several = observations.drop(column.name for column in same)
        self._wait()
        self._waiting.append(_Part(path, prefix, same))
        self._writing = self._writers.submit(
            several.write_ipc, path, record_batch_size=several.height
        )

    def _wait(self) -> None:
        writing, self._writing = self._writing, None
        if writing is not None:
            writing.result()

    def rows(self, number: int, positions: pl.Series, columns: list[str]) -> pl.DataFrame:
        """Some columns of the observations of a part at these positions, as they were added."""
        self._wait()
        part = self._waiting[number]
        several = [name for name in columns if name not in {one.name for one in part.same}]
        return part.complete(pl.read_ipc(part.path, columns=several)[positions]).select(columns)

    def take_out(self, number: int, rows: pl.Series) -> None:
        """Leave out the rows of a part with these `_row`."""
        self._waiting[number].gone = rows

    def finish(self) -> None:
        """Begin to write the parts as parquet; none is added and no row taken out after that."""
        self._wait()
        self._finishing = [self._writers.submit(_finish, part) for part in self._waiting]

    def height(self) -> int:
        """How many observations stay, known when all parts are written."""
        if not self._finishing:
            self.finish()
        return sum(future.result() for future in self._finishing)

    def clear(self) -> None:
        """Throw away what was added."""
        self._wait()
        for future in self._finishing:
            future.cancel()
        wait(self._finishing)
        self._finishing.clear()
        for part in self._waiting:
            part.path.unlink(missing_ok=True)
            part.finished.unlink(missing_ok=True)
        self._waiting.clear()

    def put_in_place(self) -> None:
        """Take the place of whatever an earlier reading of the delivery has left."""
        self.height()
        names = {
            part.finished: part.finished.with_name(
                f"{part.finished.stem.removeprefix('.')}.parquet"
            )
            for part in self._waiting
            if part.finished.exists()
        }
        for old in set(self._folder.glob(f"{self._delivery_id}.*parquet")) - set(names.values()):
            old.unlink()
        for path, name in names.items():
            path.replace(name)
        self.clear()


@dataclass
class _Part:
    """Where a part waits, what stands before its row numbers, and rows that do not stay.

    What is the same in all rows does not wait in the file but in `same`, one value per column.
    """

    path: Path
    prefix: str
    same: list[pl.Series]
    gone: pl.Series | None = None

    def complete(self, rows: pl.DataFrame) -> pl.DataFrame:
        return rows.with_columns(one.new_from_index(0, rows.height) for one in self.same)

    @property
    def finished(self) -> Path:
        return self.path.with_name(f"{self.path.name.removesuffix('.rows.part')}.part")


def _finish(part: _Part) -> int:
    """Write a part as parquet, if any row of it stays; gives how many do."""
    observations = pl.read_ipc(part.path)
    if part.gone is not None:
        observations = observations.filter(~pl.col("_row").is_in(part.gone.implode()))
    if not observations.height:
        return 0
    observations = part.complete(observations)
    references = {}
    if "_row" in observations.columns:
        references["row_ref"] = _references(part.prefix, observations["_row"])
    columns = [
        references[name] if name in references else _for_parquet(observations[name])
        for name in OBSERVATION_SCHEMA
    ]
    schema = pa.schema(
        pa.field(name, column.type, nullable=name in _MAY_BE_NULL)
        for name, column in zip(OBSERVATION_SCHEMA, columns, strict=True)
    )
    # dictionaries are written as they are; without pyarrow's own schema they are read as plain text
    parquet.write_table(
        pa.table(columns, schema=schema),
        part.finished,
        compression="zstd",
        use_dictionary=[name for name in OBSERVATION_SCHEMA if name != "row_ref"],
        write_statistics=_ASKED_FOR,
        write_batch_size=2**16,
        store_schema=False,
    )
    with part.finished.open("rb+") as handle:
        os.fsync(handle.fileno())
    return observations.height


def _is_the_same(column: pl.Series) -> bool:
    """Whether a column of codes or dates has one value in all rows."""
    if not column.dtype.is_temporal() and column.dtype != pl.Enum:
        return False
    if column.null_count():
        return column.null_count() == len(column)
    if isinstance(column.dtype, pl.Enum) and len(column.dtype.categories) == 1:
        return True
    numbers = column.to_physical()
    return bool(numbers[0] == numbers[-1] and numbers.min() == numbers.max())


def _references(prefix: str, numbers: pl.Series) -> pa.Array:
    """What stands in row_ref: numbers as text after a prefix.

    Numbers of the same length, as nearly all parts have them, are put together four digits at a
    time.
    """
    values = numbers.to_numpy()
    digits = len(str(values.max()))
    if prefix or digits > 8 or digits != len(str(values.min())):
        return _for_parquet((prefix + numbers.cast(pl.String)).alias("row_ref"))
    upper = values // 10_000
    eight = np.stack([_four_digits()[upper], _four_digits()[values - upper * 10_000]], axis=1)
    texts = np.ascontiguousarray(eight.view(np.uint8)[:, 8 - digits :])
    ends = np.arange(0, texts.size + 1, digits, dtype=np.int64)
    buffers = [None, pa.py_buffer(ends), pa.py_buffer(texts)]
    return pa.Array.from_buffers(pa.large_string(), len(texts), buffers)


@cache
def _four_digits() -> np.ndarray:
    """The texts 0000 to 9999, each in one number (UInt32)."""
    return np.array([f"{number:04}" for number in range(10_000)], dtype="S4").view(np.uint32)


def _for_parquet(column: pl.Series) -> pa.Array:
    """A column for pyarrow; texts as codes with their dictionary, but for row_ref."""
    column = column.rechunk()
    if column.dtype == pl.String and column.name != "row_ref":
        column = column.cast(pl.Enum(column.unique(maintain_order=True).drop_nulls()))
    return column.to_arrow(compat_level=pl.CompatLevel.oldest())


def commit(
    place: Place,
    delivery: Delivery,
    parts: Parts,
    quarantined: pl.DataFrame,
) -> None:
    """Put observations in place, write quarantined lines, then the ledger entry."""
    parts.put_in_place()
    aside = place.quarantined / delivery.source_id / f"{delivery.delivery_id}.parquet"
    if quarantined.height:
        write_parquet(quarantined, aside)
        aside.chmod(0o600)
    else:
        aside.unlink(missing_ok=True)
    enter(place, delivery)
    aside.with_suffix(_SET_ASIDE).unlink(missing_ok=True)


def enter(place: Place, delivery: Delivery) -> None:
    """Write the ledger's entry of a delivery, new or in place of the one before."""
    with replacing(_ledger_path(place, delivery.source_id, delivery.delivery_id)) as temporary:
        text = json.dumps(asdict(delivery), default=str, indent=1, ensure_ascii=False)
        temporary.write_text(text + "\n", encoding="utf-8")


def set_aside(place: Place, delivery: Delivery, reason: str) -> Delivery:
    """Put a delivery as a whole into quarantine, for the reason a critical check gives.

    Its observations are kept beside its quarantined lines, readable by the owner alone; all its
    rows count as quarantined. The ledger entry is the commit point: dying before it changes
    nothing, dying after it leaves observations that `clear` takes out. Gives the new entry.
    """
    kept = place.quarantined / delivery.source_id / f"{delivery.delivery_id}{_SET_ASIDE}"
    with replacing(kept) as temporary:
        observations(place, delivery).sink_parquet(temporary, compression="zstd")
        temporary.chmod(0o600)
    rest = "all other rows" if delivery.rows_quarantined else "all rows"
    whole = replace(
        delivery,
        state="rejected",
        rows_accepted=0,
        rows_quarantined=delivery.rows_in,
        observations=0,
        reasons=[(reason, delivery.rows_accepted, rest), *delivery.reasons],
    )
    enter(place, whole)
    clear(place, whole)
    return whole


def clear(place: Place, delivery: Delivery) -> None:
    """Take the observations of a rejected delivery out of the lake."""
    folder = place.lake / "observations" / delivery.source_id
    for part in folder.glob(f"{delivery.delivery_id}.*parquet"):
        part.unlink()


def observations(place: Place, delivery: Delivery) -> pl.LazyFrame:
    """What a delivery holds (OBSERVATION_SCHEMA), read from its one or more parts."""
    folder = place.lake / "observations" / delivery.source_id
    parts = sorted(folder.glob(f"{delivery.delivery_id}.*parquet"))
    return pl.scan_parquet(parts) if parts else pl.LazyFrame(schema=OBSERVATION_SCHEMA)


def withdraw(place: Place, delivery: Delivery) -> None:
    """Take out a delivery whose file now counts as another one, because its contract changed."""
    _ledger_path(place, delivery.source_id, delivery.delivery_id).unlink(missing_ok=True)
    clear(place, delivery)
    aside = place.quarantined / delivery.source_id / f"{delivery.delivery_id}.parquet"
    aside.unlink(missing_ok=True)
    aside.with_suffix(_SET_ASIDE).unlink(missing_ok=True)


def arrivals(place: Place) -> dict[str, date]:
    """When each delivery first came, by its id."""
    record = place.records / "arrivals.jsonl"
    if not record.exists():
        return {}
    entries = map(json.loads, record.read_text(encoding="utf-8").splitlines())
    return {one["delivery_id"]: date.fromisoformat(one["arrived"][:10]) for one in entries}


def note_arrival(place: Place, delivery_id: str, file_name: str, arrived: datetime) -> None:
    """Write down that a delivery came."""
    fresh = {"delivery_id": delivery_id, "file": file_name, "arrived": arrived.isoformat()}
    with (place.records / "arrivals.jsonl").open("a", encoding="utf-8") as handle:
        handle.write(json.dumps(fresh, ensure_ascii=False) + "\n")


def _ledger_path(place: Place, source_id: str, delivery_id: str) -> Path:
    return place.lake / "ledger" / source_id / f"{delivery_id}.json"


def ledger(place: Place, source_id: str | None = None) -> list[Delivery]:
    """All deliveries that were ever committed, ordered by source, as_of and file name."""
    found = []
    for path in (place.lake / "ledger").glob(f"{source_id or '*'}/*.json"):
        entry = json.loads(path.read_text(encoding="utf-8"))
        entry["as_of"] = date.fromisoformat(entry["as_of"])
        entry["reasons"] = [tuple(reason) for reason in entry["reasons"]]
        found.append(Delivery(**entry))
    return sorted(found, key=lambda one: (one.source_id, one.as_of, one.file_name))


def delivery_table(deliveries: list[Delivery]) -> pl.DataFrame:
    """The ledger as the warehouse reads it; `position` orders deliveries of the same day."""
    schema = {
        "delivery_id": pl.String,
        "source_id": pl.String,
        "department_id": pl.String,
        "file_name": pl.String,
        "as_of": pl.Date,
        "state": pl.String,
        "rows_in": pl.Int64,
        "rows_accepted": pl.Int64,
        "rows_quarantined": pl.Int64,
        "notes": pl.String,
    }
    rows = [
        {name: getattr(one, name) for name in schema} | {"notes": "; ".join(one.notes)}
        for one in deliveries
    ]
    return pl.DataFrame(rows, schema=schema).with_row_index("position").cast({"position": pl.Int64})


def quarantine_table(deliveries: list[Delivery]) -> pl.DataFrame:
    """Why rows were set aside and how many, without their contents."""
    schema = {
        "delivery_id": pl.String,
        "source_id": pl.String,
        "reason": pl.String,
        "row_count": pl.Int64,
        "first_rows": pl.String,
    }
    rows = [
        (one.delivery_id, one.source_id, reason, count, rows)
        for one in deliveries
        for reason, count, rows in one.reasons
    ]
    return pl.DataFrame(rows, schema=schema, orient="row")


def checksum(content: Path | bytes) -> str:
    """Checksum (SHA-256) of delivered bytes."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest()
    with content.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()
