"""Publishing: the marts of the build become the warehouse analysts open, whole or not at all."""

import hashlib
import os
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import duckdb
import polars as pl

from exports.disclosure import CONTEXT, MASKED
from exports.views import create_views, quoted, text, view_texts

Mask = Callable[[Mapping[str, pl.DataFrame]], Mapping[str, pl.DataFrame]]

FIGURE_COLUMNS: Final = ("numerator", "denominator", "value")


@dataclass(frozen=True)
class Published:
    """The published file, its hash, and whether it replaced a different one."""

    target: Path
    content_hash: str
    is_new: bool


def publish(
    source_db: Path,
    target: Path,
    mask: Mask | None = None,
    changed: Mapping[str, list[str]] | None = None,
) -> Published:
    """Copy schema `marts` of the build into a new file and put it in place of `target`.

    Tables keep columns, constraints, indexes and comments; rows are sorted by the columns that are
    never empty, or by all; beside them stand the views of `exports.views`. The file before stays as
    `<stem>.before.duckdb`, there is no moment without a whole published file, and sessions that
    have the old one open keep it. Where content, structure and views equal the published ones
    nothing is written, so that `rollback` still leads to something else.

    `mask` (such as `exports.disclosure.mask_protected`) gets the frames of
    `exports.disclosure.MASKED` and `CONTEXT` that exist and gives back those to be written in
    their place. Where `target` was made from the build before this one, `changed` may name tables
    of which only the rows of these indicators have changed: of them only these rows are copied, all
    other tables as a whole; with a mask everything is. Raises FileNotFoundError without a build,
    ValueError where there are no marts, where marts holds a view, or where with a mask some table
    has figures no mask knows.
    """
    if not source_db.is_file():
        raise FileNotFoundError(f"{source_db} is not there; build the warehouse first")
    target.parent.mkdir(parents=True, exist_ok=True)
    part = target.with_name(f".{target.stem}.new{target.suffix}")
    _remove_database(part)
    kept: Mapping[str, list[str]] = {}
    if changed is not None and mask is None and target.is_file():
        shutil.copyfile(target, part)
        kept = changed
    with duckdb.connect(str(part)) as connection:
        connection.execute(f"ATTACH {text(str(source_db))} AS build (READ_ONLY)")
        kept = _emptied(connection, kept)
        _copy_marts(connection, mask, kept)
        connection.execute("DETACH build")
        create_views(connection)
        connection.execute("CHECKPOINT")
    new_hash = content_hash(part)
    if target.is_file() and content_hash(target) == new_hash and _views(target) == _views(part):
        _remove_database(part)
        return Published(target, new_hash, is_new=False)
    _sync(part)
    if target.exists():
        _link_over(target, before(target))
    part.replace(target)
    _sync(target.parent)
    return Published(target, new_hash, is_new=True)


def keep(companion: Path) -> None:
    """Keep a file that stands beside the warehouse as the one before, such as the outlines.

    For where a publishing was new and the companion of the new state is still to be written. Where
    there is none, none was before either.
    """
    if companion.exists():
        _link_over(companion, before(companion))
    else:
        before(companion).unlink(missing_ok=True)


def rollback(target: Path, *companions: Path) -> None:
    """Bring back the published file before this one; a second call brings this one back.

    `companions` are files beside it that `keep` kept; they change places with it, also with none.
    Raises FileNotFoundError where there is no state before.
    """
    older = before(target)
    if not older.is_file():
        raise FileNotFoundError(
            f"there is no state before {target}: {older.name} is not there. It is kept from the "
            "second publishing on."
        )
    for path in (target, *companions):
        _change_places(path)
    _sync(target.parent)


def _change_places(target: Path) -> None:
    older, aside = before(target), target.with_name(f".{target.stem}.swap{target.suffix}")
    aside.unlink(missing_ok=True)
    if target.exists():
        aside.hardlink_to(target)
    if older.exists():
        _link_over(older, target)
    else:
        target.unlink(missing_ok=True)
    if aside.exists():
        aside.replace(older)
        # Two names of one file: rename leaves both where they are.
        aside.unlink(missing_ok=True)
    else:
        older.unlink(missing_ok=True)


def before(target: Path) -> Path:
    """Where the published file before `target` is kept."""
    return target.with_name(f"{target.stem}.before{target.suffix}")


def content_hash(db: Path) -> str:
    """Sha256 over structure, comments and rows of all tables in `marts`.

    Independent of the order of insertion, of the file's bytes and of the machine; rows count by
    DuckDB's own hash, so that files of one version of DuckDB can be compared.
    """
    digest = hashlib.sha256()
    with duckdb.connect(str(db), read_only=True) as connection:
        catalog = _only(connection)
        for name, sql, comment in _tables(connection, catalog):
            digest.update(f"{sql}\n{comment or ''}\n".encode())
            for column, words in _column_comments(connection, catalog, name):
                digest.update(f"{column}: {words}\n".encode())
            rows = connection.sql(
                f"SELECT count(*), sum(hash(line)) FROM marts.{quoted(name)} AS line"
            ).fetchone()
            digest.update(f"{name}: {rows}\n".encode())
    return digest.hexdigest()


def _views(db: Path) -> list[tuple[str, ...]]:
    with duckdb.connect(str(db), read_only=True) as connection:
        return view_texts(connection, _only(connection))


def _emptied(
    connection: duckdb.DuckDBPyConnection, changed: Mapping[str, list[str]]
) -> Mapping[str, list[str]]:
    """Take out of a copy of the published file what has changed; gives the tables that stay.

    A table stays with its other rows where it was built in the same way.
    """
    before = {name: sql for name, sql, _ in _tables(connection, _only(connection))}
    now = {name: sql for name, sql, _ in _tables(connection, "build")}
    stay = {name: ids for name, ids in changed.items() if before.get(name) == now.get(name)}
    connection.execute("DROP SCHEMA IF EXISTS views CASCADE")
    gone = [name for name in before if name not in now]
    for name in [*gone, *reversed(_referenced_first(connection, list(now)))]:
        if name not in before:
            continue
        if name in stay:
            connection.execute(
                f"DELETE FROM marts.{quoted(name)} WHERE indicator_id IN ({_texts(stay[name])})"
            )
        else:
            connection.execute(f"DROP TABLE marts.{quoted(name)}")
    return {name: ids for name, ids in stay.items() if name in before}


def _copy_marts(
    connection: duckdb.DuckDBPyConnection, mask: Mask | None, kept: Mapping[str, list[str]]
) -> None:
    tables = {name: (sql, comment) for name, sql, comment in _tables(connection, "build")}
    if not tables:
        raise ValueError("the build has no tables in schema marts; nothing to publish")
    views = connection.sql(
        "SELECT view_name FROM duckdb_views() WHERE database_name = 'build' "
        "AND schema_name = 'marts' AND NOT internal ORDER BY 1"
    ).fetchall()
    if views:
        raise ValueError(
            f"marts holds views ({', '.join(view for (view,) in views)}), which would read from "
            "schemas that are not published; materialise them as tables"
        )
    masked = {} if mask is None else _masked(connection, list(tables), mask)
    connection.execute("CREATE SCHEMA IF NOT EXISTS marts")
    for name in _referenced_first(connection, list(tables)):
        sql, comment = tables[name]
        if name not in kept:
            connection.execute(sql)
        _copy_rows(connection, name, masked.get(name), kept.get(name))
        if comment:
            connection.execute(f"COMMENT ON TABLE marts.{quoted(name)} IS {text(comment)}")
        for column, words in _column_comments(connection, "build", name):
            connection.execute(
                f"COMMENT ON COLUMN marts.{quoted(name)}.{quoted(column)} IS {text(words)}"
            )
    for name, sql in connection.sql(
        "SELECT table_name, sql FROM duckdb_indexes() WHERE database_name = 'build' "
        "AND schema_name = 'marts' AND sql IS NOT NULL ORDER BY index_name"
    ).fetchall():
        if name not in kept:
            connection.execute(sql)


def _copy_rows(
    connection: duckdb.DuckDBPyConnection,
    name: str,
    frame: pl.DataFrame | None,
    indicators: list[str] | None,
) -> None:
    rows = f"build.marts.{quoted(name)}"
    if indicators is not None:
        rows = f"(SELECT * FROM {rows} WHERE indicator_id IN ({_texts(indicators)}))"
    if frame is not None:
        connection.register("masked_rows", frame)
        rows = "masked_rows"
    filled = connection.execute(
        "SELECT column_name FROM duckdb_columns() WHERE database_name = 'build' AND "
        "schema_name = 'marts' AND table_name = ? AND NOT is_nullable ORDER BY column_index",
        [name],
    ).fetchall()
    order = ", ".join(quoted(column) for (column,) in filled) or "ALL"
    connection.execute(
        f"INSERT INTO marts.{quoted(name)} BY NAME SELECT * FROM {rows} ORDER BY {order}"
    )
    if frame is not None:
        connection.unregister("masked_rows")


def _masked(
    connection: duckdb.DuckDBPyConnection, tables: list[str], mask: Mask
) -> dict[str, pl.DataFrame]:
    columns = connection.sql(
        "SELECT table_name, list(column_name) FROM duckdb_columns() "
        "WHERE database_name = 'build' AND schema_name = 'marts' GROUP BY 1 ORDER BY 1"
    ).fetchall()
    unknown = [
        name
        for name, names in columns
        if name not in MASKED and "indicator_id" in names and set(FIGURE_COLUMNS) & set(names)
    ]
    if unknown:
        raise ValueError(
            f"marts has figures by indicator that the mask does not know: {', '.join(unknown)}. "
            "Teach exports/disclosure.py how to protect them before they are published."
        )
    frames = {
        name: connection.sql(f"SELECT * FROM build.marts.{quoted(name)}").pl()
        for name in tables
        if name in (*MASKED, *CONTEXT)
    }
    masked = dict(mask(frames))
    for name, frame in masked.items():
        if name not in frames or frame.shape != frames[name].shape:
            raise ValueError(f"the mask lost or invented rows, columns or tables: {name}")
    return masked


def _referenced_first(connection: duckdb.DuckDBPyConnection, tables: list[str]) -> list[str]:
    """Tables in an order in which every foreign key finds its target."""
    waiting: dict[str, set[str]] = {name: set() for name in sorted(tables)}
    for name, other in connection.sql(
        "SELECT table_name, referenced_table FROM duckdb_constraints() WHERE database_name = "
        "'build' AND schema_name = 'marts' AND constraint_type = 'FOREIGN KEY'"
    ).fetchall():
        if name != other:
            waiting[name].add(other)
    ordered: list[str] = []
    while waiting:
        ready = [name for name, others in waiting.items() if others <= set(ordered)]
        if not ready:
            raise ValueError(f"foreign keys of marts form a circle: {', '.join(waiting)}")
        ordered += ready
        waiting = {name: others for name, others in waiting.items() if name not in ready}
    return ordered


def _tables(
    connection: duckdb.DuckDBPyConnection, catalog: str
) -> list[tuple[str, str, str | None]]:
    return connection.execute(
        "SELECT table_name, sql, comment FROM duckdb_tables() WHERE database_name = ? "
        "AND schema_name = 'marts' AND NOT internal ORDER BY table_name",
        [catalog],
    ).fetchall()


def _column_comments(
    connection: duckdb.DuckDBPyConnection, catalog: str, table: str
) -> list[tuple[str, str]]:
    return connection.execute(
        "SELECT column_name, comment FROM duckdb_columns() WHERE database_name = ? "
        "AND schema_name = 'marts' AND table_name = ? AND comment IS NOT NULL ORDER BY 1",
        [catalog, table],
    ).fetchall()


def _only(connection: duckdb.DuckDBPyConnection) -> str:
    row = connection.sql("SELECT current_database()").fetchone()
    assert row is not None
    return str(row[0])


def _texts(names: list[str]) -> str:
    """As a list in SQL that is never empty."""
    return ", ".join(map(text, ["", *names]))


def _link_over(source: Path, target: Path) -> None:
    """Give `source` the name `target` too, in one step, whether or not that name is taken."""
    link = target.with_name(f".{target.stem}.link{target.suffix}")
    link.unlink(missing_ok=True)
    link.hardlink_to(source)
    link.replace(target)
    link.unlink(missing_ok=True)


def _remove_database(path: Path) -> None:
    for file in (path, path.with_name(f"{path.name}.wal")):
        file.unlink(missing_ok=True)


def _sync(path: Path) -> None:
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
