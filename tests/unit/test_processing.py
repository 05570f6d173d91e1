"""The record of processing activities says what the contracts say."""

from pathlib import Path

import pytest
import yaml

from orchestration.declarations import read_declarations
from orchestration.declarations.tree import Declarations
from orchestration.processing import processing_record
from tests.unit.ingest.town import found
from tests.unit.test_masking import GUARD


def _town(folder: Path, room: str = "fachplanung") -> Declarations:
    found(folder, **GUARD)
    head = folder / "municipality.yml"
    text = yaml.safe_load(head.read_text(encoding="utf-8"))
    text |= {"room": room, "responsible": [{"role": "Stab", "contact": "stab@town.example"}]}
    head.write_text(yaml.safe_dump(text), encoding="utf-8")
    for kind, name, content in (
        (
            "indicators",
            "faelle",
            {
                "department": "amt",
                "name": "Fälle",
                "meaning": "Fälle",
                "unit": "Fälle",
                "formula": {"kind": "count", "numerator": [{"measure": "faelle"}]},
            },
        ),
        ("releases", "internal", {"audience": "internal", "title": "Intern"}),
        ("releases", "public", {"audience": "public", "title": "Offen", "indicators": []}),
    ):
        path = folder / kind / f"{name}.yml"
        path.parent.mkdir(exist_ok=True)
        path.write_text(yaml.safe_dump({"id": name, **content}), encoding="utf-8")
    return read_declarations(folder)


def test_a_protected_source_has_its_section(tmp_path: Path) -> None:
    lines = processing_record(_town(tmp_path)).splitlines()
    for line in (
        "# Verarbeitungstätigkeiten in Wirkraum: Town",
        "- **Verantwortlich:** Stab, stab@town.example",
        "## Fälle (`fall`)",
        "- **Schutz:** Sozialdaten",
        "- **Zweck:** Planung",
        "- **Rechtsgrundlage:** § 80",
        "- **Gelesene Spalten:** Viertel, Jahr, Fälle",
        "- **Aufbewahrung der Originale:** 30 Tage ab Eingang; die Zählungen bleiben.",
        "  - Zählungen im veröffentlichten Warehouse, ohne kleine Fallzahlen: Amt",
        "  - Freigabe `internal` (intern): wie im veröffentlichten Warehouse",
    ):
        assert line in lines
    assert not any("public" in line for line in lines)


@pytest.mark.parametrize(
    ("room", "words"),
    [
        ("fachplanung", "kleine Fallzahlen aus geschützten Quellen sind auch im veröffentlichten"),
        ("statistikstelle", "das veröffentlichte Warehouse zeigt auch kleine Fallzahlen"),
    ],
)
def test_the_room_decides_who_may_see_small_counts(tmp_path: Path, room: str, words: str) -> None:
    assert words in processing_record(_town(tmp_path, room))


def test_sources_without_protection_stand_in_one_table(tmp_path: Path) -> None:
    record = processing_record(found(tmp_path, name="A | B"))
    assert "| A \\| B | Amt | keine Frist genannt | keine |" in record
    assert "Kein Vertrag nennt geschützte Daten." in record
