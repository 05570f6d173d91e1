"""Case lists: rows become flows, stocks, sums and durations; windows never look like revisions."""

from datetime import date, timedelta
from pathlib import Path
from typing import Any

import polars as pl
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from orchestration.ingest import content
from tests.unit.ingest.town import Town, layout, settle, words

HEAD = "Eröffnet;Geschlossen;Viertel;Plätze\n"
MEASURES = ("eroeffnet", "geschlossen", "offen", "plaetze", "dauer")


def _measure(name: str) -> dict[str, Any]:
    kind = "stock" if name == "offen" else "flow"
    return {"id": name, "name": name, "unit": "Fälle", "kind": kind}


def _town(folder: Path, **cases: Any) -> Town:
    (folder / "codes").mkdir(parents=True, exist_ok=True)
    bins = "code,name_de,from,to\nk,bis 30 Tage,0,30\nl,länger,31,\n"
    (folder / "codes" / "dauer.csv").write_text(bins)
    rules = layout(
        period={"columns": "Eröffnet", "format": "%d.%m.%Y", "grain": "month"},
        cases={"covers": {"since": "all"}, **cases},
        values=[],
        ignore=["*"],
    )
    return settle(folder, rules, measures=[_measure(name) for name in MEASURES])


def _of(town: Town, measure: str, group: str = "all") -> list[tuple[date, float]]:
    rows = town.observed("measure_id", "group_id", "area_id", "period_start", "value")
    return [(r[3], r[4]) for r in rows if r[:3] == (measure, group, "0101")]


FULL: dict[str, Any] = {
    "counts": [
        {"measure": "eroeffnet"},
        {"measure": "geschlossen", "date": "Geschlossen"},
        {"measure": "plaetze", "sum": "Plätze"},
    ],
    "stocks": [{"measure": "offen", "opened": "Eröffnet", "closed": "Geschlossen"}],
    "durations": [
        {"measure": "dauer", "start": "Eröffnet", "end": "Geschlossen", "dimension": "dauer"}
    ],
}


def test_flows_stocks_sums_and_durations(tmp_path: Path) -> None:
    town = _town(tmp_path, **FULL)
    rows = ["05.01.2021;20.01.2021;0101;2", "10.01.2021;15.03.2021;0101;3", "01.02.2021;;0101;5"]
    entry = town.one(HEAD + "\n".join(rows) + "\n", "fall_2021-03-31.csv")
    assert (entry.state, entry.rows_in, entry.notes) == ("accepted", 3, [])
    months = [date(2021, month, 1) for month in (1, 2, 3)]
    assert _of(town, "eroeffnet") == list(zip(months, [2.0, 1.0, 0.0], strict=True))
    assert _of(town, "geschlossen") == list(zip(months, [1.0, 0.0, 1.0], strict=True))
    assert _of(town, "plaetze") == list(zip(months, [5.0, 5.0, 0.0], strict=True))
    assert _of(town, "offen") == [
        (date(2021, 1, 31), 1.0),
        (date(2021, 2, 28), 2.0),
        (date(2021, 3, 31), 1.0),
    ]
    assert _of(town, "dauer", "dauer=k") == list(zip(months, [1.0, 0.0, 0.0], strict=True))
    assert _of(town, "dauer", "dauer=l") == list(zip(months, [0.0, 0.0, 1.0], strict=True))


def test_impossible_dates_and_numbers(tmp_path: Path) -> None:
    town = _town(tmp_path, **FULL)
    rows = ["05.01.2021;01.01.2021;0101;2", "05.01.2021;irgendwann;0101;2", "05.01.2021;;0101;viel"]
    entry = town.one(HEAD + "\n".join(rows) + "\n05.01.2021;;0101;1\n", "fall_2021-01-31.csv")
    assert (entry.rows_accepted, entry.rows_quarantined) == (2, 2)
    assert "Geschlossen: found 'irgendwann'" in words(entry)
    assert "Plätze: found 'viel', expected a number" in words(entry)
    assert "1 case(s) end before they begin; in no duration" in words(entry)


def test_equal_rows_are_counted_and_reported(tmp_path: Path, monkeypatch: Any) -> None:
    """Over batches they are found, too; another text in a column nobody reads tells them apart."""
    monkeypatch.setattr(content, "CHUNK", 64)
    town = _town(tmp_path, **FULL)
    head = HEAD.replace("\n", ";Notiz\n")
    twice = ["05.01.2021;;0101;1;a", "06.01.2021;;0101;1;b", "05.01.2021;;0102;1;c"]
    rows = [*twice, "07.01.2021;;0101;1;d", "05.01.2021;;0101;2;e", *twice, twice[0][:-1] + "f"]
    rows += ["falsch;;0101;1;g", "falsch;;0101;1;g"]
    entry = town.one(head + "\n".join(rows) + "\n", "fall_2021-01-31.csv")
    assert (entry.rows_accepted, entry.rows_quarantined) == (9, 2)
    assert _of(town, "eroeffnet") == [(date(2021, 1, 1), 7.0)]
    assert entry.notes == ["3 row(s) equal an earlier row in all columns; all count"]


def test_no_text_of_a_case_reaches_the_lake(tmp_path: Path) -> None:
    town = _town(tmp_path, **FULL)
    head = HEAD.replace("\n", ";Notiz\n")
    town.one(f"{head}05.01.2021;;0101;2;Frau Geheim rief an\n", "fall_2021-01-31.csv")
    lake = tmp_path / "store" / "lake"
    for path in lake.rglob("*.parquet"):
        text = pl.read_parquet(path).write_csv()
        assert "Geheim" not in text


WINDOW = {
    "counts": [{"measure": "geschlossen", "date": "Geschlossen"}],
    "covers": {"since": "previous_year", "column": "Eröffnet", "complete_after_days": 365},
}


def _history(until: date) -> list[str]:
    """One case a month, closed a month later; what a file of the last two years shows of it."""
    rows = []
    for number in range(48):
        opened = date(2020 + number // 12, number % 12 + 1, 10)
        closed = opened + timedelta(days=30)
        if closed <= until and opened.year >= until.year - 1:
            rows.append(f"{opened:%d.%m.%Y};{closed:%d.%m.%Y};0101;1")
    return rows


def test_a_month_that_leaves_the_window_is_no_revision(tmp_path: Path) -> None:
    town = _town(tmp_path, **WINDOW)
    for day in (date(2022, 6, 30), date(2023, 6, 30)):
        town.one(HEAD + "\n".join(_history(day)) + "\n", f"fall_{day}.csv")
    rows = town.observed("as_of", "area_id", "period_start", "value")
    cells = [(month, value) for _, area, month, value in rows if area == "0101"]
    assert [month for month, _ in cells] == [
        *(date(2022, month, 1) for month in range(1, 7)),
        *(date(2023, month, 1) for month in range(1, 7)),
    ]
    assert {value for _, value in cells} == {1.0}


def test_cases_outside_the_window_are_set_aside(tmp_path: Path) -> None:
    town = _town(tmp_path, **WINDOW)
    content = f"{HEAD}10.12.2020;05.01.2022;0101;1\n10.01.2022;05.02.2022;0101;1\n"
    entry = town.one(content, "fall_2022-03-31.csv")
    assert entry.rows_quarantined == 1
    assert "2020-12-10 lies outside 2021-01-01 to 2022-03-31" in words(entry)


def test_months_to_come_are_no_zeros(tmp_path: Path) -> None:
    """The file says that it covers 2021, and is of March."""
    covers = {"file_name": r"fall_(\d{4})"}
    town = _town(tmp_path, counts=[{"measure": "eroeffnet"}], covers=covers)
    rows = "05.01.2021;;0101;1\n20.03.2021;;0101;1\n01.04.2021;;0101;1\n"
    entry = town.one(HEAD + rows, "fall_2021-03-15.csv")
    months = [date(2021, month, 1) for month in (1, 2, 3)]
    assert _of(town, "eroeffnet") == list(zip(months, [1.0, 0.0, 1.0], strict=True))
    assert "2021-04-01 lies outside 2021-01-01 to 2021-03-31" in words(entry)


def test_late_reports_give_the_states_known_before(tmp_path: Path) -> None:
    counts = [{"measure": "eroeffnet"}]
    town = _town(tmp_path, counts=counts, reported="Geschlossen")
    rows = [
        "05.01.2021;06.01.2021;0101;1",
        "20.01.2021;03.02.2021;0101;1",
        "25.01.2021;10.03.2021;0101;1",
    ]
    town.one(HEAD + "\n".join(rows) + "\n", "fall_2021-03-15.csv")
    january = [
        (as_of, value, status)
        for as_of, area, month, value, status in town.observed(
            "as_of", "area_id", "period_start", "value", "status"
        )
        if (area, month) == ("0101", date(2021, 1, 1))
    ]
    assert january == [
        (date(2021, 1, 31), 1.0, "provisional"),
        (date(2021, 2, 28), 2.0, "provisional"),
        (date(2021, 3, 15), 3.0, "observed"),
    ]


days = st.integers(0, 700)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.tuples(days, st.one_of(st.none(), st.integers(0, 400))), min_size=1))
def test_open_cases_are_those_opened_less_those_closed(
    tmp_path_factory: Any, cases: list[tuple[int, int | None]]
) -> None:
    town = _town(tmp_path_factory.mktemp("stock"), **FULL)
    begin, last = date(2020, 1, 1), date(2023, 2, 28)
    spans = [
        (begin + timedelta(start), None if took is None else begin + timedelta(start + took))
        for start, took in cases
    ]
    rows = [f"{o:%d.%m.%Y};{c.strftime('%d.%m.%Y') if c else ''};0101;1" for o, c in spans]
    town.one(HEAD + "\n".join(rows) + "\n", f"fall_{last}.csv")
    for day, value in _of(town, "offen"):
        assert value == sum(o <= day and (c is None or c > day) for o, c in spans)
    opened = sum(value for _, value in _of(town, "eroeffnet"))
    closed = sum(value for _, value in _of(town, "geschlossen"))
    assert opened == len(spans)
    assert closed == sum(c is not None for _, c in spans)
    assert _of(town, "offen")[-1][1] == opened - closed
