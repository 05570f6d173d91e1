"""What a change touches, by the tables that are handed over to the warehouse."""

import json
from pathlib import Path

import polars as pl
import pytest

from orchestration.ingest import lake
from orchestration.place import Place
from orchestration.touched import Touched, as_text, fingerprints, remember, touched

TABLES: dict[str, list[dict[str, object]]] = {
    "area": [{"area_id": "01"}],
    "department": [{"department_id": "amt", "name_de": "Amt"}],
    "correction": [{"measure_id": "births", "corrected": 1}],
    "measure_asked": [{"measure_id": "births", "group_id": "all"}],
    "measure_break": [{"measure_id": "people", "since": "2016-12-31"}],
    "measure": [
        {"measure_id": "births", "source_id": "register"},
        {"measure_id": "people", "source_id": "register"},
        {"measure_id": "thefts", "source_id": "police"},
    ],
    "indicator": [
        {"indicator_id": "births", "kind": "count"},
        {"indicator_id": "births_change", "kind": "change"},
        {"indicator_id": "theft_rate", "kind": "rate"},
        {"indicator_id": "mean", "kind": "model"},
        {"indicator_id": "near", "kind": "access"},
    ],
    "indicator_measure": [
        {"indicator_id": "births", "measure_id": "births"},
        {"indicator_id": "births_change", "measure_id": "births"},
        {"indicator_id": "theft_rate", "measure_id": "thefts"},
        {"indicator_id": "theft_rate", "measure_id": "people"},
        {"indicator_id": "mean", "measure_id": "thefts"},
        {"indicator_id": "mean", "measure_id": "people"},
        {"indicator_id": "near", "measure_id": "people"},
    ],
    "indicator_derived": [{"indicator_id": "births_change", "of_indicator_id": "births"}],
    "indicator_component": [{"indicator_id": "none", "part_id": "none"}],
    "indicator_read": [
        {
            "indicator_id": "mean",
            "model_id": "city_mean",
            "kind": "indicator",
            "read_id": "theft_rate",
        }
    ],
    "access_reach": [{"indicator_id": "near", "area_id": "01", "share": 0.4}],
}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A warehouse that was built from TABLES."""
    place = Place(tmp_path)
    write(place, {})
    (tmp_path / "models").mkdir()
    (tmp_path / "models" / "city_mean.sql").write_text("select 1", encoding="utf-8")
    place.warehouse.touch()
    remember(place, fingerprints(place, "project"))
    return place


def write(place: Place, other: dict[str, list[dict[str, object]]]) -> None:
    for name, rows in (TABLES | other).items():
        lake.write_parquet(pl.DataFrame(rows), place.inputs / f"{name}.parquet")


def found(place: Place) -> Touched | None:
    return touched(place, fingerprints(place, "project"))


def test_nothing_new_touches_nothing_nor_do_words_that_are_read_as_a_whole(place: Place) -> None:
    assert found(place) == Touched([], [], [], [])
    write(place, {"department": [{"department_id": "amt", "name_de": "Fachamt"}]})
    assert found(place) == Touched([], [], [], [])


def test_a_correction_touches_its_measure_and_what_is_computed_from_it(place: Place) -> None:
    write(place, {"correction": [{"measure_id": "births", "corrected": 2}]})
    both = ["births", "births_change"]
    assert found(place) == Touched(["births"], both, both, ["births"])


def test_groups_that_were_not_asked_for_before_touch_their_measure(place: Place) -> None:
    more: dict[str, object] = {"measure_id": "thefts", "group_id": "sex=f"}
    asked = [*TABLES["measure_asked"], more]
    write(place, {"measure_asked": asked})
    changed = found(place)
    assert changed is not None
    assert changed.measures == ["thefts"]


def test_a_declaration_needs_its_base_and_its_measures_but_touches_neither(place: Place) -> None:
    rows = [{**one, "per": 1} for one in TABLES["indicator"]]
    write(place, {"indicator": rows})
    remember(place, fingerprints(place, "project"))
    write(place, {"indicator": [rows[0], {**rows[1], "per": 2}, *rows[2:]]})
    assert found(place) == Touched([], ["births_change"], ["births", "births_change"], ["births"])


def test_what_is_gone_is_touched_so_that_its_rows_go(place: Place) -> None:
    write(place, {"indicator": TABLES["indicator"][:-1]})
    assert found(place) == Touched([], ["near"], ["near"], ["people"])


def test_a_models_own_text_and_what_it_reads_touch_its_indicator(place: Place) -> None:
    sql = place.folder / "models" / "city_mean.sql"
    sql.write_text("select 2", encoding="utf-8")
    changed = found(place)
    assert changed is not None
    assert changed.indicators == ["mean"]
    assert changed.indicators_needed == ["mean", "theft_rate"]
    assert changed.measures == []
    assert changed.measures_needed == ["people", "thefts"]


def test_ways_to_an_offer_touch_the_access_they_are_of(place: Place) -> None:
    write(place, {"access_reach": [{"indicator_id": "near", "area_id": "01", "share": 0.5}]})
    changed = found(place)
    assert changed is not None
    assert changed.indicators == ["near"]


@pytest.mark.parametrize("name", ["area", "another"])
def test_tables_that_are_not_followed_touch_everything(place: Place, name: str) -> None:
    write(place, {name: [{"area_id": "02"}]})
    assert found(place) is None
    assert as_text(None) == ""


def test_another_project_and_an_earlier_day_touch_everything(place: Place) -> None:
    assert touched(place, fingerprints(place, "other")) is None
    place.warehouse.unlink()
    assert found(place) is None


def test_what_is_written_down_is_what_dbt_reads(place: Place) -> None:
    text = as_text(found(place))
    assert set(json.loads(text)) == {
        "measures",
        "indicators",
        "indicators_needed",
        "measures_needed",
    }
