"""What analysts open: ten questions, views, outlines, a notebook, the lines of the README."""

import json
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import pytest

from orchestration.place import Place
from tests.city.cities import REPO

pytestmark = [pytest.mark.city, pytest.mark.slow]

QUESTIONS = sorted((REPO / "analysis").glob("*.sql"))
HEADER = ("Frage", "Question", "Positionspapier", "Darf", "May", "Darf nicht", "May not")
# What every answer has to carry beside its value.
CARRIED = {"value", "low", "high", "status", "marks", "period_start"}
RANKING = re.compile(
    r"\b(?:(?:dense_|percent_)?rank|row_number|ntile|cume_dist|top_n)\s*\(|score|ampel|traffic|"
    r"\blimit\b",
    re.IGNORECASE,
)
FIGURES = re.compile(
    r"\b(?:value|low|high|numerator|denominator|marks|target|difference|status|cost)\b"
)


def test_there_are_ten_questions() -> None:
    assert [path.name[:3] for path in QUESTIONS] == [f"{number:02}_" for number in range(1, 11)]


@pytest.mark.parametrize("path", QUESTIONS, ids=lambda path: path.stem)
def test_a_question_says_what_it_may_be_used_for_in_both_languages(path: Path) -> None:
    head, _, sql = path.read_text(encoding="utf-8").partition("\nwith ")
    if not sql:
        head, _, sql = path.read_text(encoding="utf-8").partition("\nselect\n")
    said = dict(re.findall(r"^-- ([\w ]+): (\S.+)$", head, re.MULTILINE))
    assert tuple(said) == HEADER
    assert "These " in said["Positionspapier"]
    assert "--" not in sql.partition("\norder by ")[2]


@pytest.mark.parametrize("path", QUESTIONS, ids=lambda path: path.stem)
def test_no_answer_is_a_rank(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines()
    sql = "\n".join(line for line in lines if not line.lstrip().startswith("--"))
    assert not RANKING.findall(sql.replace("level_rank", ""))
    *_, order = sql.rpartition("\norder by ")
    assert not FIGURES.findall(order), "answers are ordered by names and dates, never by a figure"


@pytest.mark.parametrize("path", QUESTIONS, ids=lambda path: path.stem)
def test_a_question_runs_unchanged_on_the_published_warehouse(city: Place, path: Path) -> None:
    with duckdb.connect(str(city.published_warehouse), read_only=True) as connection:
        answer = connection.sql(path.read_text(encoding="utf-8"))
        assert set(answer.columns) >= CARRIED
        assert {"rank", "rang", "score"}.isdisjoint(answer.columns)
        frame = answer.pl()
    assert frame.height
    assert not frame.filter(status="suppressed")["value"].drop_nulls().len()
    assert frame["value"].drop_nulls().len()


def test_lowered_targets_and_programmes_of_the_whole_city_are_not_lost(city: Place) -> None:
    with duckdb.connect(str(city.published_warehouse), read_only=True) as connection:
        goals = connection.sql((REPO / "analysis/07_ziele_und_ihre_erreichung.sql").read_text())
        found = goals.filter("goal_en like 'Reach families%'").project("target, value").fetchall()
    assert [target for target, _ in found] == [20.0, 23.0]
    assert found[0][1] is not None


def test_wide_rows_say_the_same_as_the_long_ones(city: Place) -> None:
    with duckdb.connect(str(city.published_warehouse), read_only=True) as connection:
        wide = connection.sql(
            "select area_id, hze_rate, hze_rate__low, hze_rate__status, hze_rate__marks, "
            "hze_rate__period_start from views.stadtgliederung_stadtteil order by 1"
        ).fetchall()
        long = connection.sql(
            "select area_id, value, low, status, marks, period_start "
            "from marts.indicator_value join marts.indicator_value_mark using (indicator_id, "
            "area_system, area_version, area_id, period_start, grain, group_id) "
            "join marts.area using (area_system, area_version, area_id) "
            "where indicator_id = 'hze_rate' and level = 'stadtteil' and group_id = 'all' "
            "and area_version = '2020' and grain = 'year' "
            "and period_start = '2024-01-01' order by 1"
        ).fetchall()
        views = connection.sql("select view_name from duckdb_views() where schema_name = 'views'")
        names = {name for (name,) in views.fetchall()}
    assert len(wide) == 24
    assert wide == long
    assert names == {
        *("latest_value", "stadtgliederung_stadtteil", "stadtgliederung_stadtgebiet"),
        "stadtgliederung_stadt",
    }


def test_areas_stand_beside_the_warehouse_with_their_outlines(city: Place) -> None:
    key = "area_system, area_version, area_id, name, level, parent_id"
    with duckdb.connect(str(city.published_warehouse), read_only=True) as connection:
        marts = connection.sql(
            f"select {key} from marts.area where not is_unassigned order by all"
        ).fetchall()
        told = connection.sql(
            f"select {key} from '{city.published_areas}' where geometry is not null order by all"
        ).fetchall()
    assert told == marts
    assert len(told) == 57


def _snippet(language: str) -> str:
    """The block of the README in this language."""
    (found,) = re.findall(
        rf"^```{language}\n(.*?)^```", (REPO / "README.md").read_text(encoding="utf-8"), re.M | re.S
    )
    return str(found)


def _at_home(
    city: Place, folder: Path, *command: str | Path, given: str | None = None
) -> subprocess.CompletedProcess[str]:
    """Run a command where the README's paths lead to this city, with the tools of the lock."""
    (folder / "examples").mkdir(exist_ok=True)
    for link, target in (("examples/musterstadt", city.folder), ("analysis", REPO / "analysis")):
        if not (folder / link).exists():
            (folder / link).symlink_to(target)
    tools = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        command,
        cwd=folder,
        env={**os.environ, "PATH": tools, "HOME": str(folder)},
        input=given,
        capture_output=True,
        text=True,
        check=False,
    )


def test_the_duckdb_command_line_of_the_readme(city: Place, tmp_path: Path) -> None:
    done = _at_home(city, tmp_path, "bash", "-eu", given=_snippet("sh"))
    assert done.returncode == 0, done.stderr
    assert "indicator_id" in done.stdout
    assert "Musterstadt" in done.stdout


def test_the_python_of_the_readme(city: Place, tmp_path: Path) -> None:
    done = _at_home(city, tmp_path, sys.executable, "-", given=_snippet("python"))
    assert done.returncode == 0, done.stderr
    assert "Altstadt" in done.stdout


def test_the_notebook_runs_without_a_browser(city: Place, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    # A copy, because marimo keeps what was shown beside the notebook.
    notebook = shutil.copy(REPO / "notebooks" / "first_page.py", tmp_path)
    asked = ["--no-include-code", "--", "--warehouse", str(city.published_warehouse)]
    asked += ["--indicator", "hze_rate", "--area", "0101"]
    before = city.published_warehouse.read_bytes()
    done = _at_home(city, tmp_path, "marimo", "export", "html", notebook, "-o", page, *asked)
    assert done.returncode == 0, done.stdout + done.stderr
    shown = page.read_text(encoding="utf-8")
    with duckdb.connect(str(city.published_warehouse), read_only=True) as connection:
        told = connection.sql(
            "select name_de, meaning_en, area_name, latest_value.unit, marks from marts.indicator "
            "join views.latest_value using (indicator_id) where indicator_id = 'hze_rate' "
            "and area_id = '0101' and group_id = 'all'"
        ).fetchone()
    assert told is not None
    assert told[-1].startswith("M01")
    for words in (*told, "95 %", "Merkzeichen und Fragen", "<line", "observed"):
        # The page holds its contents as JSON, angle brackets escaped.
        assert json.dumps(words)[1:-1].replace("<", "\\u003C") in shown, words
    assert city.published_warehouse.read_bytes() == before


def test_the_notebook_says_what_to_do_without_a_warehouse(city: Place, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    # A copy, because marimo keeps what was shown beside the notebook.
    notebook = shutil.copy(REPO / "notebooks" / "first_page.py", tmp_path)
    asked = ("--no-include-code", "--", "--warehouse", "fehlt.duckdb")
    done = _at_home(city, tmp_path, "marimo", "export", "html", notebook, "-o", page, *asked)
    assert "make demo" in page.read_text(encoding="utf-8"), done.stderr
