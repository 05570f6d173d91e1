"""Indicators and sources that were renamed or retired say so, and stay."""

from datetime import date
from pathlib import Path
from typing import Any

import yaml

from orchestration.declarations import read_declarations
from orchestration.declarations.tables import declared_tables
from tests.unit.ingest.town import found

RETIRED = {"on": "2024-06-30", "why": {"de": "niemand las sie", "en": "nobody read it"}}


def history(folder: Path, **changes: Any) -> dict[str, dict[str, Any]]:
    """What the tables say of the town's one source and one indicator."""
    found(folder, **changes)
    indicator: dict[str, Any] = {
        "id": "faelle_im_jahr",
        "department": "amt",
        "name": "Fälle",
        "meaning": "Fälle",
    }
    indicator |= {"unit": "Fälle", **changes}
    indicator |= {"formula": {"kind": "count", "numerator": [{"measure": "faelle"}]}}
    (folder / "indicators").mkdir()
    text = yaml.safe_dump(indicator, allow_unicode=True)
    (folder / "indicators" / "faelle_im_jahr.yml").write_text(text, encoding="utf-8")
    tables = declared_tables(read_declarations(folder))
    columns = ["was", "retired_on", "retired_why_de", "retired_why_en"]
    return {
        name: tables[name].select(columns).row(0, named=True) for name in ("source", "indicator")
    }


def test_what_is_kept_up_says_nothing(tmp_path: Path) -> None:
    for row in history(tmp_path).values():
        assert set(row.values()) == {None}


def test_earlier_ids_and_the_end_stand_in_the_tables(tmp_path: Path) -> None:
    for row in history(tmp_path, was=["alt", "uralt"], retired=RETIRED).values():
        assert row == {
            "was": "alt, uralt",
            "retired_on": date(2024, 6, 30),
            "retired_why_de": "niemand las sie",
            "retired_why_en": "nobody read it",
        }
