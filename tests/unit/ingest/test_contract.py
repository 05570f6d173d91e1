"""What contracts can say of awkward tables: layouts that change, rows that are none, subtotals."""

from datetime import date
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.declarations import DeclarationError, read_declarations
from orchestration.place import Place
from tests.unit.ingest.town import Town, layout, settle, words

HEADER = "Jahr;Viertel;Fälle\n"


def test_a_layout_is_used_from_its_day_on(tmp_path: Path) -> None:
    old = layout(name="alt", until="2021-01-01", ignore=["Stadtteil"])
    new = layout(name="neu", since="2021-01-01")
    new["values"] = [{"measure": "faelle", "column": "Fälle", "factor": 1000}]
    town = settle(tmp_path, old, layouts=[old, new])
    same = f"{HEADER}2020;0101;2\n"
    files: dict[str, str | bytes] = {"a_2020-12-31.csv": same, "a_2021-01-01.csv": same}
    entries = town.deliver(files).new
    assert [entry.layout for entry in entries] == ["alt", "neu"]
    assert town.observed("as_of", "value") == [
        (date(2020, 12, 31), 2.0),
        (date(2021, 1, 1), 2000.0),
    ]


def test_the_first_layout_whose_columns_are_there_is_used(tmp_path: Path) -> None:
    old, new = layout(name="alt"), layout(name="neu")
    new["values"] = [{"measure": "faelle", "column": "Anzahl"}]
    town = settle(tmp_path, old, layouts=[old, new])
    entry = town.one("Jahr;Viertel;Anzahl\n2020;0101;2\n")
    assert (entry.layout, entry.state) == ("neu", "accepted")
    neither = town.one("Jahr;Viertel;Summe\n2020;0101;2\n", "b_2021-02-28.csv")
    assert neither.state == "rejected"
    assert "fits no layout: layout alt: column 'Fälle'" in words(neither)
    assert "layout neu: column 'Anzahl'" in words(neither)


def test_headers_survive_line_breaks_soft_hyphens_and_new_names(tmp_path: Path) -> None:
    rules = layout(values=[{"measure": "faelle", "column": ["Fälle gesamt", "Fall zahl"]}])
    town = settle(tmp_path, rules)
    assert town.one('Jahr;Viertel;"Fäl\xadle\n gesamt"\n2020;0101;1\n').state == "accepted"
    assert (
        town.one("Jahr;Viertel;Fall  zahl\n2020;0102;2\n", "b_2021-02-28.csv").state == "accepted"
    )
    assert town.observed("value") == [(1.0,), (2.0,)]


def test_declared_rows_are_skipped_and_noted(tmp_path: Path) -> None:
    skip = [{"column": "Jahr", "pattern": "Stand.*", "why": "stamp"}]
    town = settle(tmp_path, layout(skip=skip))
    entry = town.one(f"{HEADER}Stand 1.1.;;\n2020;0101;7\n")
    assert (entry.rows_in, entry.rows_accepted, entry.observations) == (2, 2, 1)
    assert entry.notes == ["1 row(s) skipped by contract (stamp): 2"]


def test_the_date_of_a_file_may_stand_in_a_cell(tmp_path: Path) -> None:
    stamp = {"cell": {"column": "Fälle", "row": 1}, "format": "%d%m%Y"}
    skip = [{"column": "Jahr", "pattern": "Stand", "why": "stamp"}]
    town = settle(tmp_path, layout(as_of=stamp, skip=skip))
    entry = town.one(f"{HEADER}Stand;;20052021\n2020;0101;7\n", "fall.csv")
    assert (entry.as_of, entry.as_of_from) == (date(2021, 5, 20), "cell")
    other = town.one(f"{HEADER}2020;0101;7\n", "ohne.csv")
    assert other.state == "rejected"
    assert "as_of: found '7', expected a date like 31122024" in words(other)


def _subtotals(**changes: Any) -> dict[str, Any]:
    rule = {"column": "Konto", "pattern": "###", "of": "following", "tolerance": 0.5, **changes}
    return layout(subtotals=[rule], groups=[{"dimension": "konto", "column": "Konto"}])


def _accounts(folder: Path) -> Path:
    (folder / "codes").mkdir(parents=True)
    (folder / "codes" / "konto.csv").write_text("code,name_de\n1,Eins\n2,Zwei\n")
    return folder


@pytest.mark.parametrize("of", ["following", "preceding"])
def test_subtotals_are_compared_and_never_counted_twice(tmp_path: Path, of: str) -> None:
    town = settle(_accounts(tmp_path), _subtotals(of=of))
    blocks = [
        ["2020;0101;###;3", "2020;0101;1;1", "2020;0101;2;2"],
        ["2020;0102;###;9", "2020;0102;1;4", "2020;0102;2;4"],
    ]
    rows = [line for block in blocks for line in (block if of == "following" else block[::-1])]
    entry = town.one("Jahr;Viertel;Konto;Fälle\n" + "\n".join(rows) + "\n")
    assert (entry.rows_in, entry.rows_accepted, entry.observations) == (6, 6, 4)
    assert "2 subtotal row(s) compared with their parts and not loaded" in entry.notes
    line = 5 if of == "following" else 7
    assert entry.notes[1:] == [
        f"{line}: the subtotal of Fälle says 9.00, its 2 parts make 8.00 (+1.00). Who knows why?"
    ]


def test_subtotals_by_a_column(tmp_path: Path) -> None:
    town = settle(_accounts(tmp_path), _subtotals(by=["Viertel"]))
    content = "Jahr;Viertel;Konto;Fälle\n2020;0101;###;3\n2020;0102;###;8\n"
    content += "2020;0101;1;1\n2020;0102;1;8\n2020;0101;2;2\n"
    entry = town.one(content)
    assert entry.notes == ["2 subtotal row(s) compared with their parts and not loaded"]


def test_weeks(tmp_path: Path) -> None:
    rules = layout(period={"columns": "Tag", "format": "%d.%m.%Y", "grain": "week"})
    town = settle(tmp_path, rules)
    town.one("Tag;Viertel;Fälle\n01.01.2021;0101;1\n04.01.2021;0101;2\n")
    assert town.observed("period_start", "grain") == [
        (date(2020, 12, 28), "week"),
        (date(2021, 1, 4), "week"),
    ]


def _two_versions(folder: Path) -> Path:
    """Version 2 has 0101 split into 0111 and 0112; declared beside version 1."""
    (folder / "areas").mkdir(parents=True)
    areas = (
        "area_id,name,level,parent_id\n0,Stadt,stadt,\n01,Nord,bezirk,0\n02,Süd,bezirk,0\n"
        + "".join(f"01{n},V{n},viertel,01\n" for n in range(11, 20))
        + "0201,Wiese,viertel,02\n"
    )
    (folder / "areas" / "raum2.csv").write_text(areas, encoding="utf-8")
    return folder


def _declare_second_version(folder: Path) -> None:
    path = folder / "areas" / "raum.yml"
    content = yaml.safe_load(path.read_text())
    (first,) = content["versions"]
    parts = [{**part, "file": "raum2.csv"} for part in first["areas"]]
    second = {"version": "2", "valid_from": "2021-01-01", "areas": parts}
    content["versions"] = [{**first, "valid_to": "2020-12-31"}, second]
    path.write_text(yaml.safe_dump(content))


def test_one_file_with_two_area_versions(tmp_path: Path) -> None:
    settle(_two_versions(tmp_path))
    _declare_second_version(tmp_path)
    area = {
        "column": "Viertel",
        "system": "raum",
        "version": "2",
        "level": "viertel",
        "earlier": [{"version": "1", "until": "2020-12-31"}],
    }
    source = tmp_path / "sources" / "fall.yml"
    content = yaml.safe_load(source.read_text())
    content["layouts"][0]["area"] = area
    source.write_text(yaml.safe_dump(content))
    town = Town(read_declarations(tmp_path), Place(tmp_path))
    entry = town.one(f"{HEADER}2020;0101;1\n2021;0111;2\n2021;0102;3\n2020;0111;4\n")
    assert town.observed("area_version", "area_id", "value") == [
        ("1", "0101", 1.0),
        ("2", "0111", 2.0),
    ]
    assert "'0102' is no area of raum 2" in words(entry)
    assert "'0111' is no area of raum 1" in words(entry)


def test_a_silent_switch_of_areas_refuses_the_file(tmp_path: Path) -> None:
    settle(_two_versions(tmp_path))
    _declare_second_version(tmp_path)
    town = Town(read_declarations(tmp_path), Place(tmp_path))
    rows = "".join(f"2020;01{n};1\n" for n in range(11, 20))
    entry = town.one(f"{HEADER}{rows}2020;0201;1\n")
    assert entry.state == "rejected"
    assert "these are the areas of version '2', not of '1' as the contract says" in words(entry)


def test_wrong_words_in_a_contract_are_said(tmp_path: Path) -> None:
    database = {"dialect": "sqlite", "connection": "klein", "query": "select 1"}
    with pytest.raises(DeclarationError, match="connection"):
        settle(tmp_path, layout(database=database))
