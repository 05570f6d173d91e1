"""Mistakes in several files at once, and dates as contracts describe them."""

import calendar
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from orchestration.declarations import DeclarationError, read_declarations
from orchestration.declarations.sources import DateRule
from orchestration.ingest import dates
from tests.unit.ingest.town import found, layout

INDICATOR: dict[str, Any] = {
    "id": "faelle",
    "department": "amt",
    "name": "Fälle",
    "meaning": "Fälle",
    "unit": "Fälle",
    "formula": {"kind": "count", "numerator": [{"measure": "faelle"}]},
}


def _change(path: Path, old: str, new: str) -> int:
    """Replace a text that stands once; gives its line."""
    text = path.read_text(encoding="utf-8")
    assert text.count(old) == 1
    path.write_text(text.replace(old, new), encoding="utf-8")
    return text[: text.index(old)].count("\n") + 1


def _said(folder: Path) -> list[str]:
    with pytest.raises(DeclarationError) as caught:
        read_declarations(folder)
    problems = [str(problem) for problem in caught.value.problems]
    assert all(problem in str(caught.value) for problem in problems)
    return problems


@pytest.fixture
def town(tmp_path: Path) -> Path:
    found(tmp_path)
    (tmp_path / "indicators").mkdir()
    path = tmp_path / "indicators" / "faelle.yml"
    path.write_text(yaml.safe_dump(INDICATOR), encoding="utf-8")
    return tmp_path


def test_a_sound_town_reads(town: Path) -> None:
    declarations = read_declarations(town)
    assert list(declarations.indicators) == ["faelle"]
    members = declarations.register.areas.filter(is_unassigned=True)["area_id"]
    assert set(members) == {"0:nz", "01:nz", "02:nz"}


def test_mistakes_of_form_in_many_files_come_together(town: Path) -> None:
    source = town / "sources" / "fall.yml"
    line = _change(source, "  format:\n", "  formta:\n")
    at = f"sources/fall.yml:{line}"
    (town / "goals").mkdir()
    (town / "goals" / "ziel.yml").write_bytes(b"id: ziel\nname: gr\xfcn\n")
    (town / "services").mkdir()
    (town / "services" / "dienst.yml").write_text("id: dienst\nid: dienst\n", encoding="utf-8")
    with (town / "codes" / "geschlecht.csv").open("a", encoding="utf-8") as codes:
        codes.write("m,nochmals\n")
    assert _said(town) == [
        "codes/geschlecht.csv:4  code 'm' stands twice",
        "goals/ziel.yml:2  not UTF-8; save the file with encoding UTF-8",
        "services/dienst.yml:2  'id' stands twice",
        f"{at}  layouts[0].formta: unknown field 'formta'; did you mean 'format'?",
    ]


def test_names_nobody_declares_come_together(town: Path) -> None:
    line = _change(town / "sources" / "fall.yml", "department: amt", "department: ammt")
    indicator = _change(town / "indicators" / "faelle.yml", "measure: faelle", "measure: faele")
    (town / "marks.yml").write_text("thresholds:\n  M99: {hinweis: 1}\n", encoding="utf-8")
    problems = _said(town)
    said = "\n".join(problems)
    assert len(problems) == 3
    assert f"sources/fall.yml:{line}  department: found department 'ammt'" in said
    assert "did you mean 'amt'?" in said
    assert f"indicators/faelle.yml:{indicator}  formula.numerator[0].measure: " in said
    assert "found measure 'faele', which nobody declares; did you mean 'faelle'?" in said
    assert "marks.yml:2  thresholds.M99: found sign 'M99'" in said


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"as_of": {"file_name": r"_(\d{4"}}, "not a regular expression"),
        ({"as_of": {"file_name": r"_\d{4}"}}, "needs exactly one group in parentheses"),
        ({"format": {"encoding": "utf-9"}}, "unknown encoding 'utf-9'"),
        ({"format": {"encoding": "hex"}}, "unknown encoding 'hex'"),
        ({"format": {"sheet": "Blatt"}}, "a CSV file has no sheet"),
        ({"format": {"decimal": ".", "thousands": "."}}, "decimal and thousands mark are the same"),
        ({"period": {"grain": "year"}}, "give exactly one of columns, file_name, sheet, cell"),
    ],
)
def test_a_contract_that_cannot_work(tmp_path: Path, changes: dict[str, Any], message: str) -> None:
    with pytest.raises(DeclarationError, match=r"sources/fall\.yml:\d+") as caught:
        found(tmp_path, layout(**changes))
    assert message in str(caught.value)


days = st.dates(date(1900, 1, 1), date(2200, 1, 1))
formats = st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%Y%m%d", "%Y%j"])


@given(day=days, pattern=formats, more=st.integers(-400, 400))
def test_a_date_comes_back_as_it_was_written(day: date, pattern: str, more: int) -> None:
    rule = DateRule(columns="Tag", format=pattern, plus_days=more)
    assert dates.parse(day.strftime(pattern), rule) == day + timedelta(days=more)


@given(day=days)
def test_the_end_is_the_last_day_of_what_the_format_names(day: date) -> None:
    year = DateRule(columns="Tag", format="%Y", at="end")
    month = DateRule(columns="Tag", format="%Y%m", at="end")
    last = calendar.monthrange(day.year, day.month)[1]
    assert dates.parse(f"{day:%Y}", year) == date(day.year, 12, 31)
    assert dates.parse(f"{day:%Y%m}", month) == day.replace(day=last)


@given(
    text=st.text(max_size=8) | st.from_regex(r"\d{4}", fullmatch=True),
    years=st.integers(-10000, 10000),
    more=st.integers(-(10**7), 10**7),
)
def test_any_text_is_a_date_or_said_to_be_none(text: str, years: int, more: int) -> None:
    rule = DateRule(columns="Tag", format="%Y", offset_years=years, plus_days=more)
    message = ""
    try:
        day = dates.parse(text, rule)
    except dates.NoDate as error:
        message = str(error)
    else:
        assert isinstance(day, date)
    assert not message or repr(text) in message


def test_two_levels_do_not_ask_for_one_view(town: Path) -> None:
    path = town / "areas" / "raum.yml"
    text = path.read_text(encoding="utf-8")
    system = yaml.safe_load(text)
    level = system["levels"][0]["id"]
    for part in system["versions"][0]["areas"]:
        part["level"] = {level: "b"}.get(part["level"], part["level"])
    system["levels"][0]["id"] = "b"
    system["area_system"] = f"raum_{level[0]}"
    (town / "areas" / f"raum_{level[0]}.yml").write_text(yaml.safe_dump(system), encoding="utf-8")
    path.write_text(text.replace(level, f"{level[0]}_b"), encoding="utf-8")
    for file in (town / "sources").glob("*.yml"):
        sound = file.read_text(encoding="utf-8")
        file.write_text(sound.replace(level, f"{level[0]}_b"), encoding="utf-8")

    (said,) = _said(town)

    view = f"raum_{level[0]}_b"
    assert said.startswith(f"areas/raum_{level[0]}.yml:")
    assert f"found 'b': its view would be '{view}', as is that of level '{level[0]}_b'" in said


def test_an_indicator_is_not_called_like_a_column_of_another(town: Path) -> None:
    low = INDICATOR | {"id": "faelle__low"}
    path = town / "indicators" / "faelle__low.yml"
    path.write_text(yaml.safe_dump(low), encoding="utf-8")
    (said,) = _said(town)
    assert "found 'faelle__low'; two underscores part an indicator from its limits" in said
