"""`corrections.csv` and `dialogues/*.yml`: what is read, and everything that is wrong at once."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from orchestration.declarations import DeclarationError, read_declarations
from orchestration.declarations.corrections import CorrectionsError, read_corrections
from orchestration.declarations.tables import declared_tables
from tests.unit.ingest.town import found

HEADER = (
    "source,measure,area_version,area,period_start,grain,group,expected,corrected,"
    "why_de,why_en,told,state,as_of\n"
)
LINE = (
    "fall,faelle,1,0101,2020-01-01,year,all,12,13,Zahlendreher,digits swapped,Amt,open,2021-02-01\n"
)


def _said(folder: Path, text: str) -> list[str]:
    (folder / "corrections.csv").write_text(text, encoding="utf-8")
    with pytest.raises(DeclarationError) as caught:
        read_declarations(folder)
    return [str(problem) for problem in caught.value.problems]


def test_a_correction_is_read_with_its_line(tmp_path: Path) -> None:
    found(tmp_path)
    (tmp_path / "corrections.csv").write_text(HEADER + "\n" + LINE, encoding="utf-8")
    (one,) = read_declarations(tmp_path).corrections
    assert (one.line, one.area, one.expected, one.corrected) == (3, "0101", 12, 13)
    assert (one.state, one.as_of) == ("open", date(2021, 2, 1))


def test_semicolons_bring_decimal_commas_and_a_group_may_be_left_out(tmp_path: Path) -> None:
    text = (HEADER + LINE).replace(",", ";").replace(";12;13;", ";12,5;13;").replace(";all;", ";;")
    path = tmp_path / "corrections.csv"
    path.write_bytes(b"\xef\xbb\xbf" + text.replace("\n", "\r\n").encode())
    (one,) = read_corrections(path)
    assert (one.expected, one.group) == (12.5, "all")


def test_all_problems_of_the_file_come_together_with_their_lines(tmp_path: Path) -> None:
    found(tmp_path)
    problems = _said(
        tmp_path,
        HEADER
        + LINE.replace("2020-01-01", "1.1.2020")
        + LINE.replace(",12,", ",zwölf,").replace(",open,", ",done,")
        + LINE.replace(",13,", ",12,")
        + "fall,faelle\n"
        + LINE.replace("Zahlendreher", ""),
    )
    places = [problem.split("  ")[0] for problem in problems]
    assert places == [f"corrections.csv:{line}" for line in (2, 3, 3, 4, 5, 6)]
    text = "\n".join(problems)
    assert "found '1.1.2020'" in text
    assert "found 'zwölf'" in text
    assert "'open', 'reported' or 'fixed'" in text
    assert "the same as expected" in text
    assert "found 2 cells, the header has 14" in text


def test_a_cell_has_one_correction_at_work_and_each_wrong_value_once(tmp_path: Path) -> None:
    found(tmp_path)
    fixed = LINE.replace(",open,", ",fixed,").replace(",12,", ",11,")
    assert _said(tmp_path, HEADER + fixed + LINE + LINE) == [
        "corrections.csv:4  expected: line 3 corrects the same value of this cell already"
    ]
    (still,) = _said(tmp_path, HEADER + LINE + LINE.replace(",12,", ",11,"))
    assert "line 2 is still at work on this cell" in still
    (tmp_path / "corrections.csv").write_text(HEADER + LINE + fixed, encoding="utf-8")
    assert [one.state for one in read_declarations(tmp_path).corrections] == ["open", "fixed"]


def test_the_header_names_what_is_missing_and_what_is_unknown(tmp_path: Path) -> None:
    found(tmp_path)
    text = (HEADER + LINE).replace("expected", "expect").replace(",told", ",expect")
    problems = "\n".join(_said(tmp_path, text))
    assert "corrections.csv:1  expected: this column is missing" in problems
    assert "unknown column 'expect'" in problems


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("fall,", "fal,", "did you mean 'fall'?"),
        (",faelle,", ",falle,", "did you mean 'faelle'?"),
        (",0101,", ",0109,", "area '0109', which nobody declares"),
        (",1,0101", ",2,0101", "found '2'; the source delivers 'faelle' by other area versions"),
        (",all,", ",alter=3,", "dimension (codes/*.csv) 'alter'"),
    ],
)
def test_what_a_correction_names_is_declared(
    tmp_path: Path, old: str, new: str, words: str
) -> None:
    found(tmp_path)
    (problem,) = _said(tmp_path, HEADER + LINE.replace(old, new, 1))
    assert problem.startswith("corrections.csv:2  ")
    assert words in problem


@given(st.binary(max_size=200) | st.text(max_size=200).map(lambda text: (HEADER + text).encode()))
def test_whatever_stands_in_the_file_is_read_or_refused_in_words(
    tmp_path_factory: pytest.TempPathFactory, data: bytes
) -> None:
    path = tmp_path_factory.getbasetemp() / "corrections.csv"
    path.write_bytes(data)
    problems: list[tuple[int, str, str]] = []
    try:
        read_corrections(path)
    except CorrectionsError as error:
        problems = error.problems
    assert all(line >= 1 and message for line, _, message in problems)


@pytest.mark.parametrize(
    ("expected", "corrected", "protected", "named"),
    [
        ("120", "131", False, True),
        ("120", "0", False, True),
        ("120", "131", True, False),
        ("120", "4", False, False),
        ("3", "120", False, False),
    ],
)
def test_the_old_value_is_named_only_where_it_tells_nobody(
    tmp_path: Path, expected: str, corrected: str, protected: bool, named: bool
) -> None:
    guard: dict[str, Any] = {
        "protection": "sozialdaten",
        "purpose": "Planung",
        "legal_basis": "§ 80",
        "recipients": ["Amt"],
        "retention_days": 30,
    }
    found(tmp_path, **(guard if protected else {}))
    line = LINE.replace(",12,13,", f",{expected},{corrected},")
    (tmp_path / "corrections.csv").write_text(HEADER + line, encoding="utf-8")
    table = declared_tables(read_declarations(tmp_path))["correction"]
    (row,) = table.to_dicts()
    assert row["area_system"] == "raum"
    was = f", geliefert war {expected}" if named else ""
    assert row["reason"] == f"berichtigt: Zahlendreher{was}"


def test_a_dialogue_speaks_of_declared_indicators(tmp_path: Path) -> None:
    found(tmp_path)
    (tmp_path / "dialogues").mkdir()
    talk = {"id": "rat_2024", "date": "2024-03-01", "title": "Rat", "topics": ["armut"]}
    path = tmp_path / "dialogues" / "rat_2024.yml"
    path.write_text(yaml.safe_dump(talk), encoding="utf-8")
    with pytest.raises(DeclarationError, match=r"dialogues/rat_2024\.yml:\d+ .*'armut'"):
        read_declarations(tmp_path)


@pytest.mark.parametrize(
    ("source", "words"),
    [
        ({"origin": "only_for_wirkraum"}, "also needs only_here: {owner, dialogue, ends}"),
        (
            {"only_here": {"owner": "Amt", "dialogue": "rat", "ends": "2025-12-31"}},
            "only_here belongs to origin: only_for_wirkraum",
        ),
        (
            {
                "origin": "only_for_wirkraum",
                "only_here": {"owner": "Amt", "dialogue": "rat", "ends": "2025-12-31"},
            },
            "dialogue 'rat', which nobody declares",
        ),
        ({"origin": "only_for_wirkraum", "only_here": {"owner": "Amt"}}, "is missing and needed"),
    ],
)
def test_a_collection_made_only_here_needs_owner_dialogue_and_end(
    tmp_path: Path, source: dict[str, Any], words: str
) -> None:
    with pytest.raises(DeclarationError) as caught:
        found(tmp_path, **source)
    assert words in str(caught.value)
