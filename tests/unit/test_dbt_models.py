"""The promises of every model: words in both languages, a tested grain, sums worked out by hand."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

PROJECT = Path(__file__).parents[2] / "dbt_project"
MODELS = sorted((PROJECT / "models").rglob("*.sql"))
BOTH_LANGUAGES = re.compile(r"\S.* / .*\S", re.DOTALL)

# Macros of dbt that fetch and compute nothing.
PLAIN_MACROS = {"ref", "source", "var", "config"}
COMPUTING = re.compile(
    r"\b(?:case|group\s+by|over|sum|count|min|max|avg|median|any_value|bool_or|bool_and|list|"
    r"string_agg|quantile_\w+|arg_max|arg_min)\b"
    # * stands for all columns where nothing to multiply is before it
    r"|[\w)\]]\s*[-+/%]\s*[\w(]|[\w)\]]\s+\*\s+[\w(]",
    re.IGNORECASE,
)
NOT_A_PRODUCT = re.compile(r"\b(?:select|,)\s*(?:\w+\.)?\*", re.IGNORECASE)


def computes(sql: str) -> bool:
    """Whether a model has an aggregate, a case, arithmetic or a macro that may hold them."""
    macros = set(re.findall(r"{{\s*(\w+)\(", sql))
    if macros - PLAIN_MACROS:
        return True
    bare = re.sub(r"{#.*?#}|{{.*?}}|{%.*?%}|--[^\n]*|'[^']*'", " x ", sql, flags=re.DOTALL)
    return COMPUTING.search(NOT_A_PRODUCT.sub("select x", bare)) is not None


def described(path: Path) -> dict[str, Any]:
    """The sibling yml of a model."""
    read: dict[str, Any] = yaml.safe_load(path.with_suffix(".yml").read_text(encoding="utf-8"))
    return read


def model_of(path: Path) -> dict[str, Any]:
    """What the sibling yml says of its one model."""
    (model,) = described(path)["models"]
    assert isinstance(model, dict)
    return model


# Part of the key may be empty: a refusal has no quantile, a goal no value, a service no outcome.
PARTLY_EMPTY_KEYS = (
    "contribution",
    "forecast",
    "goal_progress",
    "programme_reach",
    "scenario_result",
)


def keys(model: dict[str, Any]) -> list[list[str]]:
    """The columns of every key that a constraint or a test holds the model to."""
    found = [
        one["columns"]
        for one in model.get("constraints", [])
        if one["type"] in ("primary_key", "unique")
    ]
    found += [
        one["unique_together"]["arguments"]["columns"]
        for one in model.get("data_tests", [])
        if isinstance(one, dict) and "unique_together" in one
    ]
    return found


def each_model(*folders: str) -> pytest.MarkDecorator:
    """One case per model of these folders, or of all."""
    chosen = [path for path in MODELS if not folders or path.parent.name in folders]
    return pytest.mark.parametrize("path", chosen, ids=lambda path: path.stem)


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select a, b from {{ ref('x') }}", False),
        ("select *, t.* exclude (a) from {{ source('x', 'y') }} -- sum of all\n", False),
        ("select 'a / b' as a from x where a >= date '2020-01-01'", False),
        ("select a - b as c from x", True),
        ("select 100 * a as c from x", True),
        ("select case when a then b end as c from x", True),
        ("select max(a) as a from x", True),
        ("select {{ exact_sum('a') }} as a from x", True),
    ],
)
def test_what_counts_as_computing(sql: str, expected: bool) -> None:
    assert computes(sql) is expected


@each_model()
def test_a_model_and_all_its_columns_are_described_in_both_languages(path: Path) -> None:
    model = model_of(path)
    assert model["name"] == path.stem
    assert BOTH_LANGUAGES.fullmatch(model["description"])
    assert "one row per" in model["description"], "the grain is part of the description"
    silent = [
        column["name"]
        for column in model["columns"]
        if not BOTH_LANGUAGES.fullmatch(column.get("description", ""))
    ]
    assert silent == []


@each_model()
def test_a_model_is_held_to_its_grain(path: Path) -> None:
    model = model_of(path)
    other = model.get("config", {}).get("meta", {}).get("grain_held_by")
    if other is not None:  # all its rows are in that model, under the same key
        (path,) = (one for one in MODELS if one.stem == other)
        model = model_of(path)
    held = keys(model)
    assert held, "state the grain: a primary_key constraint or the test unique_together"
    named = {column["name"] for column in model["columns"]}
    assert all(set(columns) <= named for columns in held)


@each_model("marts")
def test_a_mart_has_a_key_that_is_never_empty(path: Path) -> None:
    model = model_of(path)
    filled = {
        column["name"]
        for column in model["columns"]
        if {"type": "not_null"} in column.get("constraints", [])
    }
    assert filled
    if path.stem not in PARTLY_EMPTY_KEYS:
        assert all(set(columns) <= filled for columns in keys(model))


@each_model()
def test_a_model_that_computes_has_a_unit_test(path: Path) -> None:
    if computes(path.read_text(encoding="utf-8")):
        tested = {one["model"] for one in described(path).get("unit_tests", [])}
        assert path.stem in tested, "work out its figures by hand in a unit test"


def test_contracts_of_marts_are_enforced() -> None:
    project = yaml.safe_load((PROJECT / "dbt_project.yml").read_text(encoding="utf-8"))
    assert project["models"]["wirkraum"]["marts"]["+contract"] == {"enforced": True}
    own = [model_of(path).get("config", {}).get("contract") for path in MODELS]
    assert [one for one in own if one not in (None, {"enforced": True})] == []


def test_measures_are_read_in_groups_that_are_asked_for() -> None:
    """Who reads measures is known to `orchestration.declarations.tables.asked_groups`."""
    ours = re.compile(r"ref\('measure_(?:value|area|native|delivered|state|value_state)'\)")
    readers = {
        path.stem
        for path in [*MODELS, *(PROJECT / "macros").glob("*.sql")]
        if not path.stem.startswith("measure_") and ours.search(path.read_text(encoding="utf-8"))
    }
    assert readers == {
        *("indicator_part", "indicator_part_state", "indicator_band_value"),
        *("reach_part", "control_total", "city_models"),
    }
