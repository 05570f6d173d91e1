"""A tiny municipality with one source, to deliver files to."""

import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import openpyxl
import polars as pl
import yaml

from orchestration.declarations import Declarations, read_declarations
from orchestration.ingest import lake
from orchestration.ingest.deliver import Intake, take_in
from orchestration.ingest.lake import Delivery
from orchestration.place import Place

AREAS = (
    "area_id,name,level,parent_id\n0,Stadt,stadt,\n01,Nord,bezirk,0\n02,Süd,bezirk,0\n"
    "0101,Hafen,viertel,01\n0102,Markt,viertel,01\n0201,Wiese,viertel,02\n"
)
LEVELS = ("viertel", "bezirk", "stadt")


def layout(**changes: Any) -> dict[str, Any]:
    """A contract for `Jahr;Viertel;Fälle`, changed as wanted."""
    return {
        "format": {"delimiter": ";", "decimal": ","},
        "as_of": {"file_name": r"_(\d{4}-\d{2}-\d{2})\."},
        "area": {"column": "Viertel", "system": "raum", "version": "1", "level": "viertel"},
        "period": {"columns": "Jahr", "format": "%Y", "grain": "year"},
        "values": [{"measure": "faelle", "column": "Fälle"}],
        **changes,
    }


def found(folder: Path, rules: dict[str, Any] | None = None, **source: Any) -> Declarations:
    """Write the municipality and read it."""
    parts = [{"level": level, "file": "raum.csv", "parent": "parent_id"} for level in LEVELS]
    measure = {"id": "faelle", "name": "Fälle", "unit": "Fälle", "kind": "flow"}
    written: dict[str, Any] = {
        "municipality.yml": {
            "id": "town",
            "name": "Town",
            "departments": [{"id": "amt", "name": "Amt"}],
        },
        "areas/raum.yml": {
            "area_system": "raum",
            "name": "Räume",
            "levels": [{"id": level, "name": level} for level in LEVELS],
            "versions": [{"version": "1", "valid_from": "2000-01-01", "areas": parts}],
        },
        "sources/fall.yml": {
            "id": "fall",
            "department": "amt",
            "name": "Fälle",
            "why": "Probe",
            "measures": [measure],
            "layouts": [rules or layout()],
            **source,
        },
    }
    for name in ("areas", "sources", "codes", "deliveries/fall"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "areas" / "raum.csv").write_text(AREAS, encoding="utf-8")
    codes = "code,name_de\nm,männlich\nw,weiblich\n"
    (folder / "codes" / "geschlecht.csv").write_text(codes, encoding="utf-8")
    for name, content in written.items():
        text = yaml.safe_dump(content, allow_unicode=True)
        (folder / name).write_text(text, encoding="utf-8")
    return read_declarations(folder)


@dataclass(frozen=True)
class Town:
    """The municipality and what it has taken in."""

    declarations: Declarations
    place: Place

    def deliver(self, files: dict[str, str | bytes]) -> Intake:
        """Drop files and take them in; checks what has to hold for every delivery."""
        for name, content in files.items():
            data = content if isinstance(content, bytes) else content.encode()
            (self.place.inbox / "fall" / name).write_bytes(data)
        intake = take_in(self.declarations, self.declarations.sources["fall"], self.place)
        for entry in self.ledger():
            assert entry.rows_in == entry.rows_accepted + entry.rows_quarantined
            assert len(self.aside(entry)) == entry.rows_quarantined
        assert self.place.originals.stat().st_mode & 0o777 == 0o700
        return intake

    def one(self, content: str | bytes, name: str = "fall_2021-01-31.csv") -> Delivery:
        """Deliver a single file and give its entry."""
        (entry,) = self.deliver({name: content}).new
        return entry

    def ledger(self) -> list[Delivery]:
        """Every delivery ever committed."""
        return lake.ledger(self.place)

    def aside(self, entry: Delivery) -> list[tuple[str, str, str]]:
        """The quarantined rows of a delivery: where, why and as delivered."""
        path = self.place.quarantined / entry.source_id / f"{entry.delivery_id}.parquet"
        return pl.read_parquet(path).rows() if path.exists() else []

    def observed(self, *columns: str) -> list[tuple[Any, ...]]:
        """All observations, sorted."""
        files = sorted((self.place.lake / "observations").glob("fall/*.parquet"))
        frames = [pl.read_parquet(path).select(columns) for path in files]
        return sorted((row for frame in frames for row in frame.rows()), key=str)


def settle(folder: Path, rules: dict[str, Any] | None = None, **source: Any) -> Town:
    """Found a town in `folder`."""
    return Town(found(folder, rules, **source), Place(folder))


def words(entry: Delivery) -> str:
    """Everything a delivery's entry says."""
    return " | ".join([*entry.notes, *(reason for reason, _, _ in entry.reasons)])


def workbook(sheets: Mapping[str, Sequence[list[object]]]) -> bytes:
    """An Excel workbook with these sheets."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in sheets.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    packed = io.BytesIO()
    book.save(packed)
    return packed.getvalue()
