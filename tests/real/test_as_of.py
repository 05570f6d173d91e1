"""Bicycle thefts of Berlin as they were known on a day: the real command, twice, into warehouses.

The city takes Berlin's own contracts for the police's daily file, its newest areas, and as one
indicator each what the two contracts count.
"""

import gzip
import os
import shutil
import subprocess
import sys
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import pytest
import yaml

from orchestration.declarations import read_declarations
from orchestration.ingest import lake
from orchestration.ingest.deliver import take_in
from orchestration.place import Place

REPO = Path(__file__).parents[2]
BERLIN = REPO / "examples" / "berlin"
DATA = Path(os.environ.get("WIRKRAUM_DATA", REPO.parent / "shared" / "data" / "berlin"))
THEFTS = "04_polizei_fahrraddiebstahl_snapshots"
JUNE, JANUARY = date(2023, 6, 8), date(2024, 1, 14)
# the two days asked for, one before both and, for each, one that lies after it
FILES = ("2023-02-19", "2023-06-08", "2023-06-09", "2024-01-14", "2024-04-24")
COUNTED = {
    "taten": ("fahrraddiebstahl", "gemeldete_fahrraddiebstaehle"),
    "anzeigen": ("fahrraddiebstahl_anzeigen", "anzeigen_fahrraddiebstahl"),
}
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not DATA.is_dir(), reason=f"needs the open data of Berlin in {DATA} (or WIRKRAUM_DATA)"
    ),
]


def _wirkraum(city: Path, *arguments: str) -> str:
    done = subprocess.run(
        [Path(sys.executable).with_name("wirkraum"), *arguments],
        env={**os.environ, "WIRKRAUM_DATA": str(city.parent / "data"), "COLUMNS": "400"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _declare(city: Path) -> None:
    for name in ("areas", "codes", "indicators", "sources"):
        (city / name).mkdir(parents=True)
    for name in ("municipality.yml", "codes/fahrradart.csv"):
        shutil.copy(BERLIN / name, city / name)
    lor = yaml.safe_load((BERLIN / "areas" / "lor.yml").read_text(encoding="utf-8"))
    lor["versions"] = [one for one in lor["versions"] if one["version"] == "2021"]
    del lor["crosswalks"]
    (city / "areas" / "lor.yml").write_text(yaml.safe_dump(lor), encoding="utf-8")
    for indicator, (source, measure) in COUNTED.items():
        shutil.copy(BERLIN / "sources" / f"{source}.yml", city / "sources")
        words = {
            "id": indicator,
            "department": "polizei",
            "name": indicator,
            "meaning": indicator,
            "unit": "Fälle",
            "formula": {"kind": "count", "numerator": [{"measure": measure}]},
        }
        (city / "indicators" / f"{indicator}.yml").write_text(yaml.safe_dump(words), "utf-8")


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The city after two runs, each as of another day."""
    city = tmp_path_factory.mktemp("thefts") / "city"
    _declare(city)
    data = city.parent / "data"
    (data / THEFTS).mkdir(parents=True)
    (data / "11_geometrie").symlink_to(DATA / "11_geometrie")
    for day in FILES:
        (file,) = (DATA / THEFTS).glob(f"stand_{day}_*")
        (data / THEFTS / file.name).symlink_to(file)
    for asked in (JUNE, JANUARY):
        said = _wirkraum(city, "run", str(city), "--as-of", f"{asked}")
        assert f"Rebuilt as known on {asked}" in said
    return city


def _rows(city: Path, day: date, sql: str) -> list[tuple[object, ...]]:
    published = city / "var" / "published" / "as_of" / f"{day}" / "warehouse.duckdb"
    with duckdb.connect(str(published), read_only=True) as connection:
        return connection.sql(sql).fetchall()


@pytest.mark.parametrize(
    ("indicator", "month", "day", "expected", "known"),
    [
        ("taten", "2023-05-01", JUNE, 2_115, JUNE),
        ("taten", "2023-05-01", JANUARY, 2_221, JANUARY),
        ("anzeigen", "2023-01-01", JUNE, 1_437, JUNE),
        # the month has left the window: what was last known of it stays
        ("anzeigen", "2023-01-01", JANUARY, 1_437, date(2023, 6, 9)),
    ],
)
@pytest.mark.parametrize("level", ["stadt", "plr"])
def test_what_was_known_then(
    city: Path, indicator: str, month: str, day: date, expected: int, known: date, level: str
) -> None:
    rows = _rows(
        city,
        day,
        "select sum(value), min(status), max(status), max(indicator_value.as_of) "
        "from marts.indicator_value "
        "join marts.area using (area_system, area_version, area_id) "
        f"where indicator_id = '{indicator}' and level = '{level}' and group_id = 'all' "
        f"and grain = 'month' and period_start = '{month}'",
    )
    assert rows == [(float(expected), "observed", "observed", known)]


def test_late_reports_are_revisions(city: Path) -> None:
    rows = _rows(
        city,
        JANUARY,
        "select as_of, value from marts.indicator_revision where indicator_id = 'taten' "
        "and area_id = '0' and grain = 'month' and period_start = '2023-05-01' order by as_of",
    )
    assert rows == [(JUNE, 2_115.0), (date(2023, 6, 9), 2_126.0), (JANUARY, 2_221.0)]


def test_a_month_that_leaves_the_window_is_no_revision(city: Path) -> None:
    """The file of 2024 itself holds 1,284 of the reports of January 2023."""
    (file,) = (DATA / THEFTS).glob(f"stand_{JANUARY}_*")
    text = gzip.decompress(file.read_bytes()).decode("cp1252")
    reported = pl.read_csv(text.encode(), columns=["ANGELEGT_AM"])["ANGELEGT_AM"]
    assert reported.str.ends_with(".01.2023").sum() == 1_284
    rows = _rows(
        city,
        JANUARY,
        "select * from marts.indicator_revision where indicator_id = 'anzeigen' "
        "and period_start = '2023-01-01' and as_of >= '2024-01-01'",
    )
    assert rows == []
    listed = _wirkraum(city, "deliveries", str(city), "--source", "fahrraddiebstahl_anzeigen")
    left = "12 months from 2022-03-01 to 2023-02-01 left the window of the file"
    assert f"{left}: known as before, not revised" in listed


def _taken_in_turn(
    folder: Path, files: list[Path], monkeypatch: pytest.MonkeyPatch
) -> dict[str, str]:
    """Checksums of everything in the lake after the lists arrived one by one."""
    city, data = folder / "city", folder / "data"
    _declare(city)
    (data / THEFTS).mkdir(parents=True)
    (data / "11_geometrie").symlink_to(DATA / "11_geometrie")
    monkeypatch.setenv("WIRKRAUM_DATA", str(data))
    declarations = read_declarations(city)
    place = Place(city)
    for file in files:
        (data / THEFTS / file.name).symlink_to(file)
        take_in(declarations, declarations.sources["fahrraddiebstahl"], place)
    assert len(lake.ledger(place)) == len(files)
    return {
        path.relative_to(place.lake).as_posix(): lake.checksum(path)
        for path in sorted(place.lake.rglob("*"))
        if path.is_file()
    }


def test_the_twelve_lists_make_the_same_lake_in_any_order(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    files = sorted((DATA / THEFTS).glob("stand_*"))
    assert len(files) == 12
    shuffled = [files[number * 5 % 12] for number in range(12)]
    orders = {"sorted": files, "backwards": files[::-1], "shuffled": shuffled}
    lakes = [_taken_in_turn(tmp_path / name, order, monkeypatch) for name, order in orders.items()]
    assert lakes[0] == lakes[1] == lakes[2]
