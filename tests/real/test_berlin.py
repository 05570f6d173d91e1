"""Berlin on real open data: the figures the warehouse has to show."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

REPO = Path(__file__).parents[2]
DATA = Path(os.environ.get("WIRKRAUM_DATA", REPO.parent / "shared" / "data" / "berlin"))
THEFTS = "04_polizei_fahrraddiebstahl_snapshots"
NEEDED = (
    "einwohnerregister",
    "fahrraddiebstahl",
    "gesundheitsatlas",
    "kriminalitaetsatlas",
    "sozialmonitoring",
    "verkehrsunfaelle",
)
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not DATA.is_dir(), reason=f"needs the open data of Berlin in {DATA} (or WIRKRAUM_DATA)"
    ),
]


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The published warehouse of Berlin after one run over what its indicators need.

    Every other source, and the eleven older lists of bicycle thefts, are taken in by the tests of
    rows and traps.
    """
    folder = tmp_path_factory.mktemp("berlin") / "berlin"
    ignore = shutil.ignore_patterns("store", "var")
    shutil.copytree(REPO / "examples" / "berlin", folder, ignore=ignore)
    for path in (folder / "sources").glob("*.yml"):
        if path.stem not in NEEDED:
            path.unlink()
    data = folder.parent / "data"
    data.mkdir()
    for path in DATA.iterdir():
        if path.name != THEFTS:
            (data / path.name).symlink_to(path)
    (data / THEFTS).mkdir()
    newest = max((DATA / THEFTS).glob("stand_*"), key=lambda path: path.name)
    (data / THEFTS / newest.name).symlink_to(newest)
    done = subprocess.run(
        [Path(sys.executable).with_name("wirkraum"), "run", folder],
        env={**os.environ, "WIRKRAUM_DATA": str(data)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "sozial" in done.stdout
    assert "95 of 542 areas without any row" in done.stdout
    assert "mss_einwohner 2020: The figures differ by -687696" in done.stdout
    return folder / "var" / "published" / "warehouse.duckdb"


def _rows(warehouse: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.sql(sql).fetchall()


@pytest.mark.parametrize(
    ("indicator", "year", "expected"),
    [
        ("einwohner", 2012, 3_469_621),
        ("einwohner", 2014, 3_562_166),
        ("einwohner", 2016, 3_670_622),
        ("einwohner", 2018, 3_748_148),
        ("unfaelle_mit_personenschaden", 2018, 13_652),
        ("unfaelle_mit_personenschaden", 2019, 13_390),
        ("unfaelle_mit_personenschaden", 2020, 11_810),
    ],
)
@pytest.mark.parametrize("version", ["2006", "2021"])
def test_city_figures(
    warehouse: Path, indicator: str, year: int, expected: int, version: str
) -> None:
    rows = _rows(
        warehouse,
        "select value, status from marts.indicator_value join marts.area "
        "using (area_system, area_version, area_id) where level = 'stadt' and grain = 'year' "
        f"and group_id = 'all' and indicator_id = '{indicator}' and area_version = '{version}' "
        f"and year(period_start) = {year}",
    )
    assert rows == [(float(expected), "observed")]


@pytest.mark.parametrize(("year", "expected"), [(2024, 3_897_145), (2025, 3_913_644)])
def test_missing_areas_are_named(warehouse: Path, year: int, expected: int) -> None:
    rows = _rows(
        warehouse,
        "select value, status, reason from marts.indicator_value join marts.area "
        "using (area_system, area_version, area_id) where level = 'stadt' and grain = 'year' "
        f"and group_id = 'all' and indicator_id = 'einwohner' and year(period_start) = {year}",
    )
    reason = "Summe ohne 2 von 542 Gebieten: 03400831, 06200418"
    assert rows == [(float(expected), "estimated", reason)]


def test_the_crosswalk_loses_nothing(warehouse: Path) -> None:
    for year, expected in ((2018, 13_649), (2019, 13_390), (2020, 11_809)):
        for version in ("2006", "2021"):
            ((total,),) = _rows(
                warehouse,
                "select sum(value) from marts.indicator_value join marts.area "
                "using (area_system, area_version, area_id) where level = 'plr' "
                "and grain = 'year' and group_id = 'all' "
                "and indicator_id = 'unfaelle_mit_personenschaden' "
                f"and area_version = '{version}' and year(period_start) = {year}",
            )
            assert total == pytest.approx(expected, abs=1e-6)


def test_weights_that_miss_one_are_normalised_and_reported(warehouse: Path) -> None:
    rows = _rows(
        warehouse,
        "select count(distinct from_area_id) from marts.area_crosswalk "
        "where basis = 'area' and abs(raw_sum - 1) > 1e-6",
    )
    assert rows == [(64,)]
    sums = "select sum(weight) as total from marts.area_crosswalk group by basis, from_area_id"
    off = _rows(warehouse, f"select count(*) from ({sums}) where abs(total - 1) > 1e-12")
    assert off == [(0,)]


def test_the_cut_table_is_noticed(warehouse: Path) -> None:
    rows = _rows(
        warehouse,
        "select value, control_value, verdict from marts.control_total "
        "where measure_id = 'mss_einwohner' and year(period_start) = 2020",
    )
    assert rows == [(3_082_266.0, 3_769_962.0, "differs")]


def test_enough_indicators_of_enough_departments(warehouse: Path) -> None:
    ((indicators, departments),) = _rows(
        warehouse,
        "select count(distinct indicator_id), count(distinct department_id) "
        "from marts.indicator_value join marts.indicator using (indicator_id) "
        "join marts.area using (area_system, area_version, area_id) "
        "where level in ('plr', 'bzr') and value is not null",
    )
    assert isinstance(indicators, int)
    assert isinstance(departments, int)
    assert indicators >= 12
    assert departments >= 4
    levels = _rows(warehouse, "select distinct level from marts.area")
    assert {"plr", "bzr", "bezirk", "stadt"} <= {level for (level,) in levels}


def test_every_row_is_accepted_or_set_aside(warehouse: Path) -> None:
    rows = _rows(
        warehouse,
        "select file_name from marts.delivery where rows_in <> rows_accepted + rows_quarantined",
    )
    assert rows == []


@pytest.mark.parametrize(
    "path", sorted((REPO / "analysis").glob("*.sql")), ids=lambda one: one.stem
)
def test_the_questions_of_analysts_run_here_too(warehouse: Path, path: Path) -> None:
    """Berlin declares no goals, services, programmes or ratios; to the rest it has answers."""
    rows = _rows(warehouse, path.read_text(encoding="utf-8"))
    if path.stem[:2] in ("01", "02", "05", "10"):
        assert rows


def test_outlines_of_berlin_stand_beside_its_warehouse(warehouse: Path) -> None:
    areas = warehouse.with_name("areas.parquet")
    rows = _rows(
        warehouse,
        f"select area_version, level, count(geometry), count(*) from '{areas}' "
        "group by all having count(geometry) > 0 order by all",
    )
    assert rows == [
        ("2006", "bezirk", 12, 12),
        ("2006", "bzr", 138, 138),
        ("2021", "bezirk", 12, 12),
        ("2021", "bzr", 143, 143),
        ("2021", "plr", 542, 542),
    ]
