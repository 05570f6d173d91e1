"""Goals and conflicts of goals as people write them, and what is wrong with some."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.declarations import DeclarationError, read_declarations
from orchestration.declarations.tables import declared_tables
from tests.unit.ingest.town import found

GOAL: dict[str, Any] = {
    "id": "weniger",
    "name": {"de": "Weniger Fälle", "en": "Fewer cases"},
    "holder": {"kind": "council", "name": "Rat"},
    "indicator": "faelle",
    "versions": [{"since": "2020-01-01", "state": "decided", "baseline": 30, "target": 20}],
}
CONFLICT: dict[str, Any] = {
    "id": "wer_zuerst",
    "name": "Wer zuerst",
    "declared_by": "Jugendhilfeausschuss",
    "declared_on": "2025-03-20",
    "sides": [
        {"goal": "weniger", "says": "So.", "said_by": "Rat", "accepts_less_of": "Zeit"},
        {"goal": "mehr", "says": "Anders.", "said_by": "Träger"},
    ],
    "numbers_say": "Wenig.",
    "numbers_do_not_say": "Viel.",
    "decides": {"who": {"de": "Rat", "en": "Council"}, "by": "2025-11-27"},
}


def _write(folder: Path, kind: str, content: dict[str, Any]) -> None:
    (folder / kind).mkdir(exist_ok=True)
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
    (folder / kind / f"{content['id']}.yml").write_text(text, encoding="utf-8")


@pytest.fixture
def town(tmp_path: Path) -> Path:
    found(tmp_path)
    indicator = {"id": "faelle", "department": "amt", "name": "Fälle", "meaning": "Fälle"}
    formula = {"kind": "count", "numerator": [{"measure": "faelle"}]}
    more = {"unit": "Fälle", "formula": formula, "polarity": "lower_is_better"}
    _write(tmp_path, "indicators", indicator | more)
    return tmp_path


def _said(folder: Path) -> str:
    with pytest.raises(DeclarationError) as caught:
        read_declarations(folder)
    return str(caught.value)


def _with_both_goals(town: Path, **conflict: Any) -> Path:
    _write(town, "goals", GOAL)
    _write(town, "goals", GOAL | {"id": "mehr", "direction": "at_most"})
    _write(town, "conflicts", CONFLICT | conflict)
    return town


def test_a_goal_speaks_of_the_whole_town_unless_areas_are_named(town: Path) -> None:
    _write(town, "goals", GOAL)
    _write(town, "goals", GOAL | {"id": "dort", "areas": ["01"]})
    rows = declared_tables(read_declarations(town))["goal_area"]
    assert dict(rows.select("goal_id", "area_id").rows()) == {"weniger": "0", "dort": "01"}


def test_a_target_against_the_polarity_asks_what_is_meant(town: Path) -> None:
    rising = [{"since": "2020-01-01", "state": "decided", "baseline": 20, "target": 30}]
    _write(town, "goals", GOAL | {"versions": rising})
    assert (
        "goals/weniger.yml:13  versions[0].target: found 30 after a baseline of 20, but the "
        "indicator is lower_is_better; say `direction: at_most` or `direction: at_least`"
    ) in _said(town)
    _write(town, "goals", GOAL | {"versions": rising, "direction": "at_most"})
    row = declared_tables(read_declarations(town))["goal"].row(0, named=True)
    assert (row["direction"], row["grain"], row["baseline"], row["target"]) == (
        "at_most",
        "year",
        20.0,
        30.0,
    )


def test_a_falling_target_where_more_is_better_asks_too(town: Path) -> None:
    indicator = town / "indicators" / "faelle.yml"
    text = indicator.read_text(encoding="utf-8")
    _write(town, "goals", GOAL)
    indicator.write_text(text.replace("lower_is", "higher_is"), encoding="utf-8")
    assert "found 20 after a baseline of 30, but the indicator is higher_is_better" in _said(town)


def test_two_versions_of_one_day_are_none(town: Path) -> None:
    _write(town, "goals", GOAL | {"versions": GOAL["versions"] * 2})
    assert "versions[1].since: two versions since 2020-01-01" in _said(town)


def test_a_conflict_stands_in_the_tables_with_its_sides(town: Path) -> None:
    tables = declared_tables(read_declarations(_with_both_goals(town)))
    row = tables["conflict"].row(0, named=True)
    assert (row["decides_de"], row["decides_en"]) == ("Rat", "Council")
    assert (row["decides_by"], row["decided_on"]) == (date(2025, 11, 27), None)
    assert (row["numbers_say_en"], row["numbers_do_not_say_de"]) == ("Wenig.", "Viel.")
    sides = tables["conflict_side"].select("goal_id", "says_de", "accepts_less_of_de").rows()
    assert sides == [("weniger", "So.", "Zeit"), ("mehr", "Anders.", None)]


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"sides": CONFLICT["sides"][:1]}, "sides: List should have at least 2 items"),
        (
            {"sides": [CONFLICT["sides"][0]] * 2},
            "goal 'weniger' stands on two sides; each side has a goal of its own",
        ),
        (
            {"decides": {"who": "Rat", "by": "2025-01-01"}},
            "decides.by is 2025-01-01 but declared_on is 2025-03-20; it cannot be earlier",
        ),
        ({"decision": {"on": "2025-01-01", "what": "x"}}, "decision.on is 2025-01-01 but"),
        (
            {"sides": [CONFLICT["sides"][0], CONFLICT["sides"][1] | {"goal": "mehrr"}]},
            "sides[1].goal: found goal 'mehrr', which nobody declares; did you mean 'mehr'?",
        ),
        ({"solution": "beides"}, "unknown field 'solution'"),
        ({"weights": {"weniger": 0.7}}, "unknown field 'weights'"),
    ],
)
def test_a_conflict_that_cannot_be_shown(town: Path, wrong: dict[str, Any], message: str) -> None:
    said = _said(_with_both_goals(town, **wrong))
    assert message in said
    assert "conflicts/wer_zuerst.yml:" in said


@pytest.mark.parametrize("field", ["declared_by", "numbers_say", "numbers_do_not_say", "decides"])
def test_a_conflict_says_all_of_it(town: Path, field: str) -> None:
    _with_both_goals(town)
    _write(town, "conflicts", {key: word for key, word in CONFLICT.items() if key != field})
    assert f"{field}: is missing and needed" in _said(town)
