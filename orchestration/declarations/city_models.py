"""`models/city_*.sql`: a city's own dbt models, checked before anything runs.

A model is one SELECT with the columns of `core.indicator_figure` and `smallest_count`. It reads
`{{ declared_measures() }}`, `{{ declared_indicators() }}` and `{{ declared_areas() }}` and nothing
else: the first two hold what its indicator declares in `formula.reads`, so that what a value is
made of is known to whoever has to withhold it.
"""

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import yaml

from orchestration.declarations.indicators import Indicator

if TYPE_CHECKING:
    import duckdb

NAME: Final = re.compile(r"city_[a-z][a-z0-9_]*")
READ: Final = {
    "declared_measures": "measure_value",
    "declared_indicators": "indicator_figure",
    "declared_areas": "stg_area_lineage",
}
LIMITS: Final = ("byar_low", "byar_high", "wilson")
FUNCTIONS: Final = ("generate_series", "range", "unnest")
# Types of their own in staging and core (dbt_project/macros/codes.sql), texts to a model.
CODE_TYPES: Final = ("area_system", "area_version", "area_id", "grain", "status", "origin")

Report = Callable[[int, str], None]


@dataclass(frozen=True)
class CityModel:
    """One file of `models/`: its name without the ending, its path in the folder and its text."""

    name: str
    file: str
    sql: str


def read_models(folder: Path) -> Iterator[CityModel | tuple[str, str]]:
    """Every model of a municipality, and for each file that is none its path and what is wrong."""
    for path in sorted((folder / "models").glob("*")):
        file = path.relative_to(folder).as_posix()
        if path.suffix != ".sql" or not NAME.fullmatch(path.stem):
            found = f"found {path.name!r}; here are models of the city's own only, city_<name>.sql"
            yield file, f"{found} in lower case; words, contract and tests come from the indicator"
            continue
        yield CityModel(path.stem, file, path.read_text(encoding="utf-8"))


def check_model(model: CityModel, indicator: Indicator, report: Report) -> None:
    """Report by line what a model may not do or lacks."""
    import duckdb  # most cities have no models, and need neither this nor templates to be read

    plain = _rendered(model, report)
    if plain is None:
        return
    with duckdb.connect(config={"enable_external_access": "false"}) as connection:
        try:
            statements = connection.extract_statements(plain)
        except duckdb.Error as error:
            report(_line(str(error)), f"no SQL: {_first(error)}")
            return
        if len(statements) != 1 or statements[0].type != duckdb.StatementType.SELECT:
            report(1, "a model is one SELECT, which writes nothing; found something else")
            return
        if plain.rstrip().endswith(";"):
            report(len(plain.rstrip().splitlines()), "found ';' at the end; leave it out")
            return
        for macro, table in READ.items():
            columns = ", ".join(f'"{name}" {kind}' for name, kind in columns_of(table).items())
            connection.execute(f'create table "~{macro}" ({columns})')
        for at, name in _table_functions(connection, plain):
            report(at, f"found {name}(); a model reads {_readable()} and nothing else")
            return
        try:
            described = connection.execute(f"describe {plain}").fetchall()
        except (duckdb.CatalogException, duckdb.PermissionException) as error:
            report(
                _line(str(error)),
                f"{_first(error)} A model reads {_readable()} and nothing else: no marts, which "
                "are made from it, and no files",
            )
            return
        except duckdb.Error as error:
            report(_line(str(error)), _first(error))
            return
    _check_columns({name: kind for name, kind, *_ in described}, indicator, report)


def _check_columns(found: dict[str, str], indicator: Indicator, report: Report) -> None:
    wanted = figure_columns()
    for name in wanted:
        if name not in found:
            report(
                1,
                f"column {name!r} is missing; {indicator.id!r} needs {', '.join(wanted)}",
            )
        elif found[name].lower() != wanted[name]:
            report(
                1,
                f"column {name!r} is {found[name]}, it has to be {wanted[name]}: "
                f"cast({name} as {wanted[name]})",
            )
    for name in found:
        if name not in wanted:
            report(1, f"column {name!r} is none of an indicator; leave it out")


def _rendered(model: CityModel, report: Report) -> str | None:
    """The SQL with the macros put in, line by line where it was; None where it calls others."""
    import jinja2
    from jinja2 import nodes

    known = [*READ, *LIMITS]
    environment = jinja2.Environment(keep_trailing_newline=True, undefined=jinja2.StrictUndefined)
    try:
        tree = environment.parse(model.sql)
    except jinja2.TemplateSyntaxError as error:
        report(error.lineno, f"cannot be read between the braces: {error.message}")
        return None
    wrong = [
        (node.lineno, node)
        for node in tree.find_all(nodes.Node)
        if not isinstance(
            node,
            nodes.Template
            | nodes.Output
            | nodes.TemplateData
            | nodes.Call
            | nodes.Name
            | nodes.Const,
        )
        or (isinstance(node, nodes.Call) and not isinstance(node.node, nodes.Name))
        or (isinstance(node, nodes.Name) and node.name not in known)
    ]
    if wrong:
        line, node = min(wrong, key=lambda one: one[0])
        name = f" {node.name!r}" if isinstance(node, nodes.Name) else ""
        report(
            line,
            f"found{name} between braces; a model may call {', '.join(known)} there, nothing else",
        )
        return None
    macros = environment.from_string(_limits()).module
    calls: dict[str, Callable[..., str]] = {
        **{name: (lambda name=name: f'"~{name}"') for name in READ},
        **{name: _on_one_line(getattr(macros, name)) for name in LIMITS},
    }
    try:
        return environment.from_string(model.sql).render(calls)
    except (jinja2.UndefinedError, TypeError) as error:
        report(1, f"cannot be read between the braces: {error}")
        return None


def _on_one_line(macro: Callable[..., str]) -> Callable[..., str]:
    return lambda *words: " ".join(str(macro(*words)).split())


def _table_functions(
    connection: "duckdb.DuckDBPyConnection", sql: str
) -> Iterator[tuple[int, str]]:
    (text,) = connection.execute("select json_serialize_sql($1)", [sql]).fetchone() or ("{}",)

    def walk(node: Any) -> Iterator[tuple[int, str]]:
        if isinstance(node, dict):
            if node.get("type") == "TABLE_FUNCTION":
                name = str(node["function"]["function_name"])
                if name not in FUNCTIONS:
                    position = int(node.get("query_location") or 0)
                    yield sql[:position].count("\n") + 1, name
            for part in node.values():
                yield from walk(part)
        elif isinstance(node, list):
            for part in node:
                yield from walk(part)

    yield from walk(json.loads(text))


def _readable() -> str:
    return ", ".join(f"{{{{ {name}() }}}}" for name in READ)


def _line(message: str) -> int:
    found = re.search(r"LINE (\d+):", message)
    return int(found[1]) if found else 1


def _first(error: Exception) -> str:
    return re.sub(r'"?~(\w+)"?', r"{{ \1() }}", str(error).splitlines()[0])


@cache
def _project() -> Path:
    from orchestration.warehouse import project_folder

    return project_folder()


@cache
def _limits() -> str:
    return (_project() / "macros" / "intervals.sql").read_text(encoding="utf-8")


@cache
def columns_of(table: str) -> Mapping[str, str]:
    """The columns of a model of the project with their types, as a model of a city reads them."""
    (path,) = (_project() / "models").rglob(f"{table}.yml")
    (model,) = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    types = {one["name"]: one["data_type"] for one in model["columns"]}
    return {name: "varchar" if kind in CODE_TYPES else kind for name, kind in types.items()}


def figure_columns() -> dict[str, str]:
    """What a model has to give."""
    return {**columns_of("indicator_figure"), "smallest_count": "double"}


def contract(model: str, indicator: Indicator) -> str:
    """The sibling yml of a model: words in both languages, enforced contract, key and tests."""
    (path,) = (_project() / "models").rglob("indicator_smallest_count.yml")
    (counts,) = yaml.safe_load(path.read_text(encoding="utf-8"))["models"]
    (figures,) = yaml.safe_load(
        (_project() / "models" / "core" / "indicator_figure.yml").read_text(encoding="utf-8")
    )["models"]
    words = {one["name"]: one["description"] for one in (*counts["columns"], *figures["columns"])}
    key = ["indicator_id", "area_system", "area_version", "area_id"]
    key += ["period_start", "grain", "group_id"]
    only = {"indicator_id": [indicator.id], "unit": [indicator.unit]}
    columns = [
        {
            "name": name,
            "data_type": kind,
            "description": words[name],
            **({"constraints": [{"type": "not_null"}]} if name in (*key, "unit", "status") else {}),
            **(
                {"data_tests": [{"accepted_values": {"arguments": {"values": only[name]}}}]}
                if name in only
                else {}
            ),
        }
        for name, kind in figure_columns().items()
    ]
    return yaml.safe_dump(
        {
            "version": 2,
            "models": [
                {
                    "name": model,
                    "description": (
                        f"{indicator.name.de}. {indicator.meaning.de} / {indicator.name.english}. "
                        f"{indicator.meaning.english} One row per area, period and group."
                    ),
                    "config": {"tags": ["base"], "contract": {"enforced": True}},
                    "data_tests": [
                        {"unique_together": {"arguments": {"columns": key}}},
                        "says_why",
                        "of_declared_areas",
                    ],
                    "columns": columns,
                }
            ],
        },
        allow_unicode=True,
        sort_keys=False,
    )
