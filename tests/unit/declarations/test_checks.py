"""The `checks:` block of a contract: defaults, what it becomes, and mistakes in it."""

from pathlib import Path
from typing import Any, get_args

import pytest
from pydantic import BaseModel

from orchestration.checks import expectation_spec
from orchestration.declarations import DeclarationError, checks
from quality import checks as judged
from quality.rules import RULES
from tests.unit.ingest.town import found, layout

SEXES = layout(groups=[{"dimension": "geschlecht", "column": "Geschlecht"}])


def spec(folder: Path, **source: Any) -> judged.SourceSpec:
    declarations = found(folder, SEXES, **source)
    return expectation_spec(declarations, declarations.sources["fall"])


def test_without_the_block_the_defaults_hold(tmp_path: Path) -> None:
    made = spec(tmp_path)
    assert (made.sums, dict(made.areas), dict(made.severities)) == ((), {}, {})
    assert (made.rows, made.past, made.registers) == (
        judged.RowsRule(),
        judged.PastRule(),
        judged.RegisterRule(),
    )
    assert not made.protected
    assert set(made.register["level"]) == {"viertel", "bezirk", "stadt", "nicht_zuzuordnen"}


@pytest.mark.parametrize(
    ("declared", "rule"),
    [
        (checks.RowsCheck, judged.RowsRule),
        (checks.PastCheck, judged.PastRule),
        (checks.RegisterCheck, judged.RegisterRule),
    ],
)
def test_declarations_and_rules_have_the_same_fields_and_defaults(
    declared: type[BaseModel], rule: type[object]
) -> None:
    assert declared().model_dump() == vars(rule())


def test_every_check_that_always_runs_can_change_its_severity() -> None:
    always = {*RULES, "areas_there", "figures_there", "parts", "areas"}
    assert set(get_args(checks.Always)) == always


def test_what_the_block_becomes(tmp_path: Path) -> None:
    made = spec(
        tmp_path,
        checks={
            "sums": [
                {"measure": "faelle", "dimension": "geschlecht", "tolerance": 3},
                {
                    "measure": "faelle",
                    "dimension": "geschlecht",
                    "codes": ["w"],
                    "tolerance": {"share": 0.02},
                    "severity": "critical",
                },
            ],
            "areas": [{"measure": "faelle", "tolerance": 2}],
            "rows": {"tolerance": 0.5},
            "past": {"severity": "info"},
            "registers": {"missing": 0.1},
            "severities": {"minimum": "critical"},
        },
    )
    whole, part = made.sums
    assert (whole.codes, whole.tolerance) == (("m", "w"), judged.Tolerance(absolute=3))
    assert (part.codes, part.tolerance.share, part.severity) == (("w",), 0.02, "critical")
    assert made.areas["faelle"].tolerance.absolute == 2
    assert (made.rows.tolerance, made.past.severity) == (0.5, "info")
    assert (made.registers.missing, dict(made.severities)) == (0.1, {"minimum": "critical"})


@pytest.mark.parametrize(
    ("block", "said"),
    [
        ({"sums": [{"measure": "fälle", "dimension": "geschlecht"}]}, "checks"),
        ({"sums": [{"measure": "faell", "dimension": "geschlecht"}]}, "did you mean 'faelle'"),
        ({"sums": [{"measure": "faelle", "dimension": "geschlechter"}]}, "'geschlecht'"),
        (
            {"sums": [{"measure": "faelle", "dimension": "geschlecht", "codes": ["x"]}]},
            "found code of geschlecht 'x'",
        ),
        ({"areas": [{"measure": "kinder"}]}, "found measure of this source 'kinder'"),
        ({"severities": {"minmum": "info"}}, "minmum"),
        ({"rows": {"tolerance": 0}}, "rows"),
        (
            {"sums": [{"measure": "faelle", "dimension": "geschlecht", "tolerance": -1}]},
            "tolerance",
        ),
    ],
)
def test_mistakes_are_told_with_their_place(
    tmp_path: Path, block: dict[str, Any], said: str
) -> None:
    with pytest.raises(DeclarationError, match=said) as caught:
        spec(tmp_path, checks=block)
    assert "sources/fall.yml:" in str(caught.value)
