"""How much of an area is near an offer, worked out by hand on squares of a kilometre."""

import struct
from collections.abc import Sequence
from datetime import date
from math import pi
from pathlib import Path
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from orchestration.access import OUTLINED, reach, reach_by_distance, reach_by_time
from tests.unit.offers import at, lines, ring, town

NEAR = 2e-4


def _wkb(corners: list[list[float]]) -> bytes:
    points = b"".join(struct.pack("<dd", *corner) for corner in corners)
    return struct.pack("<BIII", 1, 3, 1, len(corners)) + points


def _areas(*places: tuple[float, float]) -> pl.DataFrame:
    rows = [(str(number), _wkb(ring(*place))) for number, place in enumerate(places)]
    return pl.DataFrame(rows, schema=OUTLINED, orient="row")


def _offers(*offers: tuple[float, float, float | None]) -> pl.DataFrame:
    rows = [(*at(x, y), capacity) for x, y, capacity in offers]
    schema = dict.fromkeys(("longitude", "latitude", "capacity"), pl.Float64)
    return pl.DataFrame(rows, schema=schema, orient="row")


SQUARE = _areas((0, 0))


@pytest.mark.parametrize(
    ("offers", "metres", "share", "certain", "possible"),
    [
        ([(500, 500)], 500, pi * 500**2 / 1e6, 0, 1),
        ([(0, 0)], 500, pi * 500**2 / 4e6, 0, 1),
        ([(500, 0)], 250, pi * 250**2 / 2e6, 0, 1),
        ([(500, 500)], 710, 1, 1, 1),
        ([(250, 500), (750, 500)], 240, 2 * pi * 240**2 / 1e6, 0, 1),
        ([(500, 500), (500, 500)], 500, pi * 500**2 / 1e6, 0, 1),
        ([(1600, 500)], 500, 0, 0, 0),
        ([], 500, 0, 0, 0),
    ],
)
def test_circles_over_a_square(
    offers: list[tuple[float, float]],
    metres: float,
    share: float,
    certain: float,
    possible: float,
) -> None:
    found = reach_by_distance(SQUARE, _offers(*((*one, None) for one in offers)), metres)
    assert found.drop("places").rows() == [("0", pytest.approx(share, abs=NEAR), certain, possible)]


def test_places_are_those_in_reach_of_a_point_on_average() -> None:
    found = reach_by_distance(SQUARE, _offers((500, 500, 10), (0, 0, 4), (3000, 0, 99)), 500)
    expected = 10 * pi * 500**2 / 1e6 + 4 * pi * 500**2 / 4e6
    assert found["places"].to_list() == [pytest.approx(expected, abs=2e-3)]


def test_people_live_on_inhabited_land_alone() -> None:
    """All of the west half: a circle of 250 m in half a square kilometre. Nobody in the second."""
    areas = _areas((0, 0), (5000, 0))
    land = [_wkb(ring(0, 0, 500, 1000)), _wkb(ring(-900, 0, 900, 1000))]
    found = reach_by_distance(areas, _offers((250, 500, 8)), 250, land)
    near = pi * 250**2 / 5e5
    assert found.rows() == [
        ("0", pytest.approx(near, abs=NEAR), 0, 1, pytest.approx(8 * near, abs=2e-3)),
        ("1", None, None, None, None),
    ]


@settings(max_examples=10)
@given(
    st.lists(st.tuples(*[st.integers(-300, 1300)] * 2), min_size=1, max_size=4),
    st.tuples(*[st.integers(50, 900)] * 2),
)
def test_nearer_is_never_more_and_a_grid_of_points_agrees(
    places: list[tuple[int, int]], limits: tuple[int, int]
) -> None:
    offers = _offers(*((x, y, 1.0) for x, y in places))
    less, more = (reach_by_distance(SQUARE, offers, limit) for limit in sorted(limits))
    for name in ("share", "certain", "possible", "places"):
        assert less[name][0] <= more[name][0] + 1e-9
    assert less["certain"][0] <= less["share"][0] <= less["possible"][0]
    middles = np.arange(5, 1000, 10.0)
    x, y = np.meshgrid(middles, middles)
    near = np.array([np.hypot(x - a, y - b) <= min(limits) for a, b in places])
    assert less["share"][0] == pytest.approx(near.any(axis=0).mean(), abs=0.01)
    far = _offers(*((x + 9000, y, 1.0) for x, y in places))
    assert reach_by_distance(SQUARE, far, max(limits)).row(0) == ("0", 0.0, 0.0, 0.0, 0.0)


def test_by_time_the_points_of_an_area_weigh_as_people_live_there() -> None:
    ways = pl.DataFrame(
        [
            ("a", "north", 30.0, "x", 10.0),
            ("a", "north", 30.0, "y", 14.0),
            ("a", "south", 10.0, "x", 25.0),
            ("b", "", None, "x", 15.0),
            ("c", "", None, "z", 1.0),
        ],
        schema=["area_id", "point", "people", "facility_id", "minutes"],
        orient="row",
    )
    found = reach_by_time(["a", "b", "c", "d"], ways, {"x": 5.0, "y": 3.0}, 15)
    assert found.select("area_id", "share", "places").rows() == [
        ("a", 0.75, 6.0),
        ("b", 1.0, 5.0),
        ("c", 0.0, 0.0),
        ("d", None, None),
    ]
    nothing = reach_by_time(["a"], ways, {}, 15)
    assert nothing["share"].to_list() == [0.0]


RESIDENTS = "Tag;Viertel;Leute\n" + "".join(
    f"{year}-12-31;{area};100\n"
    for year in (2018, 2019, 2020, 2021, 2022)
    for area in ("0101", "0102", "0201")
)


def _reach(
    folder: Path, offers: str, *arguments: Any, as_of: date | None = None, **changes: Any
) -> list[tuple[Any, ...]]:
    there = town(folder, offers, *arguments, **changes)
    there.one(RESIDENTS)
    place = there.place if as_of is None else type(there.place)(folder, as_of)
    found = reach(there.declarations, place)
    return [
        (day.year, area, None if share is None else round(share, 3), reason)
        for day, area, share, reason in found.select(
            "period_start", "area_id", "share", "reason_en"
        ).iter_rows()
    ]


def _shares(rows: Sequence[tuple[Any, ...]]) -> dict[tuple[int, str], float | None]:
    return {(year, area): share for year, area, share, _ in rows}


def test_a_list_stands_for_its_day_and_a_year_after_it(tmp_path: Path) -> None:
    rows = _reach(tmp_path, lines(("a", 500, 500)))
    taken = "taking all to live evenly over their area; as the crow flies; 1 offer, list of"
    assert rows[:3] == [
        (2020, "0101", 0.785, f"{taken} 2020-12-31"),
        (2021, "0101", 0.785, f"{taken} 2020-12-31"),
        (
            2022,
            "0101",
            None,
            "no list of offers that is at most a year old; the last one is of 2020-12-31",
        ),
    ]
    assert _shares(rows)[2020, "0102"] == 0.0
    assert not any(year < 2020 for year, *_ in rows)
    assert [path.suffix for path in (tmp_path / "var/build/access").iterdir()] == [".parquet"]


def test_facilities_count_while_they_are_open(tmp_path: Path) -> None:
    offers = lines(
        ("a", 500, 500, "", "2019-12-30"),
        ("b", 1500, 500, "2020-12-31", ""),
        columns="id,x,y,auf,zu",
    )
    edition = {"opened": "auf", "closed": "zu", "complete_since": "2018-12-31"}
    shares = _shares(_reach(tmp_path, offers, edition))
    assert [shares[year, "0101"] for year in (2018, 2019, 2020, 2021)] == [0.785, 0, 0, 0]
    assert [shares[year, "0102"] for year in (2018, 2019, 2020, 2021)] == [0, 0, 0.785, 0.785]


def test_what_was_not_known_then_is_not_used(tmp_path: Path) -> None:
    edition = {"known_on": "2021-02-01"}
    assert _reach(tmp_path / "a", lines(("a", 500, 500)), edition, as_of=date(2021, 1, 31)) == []
    assert _reach(tmp_path / "b", lines(("a", 500, 500)), edition, as_of=date(2021, 2, 1))


def test_an_area_without_an_outline_and_offers_without_a_place_are_named(tmp_path: Path) -> None:
    offers = lines(("a", 500, 500)) + "b,,\n"
    squares = ("0101", "0102")
    rows = _reach(tmp_path, offers, squares=squares, at_most_set_aside=0.5)
    reasons = {(year, area): reason for year, area, _, reason in rows}
    assert reasons[2020, "0201"] == "no outline of the area"
    assert reasons[2020, "0101"].endswith("; 1 line of the list not usable")


def test_an_offer_without_places_is_none(tmp_path: Path) -> None:
    offers = lines(("a", 500, 500, 0), ("b", 1500, 500, 3), columns="id,x,y,plaetze")
    shares = _shares(_reach(tmp_path, offers, {"capacity": "plaetze"}))
    assert (shares[2020, "0101"], shares[2020, "0102"]) == (0, 0.785)


def test_travel_times_are_of_today_s_areas(tmp_path: Path) -> None:
    ways = {"id": "fuss", "mode": "zu Fuß", "file": "wege.csv", "complete_up_to": 30}
    ways |= {"area_system": "raum", "area_version": "1"}
    access = {"within_metres": None, "people_live": None, "within_minutes": 15}
    rows = _reach(
        tmp_path,
        lines(("a", 500, 500)),
        access=access | {"travel_times": "fuss"},
        files={"facilities/wege.csv": "area_id,facility_id,minutes\n0101,a,9\n0102,a,16\n"},
        travel_times=[ways],
    )
    assert [one[1:] for one in rows if one[0] == 2020] == [
        (
            "0101",
            1,
            "taking all to live where the travel times start; zu Fuß; 1 offer, list of 2020-12-31",
        ),
        (
            "0102",
            0,
            "taking all to live where the travel times start; zu Fuß; 1 offer, list of 2020-12-31",
        ),
        ("0201", None, "the area is not in the table of travel times"),
    ]
