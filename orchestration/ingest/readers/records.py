"""Files that carry their own structure: JSON, GeoJSON (attributes only) and Parquet."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import polars as pl

from orchestration.declarations.sources import Format
from orchestration.ingest.content import likely_encoding
from orchestration.ingest.readers.sheets import cell_text
from orchestration.ingest.table import ASIDE, Batch, Table, Unreadable, checked_header, normalised

ROWS_PER_BATCH = 500_000


def read_json(data: bytes, how: Format) -> Table:
    """A list of records as a table; nested fields become columns such as `ort.plz`.

    Raises Unreadable where the text is no JSON or holds no list of records where the contract
    says (`format.records`; for GeoJSON the features with their properties), or where one name
    stands over two values of a record.
    """
    try:
        text = data.decode(how.encoding).removeprefix("\ufeff")
        content = json.loads(text, object_pairs_hook=_fields)
    except UnicodeDecodeError as error:
        raise Unreadable(
            f"byte {error.start} is not {how.encoding}; the file looks like "
            f"{likely_encoding(data)}: set format.encoding"
        ) from None
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"not valid JSON: {error}") from None
    path = "features" if how.type == "geojson" else how.records
    records = _records(content, path)
    flat = [_flat(number, record, how) for number, record in enumerate(records, 1)]
    names = dict.fromkeys(name for row in flat for name in row)
    columns = checked_header(list(names), "", 1)

    def raw(numbers: pl.Series) -> pl.Series:
        texts = (json.dumps(records[number - 1], ensure_ascii=False) for number in numbers)
        return pl.Series(map(_sound, texts), dtype=pl.String)

    def batches(wanted: list[str]) -> Iterator[Batch]:
        data: dict[str, Any] = {"_row": range(1, len(flat) + 1)}
        data |= {name: [row.get(name, "").strip() for row in flat] for name in wanted}
        schema = {"_row": pl.UInt32, **dict.fromkeys(wanted, pl.String)}
        yield Batch(pl.DataFrame(data, schema=schema), pl.DataFrame(schema=ASIDE), raw)

    return Table(columns, batches)


def _fields(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    fields = dict(pairs)
    if len(fields) < len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in fields if names.count(name) > 1)
        raise ValueError(f"the name {_sound(twice)!r} stands twice in one record")
    return fields


def _sound(text: str) -> str:
    """Text that can be written: halves of signs, which JSON may hold, stand there as escapes."""
    return text if text.isascii() else text.encode("utf-8", "backslashreplace").decode()


def _records(content: Any, path: str | None) -> list[dict[str, Any]]:
    here = content
    for step in path.split(".") if path else []:
        if not isinstance(here, dict) or step not in here:
            names = ", ".join(map(repr, here)) if isinstance(here, dict) else type(here).__name__
            raise Unreadable(f"no {step!r} on the way to {path!r}; found {names}")
        here = here[step]
    if not isinstance(here, list) or not all(isinstance(one, dict) for one in here):
        lists = (
            [key for key, value in content.items() if isinstance(value, list)]
            if (isinstance(content, dict))
            else []
        )
        hint = f"; perhaps format.records: {lists[0]}" if lists else ""
        raise Unreadable(f"expected a list of records, found {type(here).__name__}{hint}")
    return here


def _flat(number: int, record: dict[str, Any], how: Format) -> dict[str, str]:
    if how.type == "geojson":
        record = record.get("properties") or {}
    row: dict[str, str] = {}

    def add(value: Any, name: str) -> None:
        if isinstance(value, dict):
            for key, part in value.items():
                add(part, f"{name}.{key}" if name else str(key))
            return
        column = _sound(normalised(name))
        if column in row:
            raise Unreadable(f"record {number} has two fields that are both called {column!r}")
        is_list = isinstance(value, list)
        text = json.dumps(value, ensure_ascii=False) if is_list else cell_text(value, how.decimal)
        row[column] = _sound(text)

    try:
        add(record, "")
    except RecursionError:
        raise Unreadable(f"record {number} is nested too deep") from None
    return row


def read_parquet(path: Path, how: Format) -> Table:
    """A Parquet file as text cells in batches; raises Unreadable where it is damaged."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(path, page_checksum_verification=True)
    except (pa.ArrowException, OSError) as error:
        raise Unreadable(f"the Parquet file is damaged: {error}") from None
    originals = file.schema_arrow.names
    columns = checked_header([normalised(name) for name in originals], "", 1)

    def raw(numbers: pl.Series) -> pl.Series:
        texts: dict[int, str] = {}
        begin = 1
        for group in range(file.num_row_groups if len(numbers) else 0):
            end = begin + file.metadata.row_group(group).num_rows
            inside = numbers.filter(numbers.is_between(begin, end - 1)).to_list()
            if inside:
                try:
                    rows = file.read_row_group(group).take([number - begin for number in inside])
                except (pa.ArrowException, OSError) as error:
                    raise Unreadable(f"the Parquet file is damaged: {error}") from None
                cells = zip(*(_as_delivered(column) for column in rows.columns), strict=True)
                for number, row in zip(inside, cells, strict=True):
                    texts[number] = "\t".join(cell_text(cell, how.decimal) for cell in row)
            begin = end
        return pl.Series(map(texts.__getitem__, numbers), dtype=pl.String)

    def batches(wanted: list[str]) -> Iterator[Batch]:
        number = 1
        # without a wanted column the rows still have to be counted
        positions = [columns.index(name) for name in wanted]
        names = list(dict.fromkeys(originals[at] for at in positions or [0]))
        try:
            for part in file.iter_batches(ROWS_PER_BATCH, columns=names):
                numbers = pl.int_range(number, number + part.num_rows, dtype=pl.UInt32, eager=True)
                frame = pl.DataFrame({"_row": numbers})
                if wanted:
                    cells = pl.DataFrame(pl.from_arrow(_chosen(part, originals, positions, wanted)))
                    frame = frame.hstack(_as_text(cells, how))
                yield Batch(frame, pl.DataFrame(schema=ASIDE), raw)
                number += part.num_rows
        except (pa.ArrowException, OSError) as error:
            raise Unreadable(f"the Parquet file is damaged: {error}") from None
        except pl.exceptions.PolarsError as error:
            said = str(error).splitlines()[0]
            raise Unreadable(f"a column cannot be read as text: {said}") from None

    return Table(columns, batches)


def _as_delivered(column: Any) -> list[object]:
    """The cells of a column, as far as Python has something for them."""
    import pyarrow as pa

    kind = column.type
    try:
        cells = column.to_pylist()
    except (ValueError, OverflowError, LookupError):  # no UTF-8, the year 10000, unknown zones
        if pa.types.is_timestamp(kind):
            column = column.cast(pa.timestamp(kind.unit))
        text = pa.types.is_string(kind) or pa.types.is_large_string(kind)
        cells = column.cast(pa.large_binary() if text else pa.large_string()).to_pylist()
    return [
        cell.decode("utf-8", "backslashreplace") if isinstance(cell, bytes) else cell
        for cell in cells
    ]


def _chosen(part: Any, originals: list[str], positions: list[int], wanted: list[str]) -> Any:
    """These columns of a batch, checked, under the names wanted.

    `originals` are all names in the file, in which one may stand twice. What polars would panic
    over is refused or becomes text before it gets there.
    """
    import pyarrow as pa

    part.validate(full=True)
    columns = []
    for name, position in zip(wanted, positions, strict=True):
        original = originals[position]
        same = [at for at, one in enumerate(part.schema.names) if one == original]
        column = part.column(same[originals[:position].count(original)])
        if pa.types.is_decimal256(column.type):
            raise Unreadable(f"column {name!r} holds numbers of more than 38 digits")
        is_date = pa.types.is_date(column.type)  # there are days beyond what polars knows
        columns.append(column.cast(pa.string()) if is_date else column)
    return pa.RecordBatch.from_arrays(columns, names=wanted)


def _as_text(frame: pl.DataFrame, how: Format) -> pl.DataFrame:
    parts = []
    for name, dtype in frame.schema.items():
        column = pl.col(name)
        if dtype.is_float():
            whole = column == column.round(0)
            text = (
                pl.when(whole & (column.abs() < 2**53))
                .then(column.cast(pl.Int64, strict=False).cast(pl.String))
                .otherwise(column.cast(pl.String).str.replace(".", how.decimal, literal=True))
            )
        elif dtype.is_decimal():
            text = column.cast(pl.String).str.replace(r"\.0+$", "").str.replace(r"(\..*?)0+$", "$1")
            text = text.str.replace(".", how.decimal, literal=True)
        elif dtype == pl.Boolean:
            text = pl.when(column).then(pl.lit("WAHR")).when(~column).then(pl.lit("FALSCH"))
        elif dtype == pl.Datetime:
            text = column.dt.strftime("%Y-%m-%d %H:%M:%S").str.strip_suffix(" 00:00:00")
        elif dtype.is_nested():
            raise Unreadable(f"column {name!r} holds nested values ({dtype}); deliver plain ones")
        else:
            text = column.cast(pl.String)
        parts.append(text.fill_null("").str.strip_chars().alias(name))
    return frame.select(parts)
