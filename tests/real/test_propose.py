"""Contracts drafted from Berlin's open data load the files they came from."""

import dataclasses
import os
from pathlib import Path

import pytest

from orchestration.declarations import Declarations, read_declarations
from orchestration.propose.proof import propose

REPO = Path(__file__).parents[2]
DATA = Path(os.environ.get("WIRKRAUM_DATA", REPO.parent / "shared" / "data" / "berlin"))
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(
        not DATA.is_dir(), reason=f"needs the open data of Berlin in {DATA} (or WIRKRAUM_DATA)"
    ),
]


@pytest.fixture(scope="module")
def berlin() -> Declarations:
    """Berlin as it was before anybody wrote a contract."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("WIRKRAUM_DATA", str(DATA))
        found = read_declarations(REPO / "examples" / "berlin")
    return dataclasses.replace(found, sources={})


@pytest.mark.parametrize(
    ("pattern", "version", "rows", "accepted"),
    [
        ("01*/EWR200112E*", "2006", 447, 447),
        ("01*/EWR201412E*", "2006", 447, 447),
        ("01*/EWR_L21_202512E*", "2021", 542, 542),
        ("02*/*2021-01-t2*", "2021", 542, 542),
        # the total and the cases without any district: their codes are no areas
        ("03*/kriminalitaetsatlas_2015-2024.xlsx", "2021", 1690, 1670),
        ("06*/*2015-00-2-1-planning*", "2006", 447, 447),
        ("07*/gssa_2022_planungsraeume.csv", "2006", 448, 448),
        ("08*/kita_plaetze_planungsraeume_2025-10.csv", "2021", 521, 521),
        ("10*/*unfaelle_2019_*", "2006", 13390, 13390),
    ],
)
def test_the_draft_loads_the_file(
    berlin: Declarations, pattern: str, version: str, rows: int, accepted: int
) -> None:
    (file,) = DATA.glob(pattern)
    found = propose(file, berlin)
    assert found.source.layouts[0].area.version == version
    assert (found.delivery.rows_in, found.delivery.rows_accepted) == (rows, accepted)


def test_bicycle_thefts_are_cases(berlin: Declarations) -> None:
    (file,) = DATA.glob("04*/stand_2026-02-08*")
    found = propose(file, berlin)
    (layout,) = found.source.layouts
    assert layout.cases is not None
    assert layout.period.columns == "TATZEIT_ANFANG_DATUM"
    assert layout.format.encoding == "cp1252"
    assert found.delivery.rows_quarantined == 0
