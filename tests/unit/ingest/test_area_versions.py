"""Files whose areas are not of the version the contract says, delivered to a tiny town."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration.declarations import read_declarations
from orchestration.ingest import content, tidy
from orchestration.place import Place
from tests.unit.ingest.town import AREAS, LEVELS, Town, found, layout, words

NEW = "".join(f"030{n},Neu {n},viertel,03\n" for n in range(1, 5))


def _town(folder: Path, **area: Any) -> Town:
    """Version 2 keeps 0101, has four new areas and no longer 0102 and 0201."""
    column = {"column": "Viertel", "system": "raum", "version": "2", "level": "viertel", **area}
    found(folder, layout())
    kept = "".join(line + "\n" for line in AREAS.splitlines() if line[:4] not in ("0102", "0201"))
    (folder / "areas" / "neu.csv").write_text(f"{kept}03,Ost,bezirk,0\n{NEW}", encoding="utf-8")
    path = folder / "areas" / "raum.yml"
    system = yaml.safe_load(path.read_text(encoding="utf-8"))
    parts = [{"level": level, "file": "neu.csv", "parent": "parent_id"} for level in LEVELS]
    system["versions"].append({"version": "2", "valid_from": "2021-01-01", "areas": parts})
    path.write_text(yaml.safe_dump(system, allow_unicode=True), encoding="utf-8")
    path = folder / "sources" / "fall.yml"
    source = yaml.safe_load(path.read_text(encoding="utf-8"))
    source["layouts"] = [layout(area=column)]
    path.write_text(yaml.safe_dump(source, allow_unicode=True), encoding="utf-8")
    return Town(read_declarations(folder), Place(folder))


def _table(**codes: list[str]) -> str:
    rows = [f"{year[1:]};{code};1" for year, found in codes.items() for code in found]
    return "\n".join(["Jahr;Viertel;Fälle", *rows]) + "\n"


OLD_CODES = ["0101", "0102", "0201"]
NEW_CODES = ["0101", "0301", "0302", "0303", "0304"]


def test_a_file_in_the_declared_version_loads(tmp_path: Path) -> None:
    entry = _town(tmp_path).one(_table(y2021=NEW_CODES))
    assert (entry.state, entry.rows_accepted, entry.notes) == ("accepted", 5, [])


def test_a_silent_switch_loads_nothing(tmp_path: Path) -> None:
    town = _town(tmp_path)
    entry = town.one(_table(y2021=OLD_CODES))
    assert (entry.state, entry.rows_quarantined) == ("rejected", 3)
    assert "these are the areas of version '1', not of '2' as the contract says" in words(entry)
    assert town.observed("area_id") == []


def test_one_long_table_changes_its_areas_with_the_period(tmp_path: Path) -> None:
    town = _town(tmp_path, earlier=[{"version": "1", "until": "2020-12-31"}])
    entry = town.one(_table(y2019=OLD_CODES, y2020=OLD_CODES, y2021=NEW_CODES))
    assert (entry.state, entry.rows_accepted) == ("accepted", 11)
    seen = {
        (v, str(day.year), a)
        for v, day, a in town.observed("area_version", "period_start", "area_id")
    }
    assert {(v, year) for v, year, _ in seen} == {("1", "2019"), ("1", "2020"), ("2", "2021")}
    assert {a for v, _, a in seen if v == "1"} == set(OLD_CODES)
    assert {a for v, _, a in seen if v == "2"} == set(NEW_CODES)


@pytest.mark.parametrize("late", [True, False])
def test_old_areas_beyond_their_time_load_nothing(tmp_path: Path, late: bool) -> None:
    town = _town(tmp_path, earlier=[{"version": "1", "until": "2020-12-31"}])
    table = _table(y2020=OLD_CODES, y2021=OLD_CODES) if late else _table(y2020=NEW_CODES)
    entry = town.one(table)
    assert entry.state == "rejected"
    assert town.observed("area_id") == []


def test_a_switch_is_seen_among_more_wrong_codes_than_are_remembered(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidy, "_MANY_WRONG", 3)
    monkeypatch.setattr(content, "CHUNK", 64)
    town = _town(tmp_path)
    nobody = [f"Z{number}" for number in range(30)]
    entry = town.one(_table(y2021=[*OLD_CODES, *nobody]))
    assert entry.state == "rejected"
    assert "these are the areas of version '1', not of '2' as the contract says" in words(entry)


def test_wrong_codes_are_found_again_after_they_were_forgotten(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tidy, "_MANY_WRONG", 3)
    monkeypatch.setattr(content, "CHUNK", 64)
    town = _town(tmp_path)
    nobody = [f"Z{number}" for number in range(6)]
    entry = town.one(
        _table(y2021=NEW_CODES, y2022=nobody, y2023=NEW_CODES, y2024=nobody, y2025=NEW_CODES)
    )
    assert (entry.rows_accepted, entry.rows_quarantined) == (15, 12)
