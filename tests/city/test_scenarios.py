"""Scenarios of the invented city: side by side, and against what was planted."""

import json
from datetime import date
from pathlib import Path
from typing import Any, get_args

import duckdb
import numpy as np
import polars as pl
import pytest

from examples.musterstadt import plants
from examples.musterstadt.city import FIRST_YEAR
from examples.musterstadt.generate import FOLDER
from examples.musterstadt.truth import recorded_offences
from examples.musterstadt.world import BICYCLE, simulate
from forecasting.outlook import outlook
from orchestration.declarations import Declarations, read_declarations
from orchestration.declarations.scenarios import (
    Alternative,
    Effect,
    Ground,
    Population,
    Scenario,
)
from orchestration.place import Place
from orchestration.scenarios.prepare import GOAL_SCHEMA, Known
from orchestration.scenarios.step import computed
from tests.city.cities import wirkraum

pytestmark = [pytest.mark.city, pytest.mark.slow]
BEFORE = date(plants.BICYCLE_SINCE, 1, 1)


def _query(path: Path, sql: str) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.sql(sql).fetchall()


@pytest.fixture(scope="module")
def declared() -> Declarations:
    return read_declarations(FOLDER)


@pytest.fixture(scope="module")
def effect(declared: Declarations) -> Effect:
    return declared.scenarios["radsicher_weiter"].effects[0]


@pytest.fixture(scope="module")
def planted(city: Place) -> dict[str, Any]:
    truth = json.loads((city.folder / "truth.json").read_text(encoding="utf-8"))
    found: dict[str, Any]
    (found,) = (one for one in truth["planted"] if one["id"] == "effekt_radsicher")
    return found


def test_every_kind_occurs(declared: Declarations) -> None:
    every = list(declared.scenarios.values())

    def allowed(model: Any, field: str) -> set[str]:
        return set(get_args(model.model_fields[field].annotation))

    assumed = [each for one in every for each in (*one.effects, *one.population, *one.shocks)]
    alternatives = [each for one in every for each in one.alternatives]
    effects = [each for one in every for each in one.effects]
    people = [each for one in every for each in one.population]
    assert {each.kind for each in alternatives} == allowed(Alternative, "kind")
    assert any(each.outside_observed for each in alternatives)
    assert {each.role for each in effects} == allowed(Effect, "role")
    assert {each.change for each in effects} == allowed(Effect, "change")
    assert {each.acts for each in people} == allowed(Population, "acts")
    assert {each.source.kind for each in assumed} == allowed(Ground, "kind")
    assert {each.status for each in assumed} == {"estimated", "literature", "set"}
    assert any(one.shocks for one in every)
    assert any(one.cost for one in every)


def test_the_baseline_is_the_published_look_ahead(city: Place) -> None:
    ((rows, apart),) = _query(
        city.published_warehouse,
        "select count(*), max(abs(shown.value - forecast.value)) "
        "from marts.scenario_result as shown join marts.forecast using (indicator_id, "
        "area_system, area_version, area_id, period_start, grain, group_id, quantile) "
        "where alternative_id in ('baseline', 'fortfuehren') "
        "and forecast.model <> 'nowcast'",
    )
    assert rows > 500
    assert apart == 0
    differs = _query(
        city.published_warehouse,
        "select alternative_id, count(*) filter (value <> 0) > 0 from marts.scenario_difference "
        "where scenario_id = 'radsicher_weiter' and area_id = '00' group by all order by all",
    )
    assert dict(differs) == {
        "fortfuehren": False,
        "ausweiten": True,
        "verdichten": True,
        "beenden": True,
        "diebesserie_im_sommer": True,
    }


def test_an_outcome_years_away_shows_leading_steps_only(city: Place) -> None:
    where = "scenario_id = 'familien_frueher_erreichen' and alternative_id = 'ausbauen'"
    shown = _query(
        city.published_warehouse,
        "select indicator_id, bool_and(quantile is null), min(reason) like 'Zu früh für diese "
        "Wirkung: sie zeigt sich frühestens September 2028%Anmeldungen zu Elternkursen.' "
        f"from marts.scenario_result where {where} group by all order by all",
    )
    assert shown == [("elternkurs_anmeldungen", False, None), ("hze_rate", True, True)]


def test_a_goal_is_reached_less_often_where_courses_end(city: Place) -> None:
    told = dict(
        _query(
            city.published_warehouse,
            "select alternative_id, value from marts.scenario_chance "
            "where goal_id = 'elternkurse_ausbauen'",
        )
    )
    assert told["abbauen"] < told["baseline"] == told["fortfuehren"] <= told["ausbauen"]


def test_nothing_is_shown_beside_a_withheld_look_ahead(city: Place) -> None:
    ((left,),) = _query(
        city.published_warehouse,
        "select count(*) from marts.scenario_result as shown join marts.forecast using "
        "(indicator_id, area_system, area_version, area_id, period_start, grain, group_id, "
        "quantile) where forecast.status = 'suppressed' and shown.value is not null",
    )
    assert left == 0


def test_the_page_says_assumptions_first_and_no_percentage_of_chance(city: Place) -> None:
    done = wirkraum(
        "scenario", "show", "familien_frueher_erreichen", "-m", city.folder, "--format", "markdown"
    )
    assert done.returncode == 0, done.stderr
    heads = [line for line in done.stdout.splitlines() if line.startswith("## ")]
    assert heads == [
        "## Worauf es beruht",
        "## Die Alternativen, nebeneinander",
        "## Ziele",
        "## Was es widerlegen würde",
        "## Was nicht enthalten ist",
    ]
    told = [line for line in done.stdout.splitlines() if "simulierte" in line]
    assert any("von 10 simulierten Zukünften" in line for line in told)
    assert not any("%" in line for line in told)
    assert done.stdout.count("    - Wie oft solche Aussagen bisher eintrafen: ") == 2
    assert "    - Rückblick auf dieses Programm: " in done.stdout
    listed = wirkraum("scenario", "list", "-m", city.folder, "--language", "en")
    assert "radsicher_weiter: Safe bicycle parking, how to go on?" in listed.stdout
    unknown = wirkraum("scenario", "show", "radsicher", "-m", city.folder)
    assert unknown.returncode == 1
    assert "there are: familien_frueher_erreichen, radsicher_weiter" in unknown.stderr


def test_the_declared_effect_holds_what_was_planted(
    effect: Effect, planted: dict[str, Any]
) -> None:
    """It was estimated from what the city's own figures show, without a look at the truth."""
    assert effect.by.low / 100 < planted["size"] < effect.by.high / 100
    assert effect.by.low / 100 < planted["realised"]["relative"] < effect.by.high / 100


def _before(city: Place) -> Known:
    """What was known of thefts before any parking was built, and the look ahead from there."""
    with duckdb.connect(str(city.published_warehouse), read_only=True) as connection:
        values = connection.execute(
            "select value.*, area.level from marts.indicator_value as value "
            "join marts.area using (area_system, area_version, area_id) "
            "where indicator_id = 'fahrraddiebstahl_rate' and group_id = 'all' and grain = 'month' "
            "and period_start < ? order by all",
            [BEFORE],
        ).pl()
    specs = pl.DataFrame(
        [("fahrraddiebstahl_rate", "month", ["stadt"], 12, "rate")],
        schema={
            "indicator_id": pl.String,
            "grain": pl.String,
            "levels": pl.List(pl.String),
            "horizon": pl.Int64,
            "kind": pl.String,
        },
        orient="row",
    )
    ahead = outlook(values, specs, run_id="2020").forecast
    return Known(values, pl.DataFrame(schema=GOAL_SCHEMA), ahead)


def _from_then(scenario: Scenario) -> Scenario:
    """The same effect, with nothing there yet and all five districts equipped in 2021."""
    assert scenario.dose is not None
    five = scenario.dose.today
    build = Alternative.model_validate(
        {"id": "bauen", "kind": "expand", "name": "Bauen", "since": BEFORE, "dose": five}
    )
    dose = scenario.dose.model_copy(update={"today": {}})
    return scenario.model_copy(update={"dose": dose, "alternatives": [build]})


def test_the_planted_dose_effect_is_recovered_from_the_state_before(
    city: Place, declared: Declarations, planted: dict[str, Any]
) -> None:
    """The whole city's difference holds what really was prevented, and 2021 lies nearer to it."""
    scenario = _from_then(declared.scenarios["radsicher_weiter"])
    town = Declarations(**{**vars(declared), "scenarios": {scenario.id: scenario}})
    tables = computed(town, _before(city), run_id="2020", known_on=BEFORE)
    apart = tables["scenario_difference"].filter(area_id="00", alternative_id="bauen")
    # By then lag and ramp are over in every draw.
    full = apart.filter(pl.col("period_start") == date(2021, 12, 1))
    low, mid, high = (
        full.filter(quantile=one)["value_percent"].item() for one in (0.025, 0.5, 0.975)
    )
    world = simulate()
    year = plants.BICYCLE_SINCE - FIRST_YEAR
    prevented = int(world.events.prevented_beside[:, year].sum())
    happened = recorded_offences(world, plants.BICYCLE_SINCE, BICYCLE, date(2022, 12, 31))
    true = -100 * prevented / (happened + prevented)
    assert low < true < high, (low, mid, high, true)
    assert high < 0
    share = true / (100 * planted["realised"]["relative"])
    assert 0 < share < 1

    seen = _query(
        city.published_warehouse,
        "select value from marts.indicator_value where indicator_id = 'fahrraddiebstahl_rate' "
        "and grain = 'month' and area_id = '00' and area_version = '2020' and group_id = 'all' "
        "and period_start between '2021-07-01' and '2021-12-01'",
    )
    observed = np.sum([value for (value,) in seen])
    result = tables["scenario_result"].filter(
        pl.col("period_start") >= date(2021, 7, 1), area_id="00", quantile=0.5
    )
    expected = dict(result.group_by("alternative_id").agg(pl.col("value").sum()).iter_rows())
    assert abs(expected["bauen"] - observed) < abs(expected["baseline"] - observed)
