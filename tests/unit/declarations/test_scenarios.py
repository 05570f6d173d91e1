"""Scenarios as people write them, and what is refused in words."""

import copy
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.declarations import DeclarationError, read_declarations
from orchestration.declarations.scenarios import doses
from orchestration.declarations.tables import declared_tables
from tests.unit.ingest.town import found

GROUND = {
    "source": {"kind": "evaluation", "what": "Rückblick 2024"},
    "status": "estimated",
    "owner": "Amt",
}
SCENARIO: dict[str, Any] = {
    "id": "weiter",
    "name": "Weiter?",
    "question": "Wollen wir mehr davon?",
    "owner": "Amt",
    "programme": "angebot",
    "dose": {
        "unit": "Stellen",
        "today": {"0101": 2},
        "observed": {"low": 0, "high": 3, "where": "Nord, 2020 bis 2024"},
    },
    "effects": [
        {
            "id": "weniger",
            "what": "Weniger Fälle.",
            "indicator": "faelle",
            "change": "percent",
            "by": {"low": -30, "mid": -20, "high": -5},
            "lag_months": {"low": 3, "high": 12},
            "ramp_months": {"low": 0, "high": 6},
            "fades_months": {"low": 0, "high": 6},
            **GROUND,
        }
    ],
    "cost": {
        "id": "kosten",
        "what": "Eine Stelle.",
        "per_dose": {"low": 60000, "mid": 70000, "high": 80000},
        **GROUND,
    },
    "population": [
        {
            "id": "zuzug",
            "what": "Mehr Menschen.",
            "indicator": "faelle",
            "acts": "with_people",
            "yearly": {"low": 0, "mid": 1, "high": 2},
            "since": "2025-01-01",
            **GROUND,
        }
    ],
    "shocks": [
        {
            "id": "einschnitt",
            "what": "Ein Werk schließt.",
            "indicator": "faelle",
            "change": "percent",
            "by": {"low": 5, "mid": 10, "high": 30},
            "since": "2025-01-01",
            "until": "2025-12-31",
            "areas": ["02"],
            **GROUND,
        }
    ],
    "alternatives": [
        {"id": "wie_heute", "kind": "continue", "name": "Wie heute", "money_per_year": 140000},
        {
            "id": "mehr",
            "kind": "expand",
            "name": "Mehr",
            "since": "2025-01-01",
            "dose": {"0101": 3, "0201": 1},
        },
        {"id": "ende", "kind": "cut", "name": "Ende", "since": "2025-01-01"},
        {"id": "umfeld", "kind": "surroundings", "name": "U", "population": ["zuzug"]},
    ],
    "refuted_by": [
        {
            "id": "bleibt",
            "indicator": "faelle",
            "area": "0101",
            "period": "2026-01-01",
            "found": "above",
            "than": 20,
            "by": "2027-03-31",
            "says": "Dann wirkte es nicht.",
        }
    ],
    "not_modelled": ["Alles andere."],
}
PROGRAMME = {
    "id": "angebot",
    "name": "Angebot",
    "department": "amt",
    "areas": ["0101"],
    "start": "2020-01-01",
    "logic": {"input": "i", "output": "o", "outcome": "w", "impact": "z", "lag_years": 1},
}
INDICATOR = {
    "id": "faelle",
    "department": "amt",
    "name": "Fälle",
    "meaning": "Fälle",
    "unit": "Fälle",
    "formula": {"kind": "count", "numerator": [{"measure": "faelle"}]},
}


def _write(folder: Path, kind: str, content: dict[str, Any]) -> None:
    (folder / kind).mkdir(exist_ok=True)
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
    (folder / kind / f"{content['id']}.yml").write_text(text, encoding="utf-8")


@pytest.fixture
def town(tmp_path: Path) -> Path:
    found(tmp_path)
    _write(tmp_path, "indicators", INDICATOR)
    _write(tmp_path, "programmes", PROGRAMME)
    return tmp_path


def _changed(*path: str | int, to: Any) -> dict[str, Any]:
    """The scenario with one place changed; `...` takes it away."""
    scenario = copy.deepcopy(SCENARIO)
    at: Any = scenario
    for step in path[:-1]:
        at = at[step]
    if to is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = to
    return scenario


def _said(town: Path, scenario: dict[str, Any]) -> str:
    _write(town, "scenarios", scenario)
    with pytest.raises(DeclarationError) as caught:
        read_declarations(town)
    return str(caught.value)


def test_a_scenario_stands_in_the_tables_assumptions_first(town: Path) -> None:
    _write(town, "scenarios", SCENARIO)
    declared = read_declarations(town)
    tables = declared_tables(declared)
    assert tables["scenario"].row(0, named=True)["observed_high"] == 3
    rows = tables["scenario_assumption"].sort("position")
    assert rows["part"].to_list() == [
        *("effect", "lag", "ramp", "fading", "population", "shock", "cost"),
    ]
    assert rows["source_de"].unique().to_list() == ["Rückblick 2024"]
    assert rows["owner_de"].null_count() == rows["status"].null_count() == 0
    effect = rows.row(0, named=True)
    assert (effect["low"], effect["mid"], effect["high"], effect["holds"]) == (-30, -20, -5, 0.8)
    assert effect["unit_de"] == "Prozent je Dosis"
    assert effect["alternatives"] == "mehr, ende"


def test_doses_are_todays_where_an_alternative_says_nothing(town: Path) -> None:
    _write(town, "scenarios", SCENARIO)
    one = read_declarations(town).scenarios["weiter"]
    found = {each.id: doses(one, each) for each in one.alternatives}
    assert found == {
        "wie_heute": {"0101": 2},
        "mehr": {"0101": 3, "0201": 1},
        "ende": {"0101": 0},
        "umfeld": {"0101": 2},
    }


@pytest.mark.parametrize(
    ("path", "to", "message"),
    [
        (("effects", 0, "by"), -20, "effects[0].by: found -20; a single number hides how little"),
        (("effects", 0, "lag_months"), 6, "lag_months: found 6; a single number hides"),
        (("effects", 0, "by"), ..., "effects[0].by: is missing and needed"),
        (("effects", 0, "source"), ..., "effects[0].source: is missing and needed"),
        (("effects", 0, "owner"), ..., "effects[0].owner: is missing and needed"),
        (("effects", 0, "status"), ..., "effects[0].status: is missing and needed"),
        (("cost", "per_dose"), 70000, "cost.per_dose: found 70000; a single number"),
        (("shocks", 0, "by"), 10, "shocks[0].by: found 10; a single number"),
        (("population", 0, "yearly"), 1, "population[0].yearly: found 1; a single number"),
        (
            ("effects", 0, "by"),
            {"low": -20, "mid": -20, "high": -20},
            "found -20 to -20; a range without width is a single number",
        ),
        (
            ("effects", 0, "by"),
            {"low": -5, "mid": -20, "high": -30},
            "found -5, -20, -30; low, mid and high must rise",
        ),
        (
            ("effects", 0, "by"),
            {"low": -100, "mid": -20, "high": -5},
            "effects[0].by.low: found -100 percent; a value cannot fall by 100 percent or more",
        ),
        (
            ("effects", 0, "lag_months"),
            {"low": 0, "high": 6},
            "found at most 6 months, but programme 'angebot' says an effect shows after 1 years",
        ),
        (
            ("alternatives", 1, "dose", "0201"),
            5,
            (
                "alternatives[1].dose.0201: found 5, but only 0 to 3 was ever observed; say "
                "`outside_observed: true` and `outside_because`, or stay within"
            ),
        ),
        (
            ("alternatives", 1, "outside_observed"),
            True,
            "`outside_observed: true` and `outside_because` go together",
        ),
        (
            ("alternatives", 1, "dose", "0101"),
            1,
            "alternatives[1].dose.0101: found 1 where there is 2 today; not more",
        ),
        (("alternatives", 1, "dose", "02"), 1, "'0201' lies in '02'; a dose of both counts twice"),
        (("alternatives", 1, "since"), ..., "`expand` needs `since`"),
        (("alternatives", 0, "since"), "2025-01-01", "`continue` has no `since`"),
        (("alternatives", 0, "dose"), {"0101": 3}, "`continue` leaves the dose as it is"),
        (("alternatives", 3, "population"), [], "`surroundings` names `population` or `shocks`"),
        (
            ("alternatives", 3, "population"),
            ["zuzu"],
            "alternatives[3].population[0]: found 'zuzu'; declared under `population` are 'zuzug'",
        ),
        (("alternatives", 0, "id"), "baseline", "which is the id of the published look ahead"),
        (("effects", 0, "fades_months"), None, "a cut needs `fades_months` of effect 'weniger'"),
        (("refuted_by",), [], "refuted_by: List should have at least 1 item"),
        (("refuted_by", 0, "by"), "2025-01-01", "before the period of 2026-01-01 begins"),
        (("refuted_by", 0, "alternative"), "meer", "found alternative 'meer', which is none"),
        (("refuted_by", 0, "area"), "9", "found area '9', which nobody declares"),
        (("not_modelled",), ..., "not_modelled: is missing and needed"),
        (("dose", "today"), {}, "programme 'angebot' is in '0101', which has no dose here"),
        (("dose", "today", "0201"), 1, "found '0201', where programme 'angebot' is not"),
        (("dose", "today", "0101"), 9, "found 9, but observed are 0 to 3; what is there today is"),
        (("programme",), ..., "`dose` is of a programme; name it as `programme`"),
        (("effects", 0, "indicator"), "falle", "found indicator 'falle', which nobody declares"),
        (("cost",), ..., "says what there is, but no `cost` says what a dose takes"),
        (("owner",), "Frau Beispiel", "found 'Frau Beispiel'; name a role or a body, never"),
    ],
)
def test_what_is_refused(town: Path, path: tuple[str | int, ...], to: Any, message: str) -> None:
    said = _said(town, _changed(*path, to=to))
    assert message in said
    assert "scenarios/weiter.yml:" in said


def test_a_dose_beyond_what_was_observed_may_be_asked_for_with_a_reason(town: Path) -> None:
    scenario = _changed("alternatives", 1, "dose", "0201", to=5)
    scenario["alternatives"][1] |= {"outside_observed": True, "outside_because": "Gewünscht."}
    _write(town, "scenarios", scenario)
    assert read_declarations(town).scenarios["weiter"].alternatives[1].outside_observed
    scenario["alternatives"][1]["dose"]["0201"] = 1
    assert "every dose lies within what was observed; leave it out" in _said(town, scenario)


def test_a_problem_names_its_line(town: Path) -> None:
    said = _said(town, _changed("effects", 0, "by", to=-20))
    text = (town / "scenarios" / "weiter.yml").read_text(encoding="utf-8").splitlines()
    line = next(number for number, one in enumerate(text, 1) if "by: -20" in one)
    assert f"scenarios/weiter.yml:{line}  effects[0].by:" in said
