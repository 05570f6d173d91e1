"""An index names its parts, its minimum and its classes, or says by line what is wrong."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.declarations import DeclarationError, Declarations, read_declarations
from orchestration.declarations.indicators import measures_behind
from orchestration.declarations.tables import declared_tables
from tests.unit.ingest.town import found

INDEX: dict[str, Any] = {
    "levels": ["viertel"],
    "public_level": "viertel",
    "parts": [{"indicator": "faelle_je_kopf"}, {"indicator": "faelle", "weight": -2}],
    "minimum": {"measure": "kopfzahl", "count": 300},
    "classes": [
        {"id": 1, "name": "hoch", "up_to": -1},
        {"id": 2, "name": "mittel", "up_to": 1.5},
        {"id": 3, "name": "niedrig"},
    ],
}


def town(folder: Path, index: dict[str, Any], **formula: Any) -> Declarations:
    """A town with two indicators and an index of them."""
    found(folder)
    path = folder / "sources" / "fall.yml"
    source = yaml.safe_load(path.read_text(encoding="utf-8"))
    source["measures"].append({"id": "kopfzahl", "name": "Köpfe", "unit": "Köpfe", "kind": "stock"})
    path.write_text(yaml.safe_dump(source, allow_unicode=True), encoding="utf-8")
    count = {"kind": "count", "numerator": [{"measure": "faelle"}]}
    share = {"kind": "ratio", "numerator": [{"measure": "faelle"}]}
    share["denominator"] = [{"measure": "kopfzahl"}]
    formulas = {"faelle": count, "faelle_je_kopf": share}
    formulas["lage"] = {"kind": "composite", "index": index} | formula
    (folder / "indicators").mkdir()
    for name, one in formulas.items():
        text = {"id": name, "department": "amt", "name": name, "meaning": name, "unit": "x"}
        path = folder / "indicators" / f"{name}.yml"
        path.write_text(yaml.safe_dump(text | {"formula": one}), encoding="utf-8")
    return read_declarations(folder)


def test_an_index_as_tables(tmp_path: Path) -> None:
    left_out = {"area_version": "1", "areas": ["0101"], "since": date(2019, 1, 1), "why": "fern"}
    tables = declared_tables(town(tmp_path, INDEX | {"without": [left_out]}))
    assert tables["indicator_component"].rows() == [
        ("lage", "faelle_je_kopf", 1.0, None, None, False),
        ("lage", "faelle", -2.0, None, None, False),
    ]
    assert tables["indicator_level"].rows() == [("lage", "viertel", 300.0, "Köpfe", "Köpfe")]
    assert tables["indicator_class_limit"].rows() == [
        ("lage", "1", "hoch", "hoch", None, -1.0),
        ("lage", "2", "mittel", "mittel", -1.0, 1.5),
        ("lage", "3", "niedrig", "niedrig", 1.5, None),
    ]
    assert tables["indicator_left_out"].rows() == [
        ("lage", "1", "0101", date(2019, 1, 1), None, "fern", "fern")
    ]
    terms = tables["indicator_term"].filter(indicator_id="lage").rows()
    assert terms == [("lage", "minimum", "kopfzahl", "all")]
    row = tables["indicator"].filter(indicator_id="lage").row(0, named=True)
    assert row["formula"] == "z(z(faelle_je_kopf) + -2 × z(faelle)); 1 ≤ -1, 2 ≤ 1.5 < 3"
    assert (row["kind"], row["interval"], row["public_level"]) == ("composite", "none", "viertel")


def test_an_index_needs_the_measures_of_its_parts(tmp_path: Path) -> None:
    declarations = town(tmp_path, INDEX)
    assert measures_behind(declarations.indicators["lage"], declarations.indicators) == {
        "faelle",
        "kopfzahl",
    }


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"parts": [{"indicator": "faelle"}]}, "at least 2 items"),
        ({"parts": [{"indicator": "faelle"}] * 2}, "an indicator stands twice among the parts"),
        (
            {"parts": [{"indicator": "faelle"}, {"indicator": "faele"}]},
            "found indicator 'faele', which nobody declares; did you mean 'faelle'?",
        ),
        (
            {"parts": [{"indicator": "faelle"}, {"indicator": "lage"}]},
            "found 'lage', an index itself; add up its parts instead",
        ),
        (
            {"parts": [{"indicator": "faelle_je_kopf"}, {"indicator": "faelle", "weight": 0}]},
            "a part of weight 0 is no part; leave it out",
        ),
        ({"minimum": {"measure": "faelle", "count": 9}}, "found 'faelle', a flow; a minimum is"),
        ({"minimum": {"measure": "kopfzahl", "count": 0}}, "greater than 0"),
        ({"levels": ["vierte"]}, "found level 'vierte', which nobody declares"),
        ({"public_level": "land"}, "found level 'land', which nobody declares"),
        (
            {"without": [{"area_version": "1", "areas": ["0999"], "why": "fern"}]},
            "found area '0999', which nobody declares",
        ),
        (
            {"classes": [{"id": 1, "name": "a", "up_to": 1}, {"id": 2, "name": "b", "up_to": 2}]},
            "every class but the last, and only they, need `up_to`",
        ),
        (
            {
                "classes": [
                    {"id": 1, "name": "a", "up_to": 1},
                    {"id": 2, "name": "b", "up_to": -1},
                    {"id": 3, "name": "c"},
                ]
            },
            "the limits of the classes must rise",
        ),
    ],
)
def test_an_index_that_cannot_work(tmp_path: Path, change: dict[str, Any], message: str) -> None:
    with pytest.raises(DeclarationError, match=r"indicators/lage\.yml:\d+") as caught:
        town(tmp_path, INDEX | change)
    assert message in str(caught.value)


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ({"numerator": [{"measure": "faelle"}]}, "a composite has parts, no numerator"),
        ({"by": ["geschlecht"]}, "a composite has parts, no numerator"),
        ({"kind": "count"}, "a count has no `index`"),
    ],
)
def test_a_formula_is_of_measures_or_of_parts(
    tmp_path: Path, formula: dict[str, Any], message: str
) -> None:
    with pytest.raises(DeclarationError) as caught:
        town(tmp_path, INDEX, **formula)
    assert message in str(caught.value)
