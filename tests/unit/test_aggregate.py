"""Counts made inside the department are those the direct way would have given, and hold no rows."""

import gzip
import tempfile
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from orchestration.aggregate import AggregateError, aggregate
from orchestration.declarations import read_declarations
from orchestration.declarations.sources import Source
from orchestration.ingest import lake
from orchestration.ingest.deliver import take_in
from orchestration.place import Place
from tests.city.test_protection import BAD, CASES, FREE_TEXT, GOOD, GUARD, HEADER, PSEUDONYM
from tests.unit.ingest.town import found, layout

NAME = "faelle_2020_2021-01-31.csv"
TOLD = ("measure_id", "area_version", "area_id", "period_start", "grain", "group_id", "value")


def _observed(folder: Path) -> list[tuple[Any, ...]]:
    """What a municipality holds, of all its deliveries."""
    place = Place(folder)
    frames = [lake.observations(place, entry).collect() for entry in lake.ledger(place)]
    return sorted(pl.concat(frames).select(*TOLD, "unit", "status", "as_of").rows())


def _take_in(folder: Path, files: dict[str, bytes]) -> list[tuple[Any, ...]]:
    declarations = read_declarations(folder)
    inbox = folder / "deliveries" / "fall"
    for name, data in files.items():
        (inbox / name).write_bytes(data)
    intake = take_in(declarations, declarations.sources["fall"], Place(folder))
    assert intake.unmatched == []
    return _observed(folder)


def _both_ways(
    tmp_path: Path, rules: dict[str, Any], name: str, data: bytes, **source: Any
) -> tuple[list[tuple[Any, ...]], list[tuple[Any, ...]]]:
    """Observations of the direct way and of the way over `aggregate`."""
    direct, office, town = (tmp_path / part for part in ("direct", "office", "town"))
    for folder in (direct, office, town):
        folder.mkdir()
        found(folder, rules, **source)
    (tmp_path / name).write_bytes(data)
    done = aggregate(read_declarations(office), "fall", tmp_path / name, tmp_path / "counts.csv")
    contract = yaml.safe_load(done.contract.read_text(encoding="utf-8"))
    (town / "sources" / "fall.yml").write_text(yaml.safe_dump(contract), encoding="utf-8")
    return (
        _take_in(direct, {name: data}),
        _take_in(town, {"counts.csv": done.counts.read_bytes()}),
    )


@pytest.mark.parametrize("packed", [False, True])
def test_a_case_list_counts_the_same_on_both_ways(tmp_path: Path, packed: bool) -> None:
    data = (HEADER + GOOD + BAD).encode()
    name = f"{NAME}.gz" if packed else NAME
    direct, counted = _both_ways(
        tmp_path, CASES, name, gzip.compress(data) if packed else data, **GUARD
    )
    assert counted == direct
    assert sum(row[6] for row in direct if row[5] == "all") == 3


def test_a_table_reads_the_same_with_its_symbols_groups_and_levels(tmp_path: Path) -> None:
    rules = layout(
        area={
            "column": "Viertel",
            "system": "raum",
            "version": "1",
            "level": "viertel",
            "rules": [
                {"pattern": r"\d{2}", "level": "bezirk"},
                {"pattern": r"(\d{2})00", "unassigned": True},
            ],
        },
        groups=[{"dimension": "geschlecht", "column": "G", "map": {"zus": ""}}],
        values=[{"measure": "faelle", "column": "Fälle", "factor": 0.5}],
    )
    cells = ("1,5", "-", ".", "x", "7", "(8)", "1200")
    areas = ("0101", "0102", "0201", "01", "02", "0100", "0200")
    rows = [f"2020;{area};zus;{cell}" for area, cell in zip(areas, cells, strict=True)]
    rows += ["2020;0101;w;1", "2020;0101;m;2"]
    text = "Jahr;Viertel;G;Fälle\n" + "\n".join(rows) + "\n"
    measure = {"id": "faelle", "name": "Fälle", "unit": "Fälle", "kind": "flow", "whole": False}
    direct, counted = _both_ways(
        tmp_path, rules, "fall_2021-01-31.csv", text.encode(), measures=[measure]
    )
    assert len(direct) == 9
    assert counted == direct


def test_a_month_not_complete_is_never_taken_for_complete(tmp_path: Path) -> None:
    rules = CASES | {"cases": CASES["cases"] | {"covers": {"since": "same_year"}}}
    name, data = "liste_2020-02-10.csv", (HEADER + GOOD).encode()
    direct, counted = _both_ways(tmp_path, rules, name, data, **GUARD)
    assert [row[:7] for row in counted] == [row[:7] for row in direct]
    states = {(row[8], other[8]) for row, other in zip(direct, counted, strict=True)}
    assert states == {("observed", "observed"), ("provisional", "estimated")}


def test_neither_names_nor_notes_leave_the_department_or_stay_behind(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "temporary"
    home.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(home))
    office = tmp_path / "office"
    office.mkdir()
    declarations = found(office, CASES, **GUARD)
    before = {path for path in office.rglob("*") if path.is_file()}
    file = tmp_path / NAME
    file.write_bytes((HEADER + GOOD + BAD).encode())
    done = aggregate(declarations, "fall", file, tmp_path / "out" / "counts.csv")
    written = done.counts.read_text(encoding="utf-8") + done.contract.read_text(encoding="utf-8")
    for secret in (PSEUDONYM, FREE_TEXT):
        assert secret not in written
        assert secret not in str(done.entry)
    assert done.entry.rows_quarantined == 6
    assert done.small == 6
    assert list(home.iterdir()) == []
    assert {path for path in office.rglob("*") if path.is_file()} == before
    assert "nur geschützt versenden" in done.contract.read_text(encoding="utf-8")


def test_rows_go_when_the_reading_breaks_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "temporary"
    home.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(home))
    declarations = found(tmp_path, CASES, **GUARD)
    file = tmp_path / NAME
    file.write_bytes((HEADER + GOOD).encode())

    def broken(*_: object) -> None:
        raise SystemExit(143)

    monkeypatch.setattr("orchestration.aggregate.take_in", broken)
    with pytest.raises(SystemExit):
        aggregate(declarations, "fall", file, tmp_path / "counts.csv")
    assert list(home.iterdir()) == []
    assert not (tmp_path / "counts.csv").exists()


@pytest.mark.parametrize(
    ("source", "name", "text", "words"),
    [
        ("hall", NAME, HEADER + GOOD, "there is no source 'hall'; declared are fall"),
        ("fall", "fehlt.csv", None, "is no file"),
        ("fall", NAME, GOOD, "column '"),
        ("fall", NAME, "", "gives no counts"),
        ("fall", "liste.txt", HEADER + GOOD, "no layout of fall takes a file 'liste.txt'"),
    ],
)
def test_what_cannot_be_counted_is_said_and_writes_nothing(
    tmp_path: Path, source: str, name: str, text: str | None, words: str
) -> None:
    declarations = found(tmp_path, CASES | {"files": ["*.csv"]}, **GUARD)
    file = tmp_path / name
    if text is not None:
        file.write_text(text, encoding="utf-8")
    out = tmp_path / "counts.csv"
    with pytest.raises(AggregateError) as caught:
        aggregate(declarations, source, file, out)
    assert words in str(caught.value)
    assert PSEUDONYM not in str(caught.value)
    assert not out.exists()


def test_the_counts_never_replace_the_file_itself(tmp_path: Path) -> None:
    declarations = found(tmp_path, CASES, **GUARD)
    file = tmp_path / NAME
    file.write_text(HEADER + GOOD, encoding="utf-8")
    with pytest.raises(AggregateError, match="is the file itself"):
        aggregate(declarations, "fall", file, file)


def test_the_contract_keeps_what_the_department_has_promised(tmp_path: Path) -> None:
    declarations = found(tmp_path, CASES, **GUARD)
    file = tmp_path / NAME
    file.write_text(HEADER + GOOD, encoding="utf-8")
    done = aggregate(declarations, "fall", file, tmp_path / "counts.csv")
    text = yaml.safe_load(done.contract.read_text(encoding="utf-8"))
    source, original = Source.model_validate(text), declarations.sources["fall"]
    assert source.layouts[0].name == "counts"
    same = {"layouts": original.layouts}
    assert source.model_copy(update=same) == original
