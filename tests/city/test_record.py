"""A town over two years: what was published is kept, and scored when the truth arrives."""

from pathlib import Path

import duckdb
import polars as pl
import pytest
import yaml

from orchestration.place import Place
from orchestration.record import kept_forecasts
from tests.city.cities import CASES, new_town, wirkraum

pytestmark = [pytest.mark.city, pytest.mark.slow]

FORECAST = {"grain": "year", "levels": ["bezirk", "stadt"], "horizon": 2}
GOAL = {
    "id": "weniger",
    "name": "Weniger Fälle",
    "holder": {"kind": "council", "name": "Rat"},
    "indicator": "faelle",
    "areas": ["01"],
    "versions": [{"since": "2018-01-01", "state": "decided", "baseline": 900, "target": 500}],
}
DIALOGUE = {
    "id": "gespraech",
    "date": "2020-03-01",
    "title": "Gespräch",
    "topics": ["faelle"],
    "decisions": [
        {
            "id": "nord",
            "on": "2020-04-01",
            "decided_by": "Rat",
            "what": "Mehr Licht im Norden",
            "areas": ["01"],
        }
    ],
}


def _declare(folder: Path) -> None:
    goal = GOAL | {"versions": [{**GOAL["versions"][0], "by": "2021-12-31"}]}  # type: ignore[index]
    for name, content in (
        ("indicators/faelle.yml", CASES | {"forecast": FORECAST}),
        ("goals/weniger.yml", goal),
        ("dialogues/gespraech.yml", DIALOGUE),
    ):
        (folder / name).parent.mkdir(exist_ok=True)
        text = yaml.safe_dump(content, allow_unicode=True)
        (folder / name).write_text(text, encoding="utf-8")


def _deliver(folder: Path, day: str, years: range) -> None:
    rows = "".join(
        f"{year};{area};{cases + 7 * (year * place % 11)}\n"
        for year in years
        for place, (area, cases) in enumerate((("0101", 210), ("0102", 380), ("0201", 420)), 3)
    )
    path = folder / "deliveries" / "fall" / f"fall_{day}.csv"
    path.write_text(f"Jahr;Viertel;Fälle\n{rows}", encoding="utf-8")


def _query(place: Place, sql: str) -> pl.DataFrame:
    with duckdb.connect(str(place.published_warehouse), read_only=True) as connection:
        return connection.sql(sql).pl()


def test_what_was_said_is_kept_and_held_against_what_came(tmp_path: Path) -> None:
    town = Place(new_town(tmp_path / "town"))
    _declare(town.folder)
    _deliver(town.folder, "2020-01-31", range(2004, 2020))
    done = wirkraum("run", town.folder)
    assert done.returncode == 0, done.stderr
    (first,) = town.kept_forecasts.iterdir()
    written = first.read_bytes()
    said = kept_forecasts(town)
    assert said.select("area_id", "ahead").rows() == [
        (area, ahead) for area in ("0", "01", "02") for ahead in (1, 2)
    ]
    assert _query(town, "from marts.forecast_score").is_empty()
    goal = _query(town, "from marts.goal_outlook").row(0, named=True)
    assert (goal["answer"], goal["ahead"], goal["chance_of_ten"]) == ("told", 2, 0)
    assert "in fast keiner der simulierten Zukünfte" in goal["text_de"]

    # As after a kill between publishing and keeping: readers saw it, the record does not know it.
    first.unlink()
    town.dirty.touch()
    _deliver(town.folder, "2021-01-31", range(2020, 2021))
    done = wirkraum("run", town.folder)
    assert done.returncode == 0, done.stderr
    assert first.read_bytes() == written
    assert len(list(town.kept_forecasts.iterdir())) == 2
    scores = _query(town, "from marts.forecast_score order by area_id")
    assert scores.select("record_id", "area_id", "level", "ahead", "acted_on").rows() == [
        (first.stem, "0", "stadt", 1, True),
        (first.stem, "01", "bezirk", 1, True),
        (first.stem, "02", "bezirk", 1, False),
    ]
    expected = said.filter(ahead=1).join(
        _query(town, "from marts.indicator_value where year(period_start) = 2020"),
        on=["indicator_id", "area_id", "period_start", "grain"],
    )
    assert scores["median"].to_list() == expected["median"].to_list()
    assert scores["value"].to_list() == expected["value"].to_list()
    last = _query(town, "from marts.indicator_value where year(period_start) = 2019")
    last = last.filter(pl.col("area_id").is_in(["0", "01", "02"])).sort("area_id")
    assert scores["simple"].to_list() == last["value"].to_list()

    done = wirkraum("forecast", "record", "faelle", "-m", town.folder)
    assert done.returncode == 0, done.stderr
    few = "eingetroffen, 1 Jahr voraus, je Abstand zu wenige"
    assert f"bezirk: 1 Voraussage {few}" in done.stdout
    acted_on = "nach der etwas beschlossen oder begonnen wurde"
    assert f"stadt: 1 Voraussage, {acted_on}, {few}" in done.stdout
    assert "stadt, 1 Jahr voraus: " in done.stdout.split("Im Rückblick")[1]
