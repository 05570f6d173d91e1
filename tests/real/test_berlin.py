"""Berlin on real open data: the figures the warehouse has to show."""

import csv
import io
import json
import os
import shutil
import subprocess
import sys
import tarfile
from itertools import pairwise
from pathlib import Path

import duckdb
import numpy as np
import polars as pl
import pytest
from scipy.spatial import cKDTree

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


def _near_by_points(areas: Path, centres: Path, metres: float) -> dict[str, float]:
    """The share of each planning area within reach of a centre, on a grid of points 25 m apart.

    Shares no line with the warehouse: raw files, the even-odd rule on a plane at Berlin's latitude,
    and nearest neighbours.
    """
    degree = 111_319.49 * np.array([np.cos(np.radians(52.5)), 1.0])
    with tarfile.open(centres) as archive:
        (name,) = [one for one in archive.getnames() if "2025-12" in one]
        member = archive.extractfile(name)
        assert member is not None
        rows = list(csv.DictReader(io.TextIOWrapper(member, encoding="utf-8")))
    places = [(float(row["lon"]), float(row["lat"])) for row in rows if int(row["places"]) > 0]
    nearest = cKDTree(np.array(places) * degree)
    shares = {}
    for feature in json.loads(areas.read_text(encoding="utf-8"))["features"]:
        shape = feature["geometry"]
        parts = shape["coordinates"] if shape["type"] == "MultiPolygon" else [shape["coordinates"]]
        rings = [np.array(ring)[:, :2] * degree for part in parts for ring in part]
        low, high = (np.concatenate(rings).min(axis=0), np.concatenate(rings).max(axis=0))
        x, y = (axis.ravel() for axis in np.meshgrid(*map(np.arange, low, high, [25.0, 25.0])))
        inside = np.zeros(len(x), dtype=bool)
        for ring in rings:
            for (x1, y1), (x2, y2) in pairwise(ring):
                if y1 != y2:
                    inside ^= ((y1 > y) != (y2 > y)) & (x < (x2 - x1) * (y - y1) / (y2 - y1) + x1)
        distance, _ = nearest.query(np.column_stack([x[inside], y[inside]]))
        shares[feature["properties"]["plr_id"]] = float((distance <= metres).mean())
    return shares


def test_day_care_within_500_m_as_points_on_a_grid_say(warehouse: Path) -> None:
    shares = _near_by_points(
        DATA / "11_geometrie" / "ab_2021" / "planungsraeume_vereinfacht_wgs84.geojson",
        DATA / "08_bildung_kita" / "kita_liste_monatlich_2023-10_bis_2026-07.tar.xz",
        500,
    )
    rows = _rows(
        warehouse,
        "select area_id, value / 100, denominator, low, high, reason from marts.indicator_value "
        "join marts.area using (area_system, area_version, area_id) where level = 'plr' "
        "and indicator_id = 'kita_in_500_m' and year(period_start) = 2025 and value is not null",
    )
    assert len(rows) == 538
    found = pl.DataFrame(
        rows, schema=["area_id", "share", "children", "low", "high", "reason"], orient="row"
    ).with_columns(points=pl.col("area_id").replace_strict(shares))
    share, points, children = (found[one].to_numpy() for one in ("share", "points", "children"))
    assert np.abs(share - points).max() < 0.01
    assert np.abs(share - points).mean() < 0.001
    near = float((points * children).sum() / children.sum())
    ((city,),) = _rows(
        warehouse,
        "select value / 100 from marts.indicator_value where area_id = '0' "
        "and indicator_id = 'kita_in_500_m' and year(period_start) = 2025",
    )
    assert city == pytest.approx(near, abs=0.001)
    (reason,) = set(found["reason"])
    assert reason.startswith(
        "angenommen, dass alle gleichmäßig über ihr Gebiet wohnen; Luftlinie; "
    )
    assert reason.endswith("; 2881 Angebote, Liste vom 01.12.2025")


def test_day_care_places_within_500_m_by_planning_area(warehouse: Path) -> None:
    """As many as 400 on average; the sum over areas rests on children, not on averages."""
    rows = _rows(
        warehouse,
        "select sum(value * denominator) / sum(denominator), count(*) from marts.indicator_value "
        "join marts.area using (area_system, area_version, area_id) where level = 'plr' "
        "and indicator_id = 'kita_plaetze_in_500_m' and year(period_start) = 2025 "
        "and value is not null",
    )
    ((city,),) = _rows(
        warehouse,
        "select value from marts.indicator_value where area_id = '0' "
        "and indicator_id = 'kita_plaetze_in_500_m' and year(period_start) = 2025",
    )
    assert rows == [(pytest.approx(city), 538)]
    assert city == pytest.approx(405, abs=1)


STATUS = {"1": "1", "2": "2", "3": "3", "4": "4"}
DYNAMICS = {"+": "positiv", "+/-": "stabil", "-": "negativ"}


def _published(edition: int, column: str, classes: dict[str, str]) -> dict[str, str | None]:
    """The class that table 1 of an edition gives each area; None where it gives none."""
    name = f"berlin-monitoring-social-urban-development-{edition}-00-1-planning-areas.csv"
    with (DATA / "06_soziales_mss" / name).open(encoding="utf-8", newline="") as handle:
        return {row["id"]: classes.get(row[column]) for row in csv.DictReader(handle)}


def _computed(warehouse: Path, indicator: str, edition: int) -> dict[str, tuple[str | None, str]]:
    """Class and reason of each planning area for the end of the year before the edition."""
    rows = _rows(
        warehouse,
        "select area_id, class_id, reason from marts.indicator_class "
        f"where indicator_id = '{indicator}' and period_start = date '{edition - 1}-12-31'",
    )
    return {area: (name, reason) for area, name, reason in rows}  # type: ignore[misc]


@pytest.mark.parametrize(
    ("indicator", "column", "classes"),
    [("status_index", "status_index", STATUS), ("dynamik_index", "dynamic_index", DYNAMICS)],
)
@pytest.mark.parametrize(
    ("edition", "classed"), [(2013, 434), (2015, 435), (2017, 436), (2019, 436)]
)
def test_the_published_classes_come_out(
    warehouse: Path,
    indicator: str,
    column: str,
    classes: dict[str, str],
    edition: int,
    classed: int,
) -> None:
    """Every area the monitoring has classed is in the same class; there are none to explain."""
    published = _published(edition, column, classes)
    computed = _computed(warehouse, indicator, edition)
    assert set(computed) == set(published)
    assert sum(name is not None for name in published.values()) == classed
    differing = {
        area: (name, *computed[area])
        for area, name in published.items()
        if computed[area][0] != name
    }
    assert differing == {}
    assert all(reason for name, reason in computed.values() if name is None)


@pytest.mark.parametrize("edition", [2013, 2015, 2017, 2019])
def test_scores_are_those_of_the_monitoring(warehouse: Path, edition: int) -> None:
    """Table 3 gives the z scores and the status index with five decimals."""
    name = f"berlin-monitoring-social-urban-development-{edition}-00-3-districts.csv"
    with (DATA / "06_soziales_mss" / name).open(encoding="utf-8", newline="") as handle:
        rows = {
            row["id"]: row
            for row in csv.DictReader(handle)
            if row["z_d3_percentage_transfer_payments_recipients"]
        }
    day = f"period_start = date '{edition - 1}-12-31'"
    scores = _rows(
        warehouse,
        "select area_id, z from marts.indicator_class_part where indicator_id = 'status_index' "
        f"and part_id = 'kinderarmut' and z is not null and {day}",
    )
    column = "z_s4_percentage_transfer_payments_recipients_below_15_years"
    assert len([area for area, _ in scores if area in rows]) >= 434
    for area, z in scores:
        if area in rows:
            assert z == pytest.approx(float(rows[str(area)][column]), abs=1e-5)
    indices = _rows(
        warehouse,
        "select area_id, value from marts.indicator_value where indicator_id = 'status_index' "
        f"and value is not null and {day}",
    )
    for area, value in indices:
        if area in rows:
            shown = float(rows[str(area)]["z_d2_percentage_long_term_unemployed"])
            assert value == pytest.approx(shown, abs=1e-5)


@pytest.mark.parametrize("indicator", ["status_index", "dynamik_index"])
def test_the_cut_edition_has_no_classes(warehouse: Path, indicator: str) -> None:
    """The table of 2021 lacks 95 of the 536 classed areas: nobody is classed by the rest."""
    published = _published(2021, "status_index", STATUS)
    rows = _rows(
        warehouse,
        "select status, count(*), count(value), min(reason), min(reason_en) "
        "from marts.indicator_value "
        f"where indicator_id = '{indicator}' and period_start = date '2020-12-31' "
        "group by status order by status",
    )
    areas = "10200524, 10200525, 10200526, 10200627, 10200628 …"
    assert [row[:3] for row in rows] == [
        ("missing", 95, 0),
        ("not_collected", 6, 0),
        ("not_comparable", 441, 0),
    ]
    assert rows[2][3:] == (
        f"nicht gerechnet: in 95 von 536 Gebieten fehlen Bestandteile: {areas}",
        f"not computed: components are missing in 95 of 536 areas: {areas}",
    )
    assert {name for name, _ in _computed(warehouse, indicator, 2021).values()} == {None}
    assert sum(name is not None for name in published.values()) == 95 + 441
