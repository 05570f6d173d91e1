"""From declarations to rows: what a scenario changes where, what it costs, what it leaves out."""

import copy
from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from forecasting.outlook import FORECAST_SCHEMA, SERIES_KEY
from forecasting.scores import QUANTILES
from orchestration.declarations import Declarations, read_declarations
from orchestration.scenarios.prepare import GOAL_SCHEMA, Known, Prepared, prepare
from orchestration.scenarios.schemas import SCHEMAS
from orchestration.scenarios.step import computed
from tests.unit.declarations.test_scenarios import INDICATOR, PROGRAMME, SCENARIO
from tests.unit.ingest.town import found

PLACE = {"indicator_id": "faelle", "area_system": "raum", "area_version": "1", "group_id": "all"}
SIZES = {"0": 400.0, "01": 300.0, "0101": 240.0, "0102": 60.0, "02": 100.0, "0201": 100.0}
KNOWN_ON = date(2025, 2, 1)
GOAL = {
    "id": "g",
    "name": "Ruhe",
    "holder": {"kind": "council", "name": "Rat"},
    "indicator": "faelle",
    "versions": [{"since": "2020-01-01", "state": "decided"}],
}


def _declared(folder: Path, **changes: Any) -> Declarations:
    found(folder)
    scenario = copy.deepcopy(SCENARIO) | changes
    for kind, content in (
        ("indicators", INDICATOR),
        ("programmes", PROGRAMME),
        ("goals", GOAL),
        ("scenarios", scenario),
    ):
        (folder / kind).mkdir()
        text = yaml.safe_dump(content, allow_unicode=True)
        (folder / kind / f"{content['id']}.yml").write_text(text, encoding="utf-8")
    return read_declarations(folder)


def _known(last: int = 2028, without: tuple[str, ...] = (), **goal: Any) -> Known:
    """Yearly values of 2020 to 2024, and a look ahead from 2025 on."""
    values = [
        {**PLACE, "area_id": area, "period_start": date(year, 1, 1), "grain": "year",
         "numerator": size, "denominator": None, "value": size, "status": "observed",
         "as_of": KNOWN_ON}
        for area, size in SIZES.items() if area not in without
        for year in range(2020, 2025)
    ]  # fmt: skip
    ahead = [
        {**PLACE, "run_id": "r", "area_id": area, "period_start": date(year, 1, 1), "grain": "year",
         "scenario_id": "trend", "model": "ensemble", "quantile": quantile,
         "value": size * (1 + (quantile - 0.5) / 2), "status": "estimated", "as_of": KNOWN_ON}
        for area, size in SIZES.items() if area in ("0", "01", "0101", "02")
        for year in range(2025, last + 1)
        for quantile in QUANTILES
    ]  # fmt: skip
    aim = {"goal_id": "g", **PLACE, "area_id": "0", "grain": "year", "target": 380.0,
           "target_date": date(2026, 12, 31), "direction": "at_most"}  # fmt: skip
    return Known(
        pl.DataFrame(values).with_columns(pl.col("denominator").cast(pl.Float64)),
        pl.DataFrame([aim | goal], schema=GOAL_SCHEMA),
        pl.DataFrame(ahead, schema=FORECAST_SCHEMA),
    )


def _computed(folder: Path, known: Known | None = None, **changes: Any) -> dict[str, pl.DataFrame]:
    return computed(_declared(folder, **changes), known or _known(), run_id="r", known_on=KNOWN_ON)


def _weights(ready: Prepared, alternative: str) -> dict[tuple[str, str | None], float]:
    chosen = ready.influences.filter(alternative_id=alternative)
    return {
        (area, part): round(weight, 6)
        for area, part, weight in chosen.select("area_id", "part_id", "weight").iter_rows()
    }


def _percent(tables: dict[str, pl.DataFrame], area: str, alternative: str) -> list[float]:
    """The middle difference in percent, period by period."""
    found = tables["scenario_difference"].filter(
        area_id=area, alternative_id=alternative, quantile=0.5
    )
    return found.sort("period_start")["value_percent"].to_list()


def test_a_dose_reaches_the_areas_above_by_their_share(tmp_path: Path) -> None:
    ready = prepare(_declared(tmp_path), _known())
    assert _weights(ready, "mehr") == {
        ("0", "0101"): 0.6,
        ("0", "0201"): 0.25,
        ("01", "0101"): 0.8,
        ("0101", None): 1.0,
        ("02", "0201"): 1.0,
    }
    assert _weights(ready, "ende") == {("0", "0101"): 0.6, ("01", "0101"): 0.8, ("0101", None): 1.0}
    assert ready.influences.filter(alternative_id="wie_heute").is_empty()


def test_only_what_differs_from_today_acts(tmp_path: Path) -> None:
    """0101 has 2 and gets 3; 0201 has none and gets 1: 20 percent less each."""
    tables = _computed(tmp_path)
    assert _percent(tables, "0101", "mehr")[-1] == pytest.approx(-20, abs=0.5)
    assert _percent(tables, "0", "mehr")[-1] == pytest.approx(-17, abs=0.5)
    assert _percent(tables, "0101", "ende")[-1] == pytest.approx(100 * (1 / 0.8**2 - 1), abs=1)
    assert _percent(tables, "02", "ende") == [0.0] * 4
    assert _percent(tables, "02", "wie_heute") == [0.0] * 4
    assert _percent(tables, "0", "umfeld")[-1] == pytest.approx(100 * (1.01**3.5 - 1), abs=0.1)


def test_every_table_has_its_columns(tmp_path: Path) -> None:
    tables = _computed(tmp_path)
    assert {name: frame.schema for name, frame in tables.items()} == SCHEMAS
    assert all(frame.height for frame in tables.values())


def test_more_units_add_up_over_areas_and_spread_over_parts(tmp_path: Path) -> None:
    scenario = copy.deepcopy(SCENARIO)
    scenario["effects"][0] |= {"change": "in_unit"}
    scenario["dose"]["today"] = {"01": 2}
    scenario["alternatives"] = [
        {"id": "mehr", "kind": "expand", "name": "M", "since": "2025-01-01", "dose": {"01": 3}}
    ]
    programme = PROGRAMME | {"areas": ["01"]}
    folder = tmp_path / "town"
    folder.mkdir()
    declared = _declared(folder, effects=scenario["effects"], dose=scenario["dose"] | {
        "today": {"0101": 2}})  # fmt: skip
    assert _weights(prepare(declared, _known()), "mehr")["0", "0101"] == 1.0
    (folder / "programmes" / "angebot.yml").write_text(yaml.safe_dump(programme), encoding="utf-8")
    (folder / "scenarios" / "weiter.yml").write_text(yaml.safe_dump(scenario), encoding="utf-8")
    whole = prepare(read_declarations(folder), _known())
    assert _weights(whole, "mehr") == {
        ("0", "01"): 1.0,
        ("01", None): 1.0,
        ("0101", "0101"): 0.8,
    }
    assert any("Teilgebiete verteilt" in text for text in whole.gaps["text_de"])
    # How large a part it is can be read from its difference: it is protected as a part, too.
    assert whole.series.filter(area_id="0101", alternative_id="mehr")["parts"].item() == "0101"


def test_a_part_of_unknown_size_is_refused(tmp_path: Path) -> None:
    tables = _computed(tmp_path, _known(without=("0201",)))
    refused = tables["scenario_result"].filter(area_id="02", alternative_id="mehr")
    assert refused.select("quantile", "status", "reason").rows() == [
        (None, "missing", "Nicht gerechnet: wie groß der Anteil von 0201 ist, ist nicht bekannt.")
    ]
    shown = tables["scenario_result"].filter(area_id="0101", alternative_id="mehr")
    assert shown["quantile"].null_count() == 0


def test_an_outcome_with_a_long_lag_shows_leading_steps_only(tmp_path: Path) -> None:
    """From 2025 on with 3 months of lag at least, but 36 where the outcome takes years."""
    effects = copy.deepcopy(SCENARIO["effects"])
    effects[0]["lag_months"] = {"low": 48, "high": 60}
    tables = _computed(tmp_path, effects=effects)
    refused = tables["scenario_result"].filter(alternative_id="mehr")
    assert refused["quantile"].null_count() == refused.height == 4
    assert refused["reason"].unique().to_list() == [
        (
            "Zu früh für diese Wirkung: sie zeigt sich frühestens Januar 2029, der Ausblick reicht "
            "bis Dezember 2028. Bis dahin sind nur erste Schritte zu sehen, und welche das wären, "
            "ist nicht erklärt."
        )
    ]
    assert tables["scenario_difference"].filter(alternative_id="mehr").is_empty()
    chance = tables["scenario_chance"].filter(alternative_id="mehr").row(0, named=True)
    assert (chance["value"], chance["chance_de"], chance["status"]) == (None, None, "missing")
    steps = copy.deepcopy(effects)
    steps.append(effects[0] | {"id": "schritt", "role": "leading_step"})
    folder = tmp_path / "named"
    folder.mkdir()
    named = _computed(folder, effects=steps)["scenario_result"].filter(alternative_id="mehr")
    assert named["reason_en"][0].endswith("Until then only first steps can be seen: Fälle.")


def test_what_begins_after_the_look_ahead_is_refused(tmp_path: Path) -> None:
    alternatives = copy.deepcopy(SCENARIO["alternatives"])
    alternatives[1]["since"] = "2030-01-01"
    tables = _computed(tmp_path, alternatives=alternatives)
    said = tables["scenario_result"].filter(alternative_id="mehr")["reason"].unique().to_list()
    assert said == [
        "Der Ausblick reicht bis 31.12.2028; was hier anders ist, beginnt erst am 01.01.2030."
    ]


def test_more_of_it_makes_reaching_a_lower_value_likelier(tmp_path: Path) -> None:
    told = dict(
        _computed(tmp_path)["scenario_chance"].select("alternative_id", "value").iter_rows()
    )
    assert told["ende"] < told["baseline"] == told["wie_heute"] < told["mehr"]


def test_a_goal_that_falls_into_no_period_is_told(tmp_path: Path) -> None:
    gaps = _computed(tmp_path, _known(target_date=date(2024, 12, 31)))["scenario_gap"]
    assert gaps["position"].to_list() == list(range(1, gaps.height + 1))
    assert gaps["text_de"][-1] == (
        "Ziel „Ruhe“: ohne Aussage, weil es in keinen Zeitraum des Ausblicks fällt oder für kein "
        "Gebiet mit Ausblick gilt."
    )


def test_money_and_cost_are_said_and_decide_nothing(tmp_path: Path) -> None:
    alternatives = copy.deepcopy(SCENARIO["alternatives"])
    alternatives[1]["money_per_year"] = 140000
    frame = _computed(tmp_path, alternatives=alternatives)["scenario_alternative"]
    rows = {row["alternative_id"]: row for row in frame.iter_rows(named=True)}
    assert rows["baseline"]["name_de"] == "Der veröffentlichte Ausblick"
    assert rows["wie_heute"]["money_lasts_of_ten"] == 5
    assert rows["mehr"]["dose"] == "0101: 3, 0201: 1"
    assert rows["mehr"]["changed_de"] == "Hafen 3 statt 2; Wiese 1 statt 0"
    assert rows["wie_heute"]["changed_de"] is None
    assert rows["mehr"]["dose_unpaid"] == pytest.approx(2.0)
    assert rows["mehr"]["money_de"] == (
        "Kostet im Jahr etwa 280.000 Euro (240.000 bis 320.000). Es gibt 140.000 Euro: sie reichen "
        "in fast keiner simulierten Zukunft. Im mittleren Fall nicht bezahlt: Dosis 2,0 von 4."
    )
    assert rows["ende"]["money_en"] == "Then costs nothing any more."


@pytest.mark.parametrize(
    ("changes", "state"),
    [
        ({}, "not_due"),
        ({"period": "2024-01-01", "by": "2024-12-31"}, "refuted"),
        ({"period": "2024-01-01", "by": "2026-12-31"}, "refuted"),
        ({"period": "2024-01-01", "by": "2024-12-31", "than": 250}, "held"),
        ({"period": "2024-01-01", "by": "2024-12-31", "than": 250, "found": "below"}, "refuted"),
        ({"period": "2019-01-01", "by": "2019-12-31"}, "no_value"),
    ],
)
def test_an_observation_refutes_or_is_not_due(
    tmp_path: Path, changes: dict[str, Any], state: str
) -> None:
    refutation = SCENARIO["refuted_by"][0] | changes
    frame = _computed(tmp_path, refuted_by=[refutation])["scenario_refutation"]
    assert frame["state"].to_list() == [state]


def test_a_value_that_still_grows_refutes_nothing_before_its_day(tmp_path: Path) -> None:
    known = _known()
    grows = Known(
        known.values.with_columns(status=pl.lit("provisional")), known.goals, known.forecast
    )
    early = SCENARIO["refuted_by"][0] | {"period": "2024-01-01", "by": "2025-07-31"}
    frame = _computed(tmp_path, grows, refuted_by=[early])["scenario_refutation"]
    assert frame.select("state", "value").rows() == [("not_due", None)]


def test_gaps_are_declared_or_found(tmp_path: Path) -> None:
    known = _known()
    refused = known.forecast.filter(area_id="02", quantile=0.5).head(1)
    refused = refused.with_columns(
        area_id=pl.lit("0102"), quantile=pl.lit(None, pl.Float64), value=pl.lit(None, pl.Float64)
    )
    more = Known(known.values, known.goals, pl.concat([known.forecast, refused]))
    gaps = _computed(tmp_path, more)["scenario_gap"]
    assert gaps.filter(origin="declared")["text_de"].to_list() == ["Alles andere."]
    assert gaps.filter(origin="computed")["text_de"].to_list() == [
        "Fälle: für 1 Gebiete gibt es keinen Ausblick; die Gründe stehen in marts.forecast.",
        (
            "Fälle: wo nur ein Teil eines Gebiets betroffen ist, wird er so groß angenommen wie in "
            "den letzten zwei Jahren."
        ),
        "Keine Sättigung angenommen bei: Weniger Fälle.",
        "Was es neben diesem Programm gibt, läuft weiter wie im Ausblick.",
    ]


def test_without_a_look_ahead_there_is_none_of_an_alternative(tmp_path: Path) -> None:
    known = _known()
    none = Known(known.values, known.goals, known.forecast.clear())
    tables = _computed(tmp_path, none)
    assert tables["scenario_result"].is_empty()
    assert tables["scenario_gap"]["text_en"].to_list()[1] == (
        "Fälle: there is no look ahead, and so no alternative to it."
    )


def test_rows_in_any_order_give_the_same_tables(tmp_path: Path) -> None:
    known = _known()
    shuffled = Known(
        known.values.sample(fraction=1, shuffle=True, seed=1),
        known.goals,
        known.forecast.sample(fraction=1, shuffle=True, seed=2),
    )
    folder = tmp_path / "again"
    folder.mkdir()
    (tmp_path / "one").mkdir()
    one, two = _computed(tmp_path / "one", known), _computed(folder, shuffled)
    for name, frame in one.items():
        assert frame.equals(two[name]), name
    assert set(SERIES_KEY) <= set(one["scenario_result"].columns)
