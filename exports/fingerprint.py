"""One content, one hash: independent of row order, file format and machine."""

import hashlib

import polars as pl


def frame_fingerprint(name: str, frame: pl.DataFrame) -> str:
    """Sha256 (hex) over the table name, column names, types and all rows as JSON lines.

    The lines are sorted, so the order in which rows were inserted does not count. Text and
    null differ, numbers are written in their shortest exact form.
    """
    digest = hashlib.sha256()
    schema = ", ".join(f"{column} {dtype}" for column, dtype in frame.schema.items())
    digest.update(f"{name}({schema})\n".encode())
    for line in sorted(frame.write_ndjson().encode().splitlines()):
        digest.update(line + b"\n")
    return digest.hexdigest()
