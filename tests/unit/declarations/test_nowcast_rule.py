"""`nowcast:` on an indicator: only counts of events, and rates of them, grow by late reports."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.declarations import DeclarationError, read_declarations
from tests.unit.ingest.town import found

RULE = {"grain": "year", "levels": ["stadt"], "settled_after_days": 200}
COUNT = {"kind": "count", "numerator": [{"measure": "faelle"}]}
RATIO = {"kind": "ratio", "numerator": COUNT["numerator"], "denominator": COUNT["numerator"]}


def _declare(folder: Path, formula: dict[str, Any], rule: dict[str, Any], kind: str) -> None:
    measure = {"id": "faelle", "name": "Fälle", "unit": "Fälle", "kind": kind}
    try:
        found(folder, measures=[measure])
    finally:
        (folder / "indicators").mkdir()
        text = {"id": "neu", "department": "amt", "name": "Neu", "meaning": "Neu", "unit": "Fälle"}
        content = yaml.safe_dump({**text, "formula": formula, "nowcast": rule}, allow_unicode=True)
        (folder / "indicators" / "neu.yml").write_text(content, encoding="utf-8")


@pytest.mark.parametrize(
    ("formula", "rule", "kind", "right"),
    [
        (RATIO, RULE, "flow", "a ratio has no nowcast; only a count of events"),
        (COUNT, {**RULE, "levels": ["statd"]}, "flow", "did you mean 'stadt'?"),
        (COUNT, RULE, "stock", "found the stock 'faelle'; only flows grow by late reports"),
        (COUNT, {**RULE, "settled_after_days": 0}, "flow", "greater than or equal to 1"),
    ],
)
def test_what_does_not_fit_is_said_in_words(
    tmp_path: Path, formula: dict[str, Any], rule: dict[str, Any], kind: str, right: str
) -> None:
    _declare(tmp_path, formula, rule, kind)
    with pytest.raises(DeclarationError) as caught:
        read_declarations(tmp_path)
    (problem,) = caught.value.problems
    assert str(problem).startswith("indicators/neu.yml:")
    assert right in str(problem)


def test_a_rule_that_fits_is_read(tmp_path: Path) -> None:
    _declare(tmp_path, COUNT, RULE, "flow")
    rule = read_declarations(tmp_path).indicators["neu"].nowcast
    assert rule is not None
    assert rule.settled_after_days == 200
