"""Lists of offers are read with every line used or set aside, or refused in words."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from examples.musterstadt.offers import utm32
from orchestration.declarations import DeclarationError
from orchestration.declarations.places import degrees
from orchestration.declarations.tables import declared_tables
from tests.unit.offers import EAST, NORTH, at, lines, town

ONE = lines(("a", 500, 500))


def _said(*arguments: Any, **changes: Any) -> str:
    with pytest.raises(DeclarationError) as caught:
        town(*arguments, **changes)
    (problem,) = caught.value.problems
    return str(problem)


def _listed(folder: Path, offers: str, *arguments: Any, **changes: Any) -> pl.DataFrame:
    return town(folder, offers, *arguments, **changes).declarations.places.facilities


def test_an_access_as_tables(tmp_path: Path) -> None:
    tables = declared_tables(town(tmp_path, ONE).declarations)
    row = tables["indicator"].row(0, named=True)
    assert row["formula"] == "leute (≤ 500 m: rat) / leute × 100"
    assert (row["kind"], row["interval"]) == ("access", "placing")
    assert tables["indicator_access"].rows() == [("nahe", "rat", "people", 500.0, None)]
    assert tables["indicator_term"].rows() == [("nahe", "denominator", "leute", "all")]
    assert tables["indicator_measure"].rows() == [("nahe", "leute")]
    assert tables["source"]["source_id"].to_list() == ["fall", "rat"]


def test_places_and_minutes_as_tables(tmp_path: Path) -> None:
    offers = lines(("a", 500, 500, 12), columns="id,x,y,plaetze")
    access = {"counts": "places"}
    tables = declared_tables(town(tmp_path, offers, {"capacity": "plaetze"}, access).declarations)
    row = tables["indicator"].row(0, named=True)
    assert (row["formula"], row["interval"]) == ("Σ leute × rat (≤ 500 m) / leute", "none")


def test_every_line_is_used_or_set_aside_with_its_reason(tmp_path: Path) -> None:
    offers = lines(
        ("a", 500, 500, 10, "2015-01-01", ""),
        ("a", 500, 500, 10, "", ""),
        ("b", 2500, 500, 10, "", ""),
        ("c", 500, 500, "viele", "", ""),
        ("d", 500, 500, 10, "1.1.2015", ""),
        ("e", 500, 500, 10, "2015-01-01", "2014-01-01"),
        ("f", 33_000_000, 500, 10, "", ""),
        ("", 500, 500, 10, "", ""),
        columns="id,x,y,plaetze,auf,zu",
    )
    offers += "g,,,10,,\n"
    edition = {"capacity": "plaetze", "opened": "auf", "closed": "zu"}
    rows = _listed(tmp_path, offers, edition, at_most_set_aside=0.9).select(
        "facility_id", "is_used", "reason_en"
    )
    found = {one: reason for one, _, reason in rows.iter_rows()}
    assert rows.filter("is_used")["facility_id"].to_list() == ["a"]
    assert found["a (line 3)"] == "code stands twice in the list"
    assert found["b"].startswith("lies at longitude ")
    assert "outside all areas" in found["b"]
    assert found["c"] == "no number of places: 'viele'"
    assert found["d"] == "unreadable date: '1.1.2015'"
    assert found["e"] == "closes before it opens"
    assert found["f"].endswith("cannot be in EPSG:25833 (is the zone in front of the easting?)")
    assert found["(line 9)"] == "no code"
    assert found["g"] == "no coordinates: '', ''"


def test_neighbours_count_where_the_list_says_so(tmp_path: Path) -> None:
    offers = lines(("a", 500, 500), ("b", 2500, 500))
    said = _said(tmp_path / "refused", offers)
    assert "facilities/rat.yml:" in said
    assert "1 of 2 facilities of 2020-12-31 have no usable place (b: lies at" in said
    assert "at_most_set_aside" in said
    assert _listed(tmp_path / "counted", offers, beyond_border="counted")["is_used"].all()


@pytest.mark.parametrize(
    ("offers", "edition", "right"),
    [
        (ONE, {"crs": "EPSG:31468"}, "found 'EPSG:31468'; known are EPSG:4326, EPSG:4258"),
        (ONE, {"crs": "EPSG:4326"}, "cannot be in EPSG:4326"),
        (ONE, {"x": "lon"}, "'rat.csv' has no column 'lon' (x); it has 'id', 'x', 'y'"),
        ("viertel,anzahl\n0101,3\n", {"id": "viertel"}, "only counts facilities by area"),
        ("id,x,y\n", {}, "has no line with a facility"),
        (ONE, {"file": "gibt_es_nicht.csv"}, "does not exist"),
        (ONE, {"file": "${NICHT_GESETZT}/a.csv"}, "environment variable NICHT_GESETZT"),
        (ONE, {"complete_since": "2015-01-01"}, "needs the column `closed`"),
        (ONE, {"member": "a.csv"}, "archive"),
    ],
)
def test_a_list_that_cannot_be_used(
    tmp_path: Path, offers: str, edition: dict[str, Any], right: str
) -> None:
    said = _said(tmp_path, offers, edition)
    assert said.startswith("facilities/rat.yml:")
    assert right in said


@pytest.mark.parametrize(
    ("access", "right"),
    [
        ({"people_live": None}, "a distance needs `people_live`"),
        ({"within_metres": None}, "say either `within_metres` or `within_minutes`"),
        ({"within_minutes": 5}, "say either `within_metres` or `within_minutes`"),
        ({"inhabited_land": "land.geojson"}, "`inhabited_land` go together"),
        ({"facilities": "tat"}, "found facility list 'tat', which nobody declares"),
        ({"counts": "places"}, "has no column `capacity` to count places"),
        (
            {"people_live": "evenly_in_inhabited_land", "inhabited_land": "land.geojson"},
            "'land.geojson' does not exist",
        ),
    ],
)
def test_an_access_that_is_not_clear(tmp_path: Path, access: dict[str, Any], right: str) -> None:
    said = _said(tmp_path, ONE, access=access)
    assert said.startswith("indicators/nahe.yml:")
    assert right in said


def test_a_distance_needs_outlines_and_people_a_stock(tmp_path: Path) -> None:
    said = _said(tmp_path / "a", ONE, squares=())
    assert "the areas of 'raum', version '1', have no outlines" in said
    assert "`geometry` in areas/raum.yml" in said
    said = _said(tmp_path / "b", ONE, formula={"numerator": [{"measure": "leute"}]})
    assert "an access has one denominator, the people it is about" in said


WAYS = {"id": "fuss", "mode": "zu Fuß", "file": "wege.csv", "complete_up_to": 30}
WAYS |= {"area_system": "raum", "area_version": "1"}
BY_TIME = {"within_metres": None, "people_live": None, "within_minutes": 15, "travel_times": "fuss"}


@pytest.mark.parametrize(
    ("ways", "changes", "right"),
    [
        ("area_id,facility_id,minutes\n0909,a,3\n", {}, "line 2: found area '0909'"),
        ("area_id,facility_id,minutes\n0101,b,3\n", {}, "found facility 'b', which is in no"),
        ("area_id,facility_id,minutes\n0101,a,nah\n", {}, "minutes are a number from 0"),
        ("area_id,minutes\n0101,3\n", {}, "has no column 'facility_id' (facility)"),
        ("area_id,facility_id,minutes\n", {"complete_up_to": 10}, "complete up to 10"),
        ("area_id,facility_id,minutes\n", {"id": "rad"}, "did you mean|declared are 'rad'"),
        ("area_id,facility_id,minutes\n", {"point": "p"}, "need both `point` and `people`"),
    ],
)
def test_travel_times_that_do_not_fit(
    tmp_path: Path, ways: str, changes: dict[str, Any], right: str
) -> None:
    said = _said(
        tmp_path,
        ONE,
        access=BY_TIME,
        files={"facilities/wege.csv": ways},
        travel_times=[WAYS | changes],
    )
    assert any(part in said for part in right.split("|")), said


def test_editions_stand_in_order_and_ids_are_free(tmp_path: Path) -> None:
    editions = [
        {"valid_on": day, "file": "rat.csv", "x": "x", "y": "y", "crs": "EPSG:25833"}
        for day in ("2021-12-31", "2020-12-31")
    ]
    assert "in the order of their days" in _said(tmp_path, ONE, editions=editions)


def test_the_newest_knowledge_has_its_own_day(tmp_path: Path) -> None:
    listed = _listed(tmp_path, ONE, {"known_on": "2021-03-01"})
    assert listed.select("valid_on", "as_of").row(0) == (date(2020, 12, 31), date(2021, 3, 1))
    longitude, latitude = listed.select("longitude", "latitude").row(0)
    assert (longitude, latitude) == pytest.approx(at(500, 500), abs=1e-7)


def test_known_points_in_degrees() -> None:
    """From DuckDB's PROJ 9, `st_transform(…, 'EPSG:25833', 'OGC:CRS84', always_xy := true)`."""
    assert degrees(390387.4, 5820383.1, "EPSG:25833") == pytest.approx(
        (13.384392505580408, 52.52251612724968), abs=1e-7
    )
    assert degrees(700000, 5500000, "EPSG:25831") == pytest.approx(
        (5.769057747250103, 49.61941719299321), abs=1e-7
    )
    assert degrees(13.4, 52.5, "EPSG:4258") == (13.4, 52.5)
    assert degrees(52.5, 113.4, "EPSG:4326") is None


@given(st.floats(6, 12), st.floats(47, 55))
def test_there_and_back(longitude: float, latitude: float) -> None:
    east, north = utm32(longitude, latitude)
    assert degrees(east, north, "EPSG:25832") == pytest.approx((longitude, latitude), abs=1e-6)


def test_the_grid_of_the_tests_is_where_it_says() -> None:
    assert (EAST, NORTH) == (400_000, 5_800_000)
