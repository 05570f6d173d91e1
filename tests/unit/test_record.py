"""The record of published forecasts on disk: append-only, whole, and nothing twice."""

from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest
import yaml

from forecasting.outlook import FORECAST_SCHEMA
from forecasting.record import KEPT_SCHEMA, SERIES
from forecasting.scores import QUANTILES
from orchestration.city import City
from orchestration.declarations import read_declarations
from orchestration.place import Place
from orchestration.record import (
    RecordError,
    decided,
    keep_forecasts,
    kept_forecasts,
    score_forecasts,
)
from tests.unit.ingest.town import settle

CELL = dict.fromkeys(SERIES, "all") | {"indicator_id": "faelle", "area_system": "raum"}
CELL |= {"area_version": "1", "area_id": "01", "grain": "year"}
TOWN = {"id": "faelle", "department": "amt", "name": "Fälle", "meaning": "Fälle", "unit": "Fälle"}


def publish(place: Place, middle: float, day: date = date(2024, 1, 20)) -> None:
    """Put a warehouse in place that forecasts 2024."""
    base = CELL | {"run_id": f"{day:%Y%m%d}", "period_start": date(2024, 1, 1), "as_of": day}
    base |= {"scenario_id": "trend", "model": "ensemble", "status": "estimated"}
    rows: list[dict[str, Any]] = [
        base | {"quantile": level, "value": middle + number}
        for number, level in enumerate(QUANTILES, start=-2)
    ]
    # A refusal has no quantile, a withheld forecast no values: neither is kept.
    rows.append(base | {"area_id": "02", "quantile": None, "status": "missing"})
    rows += [base | {"area_id": "0201", "quantile": level, "value": None} for level in QUANTILES]
    forecast = pl.DataFrame(rows, schema=FORECAST_SCHEMA)
    value = pl.DataFrame([CELL | {"period_start": date(2023, 1, 1), "value": 7.0}])
    place.published.mkdir(parents=True, exist_ok=True)
    place.published_warehouse.unlink(missing_ok=True)
    with duckdb.connect(str(place.published_warehouse)) as connection:
        connection.execute("create schema marts")
        for name, frame in (("forecast", forecast), ("indicator_value", value)):
            connection.register("frame", frame)
            connection.execute(f"create table marts.{name} as from frame")


def test_nothing_published_nothing_kept(tmp_path: Path) -> None:
    assert keep_forecasts(Place(tmp_path)) == 0
    assert kept_forecasts(Place(tmp_path)).schema == {"record_id": pl.String, **KEPT_SCHEMA}


def test_each_publishing_with_something_new_is_one_file(tmp_path: Path) -> None:
    place = Place(tmp_path)
    publish(place, 10)
    assert [keep_forecasts(place), keep_forecasts(place)] == [1, 0]
    (first,) = place.kept_forecasts.iterdir()
    written = first.read_bytes()
    publish(place, 20, date(2024, 3, 1))
    assert keep_forecasts(place) == 1
    # A rollback shows what was said before, which is known.
    publish(place, 10)
    assert keep_forecasts(place) == 0
    record = kept_forecasts(place)
    assert record.select("run_id", "median", "simple").rows() == [
        ("20240120", 10.0, 7.0),
        ("20240301", 20.0, 7.0),
    ]
    assert record["record_id"][0] == first.stem
    assert len(list(place.kept_forecasts.iterdir())) == 2
    assert first.read_bytes() == written


def test_alternatives_of_scenarios_are_kept_beside_the_forecast(tmp_path: Path) -> None:
    place = Place(tmp_path)
    publish(place, 10)
    with duckdb.connect(str(place.published_warehouse)) as connection:
        connection.execute(
            "create table marts.scenario_result as select * replace ('kurse' as scenario_id), "
            "unnest(['baseline', 'ausbauen', 'abbauen']) as alternative_id from marts.forecast"
        )
    assert keep_forecasts(place) == 3
    said = ["kurse/abbauen", "kurse/ausbauen", "trend"]
    assert kept_forecasts(place)["scenario_id"].to_list() == said
    assert set(kept_forecasts(place)["ahead"]) == {1}


def test_an_earlier_day_publishes_nothing(tmp_path: Path) -> None:
    earlier = Place(tmp_path, date(2024, 1, 31))
    publish(earlier, 10)
    assert keep_forecasts(earlier) == 0
    assert not earlier.kept_forecasts.exists()


def test_a_file_that_was_never_written_whole_is_no_part_of_the_record(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Killed while it is written, or after: the next run keeps what is missing, and once."""
    place = Place(tmp_path)
    publish(place, 10)
    with monkeypatch.context() as patch:
        # As after kill -9: what comes after the bytes, the renaming and the cleaning, is not done.
        patch.setattr(Path, "replace", lambda *_: None)
        patch.setattr(Path, "unlink", lambda *_, **__: None)
        keep_forecasts(place)
    assert [one.name[0] for one in place.kept_forecasts.iterdir()] == ["."]
    assert kept_forecasts(place).is_empty()
    assert [keep_forecasts(place), keep_forecasts(place)] == [1, 0]
    assert kept_forecasts(place).height == 1


def test_a_damaged_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    place = Place(tmp_path)
    publish(place, 10)
    keep_forecasts(place)
    (path,) = place.kept_forecasts.iterdir()
    path.write_bytes(path.read_bytes()[:-9])
    publish(place, 20)
    with pytest.raises(RecordError, match="bring the file back from a backup, or move it out") as e:
        keep_forecasts(place)
    assert str(e.value).startswith(f"{path}: ")
    assert len(list(place.kept_forecasts.iterdir())) == 1


@pytest.fixture
def city(tmp_path: Path) -> City:
    """A town whose counts are complete 60 days after the end of their period."""
    town = settle(tmp_path)
    (tmp_path / "indicators").mkdir()
    formula = {"kind": "count", "numerator": [{"measure": "faelle"}]}
    rule = {"grain": "year", "levels": ["bezirk"], "settled_after_days": 60}
    text = yaml.safe_dump(TOWN | {"formula": formula, "nowcast": rule}, allow_unicode=True)
    (tmp_path / "indicators" / "faelle.yml").write_text(text, encoding="utf-8")
    return City(read_declarations(tmp_path), town.place)


def deliver(city: City, day: str) -> None:
    town = settle(city.place.folder)
    town.one("Jahr;Viertel;Fälle\n2023;0101;5\n", f"fall_{day}.csv")


def score_of(city: City, status: str = "observed") -> pl.DataFrame:
    """What is scored where 12 came for 2024, known on 31 January 2025."""
    value = CELL | {"period_start": date(2024, 1, 1), "value": 12.0, "as_of": date(2025, 1, 31)}
    period = {"period_start": date(2024, 1, 1), "grain": "year", "period_end": date(2024, 12, 31)}
    with duckdb.connect() as connection:
        connection.execute("create schema marts")
        for name, row in (("indicator_value", value | {"status": status}), ("period", period)):
            connection.register("frame", pl.DataFrame([row]))
            connection.execute(f"create table marts.{name} as from frame")
        return score_forecasts(city, connection)


def test_counts_that_still_grow_are_no_truth(city: City) -> None:
    publish(city.place, 10)
    assert keep_forecasts(city.place) == 1
    deliver(city, "2025-01-31")
    assert score_of(city).is_empty()
    deliver(city, "2025-03-31")
    found = score_of(city)
    assert found.select("median", "value", "simple_error").rows() == [(10.0, 12.0, 5.0)]
    assert score_of(city, "estimated").is_empty()
    assert score_of(city, "provisional").is_empty()


def test_seen_from_an_earlier_day_later_forecasts_are_not_there(city: City) -> None:
    publish(city.place, 10, date(2024, 6, 30))
    keep_forecasts(city.place)
    deliver(city, "2025-03-31")
    earlier = City(city.declarations, Place(city.place.folder, date(2024, 6, 29)))
    assert score_of(city).height == 1
    assert score_of(earlier).is_empty()


def test_decisions_changes_and_programmes_count_where_they_are_for(city: City) -> None:
    folder = city.place.folder
    decision = {"id": "nord", "on": "2024-03-01", "decided_by": "Rat", "what": "Mehr Licht"}
    written = {
        "dialogues/talk.yml": {
            "id": "talk",
            "date": "2024-02-01",
            "title": "Gespräch",
            "topics": ["faelle"],
            "decisions": [decision | {"areas": ["01"]}],
        },
        "programmes/licht.yml": {
            "id": "licht",
            "name": "Licht",
            "department": "amt",
            "start": "2024-05-01",
            "logic": dict.fromkeys(("input", "output", "outcome", "impact"), "Licht"),
            "indicators": ["faelle"],
        },
    }
    for name, content in written.items():
        (folder / name).parent.mkdir()
        (folder / name).write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    found = decided(read_declarations(folder))
    assert found.filter(pl.col("area_id").is_null()).rows() == [
        ("faelle", None, None, date(2024, 5, 1), date(2024, 5, 1))
    ]
    here = found.filter(decided_on=date(2024, 3, 1))["area_id"].to_list()
    assert {"0", "01", "0101", "0102"} <= set(here)
    assert not {"02", "0201"} & set(here)
