"""The promises of the project as a whole: a lock, a Makefile, a command and layers that hold."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
import typer.main

ROOT = Path(__file__).resolve().parents[2]

NOT_YET = ("test-site", "site", "faults")
DONE = ("help", "install", "demo", "ui", "test", "lint", "lock", "clean", "bench", "fuzz")
TARGETS = {*DONE, *NOT_YET}

# The layers of DESIGN: what a package may not know.
JUDGING = {"dagster", "dagster_dbt", "dbt", "duckdb", "pathlib", "orchestration", "exports"}
FORBIDDEN_IMPORTS = {
    "forecasting": JUDGING,
    "quality": JUDGING,
    "exports": {"dagster", "dagster_dbt", "dbt", "orchestration"},
}
FILE_CALL = re.compile(
    r"open|(?:read|scan|sink|write)_(?:avro|csv|database|delta|excel|ipc|json|ndjson|parquet)"
)


def make(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run make in the clone."""
    command = ["make", "--no-print-directory", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)


def locked_packages() -> list[str]:
    """The entries of the lock, each with its hashes; comments left out."""
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    text = "\n".join(line for line in lines if not line.lstrip().startswith("#"))
    return re.split(r"\n(?=\S)", text.strip())


def test_lock_names_versions_and_hashes_only() -> None:
    """No download address, no index, no path of the machine that wrote it."""
    entry = re.compile(
        r"[a-z0-9][a-z0-9.-]*(?:\[[a-z0-9,-]+\])?==[0-9][\w.+!]*(?: ; [^\\]+)?"
        r"(?: \\\n    --hash=sha256:[0-9a-f]{64})+"
    )
    packages = locked_packages()
    assert len(packages) > 100
    assert [package for package in packages if not entry.fullmatch(package)] == []
    assert "://" not in (ROOT / "requirements.lock").read_text(encoding="utf-8")


def test_lock_holds_what_installing_and_building_need() -> None:
    """Make takes uv from the lock; wheel and editable install are built without a download."""
    names = {package.split("==")[0] for package in locked_packages()}
    assert {"uv", "hatchling"} <= names
    assert "dbt-core-experimental-parser" not in names


def test_bare_make_lists_every_target() -> None:
    """One line each, in the words of the Makefile."""
    listed = make()
    assert listed.returncode == 0, listed.stderr
    lines = dict(re.findall(r"^make ([a-z-]+) +(\S.+)$", listed.stdout, re.MULTILINE))
    assert set(lines) == TARGETS
    declared = re.search(r"^\.PHONY:(.+)$", (ROOT / "Makefile").read_text(), re.MULTILINE)
    assert declared is not None
    assert set(declared[1].split()) == TARGETS


@pytest.mark.parametrize("target", NOT_YET)
def test_missing_targets_say_so(target: str) -> None:
    """An automation must not take them for done."""
    said = make(target)
    assert said.returncode != 0
    assert f"make {target}: not there yet." in said.stderr


def test_clean_never_touches_the_store() -> None:
    """What a municipality alone keeps outlives every clean."""
    recipe = make("--dry-run", "clean").stdout
    assert "rm -rf" in recipe
    removed = [word for word in recipe.split() if "store" in word]
    assert removed == ["'*/store/*'"]
    assert "-not -path '*/store/*'" in recipe


def commands() -> Iterator[tuple[str, click.Command]]:
    """Every command and group of `wirkraum`, with the words that call it."""
    from orchestration.cli import app

    waiting: list[tuple[str, click.Command]] = [("wirkraum", typer.main.get_command(app))]
    while waiting:
        name, command = waiting.pop()
        yield name, command
        if isinstance(command, click.Group):
            waiting += [(f"{name} {key}", child) for key, child in command.commands.items()]


def test_every_command_and_option_has_help() -> None:
    """What the command line does not explain is not there for a clerk."""
    silent = []
    for name, command in commands():
        if not (command.help or "").strip():
            silent.append(name)
        silent += [
            f"{name} {parameter.name}"
            for parameter in command.params
            if parameter.name != "help" and not getattr(parameter, "help", None)
        ]
    assert silent == []


def sources(package: str) -> list[Path]:
    """The modules of a package."""
    found = sorted((ROOT / package).rglob("*.py"))
    assert found, f"{package} has no modules"
    return found


def imports(tree: ast.AST) -> set[str]:
    """Top-level names of everything a module imports, in functions too."""
    names: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and node.module:
            names.add(node.module.split(".")[0])
    return names


def file_calls(tree: ast.AST) -> set[str]:
    """Names of the calls in a module that read or write files."""
    calls = [node.func for node in ast.walk(tree) if isinstance(node, ast.Call)]
    names = {call.id for call in calls if isinstance(call, ast.Name)}
    names |= {call.attr for call in calls if isinstance(call, ast.Attribute)}
    return {name for name in names if FILE_CALL.fullmatch(name)}


@pytest.mark.parametrize("package", FORBIDDEN_IMPORTS)
def test_packages_import_no_layer_above(package: str) -> None:
    """Looking ahead and judging know neither files nor Dagster; handing out knows no Dagster."""
    wrong = {
        str(path.relative_to(ROOT)): found
        for path in sources(package)
        if (found := imports(ast.parse(path.read_bytes())) & FORBIDDEN_IMPORTS[package])
    }
    assert wrong == {}


@pytest.mark.parametrize("package", ["forecasting", "quality"])
def test_frames_in_frames_out(package: str) -> None:
    """No module that looks ahead or judges opens a file."""
    wrong = {
        str(path.relative_to(ROOT)): found
        for path in sources(package)
        if (found := file_calls(ast.parse(path.read_bytes())))
    }
    assert wrong == {}


def test_great_expectations_has_one_door() -> None:
    """It imports slowly and changes often: one module knows it."""
    packages = ("orchestration", "forecasting", "quality", "exports")
    knowing = [
        str(path.relative_to(ROOT))
        for package in packages
        for path in sources(package)
        if "great_expectations" in imports(ast.parse(path.read_bytes()))
    ]
    assert knowing == ["quality/expectations.py"]


def test_a_run_loads_what_is_slow_only_where_it_needs_it() -> None:
    """With nothing new a run is over in a second; each of these takes as long to import."""
    slow = {"dagster", "dbt", "great_expectations", "pandas", "scipy", "statsmodels"}
    code = (
        "import sys; from forecasting import outlook; from orchestration import cli, run, steps; "
        f"sys.exit(' '.join({slow!r} & set(sys.modules)))"
    )
    command = [sys.executable, "-c", code]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.stderr.strip() == ""
