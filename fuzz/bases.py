"""Small good deliveries of many kinds, made here, and the invented city whose contracts read them.

A delivery is a number of tables (one, or one per sheet or member of an archive) of cells, so that
damage can be done to cells before a file is written as well as to its bytes afterwards.
"""

import bz2
import gzip
import io
import json
import lzma
import re
import tarfile
import zipfile
from collections.abc import Callable
from copy import deepcopy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import openpyxl
import polars as pl
import pyarrow as pa
import yaml
from pyarrow import parquet

from orchestration.declarations import Declarations, read_declarations

AREAS = ("0101", "0102", "0103", "0201", "0202", "0203")
PAST, NOW = "2022-01-31", "2022-02-28"
SEXES = ("m", "w")
Grid = list[list[Any]]
Tables = dict[str, Grid]


@dataclass(frozen=True)
class Base:
    """A good delivery: its tables, how they become a file, and the contract that reads it.

    `head` are the rows above the data, the last of them the header; `columns` names the use of
    each: period, area, sex, or a measure. `packing` is a compression or a kind of archive, whose
    members are the tables.
    """

    id: str
    kind: str
    file: str
    tables: Tables
    layout: dict[str, Any]
    columns: dict[str, str]
    encoding: str = "utf-8"
    delimiter: str = ";"
    decimal: str = ","
    thousands: str = ""
    head: int = 1
    packing: str = ""
    footer: str = ""

    @property
    def is_text(self) -> bool:
        """Whether the file, once unpacked, is text."""
        return self.kind in ("csv", "json")

    @property
    def is_archive(self) -> bool:
        """Whether every table is a file inside an archive."""
        return self.packing in ("tar.xz", "zip")

    def named(self, day: str = NOW) -> str:
        """The name under which the delivery known on a day comes."""
        return self.file.replace("DAY", day)


def texts(base: Base, tables: Tables | None = None, day: str = NOW) -> dict[str, bytes]:
    """What is packed, by name: the table as CSV, JSON, Parquet or as a workbook."""
    tables = base.tables if tables is None else tables
    match base.kind:
        case "csv":
            return {
                f"{base.id}_{name}_{day}.csv": _csv(base, grid).encode(base.encoding, "replace")
                for name, grid in tables.items()
            }
        case "json":
            return {"": _json(next(iter(tables.values())))}
        case "parquet":
            return {"": _parquet(next(iter(tables.values())))}
        case _:
            return {"": workbook(base, tables)}


def pack(packing: str, inside: dict[str, bytes]) -> bytes:
    """Put files into an archive, or compress the only one."""
    packed = io.BytesIO()
    if packing == "zip":
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, data in inside.items():
                archive.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
        return packed.getvalue()
    if packing.startswith("tar"):
        with tarfile.open(fileobj=packed, mode="w") as archive:
            for name, data in inside.items():
                entry = tarfile.TarInfo(name)
                entry.size = len(data)
                archive.addfile(entry, io.BytesIO(data))
        return lzma.compress(packed.getvalue(), preset=0)
    return squeeze(packing, next(iter(inside.values())))


def squeeze(packing: str, data: bytes) -> bytes:
    """Compress bytes as named; as they are where nothing is named."""
    return _SQUEEZERS[packing](data)


def _zstd(data: bytes) -> bytes:
    return bytes(pa.compress(data, codec="zstd", asbytes=True))


_SQUEEZERS: dict[str, Callable[[bytes], bytes]] = {
    "": lambda data: data,
    "gz": lambda data: gzip.compress(data, 6, mtime=0),
    "bz2": bz2.compress,
    "xz": lambda data: lzma.compress(data, preset=0),
    "zstd": _zstd,
}


def written(base: Base, tables: Tables | None = None, day: str = NOW) -> bytes:
    """The whole file."""
    return pack(base.packing, texts(base, tables, day))


def _csv(base: Base, grid: Grid) -> str:
    signs = (base.delimiter, '"', "\n")

    def quoted(cell: object) -> str:
        text = str(cell)
        doubled = text.replace('"', '""')
        return f'"{doubled}"' if any(sign in text for sign in signs) else text

    return "".join(base.delimiter.join(map(quoted, row)) + "\n" for row in grid)


def records_of(grid: Grid) -> list[dict[str, Any]]:
    """Records nested by the dots in the header."""
    records = []
    for row in grid[1:]:
        record: dict[str, Any] = {}
        for name, cell in zip(grid[0], row, strict=False):
            *outer, last = str(name).split(".")
            here = record
            for step in outer:
                here = here.setdefault(step, {})
            here[last] = cell
        records.append(record)
    return records


def _json(grid: Grid) -> bytes:
    content = {"stand": "2022", "daten": {"zeilen": records_of(grid)}}
    return json.dumps(content, ensure_ascii=False, indent=1).encode()


def columns_of(grid: Grid) -> list[pl.Series]:
    """The columns of a grid; one of mixed cells becomes text."""
    width = len(grid[0])
    rows = [[*row[:width], *[None] * (width - len(row))] for row in grid[1:]]
    columns = []
    for position, name in enumerate(grid[0]):
        cells = [row[position] for row in rows]
        kinds = {type(cell) for cell in cells}
        plain = cells if len(kinds) == 1 else [None if one is None else str(one) for one in cells]
        columns.append(pl.Series(str(name), plain, strict=False))
    return columns


def frame_of(grid: Grid) -> pl.DataFrame:
    """A frame; no name may stand twice."""
    return pl.DataFrame(columns_of(grid))


def _parquet(grid: Grid) -> bytes:
    packed = io.BytesIO()
    columns = columns_of(grid)
    names = [one.name for one in columns]
    if len(set(names)) == len(names):
        pl.DataFrame(columns).write_parquet(packed)
    else:  # a frame cannot hold them, but other programs write such files
        arrays = [one.to_arrow(compat_level=pl.CompatLevel.oldest()) for one in columns]
        parquet.write_table(pa.Table.from_arrays(arrays, names=names), packed)
    return packed.getvalue()


def workbook(base: Base, tables: Tables, finish: Callable[[Any], None] | None = None) -> bytes:
    """An Excel workbook; cells of years in the upper header row are merged over the sexes."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, grid in tables.items():
        sheet = book.create_sheet(title)
        for row in grid:
            sheet.append([_storable(cell) for cell in row])
        if base.head == 3:
            for column in range(2, len(base.tables[title][1]) + 1, 2):
                sheet.merge_cells(
                    start_row=2, end_row=2, start_column=column, end_column=column + 1
                )
    if finish is not None:
        finish(book)
    packed = io.BytesIO()
    book.save(packed)
    with zipfile.ZipFile(packed) as archive:
        inside = {name: archive.read(name) for name in archive.namelist()}
    # the writer puts the clock in: into the properties and into every entry of the archive
    inside["docProps/core.xml"] = re.sub(
        rb"20..-..-..T",
        b"2022-02-28T",
        re.sub(rb"T..:..:..Z", b"T00:00:00Z", inside["docProps/core.xml"]),
    )
    return pack("zip", inside)


def _storable(cell: object) -> object:
    if isinstance(cell, str):
        return openpyxl.cell.cell.ILLEGAL_CHARACTERS_RE.sub("", cell)[:32_767]
    return cell


_LONG: dict[str, Any] = {
    "as_of": {"file_name": r"_(\d{4}-\d{2}-\d{2})[._]"},
    "area": {"column": "Viertel", "system": "raum", "version": "1", "level": "viertel"},
    "period": {"columns": "Jahr", "format": "%Y", "grain": "year"},
    "groups": [{"dimension": "geschlecht", "column": "Geschlecht", "map": {"insgesamt": ""}}],
    "values": [
        {"measure": "faelle", "column": "Fälle"},
        {"measure": "stunden", "column": "Stunden"},
    ],
}
_LONG_COLUMNS = {
    "Jahr": "period",
    "Viertel": "area",
    "Geschlecht": "sex",
    "Fälle": "faelle",
    "Stunden": "stunden",
}
_CSV = {"type": "csv", "delimiter": ";", "decimal": ","}


def bases(seed: int) -> dict[str, Base]:
    """All good deliveries; the same seed gives the same cells."""
    rng = np.random.default_rng(seed)
    found = [_long(rng), _latin(rng), _cases(rng), _wide(rng), _sheets(rng), _nested(rng)]
    found += [_columns(rng)]
    long = found[0]
    by_area = {
        name: [long.tables[""][0], *(row for row in long.tables[""][1:] if row[1][:2] == code)]
        for name, code in (("nord", "01"), ("sued", "02"))
    }
    members = {**_LONG, "format": {**_CSV, "thousands": ".", "members": r"\.csv$"}}
    found.append(replace(long, id="gepackt", file="gepackt_DAY.csv.gz", packing="gz"))
    found += [
        replace(
            long,
            id=name,
            file=f"{name}_DAY.{packing}",
            packing=packing,
            tables=by_area,
            layout=members,
        )
        for name, packing in (("tar", "tar.xz"), ("ordner", "zip"))
    ]
    return {one.id: one for one in found}


def _german(number: float) -> str:
    return f"{number:,.1f}".replace(",", " ").replace(".", ",").replace(" ", ".")


def _long(rng: np.random.Generator) -> Base:
    grid: Grid = [list(_LONG_COLUMNS)]
    for year in (2019, 2020, 2021):
        for area in AREAS:
            counts = rng.integers(1, 400, 2).tolist()
            for sex, count in zip((*SEXES, "insgesamt"), (*counts, sum(counts)), strict=True):
                grid.append([str(year), area, sex, str(count), _german(count * 7.5)])
    grid[5][3], grid[7][3], grid[9][3] = "-", ".", f"({grid[9][3]})"
    layout = {**_LONG, "format": {**_CSV, "thousands": "."}}
    return Base("lang", "csv", "lang_DAY.csv", {"": grid}, layout, _LONG_COLUMNS, thousands=".")


def _latin(rng: np.random.Generator) -> Base:
    header = ["Monat", "Stadtteil-Nr.", "Träger, Straße", "Beratungen"]
    grid: Grid = [["Beratungen je Träger für Größe und Übersicht", "", "", ""], header]
    for month in range(1, 8):
        for area in AREAS:
            count = str(int(rng.integers(0, 90)))
            grid.append([f"2021-{month:02d}", area, 'Träger "Süd", Höfe', count])
    grid.append(["Quelle: Fachamt für Öffentliches", "", "", ""])
    layout = {
        **_LONG,
        "format": {
            "type": "csv",
            "encoding": "cp1252",
            "delimiter": ",",
            "decimal": ".",
            "title_rows": 1,
            "footer": r"Quelle:.*",
        },
        "area": {**_LONG["area"], "column": "Stadtteil-Nr."},
        "period": {"columns": "Monat", "format": "%Y-%m", "grain": "month"},
        "groups": [],
        "values": [{"measure": "faelle", "column": "Beratungen"}],
        "ignore": ["Träger, Straße"],
    }
    columns = {"Monat": "period", "Stadtteil-Nr.": "area", "Beratungen": "faelle"}
    return Base(
        "alt",
        "csv",
        "alt_DAY.csv",
        {"": grid},
        layout,
        columns,
        encoding="cp1252",
        delimiter=",",
        decimal=".",
        head=2,
        footer="Quelle:",
    )


def _cases(rng: np.random.Generator) -> Base:
    grid: Grid = [["Tag", "Viertel", "Geschlecht", "Bemerkung"]]
    for number in range(90):
        day = f"2021-{int(rng.integers(1, 13)):02d}-{int(rng.integers(1, 29)):02d}"
        grid.append(
            [day, AREAS[int(rng.integers(6))], SEXES[int(rng.integers(2))], f"Fall {number}"]
        )
    layout = {
        **_LONG,
        "format": _CSV,
        "period": {"columns": "Tag", "grain": "month"},
        "groups": [{"dimension": "geschlecht", "column": "Geschlecht"}],
        "cases": {
            "counts": [{"measure": "faelle", "groups": ["geschlecht"]}],
            "covers": {"file_name": r"einzeln_(\d{4})_"},
        },
        "ignore": ["Bemerkung"],
    }
    del layout["values"]
    columns = {"Tag": "period", "Viertel": "area", "Geschlecht": "sex"}
    return Base("einzeln", "csv", "einzeln_2021_DAY.csv", {"": grid}, layout, columns)


def _wide(rng: np.random.Generator) -> Base:
    years = (2019, 2020, 2021)
    upper = ["Viertel", *(cell for year in years for cell in (str(year), None))]
    grid: Grid = [["Fälle nach Jahren"], upper, [None, *SEXES * len(years)]]
    grid += [[area, *rng.integers(0, 300, 2 * len(years)).tolist()] for area in AREAS]
    layout = {
        **_LONG,
        "format": {"type": "xlsx", "sheet": "Tabelle", "title_rows": 1, "header_rows": 2},
        "groups": [],
        "values": [{"measure": "faelle", "match": r"(?P<period>\d{4}) / (?P<geschlecht>[mw])"}],
    }
    columns = {"Viertel": "area"}
    return Base(
        "breit", "xlsx", "breit_DAY.xlsx", {"Tabelle": grid}, layout, columns, head=3
    )  # fmt: skip


def _sheets(rng: np.random.Generator) -> Base:
    tables: Tables = {}
    for year in (2019, 2020):
        tables[f"Jahr {year}"] = [
            ["Viertel", "Fälle", "Stunden"],
            *(
                [area, int(rng.integers(1, 999)), round(float(rng.uniform(1, 2000)), 2)]
                for area in AREAS
            ),
        ]
    layout = {
        **_LONG,
        "format": {"type": "xlsx", "sheet": r"Jahr \d{4}"},
        "period": {"sheet": r"Jahr (\d{4})", "format": "%Y", "grain": "year"},
        "groups": [],
    }
    columns = {"Viertel": "area", "Fälle": "faelle", "Stunden": "stunden"}
    return Base("blatt", "xlsx", "blatt_DAY.xlsx", tables, layout, columns)


def _nested(rng: np.random.Generator) -> Base:
    grid: Grid = [["jahr", "ort.viertel", "werte.faelle", "werte.stunden"]]
    for year in (2020, 2021):
        for area in AREAS:
            count = int(rng.integers(1, 500))
            grid.append([year, area, count, round(count * 1.25, 2)])
    layout = {
        **_LONG,
        "format": {"type": "json", "records": "daten.zeilen", "decimal": "."},
        "area": {**_LONG["area"], "column": "ort.viertel"},
        "period": {**_LONG["period"], "columns": "jahr"},
        "groups": [],
        "values": [
            {"measure": "faelle", "column": "werte.faelle"},
            {"measure": "stunden", "column": "werte.stunden"},
        ],
    }
    columns = {
        "jahr": "period",
        "ort.viertel": "area",
        "werte.faelle": "faelle",
        "werte.stunden": "stunden",
    }
    return Base("netz", "json", "netz_DAY.json", {"": grid}, layout, columns, decimal=".")


def _columns(rng: np.random.Generator) -> Base:
    grid: Grid = [["jahr", "viertel", "faelle", "stunden"]]
    for year in (2020, 2021):
        for area in AREAS:
            count = int(rng.integers(1, 500))
            grid.append([year, area, count, round(count * 1.25, 2)])
    layout = {
        **_LONG,
        "format": {"type": "parquet", "decimal": "."},
        "area": {**_LONG["area"], "column": "viertel"},
        "period": {**_LONG["period"], "columns": "jahr"},
        "groups": [],
        "values": [
            {"measure": "faelle", "column": "faelle"},
            {"measure": "stunden", "column": "stunden"},
        ],
    }
    columns = {"jahr": "period", "viertel": "area", "faelle": "faelle", "stunden": "stunden"}
    return Base("saeule", "parquet", "saeule_DAY.parquet", {"": grid}, layout, columns, decimal=".")


def measure_of(base: Base, use: str) -> str:
    """A measure is declared once, so every source has its own."""
    return f"{use}_{base.id}"


def found_city(folder: Path, known: dict[str, Base]) -> Declarations:
    """Write the invented city with one source per base, and read its declarations."""
    levels = ("viertel", "bezirk", "stadt")
    parts = [{"level": level, "file": "raum.csv", "parent": "parent_id"} for level in levels]
    written: dict[str, Any] = {
        "municipality.yml": {
            "id": "stadt",
            "name": "Stadt",
            "departments": [{"id": "amt", "name": "Amt"}],
        },
        "areas/raum.yml": {
            "area_system": "raum",
            "name": "Räume",
            "levels": [{"id": level, "name": level} for level in levels],
            "versions": [{"version": "1", "valid_from": "2000-01-01", "areas": parts}],
        },
    }
    for base in known.values():
        layout = deepcopy({key: value for key, value in base.layout.items() if value != []})
        values = layout["values"] if "values" in layout else layout["cases"]["counts"]
        plain = [one["measure"] for one in values]
        for one in values:
            one["measure"] = measure_of(base, one["measure"])
        written[f"sources/{base.id}.yml"] = {
            "id": base.id,
            "department": "amt",
            "name": base.id,
            "why": "Probe",
            "measures": [
                {
                    "id": measure_of(base, one),
                    "name": one,
                    "unit": "Zahl",
                    "kind": "flow",
                    "whole": one == "faelle",
                }
                for one in plain
            ],
            "layouts": [layout],
        }
    for name in ("areas", "sources", "codes", *(f"deliveries/{one}" for one in known)):
        (folder / name).mkdir(parents=True, exist_ok=True)
    areas = "area_id,name,level,parent_id\n0,Stadt,stadt,\n01,Nord,bezirk,0\n02,Süd,bezirk,0\n"
    areas += "".join(f"{area},Viertel {area},viertel,{area[:2]}\n" for area in AREAS)
    (folder / "areas" / "raum.csv").write_text(areas, encoding="utf-8")
    codes = "code,name_de\nm,männlich\nw,weiblich\n"
    (folder / "codes" / "geschlecht.csv").write_text(codes, encoding="utf-8")
    for name, content in written.items():
        text = yaml.safe_dump(content, allow_unicode=True)
        (folder / name).write_text(text, encoding="utf-8")
    return read_declarations(folder)
