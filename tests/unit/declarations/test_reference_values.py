"""What stands beside values is declared, and refused where it would mislead or give away."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.declarations import DeclarationError, Declarations, read_declarations
from orchestration.declarations.tables import declared_tables
from tests.unit.ingest.town import found

ALIKE: dict[str, Any] = {"context": ["quote"], "within": 0.5, "why": "gleich groß"}
SET: dict[str, Any] = {
    "id": "viertel",
    "area_system": "raum",
    "level": "viertel",
    "indicators": ["quote", "rate"],
    "alike": ALIKE,
}
FORMULAS: dict[str, dict[str, Any]] = {
    "faelle": {"kind": "count", "numerator": [{"measure": "faelle"}]},
    "quote": {
        "kind": "share",
        "numerator": [{"measure": "faelle"}],
        "denominator": [{"measure": "leute"}],
    },
    "rate": {
        "kind": "rate",
        "per": 1000,
        "numerator": [{"measure": "faelle"}],
        "denominator": [{"measure": "leute"}],
    },
}
MEASURES = [
    {"id": "faelle", "name": "Fälle", "unit": "Fälle", "kind": "flow"},
    {"id": "leute", "name": "Leute", "unit": "Leute", "kind": "stock"},
]


def _town(folder: Path, *sets: dict[str, Any], **source: Any) -> Declarations:
    found(folder, measures=MEASURES, **source)
    for name, formula in FORMULAS.items():
        text = {"id": name, "department": "amt", "name": name.title(), "meaning": "x", "unit": "x"}
        path = folder / "indicators" / f"{name}.yml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(text | {"formula": formula}), encoding="utf-8")
    for one in sets:
        path = folder / "reference_values" / f"{one['id']}.yml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump(one, allow_unicode=True), encoding="utf-8")
    return read_declarations(folder)


def test_as_tables(tmp_path: Path) -> None:
    bare = {name: value for name, value in SET.items() if name != "alike"}
    bare |= {"id": "bezirke", "level": "bezirk"}
    tables = declared_tables(_town(tmp_path, SET, bare))
    assert tables["reference_set"].rows() == [
        ("bezirke", "raum", "1", "bezirk", *[None] * 7),
        ("viertel", "raum", "1", "viertel", 0.5, 3, 5, "Quote", "Quote", *["gleich groß"] * 2),
    ]
    assert tables["reference_indicator"].filter(reference_set_id="viertel").rows() == [
        ("viertel", "quote", True),
        ("viertel", "rate", False),
    ]
    assert tables["reference_context"].rows() == [("viertel", "quote")]


@pytest.mark.parametrize(
    ("changes", "right"),
    [
        ({"level": "vierte"}, "did you mean 'viertel'?"),
        ({"area_system": "raeume"}, "found area system 'raeume', which nobody declares"),
        ({"indicators": ["rat"]}, "did you mean 'rate'?"),
        ({"indicators": ["faelle"]}, "a count; beside it a larger area would say nothing"),
        ({"indicators": ["rate", "rate"]}, "'rate' has reference values of this level already"),
        ({"alike": ALIKE | {"context": ["rat"]}}, "did you mean 'rate'?"),
        ({"alike": ALIKE | {"context": ["rate", "rate"]}}, "stands twice in the context"),
        ({"alike": ALIKE | {"within": 0}}, "greater than 0"),
        ({"alike": ALIKE | {"at_least": 6}}, "at_least must not be more than at_most"),
        ({"alike": ALIKE | {"why": None}}, "why"),
    ],
)
def test_what_does_not_fit(tmp_path: Path, changes: dict[str, Any], right: str) -> None:
    with pytest.raises(DeclarationError) as caught:
        _town(tmp_path, SET | changes)
    (problem,) = caught.value.problems
    assert str(problem).startswith("reference_values/viertel.yml:")
    assert right in str(problem)


def test_two_declarations_of_one_level_do_not_overlap(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError, match="'rate' has reference values of this level already"):
        _town(tmp_path, SET, SET | {"id": "zweite", "indicators": ["rate"]})


def test_a_protected_source_makes_no_areas_alike(tmp_path: Path) -> None:
    protected = {
        "protection": "sozialdaten",
        "purpose": "Probe",
        "legal_basis": "Probe",
        "recipients": ["Amt"],
        "retention_days": 30,
    }
    with pytest.raises(DeclarationError, match="protected source 'fall'; which areas are alike"):
        _town(tmp_path, SET, **protected)
