"""What a delivery changed: histories made by known operations, and the class that is found."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from orchestration.ingest.changes import Change, Delivered, changes, in_words, told_apart
from orchestration.ingest.lake import Delivery
from orchestration.ingest.tidy import OBSERVATION_SCHEMA
from tests.unit.ingest.town import settle

Cells = dict[tuple[int, str], float | None]
START = date(2024, 1, 31)


def delivered(
    number: int,
    cells: Cells,
    *,
    sha256: str = "",
    arrived: date | None = None,
    status: str = "observed",
) -> Delivered:
    """A delivery of yearly cases by area, known `number` months after the first."""
    as_of = START + timedelta(days=30 * number)
    rows = [
        {"measure_id": "faelle", "area_system": "raum", "area_version": "1", "area_id": area}
        | {"period_start": date(year, 1, 1), "grain": "year", "group_id": "all"}
        | {"value": value, "status": "missing" if value is None else status, "as_of": as_of}
        for (year, area), value in cells.items()
    ]
    entry = Delivery(
        delivery_id=f"fall-{number}",
        source_id="fall",
        department_id="amt",
        layout="standard",
        file_name=f"fall_{as_of}.csv",
        sha256=sha256 or str(number),
        size=1,
        as_of=as_of,
        as_of_from="file name",
        state="accepted",
        rows_in=len(rows),
        rows_accepted=len(rows),
        rows_quarantined=0,
        observations=len(rows),
        notes=[],
        reasons=[],
        fingerprint="",
    )
    frame = pl.DataFrame(rows, schema={**OBSERVATION_SCHEMA})
    return Delivered(entry, arrived, frame.lazy())


def last(*history: Delivered) -> dict[str, Change]:
    """What the last delivery did, by kind."""
    return {one.kind: one for one in told_apart(history)[-1]}


quick = settings(max_examples=25)
YEARS = range(2018, 2022)
AREAS = [f"{number:02}" for number in range(6)]
numbers = st.integers(0, 50).map(float)
full = st.fixed_dictionaries({(year, area): numbers for year in YEARS for area in AREAS})
some = st.sets(st.sampled_from([(year, area) for year in YEARS for area in AREAS]), min_size=1)


@quick
@given(full)
def test_first_delivery(cells: Cells) -> None:
    assert last(delivered(0, cells)).keys() == {"first"}


@quick
@given(full, st.booleans())
def test_equal_and_byte_identical_deliveries_are_told_apart(cells: Cells, copied: bool) -> None:
    again = delivered(1, cells, sha256="0" if copied else "other")
    found = last(delivered(0, cells), again)
    assert found.keys() == ({"same_bytes", "equal"} if copied else {"equal"})
    assert ("no update" in in_words(list(found.values()))) == copied


@quick
@given(full, st.dictionaries(st.sampled_from(AREAS), st.integers(1, 9), min_size=1))
def test_revised_cells_with_their_sizes(cells: Cells, differences: dict[str, int]) -> None:
    later = dict(cells)
    for area, difference in differences.items():
        later[(2020, area)] = (cells[(2020, area)] or 0) + difference
    found = last(delivered(0, cells), delivered(1, later))
    assert found.keys() == {"revised"}
    one = found["revised"]
    sizes = list(differences.values())
    assert (one.count, one.total, one.largest) == (len(sizes), sum(sizes), max(sizes))


@quick
@given(full, some)
def test_value_that_became_missing_or_known_is_a_revision_without_size(
    cells: Cells, gone: set[tuple[int, str]]
) -> None:
    later: Cells = {cell: None if cell in gone else value for cell, value in cells.items()}
    for history in ((cells, later), (later, cells)):
        found = last(*(delivered(number, one) for number, one in enumerate(history)))
        assert found.keys() == {"revised"}
        assert (found["revised"].count, found["revised"].total) == (len(gone), 0)


@quick
@given(full)
def test_status_alone_is_no_revision(cells: Cells) -> None:
    found = last(delivered(0, cells, status="provisional"), delivered(1, cells))
    assert found.keys() == {"restated"}
    assert found["restated"].count == len(cells)


@quick
@given(full, st.permutations(AREAS))
def test_values_that_changed_places(cells: Cells, order: list[str]) -> None:
    later = dict(cells)
    for area, other in zip(AREAS, order, strict=True):
        later[(2020, area)] = cells[(2020, other)]
    moved = sum(later[cell] != cells[cell] for cell in cells)
    assume(moved)
    found = last(delivered(0, cells), delivered(1, later))
    assert found.keys() == {"moved"}
    assert found["moved"].count == moved


@quick
@given(full, st.sets(st.sampled_from(AREAS), min_size=1, max_size=len(AREAS) - 1))
def test_withdrawn_rows(cells: Cells, gone: set[str]) -> None:
    later = {cell: value for cell, value in cells.items() if cell[0] != 2020 or cell[1] not in gone}
    assume(sum(later.get((2020, area)) or 0 for area in AREAS) > 0)
    found = last(delivered(0, cells), delivered(1, later))
    assert found.keys() == {"withdrawn"}
    assert found["withdrawn"].count == len(gone)


@quick
@given(full, st.integers(1, 3))
def test_period_that_leaves_the_window_is_neither_withdrawn_nor_revised(
    cells: Cells, years: int
) -> None:
    later = {cell: value for cell, value in cells.items() if cell[0] >= 2018 + years}
    found = last(delivered(0, cells), delivered(1, later))
    assert found.keys() == {"left_window"}
    assert found["left_window"].count == years


@quick
@given(full, st.integers(1, 3))
def test_new_periods_beside_known_ones(cells: Cells, years: int) -> None:
    earlier = {cell: value for cell, value in cells.items() if cell[0] <= 2021 - years}
    found = last(delivered(0, earlier), delivered(1, cells))
    assert found.keys() == {"new_periods"}
    assert found["new_periods"].count == years


@quick
@given(full, st.integers(0, 3))
def test_next_year_alone_leaves_no_window(cells: Cells, years: int) -> None:
    next_year: Cells = {(2022, area): 1.0 for area in AREAS}
    found = last(*(delivered(number, one) for number, one in enumerate((cells, next_year))))
    assert found.keys() == {"new_periods"}


@quick
@given(full)
def test_codes_replaced_while_the_sum_stays(cells: Cells) -> None:
    assume(sum(cells[(2020, area)] or 0 for area in AREAS) > 0)
    later = {
        (year, f"9{area}" if year == 2020 else area): value for (year, area), value in cells.items()
    }
    found = last(delivered(0, cells), delivered(1, later))
    assert found.keys() == {"recoded"}
    assert f"{len(AREAS)} cells" in found["recoded"].words


@quick
@given(full)
def test_other_areas_of_the_same_period_take_nothing_back(cells: Cells) -> None:
    other: Cells = {(year, f"9{area}"): 51.0 for year in YEARS for area in AREAS}
    found = last(delivered(0, cells), delivered(1, other))
    assert found.keys() == {"added"}


@quick
@given(full, st.integers(1, 400))
def test_back_loaded_delivery_keeps_its_as_of(cells: Cells, days: int) -> None:
    late = START + timedelta(days=100)
    told = told_apart(
        [
            delivered(0, cells, arrived=late + timedelta(days=days)),
            delivered(1, cells, arrived=late),
        ]
    )
    assert [one.kind for one in told[0]] == ["back_loaded", "first"]
    assert f"known on {START}" in told[0][0].words
    assert [one.kind for one in told[1]] == ["equal"]


@quick
@given(st.lists(full, min_size=1, max_size=4))
def test_nothing_is_left_unsaid(histories: list[Cells]) -> None:
    told = told_apart([delivered(number, cells) for number, cells in enumerate(histories)])
    assert all(in_words(one) for one in told)


def test_deliveries_of_a_town(tmp_path: Path) -> None:
    def table(**cells: Any) -> str:
        rows = "".join(f"2020;{area[1:]};{value}\n" for area, value in cells.items())
        return f"Jahr;Viertel;Fälle\n{rows}"

    town = settle(tmp_path)
    town.deliver(
        {
            "fall_2021-01-31.csv": table(_0101=5, _0102=7, _0201=9),
            "fall_2021-02-28.csv": table(_0101=5, _0102=8, _0201=9),
            "fall_2021-03-31.csv": table(_0101=5, _0102=8, _0201=9),
            "fall_2021-04-30.csv": table(_0101=5, _0102=8),
            "fall_2021-05-31.csv": "kein Kopf\n",
        }
    )
    told = changes(town.place, "fall")
    second = "fall_2021-02-28.csv (as of 2021-02-28)"
    assert [in_words(told[one.delivery_id]) for one in town.ledger()] == [
        "first delivery: 3 cells for the year of 2020-01-01",
        "1 cell revised (by 1 in all, at most 1)",
        f"no update: byte for byte {second} under another name; equal: 3 cells as before",
        "1 cell of the year of 2020-01-01 no longer in the file",
        "nothing was taken in",
    ]
