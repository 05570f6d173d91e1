"""Case rows with names and notes, through a whole run: where they lie, and that they go."""

import gzip
import io
import json
import os
import zipfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
import yaml

from orchestration.ingest import lake
from orchestration.place import Place
from tests.city.cities import wirkraum
from tests.unit.ingest.town import found

pytestmark = [pytest.mark.city, pytest.mark.slow]

PSEUDONYM = "PSX-7Q4711"
FREE_TEXT = "zog nach dem Brand zur Großmutter"
CAME = datetime(2021, 2, 1, 12, tzinfo=UTC)
GOOD = f"{PSEUDONYM};{FREE_TEXT};05.01.2020;0101;w\nB2;;06.01.2020;0102;m\nB3;;07.02.2020;0102;m\n"
BAD = (  # cells one column too far to the left or to the right, a note in quotes, a cell too many
    f"{FREE_TEXT};05.01.2020;0101;w;{PSEUDONYM}\n;{PSEUDONYM};{FREE_TEXT};05.01.2020;0101\n"
    f"B4;;06.01.2020;{PSEUDONYM};m\nB5;;'{FREE_TEXT}'s;0101;m\nB6;;06.01.2020;0101;'{PSEUDONYM}\n"
    f"B7;;06.01.2021;0101;m;{PSEUDONYM}\n"
)
HEADER = "Zeichen;Notiz;Datum;Viertel;Geschlecht\n"
CASES: dict[str, Any] = {
    "format": {"delimiter": ";"},
    "as_of": {"file_name": r"_(\d{4}-\d{2}-\d{2})\."},
    "area": {"column": "Viertel", "system": "raum", "version": "1", "level": "viertel"},
    "period": {"columns": "Datum", "format": "%d.%m.%Y", "grain": "month"},
    "groups": [{"dimension": "geschlecht", "column": "Geschlecht"}],
    "cases": {
        "counts": [{"measure": "faelle", "groups": ["geschlecht"]}],
        "covers": {"file_name": r"faelle_(\d{4})_"},
    },
    "ignore": ["Zeichen", "Notiz"],
}
GUARD: dict[str, Any] = {
    "protection": "sozialdaten",
    "purpose": "Jugendhilfeplanung nach Vierteln",
    "legal_basis": "§ 80 SGB VIII",
    "recipients": ["Planung"],
    "retention_days": 30,
    "refuse_above": 0.9,
}
INDICATOR = {
    "id": "faelle",
    "department": "amt",
    "name": "Fälle",
    "meaning": "Begonnene Fälle",
    "unit": "Fälle",
    "formula": {"kind": "count", "numerator": [{"measure": "faelle"}], "by": ["geschlecht"]},
}


def write(folder: Path, name: str, content: dict[str, Any]) -> None:
    """Write one more declaration."""
    path = folder / name
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


def drop(folder: Path, name: str, data: bytes) -> None:
    """Let a file arrive in the inbox."""
    path = folder / "deliveries" / "fall" / name
    path.write_bytes(data)
    os.utime(path, (CAME.timestamp(), CAME.timestamp()))


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Place:
    folder = tmp_path_factory.mktemp("city") / "town"
    folder.mkdir()
    found(folder, CASES, licence="dl-de/by-2.0", attribution="Amt", **GUARD)
    write(folder, "indicators/faelle.yml", INDICATOR)
    for audience in ("internal", "public"):
        profile = {"id": audience, "audience": audience, "title": "Fälle"}
        write(folder, f"releases/{audience}.yml", profile)
    drop(folder, "faelle_2020_2021-01-31.csv", (HEADER + GOOD + BAD).encode())
    packed = gzip.compress((HEADER + GOOD + f"{PSEUDONYM};;x;0101;w\n").encode(), mtime=0)
    drop(folder, "faelle_2019_2021-01-31.csv.gz", packed)
    drop(folder, "faelle_2018_2021-01-31.csv", (GOOD + BAD).encode())
    drop(folder, f".~lock.{1}.csv", PSEUDONYM.encode())
    done = wirkraum("run", folder)
    assert done.returncode == 0, done.stdout + done.stderr
    for secret in (PSEUDONYM, FREE_TEXT):
        assert secret not in done.stdout + done.stderr
    return Place(folder)


def contents(data: bytes) -> Iterator[bytes]:
    """The bytes themselves and everything packed into them."""
    yield data
    if data[:2] == b"\x1f\x8b":
        yield from contents(gzip.decompress(data))
    elif data[:4] == b"PK\x03\x04":
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            for name in archive.namelist():
                yield name.encode()
                yield from contents(archive.read(name))
    elif data[:4] == b"PAR1":
        yield json.dumps(pl.read_parquet(data).to_dicts(), default=str, ensure_ascii=False).encode()


def tables(path: Path) -> Iterator[bytes]:
    """All rows of all tables of a DuckDB file, as text."""
    with duckdb.connect(str(path), read_only=True) as connection:
        names = connection.sql(
            "select schema_name, table_name, column_names from (select schema_name, table_name, "
            "1 as column_names from duckdb_tables()) order by all"
        ).fetchall()
        for schema, table, _ in names:
            rows = connection.table(f'"{schema}"."{table}"').pl().to_dicts()
            yield json.dumps(rows, default=str, ensure_ascii=False).encode()


def holding(folder: Path, *secrets: str) -> set[str]:
    """Files below a folder that hold one of the texts, in their names, bytes or archives."""
    found_in = set()
    for path in sorted(folder.rglob("*")):
        if not path.is_file():
            continue
        parts = [path.name.encode(), *contents(path.read_bytes())]
        if path.suffix == ".duckdb":
            parts += tables(path)
        for secret in secrets:
            wanted = [secret.encode(coding) for coding in ("utf-8", "cp1252", "utf-16-le")]
            if any(text in part for part in parts for text in wanted):
                found_in.add(path.relative_to(folder).as_posix())
    return found_in


def test_the_search_finds_what_is_packed(tmp_path: Path) -> None:
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as packed:
        packed.writestr("inner.gz", gzip.compress(b"a" * 99 + PSEUDONYM.encode()))
    (tmp_path / "a.xlsx").write_bytes(archive.getvalue())
    frame = pl.DataFrame({"x": ["y" * 50, PSEUDONYM * 20]})
    frame.write_parquet(tmp_path / "b.parquet", compression="zstd")
    with duckdb.connect(str(tmp_path / "c.duckdb")) as connection:
        connection.sql("create schema s; create table s.t as from frame")
    assert holding(tmp_path, PSEUDONYM) == {"a.xlsx", "b.parquet", "c.duckdb"}


def test_names_and_notes_lie_only_in_the_inbox_and_with_the_originals(city: Place) -> None:
    places = holding(city.folder, PSEUDONYM, FREE_TEXT)
    assert {place.rsplit("/", 1)[0] for place in places if place.startswith("deliveries")}
    elsewhere = {
        place for place in places if not place.startswith(("deliveries/", "store/originals/"))
    }
    assert elsewhere == set()
    assert any(place.startswith("store/originals/quarantine/") for place in places)


def test_reasons_say_what_is_wrong_without_saying_whose_row_it_is(city: Place) -> None:
    entries = {one.file_name: one for one in lake.ledger(city)}
    reasons = entries["faelle_2020_2021-01-31.csv"].reasons
    text = " | ".join(reason for reason, _, _ in reasons)
    assert "'…'" in text
    assert "cells, but the header has 5 columns" in text
    assert sum(count for _, count, _ in reasons) == 6
    whole = entries["faelle_2018_2021-01-31.csv"]
    assert whole.state == "rejected"
    assert "'Viertel'" in " ".join([*whole.notes, *(reason for reason, _, _ in whole.reasons)])


def test_after_their_time_they_are_found_nowhere_and_the_counts_stay(city: Place) -> None:
    before = {one.delivery_id: one.rows_in for one in lake.ledger(city)}
    dry = wirkraum("retain", city.folder, "--on", "2021-03-03", "--dry-run")
    assert dry.returncode == 0, dry.stderr
    assert dry.stdout.count("due: ") == 4
    assert holding(city.folder, PSEUDONYM)
    done = wirkraum("retain", city.folder, "--on", "2021-03-03")
    assert done.returncode == 0, done.stderr
    assert "deleted as of 2021-03-03" in done.stdout
    assert holding(city.folder, PSEUDONYM, FREE_TEXT) == set()
    assert {one.delivery_id: one.rows_in for one in lake.ledger(city)} == before
    published = _counts(city)
    path = city.folder / "sources" / "fall.yml"
    changed = yaml.safe_load(path.read_text(encoding="utf-8"))
    write(city.folder, "sources/fall.yml", changed | {"refuse_above": 0.8})
    again = wirkraum("run", city.folder)
    assert again.returncode == 0, again.stdout + again.stderr
    assert _counts(city) == published
    assert sum(count for _, count in published) > 0
    assert holding(city.folder, PSEUDONYM, FREE_TEXT) == set()


def _counts(city: Place) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(city.warehouse), read_only=True) as connection:
        return connection.sql(
            "select area_id, sum(value) from core.measure_value where group_id = 'all' "
            "and grain = 'month' group by all order by all"
        ).fetchall()
