"""Where programmes were and since when, as looking back takes it."""

from datetime import date
from pathlib import Path

import pytest

from examples.musterstadt import plants
from orchestration.declarations.tree import Declarations, read_declarations
from orchestration.effects.step import neighbours_of, pairs_of, places_of
from tests.city.cities import new_musterstadt


@pytest.fixture(scope="module")
def musterstadt(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return new_musterstadt(tmp_path_factory.mktemp("effects") / "city")


@pytest.fixture(scope="module")
def declared(musterstadt: Path) -> Declarations:
    return read_declarations(musterstadt)


def test_every_indicator_of_a_programme_is_looked_at_after_its_lag(declared: Declarations) -> None:
    pairs = pairs_of(declared).select(
        "programme_id", "indicator_id", "lag_years", "last_day", "chosen_by"
    )
    assert pairs.rows() == [
        ("elternkurse", "elternkurs_abschlussquote", 1.0, None, "opportunity"),
        ("elternkurse", "elternkurs_anmeldungen", 1.0, None, "opportunity"),
        ("familienlotsen", "elternkurs_anmeldungen", 2.0, None, "need"),
        ("familienlotsen", "hze_rate", 2.0, None, "need"),
        # Its logic model names no lag; the indicator does.
        ("radsicher", "fahrraddiebstahl_rate", 0.5, None, "opportunity"),
        ("sprachkita", "sprachfoerderbedarf", 4.0, date(2027, 7, 31), "application"),
    ]


def test_a_programme_without_areas_is_for_the_whole_city(declared: Declarations) -> None:
    places = places_of(declared)
    whole = places.filter(programme_id="elternkurse")
    assert whole.select("level", "area_id", "is_whole").rows() == [("stadt", "00", True)]
    bikes = places.filter(programme_id="radsicher")
    assert tuple(bikes["area_id"]) == plants.BICYCLE_AREAS
    assert set(bikes["area_version"]) == {"2020"}
    assert not bikes["is_whole"].any()


def test_days_and_strengths_of_single_areas_are_kept(musterstadt: Path) -> None:
    path = musterstadt / "programmes" / "radsicher.yml"
    text = path.read_text(encoding="utf-8")
    more = 'began: {"0103": 2022-03-01}\nstrength: {"0101": 1, "0103": 2, "0106": 1, "0201": 1, '
    path.write_text(text + more + '"0401": 3}\n', encoding="utf-8")
    try:
        places = places_of(read_declarations(musterstadt)).filter(programme_id="radsicher")
    finally:
        path.write_text(text, encoding="utf-8")
    assert places.select("since", "strength").rows()[:2] == [
        (date(2021, 1, 1), 1.0),
        (date(2022, 3, 1), 2.0),
    ]


def test_coarser_areas_are_those_inside_them(musterstadt: Path) -> None:
    path = musterstadt / "programmes" / "radsicher.yml"
    text = path.read_text(encoding="utf-8")
    changed = text.replace('"0401"]', '"04"]').replace('"0106"', '"0105"')
    path.write_text(changed, encoding="utf-8")
    # A scenario that names where it is done today would rightly object.
    scenarios = (musterstadt / "scenarios").rename(musterstadt / ".scenarios")
    try:
        places = places_of(read_declarations(musterstadt)).filter(programme_id="radsicher")
    finally:
        path.write_text(text, encoding="utf-8")
        scenarios.rename(musterstadt / "scenarios")
    west = ["0401", "0402", "0403", "0404", "0405", "0406"]
    assert places["area_id"].to_list() == ["0101", "0103", "0105", "0201", *west]


def test_neighbours_share_a_border_and_are_of_one_level(declared: Declarations) -> None:
    near = neighbours_of(declared, places_of(declared))
    pairs = set(near.select("area_id", "neighbour_id").rows())
    assert pairs
    assert all((other, one) in pairs and one != other for one, other in pairs)
    assert {len(code) for pair in pairs for code in pair} == {4}
    assert set(near["area_version"]) == {"2020"}
