"""Indicators computed from other indicators: what may be declared, what the tables say of it."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.declarations import DeclarationError, read_declarations
from orchestration.declarations.indicators import measures_behind
from orchestration.declarations.tables import declared_tables
from tests.unit.ingest.town import found

COUNT = {"kind": "count", "numerator": [{"measure": "faelle"}]}
CHANGE = {"kind": "change", "of": "faelle", "against": "year_before", "expressed": "absolute"}
SO_FAR = {"kind": "cumulative", "of": "faelle", "within": "year"}


def _write(folder: Path, name: str, formula: dict[str, Any], **other: Any) -> None:
    written = {"id": name, "department": "amt", "name": name, "meaning": name, "unit": "Fälle"}
    text = yaml.safe_dump({**written, "formula": formula, **other}, allow_unicode=True)
    (folder / "indicators" / f"{name}.yml").write_text(text, encoding="utf-8")


@pytest.fixture
def town(tmp_path: Path) -> Path:
    found(tmp_path)
    (tmp_path / "indicators").mkdir()
    _write(tmp_path, "faelle", COUNT)
    return tmp_path


def _said(folder: Path) -> str:
    with pytest.raises(DeclarationError) as caught:
        read_declarations(folder)
    (problem,) = caught.value.problems
    return str(problem)


@pytest.mark.parametrize(
    ("formula", "right"),
    [
        ({**CHANGE, "against": None}, "a change needs `against`"),
        ({**CHANGE, "within": "year"}, "a change has no `within`"),
        ({**CHANGE, **COUNT, "kind": "change"}, "computed from the indicator named in `of`"),
        ({**SO_FAR, "by": ["geschlecht"]}, "computed from the indicator named in `of`"),
        ({**SO_FAR, "within": None}, "a cumulative needs `within`"),
        ({**COUNT, "of": "faelle"}, "a count has no `of`"),
        ({"kind": "count"}, "a count needs a numerator"),
        ({**CHANGE, "of": "faelel"}, "nobody declares; did you mean 'faelle'?"),
        ({**CHANGE, "of": "neu"}, "found a circle: neu → neu; start from a measure"),
    ],
)
def test_what_does_not_fit_is_said_in_words(
    town: Path, formula: dict[str, Any], right: str
) -> None:
    _write(town, "neu", formula)
    said = _said(town)
    assert said.startswith("indicators/neu.yml:")
    assert right in said


def test_what_follows_from_another_is_not_declared_again(town: Path) -> None:
    _write(town, "neu", CHANGE, interval="byar")
    assert "the interval of a change follows from 'faelle'; leave `interval` out" in _said(town)
    rule = {"grain": "year", "levels": ["stadt"], "horizon": 3}
    _write(town, "neu", CHANGE, forecast=rule)
    assert "a change has no forecast; declare it for 'faelle'" in _said(town)


def test_a_circle_of_two_is_named_on_both_and_a_path_into_it_is_not(town: Path) -> None:
    _write(town, "eins", {**CHANGE, "of": "zwei"})
    _write(town, "zwei", {**SO_FAR, "of": "eins"})
    _write(town, "drei", {**CHANGE, "of": "zwei"})
    with pytest.raises(DeclarationError) as caught:
        read_declarations(town)
    said = [str(problem) for problem in caught.value.problems]
    assert len(said) == 2
    assert "indicators/eins.yml" in said[0]
    assert "found a circle: eins → zwei → eins" in said[0]
    assert "found a circle: zwei → eins → zwei" in said[1]


def test_only_what_may_be_added_up_is_added_up_and_no_change_of_a_change(town: Path) -> None:
    _write(town, "anteil", {**COUNT, "kind": "ratio", "denominator": COUNT["numerator"]})
    _write(town, "neu", {**SO_FAR, "of": "anteil"})
    assert "found 'anteil', a ratio; only a count is added up over the year" in _said(town)
    _write(town, "mehr", CHANGE)
    _write(town, "neu", {**CHANGE, "of": "mehr"})
    assert "found 'mehr', a change; take the change of 'faelle' itself" in _said(town)


def test_a_stock_is_not_added_up(town: Path) -> None:
    path = town / "sources" / "fall.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace("kind: flow", "kind: stock"), encoding="utf-8")
    _write(town, "neu", SO_FAR)
    assert "found 'faelle'; its measure 'faelle' is a stock" in _said(town)


def test_the_tables_say_what_is_computed_from_what(town: Path) -> None:
    path = town / "municipality.yml"
    text = path.read_text(encoding="utf-8")
    path.write_text(f"{text}fiscal_year_starts: 7\n", encoding="utf-8")
    _write(town, "haushalt", {**SO_FAR, "within": "fiscal_year"})
    _write(town, "mehr", {**CHANGE, "of": "haushalt"})
    _write(town, "prozent", {**CHANGE, "expressed": "percent", "against": "period_before"})
    _write(town, "ohne", CHANGE, interval="none")
    declarations = read_declarations(town)
    tables = declared_tables(declarations)
    assert tables["indicator_derived"].rows() == [
        ("haushalt", "cumulative", "faelle", None, None, 7),
        ("mehr", "change", "haushalt", "year_before", "absolute", None),
        ("ohne", "change", "faelle", "year_before", "absolute", None),
        ("prozent", "change", "faelle", "period_before", "percent", None),
    ]
    said = tables["indicator"].select("indicator_id", "interval", "formula").rows()
    assert said == [
        ("faelle", "byar", "faelle"),
        ("haushalt", "byar", "Σ faelle (1.7. … t)"),
        ("mehr", "mover", "haushalt (t) − haushalt (t − 12 M.)"),
        ("ohne", "none", "faelle (t) − faelle (t − 12 M.)"),
        ("prozent", "conditional", "faelle (t) / faelle (t − 1) × 100 − 100"),
    ]
    assert set(tables["indicator_measure"]["measure_id"]) == {"faelle"}
    assert tables["indicator_measure"].height == 5
    mehr = declarations.indicators["mehr"]
    assert measures_behind(mehr, declarations.indicators) == {"faelle"}
    assert tables["indicator_term"].height == 1
