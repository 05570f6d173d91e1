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
    says (`format.records`; for GeoJSON the features with their properties).
    """
    try:
        content = json.loads(data.decode(how.encoding).removeprefix("\ufeff"))
    except UnicodeDecodeError as error:
        raise Unreadable(
            f"byte {error.start} is not {how.encoding}; the file looks like "
            f"{likely_encoding(data)}: set format.encoding"
        ) from None
    except (ValueError, RecursionError) as error:
        raise Unreadable(f"not valid JSON: {error}") from None
    path = "features" if how.type == "geojson" else how.records
    records = _records(content, path)
    flat = [_flat(record, how) for record in records]
    names = dict.fromkeys(name for row in flat for name in row)
    columns = checked_header(list(names), "", 1)

    def raw(numbers: pl.Series) -> pl.Series:
        texts = (json.dumps(records[number - 1], ensure_ascii=False) for number in numbers)
        return pl.Series(texts, dtype=pl.String)

    def batches(wanted: list[str]) -> Iterator[Batch]:
        data: dict[str, Any] = {"_row": range(1, len(flat) + 1)}
        data |= {name: [row.get(name, "").strip() for row in flat] for name in wanted}
        schema = {"_row": pl.UInt32, **dict.fromkeys(wanted, pl.String)}
        yield Batch(pl.DataFrame(data, schema=schema), pl.DataFrame(schema=ASIDE), raw)

    return Table(columns, batches)


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


def _flat(record: dict[str, Any], how: Format) -> dict[str, str]:
    if how.type == "geojson":
        record = record.get("properties") or {}
    row: dict[str, str] = {}

    def add(value: Any, name: str) -> None:
        if isinstance(value, dict):
            for key, part in value.items():
                add(part, f"{name}.{key}" if name else str(key))
        elif isinstance(value, list):
            row[normalised(name)] = json.dumps(value, ensure_ascii=False)
        else:
            row[normalised(name)] = cell_text(value, how.decimal)

    add(record, "")
    return row


def read_parquet(path: Path, how: Format) -> Table:
    """A Parquet file as text cells in batches; raises Unreadable where it is damaged."""
    import pyarrow as pa
    from pyarrow import parquet

    try:
        file = parquet.ParquetFile(path, page_checksum_verification=True)
    except (pa.ArrowException, OSError) as error:
        raise Unreadable(f"the Parquet file is damaged: {error}") from None
    originals = {normalised(name): name for name in file.schema_arrow.names}
    columns = checked_header(list(originals), "", 1)

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
                cells = zip(*(column.to_pylist() for column in rows.columns), strict=True)
                for number, row in zip(inside, cells, strict=True):
                    texts[number] = "\t".join(cell_text(cell, how.decimal) for cell in row)
            begin = end
        return pl.Series(map(texts.__getitem__, numbers), dtype=pl.String)

    def batches(wanted: list[str]) -> Iterator[Batch]:
        number = 1
        # without a wanted column the rows still have to be counted
        names = [originals[name] for name in wanted] or file.schema_arrow.names[:1]
        try:
            for part in file.iter_batches(ROWS_PER_BATCH, columns=names):
                numbers = pl.int_range(number, number + part.num_rows, dtype=pl.UInt32, eager=True)
                frame = pl.DataFrame({"_row": numbers})
                if wanted:
                    cells = _as_text(pl.DataFrame(pl.from_arrow(part)), how)
                    cells = cells.rename({originals[name]: name for name in wanted})
                    frame = frame.hstack(cells.select(wanted))
                yield Batch(frame, pl.DataFrame(schema=ASIDE), raw)
                number += part.num_rows
        except (pa.ArrowException, OSError) as error:
            raise Unreadable(f"the Parquet file is damaged: {error}") from None

    return Table(columns, batches)


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
            text = column.cast(pl.String).str.replace(r"\.?0+$", "")
            text = (
                pl.when(column == column.round(0))
                .then(column.cast(pl.Int64, strict=False).cast(pl.String))
                .otherwise(text.str.replace(".", how.decimal, literal=True))
            )
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
