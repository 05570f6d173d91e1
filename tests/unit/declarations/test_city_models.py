"""A city's own model keeps to the contract of indicators, or says by line what is wrong."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration import warehouse
from orchestration.declarations import DeclarationError, Declarations, read_declarations
from orchestration.declarations.city_models import contract, figure_columns
from orchestration.declarations.indicators import measures_behind
from orchestration.declarations.tables import declared_tables
from orchestration.place import Place
from tests.unit.ingest.town import found

READS: dict[str, Any] = {"indicators": ["faelle"], "reach": "own_area"}
COLUMNS = "area_system, area_version, area_id, period_start, grain, group_id"
GOOD = f"""-- Twice as many.
select
    'doppelt' as indicator_id,
    {COLUMNS},
    numerator,
    denominator,
    2 * value as value,
    'x' as unit,
    cast(null as double) as low,
    2 * {{{{ byar_high('value') }}}} as high,
    status,
    reason,
    reason_en,
    as_of,
    numerator as smallest_count
from {{{{ declared_indicators() }}}}
"""


def town(folder: Path, models: dict[str, str], **formula: Any) -> Declarations:
    """A town with a count and, where it has models, an indicator that a model makes."""
    found(folder)
    formulas: dict[str, Any] = {"faelle": {"kind": "count", "numerator": [{"measure": "faelle"}]}}
    formulas["doppelt"] = {"kind": "model", "model": "city_doppelt", "reads": READS} | formula
    (folder / "indicators").mkdir()
    for name, one in formulas.items():
        text = {"id": name, "department": "amt", "name": name, "meaning": name, "unit": "x"}
        path = folder / "indicators" / f"{name}.yml"
        path.write_text(yaml.safe_dump(text | {"formula": one}), encoding="utf-8")
    (folder / "models").mkdir()
    for name, sql in models.items():
        (folder / "models" / name).write_text(sql, encoding="utf-8")
    return read_declarations(folder)


def problems(folder: Path, sql: str, **formula: Any) -> str:
    """What is said of a model that is not right."""
    with pytest.raises(DeclarationError) as told:
        town(folder, {"city_doppelt.sql": sql}, **formula)
    return str(told.value)


def test_what_a_model_is_made_of_is_declared(tmp_path: Path) -> None:
    declarations = town(tmp_path, {"city_doppelt.sql": GOOD})
    indicator = declarations.indicators["doppelt"]
    assert measures_behind(indicator, declarations.indicators) == {"faelle"}
    tables = declared_tables(declarations)
    assert tables["indicator_read"].rows() == [
        ("doppelt", "city_doppelt", "indicator", "faelle", "own_area")
    ]
    formula = tables["indicator"].filter(indicator_id="doppelt")["formula"].item()
    assert formula == "city_doppelt (faelle)"
    assert tables["indicator_measure"].filter(indicator_id="doppelt")["measure_id"].to_list() == [
        "faelle"
    ]


def test_the_contract_is_written_for_the_city(tmp_path: Path) -> None:
    declarations = town(tmp_path, {"city_doppelt.sql": GOOD})
    files = warehouse.city_files(Place(tmp_path))
    assert files["city_doppelt.sql"] == GOOD
    text = contract("city_doppelt", declarations.indicators["doppelt"])
    assert files["city_doppelt.yml"] == text
    (model,) = yaml.safe_load(text)["models"]
    assert model["config"] == {"tags": ["base"], "contract": {"enforced": True}}
    assert [one["name"] for one in model["columns"]] == list(figure_columns())
    assert all(" / " in one["description"] for one in [model, *model["columns"]])


@pytest.mark.parametrize(
    ("old", "new", "line", "said"),
    [
        ("    reason_en,\n", "", 1, "column 'reason_en' is missing; 'doppelt' needs indicator_id,"),
        (
            "    2 * value",
            "    cast(value as integer)",
            1,
            "is INTEGER, it has to be double: cast(",
        ),
        (
            "    status,",
            "    status, 1 as rank,",
            1,
            "'rank' is none of an indicator; leave it out",
        ),
        ("{{ declared_indicators() }}", "marts.indicator_value", 16, "no marts, which are made"),
        ("{{ declared_indicators() }}", "{{ ref('measure_value') }}", 16, "found 'ref' between"),
        ("{{ declared_indicators() }}", "{{ this }}", 16, "found 'this' between braces"),
        ("-- Twice", "{{ config(tags=['review']) }} -- Twice", 1, "found 'config' between braces"),
        ("-- Twice", "{% set a = 1 %} -- Twice", 1, "between braces; a model may call"),
        ("{{ declared_indicators() }}", "'/etc/passwd.csv'", 1, "and no files"),
        ("{{ declared_indicators() }}", "duckdb_tables()", 16, "found duckdb_tables(); a model"),
        ("    status,", "    statuss as status,", 11, '"statuss" not found'),
        ("from {{", "fromm {{", 16, "no SQL: Parser Error: syntax error"),
        ("indicators() }}", "indicators() }};", 16, "found ';' at the end; leave it out"),
        ("-- Twice as many.", "drop table marts.area;", 1, "a model is one SELECT, which writes"),
        ("-- Twice as many.", "copy (select 1) to 'x.csv';", 1, "a model is one SELECT, which"),
        ("indicators() }}", "indicators() }", 16, "cannot be read between the braces"),
    ],
)
def test_what_is_wrong_is_said_at_its_line(
    tmp_path: Path, old: str, new: str, line: int, said: str
) -> None:
    assert old in GOOD
    told = problems(tmp_path, GOOD.replace(old, new, 1))
    assert f"models/city_doppelt.sql:{line}  " in told
    assert said in told


def test_a_model_has_a_name_and_an_indicator(tmp_path: Path) -> None:
    with pytest.raises(DeclarationError) as told:
        town(tmp_path, {"doppelt.sql": GOOD, "city_doppelt.yml": "version: 2\n"})
    assert "models/doppelt.sql:1  found 'doppelt.sql'; here are models of the city's" in str(
        told.value
    )
    assert "models/city_doppelt.yml:1  found 'city_doppelt.yml'" in str(told.value)


def test_indicator_and_model_name_each_other(tmp_path: Path) -> None:
    told = problems(tmp_path, GOOD, model="city_dopelt")
    assert "indicators/doppelt.yml" in told
    assert "model (models/*.sql) 'city_dopelt', which nobody declares; did you mean" in told
    assert "models/city_doppelt.sql:1  no indicator is made of it; declare one with" in told


@pytest.mark.parametrize(
    ("formula", "said"),
    [
        ({"reads": {"reach": "own_area"}}, "name the measures or indicators that the model reads"),
        ({"reads": READS | {"reach": "world"}}, "Input should be 'own_cell', 'own_area'"),
        ({"reads": READS | {"indicators": ["doppelt"]}}, "found 'doppelt', a model; a model reads"),
        ({"reads": READS | {"measures": ["nichts"]}}, "found measure 'nichts', which nobody"),
        ({"model": "doppelt"}, "String should match pattern"),
        ({"numerator": [{"measure": "faelle"}]}, "a model has no numerator, denominator or `by`"),
        ({"kind": "count"}, "a count has no `model`"),
    ],
)
def test_what_a_model_reads_is_said_rightly(
    tmp_path: Path, formula: dict[str, Any], said: str
) -> None:
    assert said in problems(tmp_path, GOOD, **formula)


@pytest.mark.parametrize(
    ("unique_id", "said"),
    [
        ("test.wirkraum.unique_together_city_doppelt_indicator_id__area.1", "two rows have the"),
        (
            "test.wirkraum.accepted_values_city_doppelt_unit__x.2",
            "another `indicator_id` or `unit`",
        ),
        ("test.wirkraum.says_why_city_doppelt_.3", "a row has no value and no reason"),
        ("test.wirkraum.of_declared_areas_city_doppelt_.4", "an area that nobody declares"),
        ("model.wirkraum.city_doppelt", "it cannot be built"),
    ],
)
def test_a_failing_model_is_named_by_its_file(unique_id: str, said: str) -> None:
    failed = warehouse.NodeResult(unique_id, "test", "fail", "Got 1 result", 0.1)
    told = warehouse._failure(failed, ["city_doppelt", "city_dop"])
    assert told.startswith("models/city_doppelt.sql:1  ")
    assert said in told
    other = warehouse.NodeResult("model.wirkraum.area", "model", "error", " no ", 0.1)
    assert warehouse._failure(other, ["city_doppelt"]) == "model.wirkraum.area: no"
