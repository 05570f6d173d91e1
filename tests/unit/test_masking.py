"""Messages of protected sources quote nothing that a department has written into a cell."""

from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.declarations.sources import Source
from orchestration.masking import contract_words, mask, masked
from tests.unit.ingest.town import found

WORDS = frozenset({"Viertel", "Fälle", "it's"})
GUARD: dict[str, Any] = {
    "protection": "sozialdaten",
    "purpose": "Planung",
    "legal_basis": "§ 80",
    "recipients": ["Amt"],
    "retention_days": 30,
}


def _source(folder: Path, **changes: Any) -> Source:
    return found(folder, **changes).sources["fall"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("column 'Viertel' (area) is missing", "column 'Viertel' (area) is missing"),
        (
            "column 'Viertel' (area) is missing; the file has 'Anna', 'P-4711'",
            "column 'Viertel' (area) is missing; the file has '…'",
        ),
        ("Fälle: found 'Anna', expected a number", "Fälle: found '…', expected a number"),
        ("Fälle: found 'An'na', expected a number", "Fälle: found '…', expected a number"),
        ("\"An'na\" is no area; 'Viertel' is none", "'…' is none"),
        ("""column "it's" is missing""", """column "it's" is missing"""),
        ("Fälle: found 'Anna", "Fälle: found '…'"),
        ("Fälle: found \"Anna's Zimmer", "Fälle: found '…'"),
        (
            "2023-05-04 lies outside 2023-01-01 to 2023-12-31, which the file covers",
            "… lies outside 2023-01-01 to 2023-12-31, which the file covers",
        ),
        (
            "7: the subtotal of Fälle says 12.00, its 3 parts make 1,011.00 (-999.00). Who knows?",
            "7: the subtotal of Fälle says …, its 3 parts make …. Who knows?",
        ),
        ("7 cells, but the header has 5 columns", "7 cells, but the header has 5 columns"),
    ],
)
def test_contents_go_and_the_contract_s_own_words_stay(text: str, shown: str) -> None:
    assert mask(text, WORDS) == shown


@given(
    before=st.sampled_from(["", "'Viertel': ", "x 'y'; "]),
    cell=st.text(min_size=1, max_size=30),
    after=st.sampled_from(["", " is no area of raum 1", "; 'Viertel' is missing"]),
    quoted=st.sampled_from([repr, "'{}'".format]),
)
def test_no_cell_survives_whatever_signs_it_holds(
    before: str, cell: str, after: str, quoted: object
) -> None:
    assert callable(quoted)
    secret = f"Zq7{cell}7qZ"
    shown = mask(f"{before}{quoted(secret)}{after}", WORDS)
    assert "Zq7" not in shown
    assert "7qZ" not in shown


def test_equal_reasons_are_counted_together(tmp_path: Path) -> None:
    reasons = [
        ("'9901' is no area of raum 1", 2, "3, 9"),
        ("'9902' is no area of raum 1", 1, "4"),
        ("6 cells, but the header has 5 columns", 7, "10, 11, 12, 13, 14, …"),
    ]
    found_reasons, notes = masked(_source(tmp_path, **GUARD), reasons, ["unknown column(s) 'Name'"])
    assert found_reasons == [
        ("6 cells, but the header has 5 columns", 7, "10, 11, 12, 13, 14, …"),
        ("'…' is no area of raum 1", 3, "3, 9, 4"),
    ]
    assert notes == ["unknown column(s) '…'"]


def test_an_unguarded_source_keeps_its_words(tmp_path: Path) -> None:
    reasons = [("'9901' is no area of raum 1", 2, "3, 9")]
    assert masked(_source(tmp_path), reasons, ["'x'"]) == (reasons, ["'x'"])


def test_the_words_of_a_contract_are_known_as_headers_are_read(tmp_path: Path) -> None:
    words = contract_words(_source(tmp_path, **GUARD))
    assert {"Viertel", "Fälle", "Jahr", "%Y"} <= words
