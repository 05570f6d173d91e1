"""How wrong forecasts were, as the command prints it."""

from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import pytest

from orchestration.forecast.past import past_forecasts
from orchestration.place import Place

FARED: dict[str, Any] = {
    "indicator_id": "rate",
    "area_system": "s",
    "level": "stadt",
    "grain": "year",
    "scenario_id": "trend",
    "kind": "forecast",
    "ahead": 1,
    "acted_on": False,
    "scored": 12,
    "status": "observed",
    "text_de": "Von 12 Voraussagen …",
    "text_en": "Of 12 forecasts …",
}
LOOKED: dict[str, Any] = {
    "indicator_id": "rate",
    "area_system": "s",
    "area_version": "1",
    "level": "stadt",
    "grain": "year",
    "published": True,
    "ahead": 1,
    "forecasts": 8,
    "origins": 4,
    "coverage_80": 75.0,
    "smape": 6.0,
}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    """A published warehouse with a record of two indicators."""
    few = {"status": "missing", "acted_on": True}
    tables = {
        "indicator": [
            {"indicator_id": one, "name_de": words, "name_en": words, "unit": "%"}
            for one, words in (("rate", "Rate"), ("new", "Neu"), ("other", "Anderes"))
        ],
        "forecast": [{"indicator_id": "rate"}, {"indicator_id": "new"}],
        "forecast_record": [
            FARED,
            FARED | few | {"ahead": 1, "scored": 1},
            FARED | few | {"ahead": 3, "scored": 4},
            FARED | {"scenario_id": "kurse/ausbauen", "status": "missing"},
            FARED | few | {"kind": "nowcast", "ahead": -2, "scored": 1, "acted_on": False},
        ],
        "forecast_backtest": [
            LOOKED,
            LOOKED | {"ahead": 2, "forecasts": 2, "origins": 1, "coverage_80": 50.0, "smape": 0.5},
            LOOKED | {"published": False, "smape": 99.0},
            LOOKED | {"level": "viertel", "coverage_80": None, "smape": None},
        ],
    }
    place = Place(tmp_path)
    place.published.mkdir(parents=True)
    with duckdb.connect(str(place.published_warehouse)) as connection:
        connection.execute("create schema marts")
        for name, rows in tables.items():
            connection.register("frame", pl.DataFrame(rows, infer_schema_length=None))
            connection.execute(f"create table marts.{name} as from frame")
    return place


def test_one_indicator_is_told_with_every_distance(place: Place) -> None:
    assert past_forecasts(place, "rate", "de").splitlines() == [
        "Wie oft veröffentlichte Ausblicke hielten",
        "",
        "Rate (rate) [%]",
        (
            "  stadt, kurse/ausbauen: 12 Voraussagen eingetroffen, 1 Jahr voraus, je Abstand zu "
            "wenige, um etwas daraus zu schließen"
        ),
        "  stadt: Von 12 Voraussagen …",
        (
            "  stadt: 5 Voraussagen, nach denen etwas beschlossen oder begonnen wurde, "
            "eingetroffen, 1 bis 3 Jahre voraus, je Abstand zu wenige, um etwas daraus zu schließen"
        ),
        (
            "  stadt: 1 Hochrechnung eingetroffen, 2 Jahre danach, je Abstand zu wenige, um etwas "
            "daraus zu schließen"
        ),
        "  Im Rückblick, aus früheren Ständen vorausgesagt:",
        (
            "    stadt, 1 Jahr voraus: 6 von 8 Werten im 80-%-Bereich, im Mittel 6 % des Werts "
            "daneben (aus 4 früheren Ständen)"
        ),
        (
            "    stadt, 2 Jahre voraus: 1 von 2 Werten im 80-%-Bereich, im Mittel 0,5 % des Werts "
            "daneben (aus 1 früheren Stand)"
        ),
        "    viertel, 1 Jahr voraus: geschützt",
    ]


def test_all_are_told_in_short_and_in_english(place: Place) -> None:
    text = past_forecasts(place, None, "en")
    assert "New" not in text
    assert "Neu (new) [%]\n  no published look ahead has come due yet\n" in text
    assert "Anderes" not in text
    assert (
        "stadt, 1 to 2 years ahead: 7 of 10 values within the 80 % range, off by 5 % of the value "
        "on average (from 1 to 4 earlier states)"
    ) in text


def test_what_was_never_forecast_or_published_is_said(place: Place, tmp_path: Path) -> None:
    with pytest.raises(
        FileNotFoundError, match="forecast for 'other'; there are forecasts for: new, rate"
    ):
        past_forecasts(place, "other", "de")
    with pytest.raises(FileNotFoundError, match="nothing is published"):
        past_forecasts(Place(tmp_path / "nowhere"), None, "de")
