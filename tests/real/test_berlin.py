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

from tests.real import by_hand, indicators

REPO = Path(__file__).parents[2]
DATA = Path(os.environ.get("WIRKRAUM_DATA", REPO.parent / "shared" / "data" / "berlin"))
THEFTS = "04_polizei_fahrraddiebstahl_snapshots"
HALF_YEARS = "02_einwohner_halbjahr"
REGISTER = "01_einwohnerregister_jahr"
NEEDED = (
    "bodenrichtwerte",
    "covid_bezirke",
    "einwohner_halbjahr",
    "einwohnerregister",
    "fahrraddiebstahl",
    "gesundheitsatlas",
    "haushalt_plan",
    "kita_einrichtungen",
    "kriminalitaetsatlas",
    "sozialmonitoring",
    "sozialmonitoring_kontext",
    "verkehrsunfaelle",
    "wohnungsbestand",
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

    Every other source, the eleven older lists of bicycle thefts, the register before 2010 and the
    half-yearly tables of June and of origins are taken in by the tests of rows and traps.
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
        if path.name not in (THEFTS, HALF_YEARS, REGISTER):
            (data / path.name).symlink_to(path)
    for name, pattern in ((HALF_YEARS, "*-02-t[12]-*"), (REGISTER, "EWR*20[12]?12E*")):
        (data / name).mkdir()
        for path in (DATA / name).glob(pattern):
            (data / name / path.name).symlink_to(path)
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


def test_forty_indicators_of_seven_departments_as_fine_as_the_readme_says(warehouse: Path) -> None:
    found = indicators.finest(warehouse)
    assert len(found) >= 40
    assert len({department for department, *_ in found}) >= 7
    assert indicators.in_readme() == indicators.as_text(found), (
        f"now: python -m tests.real.indicators {warehouse}"
    )
    declared = {path.stem for path in (REPO / "examples" / "berlin" / "indicators").glob("*.yml")}
    assert {indicator for _, indicator, *_ in found} == declared


YOUNG = ("E_EU1", "E_E1U6")
MINORS = (*YOUNG, "E_E6U15", "E_E15U18")
WORKING_AGE = ("E_E18U25", "E_E25U55", "E_E55U65")


def _shown(warehouse: Path, indicator: str, area: str, day: str, group: str = "all") -> object:
    """The observed value of an area on a day, in the newest area version that has it."""
    rows = _rows(
        warehouse,
        "select value from marts.indicator_value where status = 'observed' "
        f"and indicator_id = '{indicator}' and area_id = '{area}' and group_id = '{group}' "
        f"and period_start = date '{day}' order by grain = 'year' desc, area_version desc",
    )
    assert rows, (indicator, area, day)
    return rows[0][0]


def _expected() -> dict[tuple[str, str, str], float]:
    """Values of each department, worked out from the raw files without the warehouse."""
    people = by_hand.residents
    old = sum(people(DATA, 2020, "0101", name) for name in ("E_E65U80", "E_E80U110"))
    severe = by_hand.accidents(DATA, 2019, "02050602", lambda row: row["UKATEGORIE"] in "12")
    every = by_hand.accidents(DATA, 2019, "02050602", lambda _: True)
    before = by_hand.accidents(DATA, 2018, "02050602", lambda _: True)
    centres, places = by_hand.places(DATA, "2026-01", "01100103")
    small = people(DATA, 2025, "01100103", *YOUNG)
    spent = by_hand.budget(DATA, "lichtenberg_*2016_2017", "Ist 2014", "4021", "67109")
    planned = by_hand.budget(DATA, "lichtenberg_*2014_2015", "Ansatz 2014 T€", "4021", "67109")
    other = by_hand.budget(DATA, "tempelhof", "Ist 2014 in Euro", "4042", "67104")
    dwellings = by_hand.dwellings(DATA, 2018, "01011101", "inhabitants")
    square_metres = 100 * by_hand.dwellings(DATA, 2018, "01011101", "apartments_rooms")
    lived = by_hand.half_year(DATA, 2018, 1, "01011101", "inhabitants")
    region = by_hand.half_year(DATA, 2021, 1, "011001", "inhabitants")
    ill = by_hand.covid(DATA, "01", 2021, "Cases_New")
    mitte = by_hand.half_year(DATA, 2021, 1, "01", "inhabitants")
    return {
        ("jugendquotient", "01011101", "2020-12-31"): (
            100
            * people(DATA, 2020, "01011101", *MINORS)
            / people(DATA, 2020, "01011101", *WORKING_AGE)
        ),
        ("altenquotient", "0101", "2020-12-31"): (
            100 * old / people(DATA, 2020, "0101", *WORKING_AGE)
        ),
        ("wohnflaeche_je_einwohner", "01011101", "2018-12-31"): square_metres / lived,
        ("wohnungsgroesse", "01011101", "2018-12-31"): square_metres / dwellings,
        ("straftaten_je_100000", "011001", "2021-01-01"): (
            1e5 * by_hand.offences(DATA, 2021, "011001") / region
        ),
        ("straftaten_veraenderung", "011001", "2021-01-01"): (
            100 * by_hand.offences(DATA, 2021, "011001") / by_hand.offences(DATA, 2020, "011001")
            - 100
        ),
        ("anteil_unfaelle_schwer", "02050602", "2019-01-01"): 100 * severe / every,
        ("unfaelle_veraenderung", "02050602", "2019-01-01"): every - before,
        ("unfaelle_seit_jahresbeginn", "02050602", "2019-12-01"): every,
        ("jugendarbeitslosigkeit", "01011104", "2018-12-31"): by_hand.monitoring(
            DATA, 2019, "4-1", "01011104", "k01_youth_unemployment"
        ),
        ("einfache_wohnlage", "01011104", "2018-12-31"): by_hand.monitoring(
            DATA, 2019, "4-1", "01011104", "k13_balance_of_migration_of_children_below_6"
        ),
        ("covid_faelle_je_100000", "01", "2021-01-01"): 1e5 * ill / mitte,
        ("kita_plaetze_je_100_kinder", "01100103", "2026-01-01"): 100 * places / small,
        ("kita_groesse", "01100103", "2026-01-01"): places / centres,
        ("kita_ausgaben_je_kind", "11", "2014-01-01"): spent / people(DATA, 2014, "11", *YOUNG),
        ("kita_ausgaben_zum_ansatz", "11", "2014-01-01"): 100 * spent / planned,
        ("heimerziehung_ausgaben_je_kind", "07", "2014-01-01"): (
            other / people(DATA, 2014, "07", *MINORS)
        ),
    }


def test_values_of_every_department_are_those_of_the_files(warehouse: Path) -> None:
    expected = _expected()
    shown = {(name, area, day): _shown(warehouse, name, area, day) for name, area, day in expected}
    assert shown == {key: pytest.approx(value, rel=1e-9) for key, value in expected.items()}
    departments = {
        department: indicator for department, indicator, *_ in indicators.finest(warehouse)
    }
    zones = {f"20{year}": by_hand.land_value(DATA, 2000 + year, "1981") for year in (19, 20)}
    assert {district for district, _ in zones.values()} == {"Reinickendorf"}
    group = "bodenrichtwertzone=1981"
    now, then = zones["2020"][1], zones["2019"][1]
    assert _shown(warehouse, "bodenrichtwert", "12", "2020-01-01", group) == now
    change = _shown(warehouse, "bodenrichtwert_veraenderung", "12", "2020-01-01", group)
    assert change == pytest.approx(100 * now / then - 100)
    covered = {name for name, _, _ in expected} | {"bodenrichtwert"}
    of: dict[object, object] = dict(
        _rows(warehouse, "select indicator_id, department_id from marts.indicator")  # type: ignore[arg-type]
    )
    assert {of[name] for name in covered} == set(departments)


def test_the_median_age_is_near_that_of_single_years(warehouse: Path) -> None:
    """It is estimated from eight age groups; the caveat says by how much it can be off."""
    estimated = _shown(warehouse, "medianalter", "0", "2020-12-31")
    assert estimated == pytest.approx(by_hand.median_age(DATA, 2020), abs=2)


def test_no_change_across_the_breaks_of_2017_and_2018(warehouse: Path) -> None:
    rows = _rows(
        warehouse,
        "select year(period_start), status, value is null, reason like 'dazwischen änderte sich%' "
        "from marts.indicator_value where indicator_id = 'migrationshintergrund_veraenderung' "
        "and area_id = '0' and area_version = '2021' and grain = 'year' "
        "and year(period_start) between 2016 and 2019 order by 1",
    )
    assert rows == [
        (2016, "observed", False, None),
        (2017, "not_comparable", True, True),
        (2018, "not_comparable", True, True),
        (2019, "observed", False, None),
    ]


def test_two_districts_make_no_ratio_for_the_city(warehouse: Path) -> None:
    rows = _rows(
        warehouse,
        "select value, status, reason from marts.indicator_value where area_id = '0' "
        "and indicator_id = 'kita_ausgaben_je_kind' and year(period_start) = 2014",
    )
    reason = (
        "Zähler und Bezugsgröße gelten für verschiedene Gebiete: "
        "Summe ohne 10 von 12 Gebieten: 01, 02, 03, 04, 05 …"
    )
    assert rows == [(None, "not_comparable", reason)]


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


def test_what_is_long_enough_is_looked_ahead_at_and_the_rest_says_why(warehouse: Path) -> None:
    rows = _rows(
        warehouse,
        "with ahead as (select indicator_id, grain, area_version, area_id, "
        "bool_or(quantile is not null) as told, min(reason_en) as why from marts.forecast "
        "where model <> 'nowcast' and scenario_id = 'trend' group by all) "
        "select indicator_id, grain, told, why, count(value) filter "
        "(status in ('observed', 'provisional', 'estimated')), area_version, area_id "
        "from ahead join marts.indicator_value using (indicator_id, grain, area_version, area_id) "
        "where group_id = 'all' group by all order by all",
    )
    shares: dict[object, list[bool]] = {}
    for indicator, grain, told, reason, points, *_ in rows:
        needed = {"month": 24, "quarter": 10, "half_year": 10, "year": 8}[str(grain)]
        replaced = not told and str(reason).startswith("These boundaries have been replaced")
        assert replaced or told == (int(str(points)) >= needed), (indicator, points, reason)
        assert told or reason
        if not replaced:
            shares.setdefault(indicator, []).append(bool(told))
    for indicator, each in sorted(shares.items(), key=str):
        sys.stdout.write(f"{indicator}: {sum(each)} of {len(each)} series looked ahead at\n")
    assert len(shares) == 8
    parts = (
        "select parent_id as area_id, period_start, sum(value) as parts from marts.forecast join "
        "marts.area using (area_system, area_version, area_id) where indicator_id = 'einwohner' "
        "and quantile = 0.5 and scenario_id = 'trend' group by all"
    )
    apart = _rows(
        warehouse,
        f"select count(*), max(abs(parts / value - 1)) < 0.005 from marts.forecast join ({parts}) "
        "using (area_id, period_start) where indicator_id = 'einwohner' and quantile = 0.5",
    )
    assert apart == [(3, True)]
    # One offence in ten has no district.
    alone = _rows(
        warehouse,
        "select distinct starts_with(reason_en, 'Not the sum of its parts') from marts.forecast "
        "where indicator_id = 'straftaten' and area_id = '0' and quantile is not null",
    )
    assert alone == [(True,)]
