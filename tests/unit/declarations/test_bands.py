"""Indicators by bands: standardised rates, means and quantiles as they may be declared."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.declarations import DeclarationError, read_declarations
from orchestration.declarations.codes import CodeListError, read_codes
from orchestration.declarations.indicators import measures_behind
from orchestration.declarations.tables import declared_tables
from tests.unit.ingest.town import found, layout

STOCK = {"id": "leute", "name": "Leute", "unit": "Leute", "kind": "stock"}
FLOW = {"id": "faelle", "name": "Fälle", "unit": "Fälle", "kind": "flow"}
AGES = (
    "code,name_de,name_en,from,to,standard_esp2013\n"
    "jung,unter 18,under 18,0,17,18900\nalt,ab 18,18 and over,18,,81100\n?,unbekannt,unknown,,,\n"
)
BINS = "code,name_de,from,to\n0,keine,0,0\n1,1 bis 3,1,3\n4,4 und mehr,4,\n"
RATE = {
    "kind": "standardised",
    "numerator": [{"measure": "faelle"}],
    "denominator": [{"measure": "leute"}],
    "over": "alter",
    "standard": "esp2013",
    "per": 100000,
}
MEAN = {
    "kind": "mean",
    "numerator": [{"measure": "leute"}],
    "over": "kinder",
    "counted_in": "whole_numbers",
}
MEDIAN = {**MEAN, "kind": "quantile", "counted_in": "completed_units", "quantile": 0.5}


def _write(folder: Path, formula: dict[str, Any], **other: Any) -> None:
    written = {"id": "neu", "department": "amt", "name": "Neu", "meaning": "Neu", "unit": "Fälle"}
    text = yaml.safe_dump({**written, "formula": formula, **other}, allow_unicode=True)
    (folder / "indicators" / "neu.yml").write_text(text, encoding="utf-8")


@pytest.fixture
def town(tmp_path: Path) -> Path:
    values = [{"measure": "faelle", "column": "Fälle"}, {"measure": "leute", "column": "Leute"}]
    found(tmp_path, layout(values=values), measures=[FLOW, STOCK])
    (tmp_path / "indicators").mkdir()
    (tmp_path / "codes" / "alter.csv").write_text(AGES, encoding="utf-8")
    (tmp_path / "codes" / "kinder.csv").write_text(BINS, encoding="utf-8")
    return tmp_path


def _said(folder: Path) -> str:
    with pytest.raises(DeclarationError) as caught:
        read_declarations(folder)
    (problem,) = caught.value.problems
    return str(problem)


@pytest.mark.parametrize(
    ("formula", "right"),
    [
        ({**RATE, "standard": None}, "a standardised needs `standard`"),
        ({**RATE, "per": None}, "a rate, standardised or not, and only a rate, needs `per`"),
        ({**RATE, "denominator": []}, "one numerator and one denominator; `over` says"),
        ({**RATE, "by": ["alter"]}, "takes all groups of `over`; it has no `groups` and no `by`"),
        ({**RATE, "over": "altre"}, "nobody declares; did you mean 'alter'?"),
        ({**RATE, "standard": "esp2012"}, "did you mean 'esp2013'?"),
        ({**RATE, "denominator": RATE["numerator"]}, "found 'faelle', a flow; the denominator"),
        ({**MEAN, "counted_in": None}, "a mean needs `counted_in`"),
        ({**MEAN, "quantile": 0.5}, "a mean has no `quantile`"),
        ({**MEAN, "denominator": RATE["numerator"]}, "a mean has one numerator, nothing else"),
        ({**MEDIAN, "quantile": 1}, "less than 1"),
        ({**MEDIAN, "over": "alter"}, "codes/alter.csv must say where each bin begins"),
        ({**MEDIAN, "over": "geschlecht"}, "'m' has no from"),
    ],
)
def test_what_does_not_fit_is_said_in_words(
    town: Path, formula: dict[str, Any], right: str
) -> None:
    _write(town, formula)
    said = _said(town)
    assert said.startswith("indicators/neu.yml:")
    assert right in said


def test_intervals_and_forecasts_that_do_not_exist(town: Path) -> None:
    _write(town, RATE, interval="byar")
    assert "the interval of a standardised is dobson or none" in _said(town)
    _write(town, MEAN, interval="wilson")
    assert "the interval of a mean is none" in _said(town)
    _write(town, MEAN, forecast={"grain": "year", "levels": ["stadt"], "horizon": 3})
    assert "a mean has no forecast; declare it for the counts behind it" in _said(town)
    _write(town, {"kind": "count", "numerator": RATE["numerator"]}, interval="dobson")
    assert "dobson is the interval of a standardised rate" in _said(town)


def test_bins_that_overlap_are_named(town: Path) -> None:
    path = town / "codes" / "kinder.csv"
    path.write_text(BINS.replace(",1,3", ",1,4"), encoding="utf-8")
    _write(town, MEAN)
    assert "the bins '1' and '4' of kinder overlap" in _said(town)


def test_a_standard_population_of_one_band_is_none(town: Path) -> None:
    path = town / "codes" / "alter.csv"
    path.write_text(AGES.replace("81100", ""), encoding="utf-8")
    _write(town, RATE)
    assert "only one code has a number; a rate needs two bands" in _said(town)


@pytest.mark.parametrize("weight", ["viele", "-1", "0", "nan", "inf"])
def test_a_standard_population_is_a_number_above_0(tmp_path: Path, weight: str) -> None:
    path = tmp_path / "alter.csv"
    path.write_text(AGES.replace("81100", weight), encoding="utf-8")
    with pytest.raises(CodeListError, match="is a number above 0") as caught:
        read_codes(path)
    assert caught.value.line == 3


def test_the_tables_say_what_bands_weigh_and_where_bins_end(town: Path) -> None:
    shown = ("role", "measure_id", "group_id", "weight", "lower", "upper", "quantile")
    _write(town, RATE)
    declarations = read_declarations(town)
    tables = declared_tables(declarations)
    assert tables["indicator_band"].select(shown).rows() == [
        ("numerator", "faelle", "alter=jung", 18900.0, 0.0, 18.0, None),
        ("numerator", "faelle", "alter=alt", 81100.0, 18.0, None, None),
        ("denominator", "leute", "alter=jung", 18900.0, 0.0, 18.0, None),
        ("denominator", "leute", "alter=alt", 81100.0, 18.0, None, None),
    ]
    assert tables["indicator"].select("interval", "formula").row(0) == (
        "dobson",
        "Σ (esp2013 [alter] × faelle / leute) / Σ esp2013 [alter] × 100000",
    )
    assert tables["indicator_term"].is_empty()
    new = declarations.indicators["neu"]
    assert measures_behind(new, declarations.indicators) == {"faelle", "leute"}

    _write(town, MEAN)
    tables = declared_tables(read_declarations(town))
    assert tables["indicator_band"].select(shown).rows() == [
        ("numerator", "leute", "kinder=0", None, -0.5, 0.5, None),
        ("numerator", "leute", "kinder=1", None, 0.5, 3.5, None),
        ("numerator", "leute", "kinder=4", None, 3.5, None, None),
    ]
    assert tables["indicator"].select("interval", "formula").row(0) == (
        "none",
        "x̄ [kinder; leute]",
    )

    _write(town, MEDIAN)
    tables = declared_tables(read_declarations(town))
    limits = tables["indicator_band"].select("lower", "upper", "quantile").rows()
    assert limits == [(0.0, 1.0, 0.5), (1.0, 4.0, 0.5), (4.0, None, 0.5)]
    assert tables["indicator"]["formula"][0] == "Q(0.5) [kinder; leute]"
