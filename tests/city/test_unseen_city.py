"""A city nobody has seen: eight kinds of deliveries, two area versions, declarations only.

Every figure expected here was added up by hand from the rows that the deliveries are made of.
"""

import io
import json
import sqlite3
import tarfile
import zipfile
from pathlib import Path

import duckdb
import openpyxl
import polars as pl
import pytest

from tests.city.cities import wirkraum

pytestmark = [pytest.mark.city, pytest.mark.slow]

NEW = "{system: raum, version: '2022', level: viertel, column: viertel}"
DECLARED = {
    "municipality.yml": """
        id: neuhafen
        name: Neuhafen
        departments:
          - {id: statistik, name: Statistikstelle}
          - {id: soziales, name: Sozialamt}
          - {id: bildung, name: Schulamt}
          - {id: technik, name: Technisches Amt}
    """,
    # Deichvorland (03) was split in 2022: six of ten residents live in 04.
    "areas/raum.yml": """
        area_system: raum
        name: Stadtviertel
        levels: [{id: viertel, name: Viertel}, {id: stadt, name: Stadt}]
        versions:
          - version: "2018"
            valid_from: 2018-01-01
            valid_to: 2021-12-31
            areas:
              - {level: viertel, file: viertel_2018.csv, parent_is: "0"}
              - {level: stadt, members: [{id: "0", name: Neuhafen}]}
          - version: "2022"
            valid_from: 2022-01-01
            areas:
              - {level: viertel, file: viertel_2022.csv, parent_is: "0"}
              - {level: stadt, members: [{id: "0", name: Neuhafen}]}
        crosswalks:
          - from_version: "2018"
            to_version: "2022"
            level: viertel
            basis: population
            file: umsteiger.csv
            unchanged: [stadt]
    """,
    "areas/viertel_2018.csv": """
        area_id,name
        01,Altstadt
        02,Werft
        03,Deichvorland
    """,
    "areas/viertel_2022.csv": """
        area_id,name
        01,Altstadt
        02,Werft
        04,Deich
        05,Vorland
    """,
    "areas/umsteiger.csv": """
        from_area_id,to_area_id,weight
        01,01,1
        02,02,1
        03,04,0.6
        03,05,0.4
    """,
    "codes/geschlecht.csv": """
        code,name_de
        m,männlich
        w,weiblich
    """,
    "codes/alter.csv": """
        code,name_de,from,to
        u3,unter 3,0,2
        ue3,3 bis unter 6,3,5
    """,
    "codes/hilfeart.csv": """
        code,name_de
        amb,ambulant
        sta,stationär
    """,
    "codes/dauer.csv": """
        code,name_de,from,to
        kurz,bis 30 Tage,0,30
        lang,länger,31,
    """,
    "sources/einwohner.yml": r"""
        id: einwohner
        department: statistik
        name: Einwohner
        why: Auszug aus dem Melderegister
        measures: [{id: einwohner, name: Einwohner, unit: Personen, kind: stock}]
        layouts:
          - name: alt
            files: ["Einwohner_bis_2021*.xlsx"]
            format: &format
              type: xlsx
              sheet: '\d{4}'
              title_rows: 1
              header_rows: 2
              footer: '^Quelle'
            as_of: &as_of {file_name: '_Stand_(\d{4}-\d{2}-\d{2})'}
            area: {column: Viertel, pad: 2, system: raum, version: "2018", level: viertel}
            period: &period {sheet: '(\d{4})', format: "%Y", at: end, grain: year}
            values: &values
              - {measure: einwohner, column: Einwohner (in Tausend) / Männer, group: geschlecht=m,
                 factor: 1000}
              - {measure: einwohner, column: Einwohner (in Tausend) / Frauen, group: geschlecht=w,
                 factor: 1000}
              - {measure: einwohner, column: Einwohner (in Tausend) / zusammen, factor: 1000}
          - name: neu
            files: ["Einwohner_ab_2022*.xlsx"]
            format: *format
            as_of: *as_of
            area: {column: Viertel, pad: 2, system: raum, version: "2022", level: viertel}
            period: *period
            values: *values
    """,
    "sources/hilfen.yml": r"""
        id: hilfen
        department: soziales
        name: Hilfen zur Erziehung
        why: Die Falldatei des Fachverfahrens
        measures:
          - {id: hilfen_begonnen, name: begonnene Hilfen, unit: Fälle, kind: flow}
          - {id: hilfen_offen, name: laufende Hilfen, unit: Fälle, kind: stock}
          - {id: hilfen_dauer, name: beendete Hilfen, unit: Fälle, kind: flow}
        layouts:
          - files: ["Hilfen_*.csv"]
            format: {encoding: cp1252, delimiter: ";"}
            as_of: {file_name: '_Stand_(\d{4}-\d{2}-\d{2})'}
            area: {column: Viertel, pad: 2, system: raum, version: "2022", level: viertel}
            period: {columns: Beginn, format: "%d.%m.%Y", grain: month}
            groups:
              - {dimension: hilfeart, column: Maßnahme, map: {ambulant: amb, stationär: sta}}
            cases:
              counts: [{measure: hilfen_begonnen, groups: [hilfeart]}]
              stocks: [{measure: hilfen_offen, opened: Beginn, closed: Ende}]
              durations:
                - {measure: hilfen_dauer, start: Beginn, end: Ende, dimension: dauer}
              covers: {file_name: 'Hilfen_(\d{4})'}
            ignore: [Aktenzeichen, Vermerk]
    """,
    "sources/kita.yml": r"""
        id: kita
        department: bildung
        name: Kinder in Tagesbetreuung
        why: Meldung an das Land
        measures: [{id: kita_kinder, name: betreute Kinder, unit: Kinder, kind: stock}]
        layouts:
          - files: ["*.ods"]
            format: {type: ods}
            as_of: {file_name: '_Stand_(\d{4}-\d{2}-\d{2})'}
            area: {column: Viertel, pad: 2, system: raum, version: "2022", level: viertel}
            period: {file_name: 'Kita_(\d{4}-\d{2}-\d{2})', grain: year}
            groups: [{dimension: alter, column: Alter, bands: true}]
            values: [{measure: kita_kinder, column: Kinder}]
    """,
    "sources/baeume.yml": f"""
        id: baeume
        department: technik
        name: Baumpflanzungen
        why: Auszug aus dem Baumkataster
        measures: [{{id: baeume, name: gepflanzte Bäume, unit: Bäume, kind: flow}}]
        layouts:
          - files: ["*.json"]
            format: {{type: json, records: antwort.liste}}
            as_of: {{fixed: 2024-02-01}}
            area: {NEW.replace("column: viertel", "column: ort.viertel")}
            period: {{columns: jahr, format: "%Y", grain: year}}
            values: [{{measure: baeume, column: werte.neu}}]
    """,
    "sources/laternen.yml": f"""
        id: laternen
        department: technik
        name: Ausgefallene Laternen
        why: Auszug aus der Wartung
        measures: [{{id: laternen, name: ausgefallene Laternen, unit: Ausfälle, kind: flow}}]
        layouts:
          - files: ["*.parquet"]
            format: {{type: parquet}}
            as_of: {{fixed: 2024-02-01}}
            area: {NEW}
            period: {{columns: monat, format: "%Y-%m-%d", grain: month}}
            values: [{{measure: laternen, column: ausfaelle}}]
    """,
    "sources/spielplaetze.yml": f"""
        id: spielplaetze
        department: technik
        name: Spielplätze
        why: Auszug aus dem Grünflächenkataster
        measures:
          - {{id: spielflaeche, name: Spielfläche, unit: ha, kind: stock, whole: false}}
        layouts:
          - files: ["*.geojson"]
            format: {{type: geojson}}
            as_of: {{fixed: 2024-02-01}}
            area: {NEW}
            period: {{columns: stand, format: "%Y-%m-%d", grain: year}}
            values: [{{measure: spielflaeche, column: flaeche_ha}}]
            ignore: [name]
    """,
    "sources/ausleihen.yml": f"""
        id: ausleihen
        department: bildung
        name: Ausleihen der Büchereien
        why: Die Datenbank der Büchereien
        measures: [{{id: ausleihen, name: Ausleihen, unit: Ausleihen, kind: flow}}]
        layouts:
          - database:
              dialect: sqlite
              connection: NEUHAFEN_BUECHEREI
              query: >-
                select viertel, jahr, sum(medien) as medien from ausleihe
                join buecherei using (buecherei_id) group by viertel, jahr
            format: {{type: parquet}}
            as_of: {{fixed: 2024-02-01}}
            area: {NEW}
            period: {{columns: jahr, format: "%Y", grain: year}}
            values: [{{measure: ausleihen, column: medien}}]
    """,
    "sources/unfaelle.yml": r"""
        id: unfaelle
        department: technik
        name: Unfälle
        why: Jahresarchiv der Unfallkommission
        measures: [{id: unfaelle, name: Unfälle, unit: Unfälle, kind: flow}]
        layouts:
          - name: alt
            files: &files ["*.tar.gz", "*.zip"]
            format: {members: '.*unfaelle_201\d\.tsv', delimiter: "\t"}
            as_of: &as_of {fixed: 2024-02-01}
            area: {column: Viertel, system: raum, version: "2018", level: viertel}
            period: &period {file_name: '_(\d{4})\.tsv', format: "%Y", grain: year}
            values: &values [{measure: unfaelle, column: Unfälle}]
          - name: neu
            files: *files
            format: {members: '.*unfaelle_202\d\.tsv', delimiter: "\t"}
            as_of: *as_of
            area: {column: Viertel, system: raum, version: "2022", level: viertel}
            period: *period
            values: *values
    """,
}
INDICATORS = {
    "einwohner": (
        "statistik",
        "{kind: count, numerator: [{measure: einwohner}], by: [geschlecht]}",
    ),
    # two departments: the cases of one to the residents of the other
    "hilfen_je_1000": (
        "soziales",
        """{kind: rate, per: 1000, numerator: [{measure: hilfen_begonnen}],
            denominator: [{measure: einwohner}]}""",
    ),
    "hilfen": (
        "soziales",
        "{kind: count, numerator: [{measure: hilfen_begonnen}], by: [hilfeart]}",
    ),
    "hilfen_offen": ("soziales", "{kind: count, numerator: [{measure: hilfen_offen}]}"),
    "hilfen_dauer": (
        "soziales",
        "{kind: count, numerator: [{measure: hilfen_dauer}], by: [dauer]}",
    ),
    "kita": ("bildung", "{kind: count, numerator: [{measure: kita_kinder}], by: [alter]}"),
    "ausleihen": ("bildung", "{kind: count, numerator: [{measure: ausleihen}]}"),
    "kita_zusammen": (
        "bildung",
        "{kind: count, numerator: [{measure: kita_kinder, groups: [alter=u3, alter=ue3]}]}",
    ),
    "baeume": ("technik", "{kind: count, numerator: [{measure: baeume}]}"),
    "laternen": ("technik", "{kind: count, numerator: [{measure: laternen}]}"),
    "spielflaeche": ("technik", "{kind: count, numerator: [{measure: spielflaeche}]}"),
    "unfaelle": ("technik", "{kind: count, numerator: [{measure: unfaelle}]}"),
}
FORMERLY = {"kita_zusammen": "betreute_kinder"}
# thousands by sheet: quarter, men, women
RESIDENTS = {
    "bis_2021_Stand_2022-02-01": {"2019": [(1, 1.2, 1.3), (2, 0.9, 1.1), (3, 2, 3)]},
    "ab_2022_Stand_2024-02-01": {
        "2022": [(1, 1.2, 1.3), (2, 0.9, 1.1), (4, 1.5, 1.5), (5, 1.2, 1.1)],
        "2023": [(1, 1.25, 1.35), (2, 0.9, 1.1), (4, 1.5, 1.6), (5, 1.2, 1.2)],
    },
}
CASES = """
    Aktenzeichen;Beginn;Ende;Viertel;Maßnahme;Vermerk
    51/1;05.01.2023;20.03.2023;1;ambulant;"ruft; nicht an"
    51/2;17.02.2023;;1;stationär;
    51/3;03.03.2023;30.06.2023;4;ambulant;Müller
    51/4;28.03.2023;02.04.2023;4;ambulant;
    51/5;11.11.2023;;5;stationär;
"""
CHILDREN = [
    ("Viertel", "Alter", "Kinder"),
    *(("1", "unter 1", 10), ("1", "1 bis unter 3", 30), ("1", "3 bis unter 6", 80)),
    *(("2", "unter 1", 5), ("2", "1 bis unter 3", 20), ("2", "3 bis unter 6", 40)),
    *(("4", "unter 1", 8), ("4", "1 bis unter 3", 22), ("4", "3 bis unter 6", 50)),
    *(("5", "unter 1", 2), ("5", "1 bis unter 3", 13), ("5", "3 bis unter 6", 25)),
]
QUARTERS = ("01", "02", "04", "05")


def _text(content: str) -> str:
    """Text without the indentation it has in this module."""
    lines = content.strip("\n").splitlines()
    margin = len(lines[0]) - len(lines[0].lstrip())
    return "\n".join(line[margin:] for line in lines).rstrip() + "\n"


def _residents(path: Path, sheets: dict[str, list[tuple[int, float, float]]]) -> None:
    book = openpyxl.Workbook()
    book.remove(book.active)
    for year, rows in sheets.items():
        sheet = book.create_sheet(year)
        sheet.append([f"Neuhafen: Einwohner am 31.12.{year}"])
        sheet.append(["Viertel", "Einwohner\n(in Tausend)"])
        sheet.append([None, "Männer", "Frauen", "zusammen"])
        for cells in ("A1:D1", "A2:A3", "B2:D2"):
            sheet.merge_cells(cells)
        for quarter, men, women in rows:
            sheet.append([quarter, men, women, round(men + women, 3)])
        sheet.append(["Quelle: Melderegister"])
    book.save(path)


def _children(path: Path) -> None:
    space = "urn:oasis:names:tc:opendocument:xmlns"
    rows = ""
    for row in CHILDREN:
        rows += "<table:table-row>"
        for cell in row:
            kind = "string" if isinstance(cell, str) else "float"
            value = "" if isinstance(cell, str) else f' office:value="{cell}"'
            rows += f'<table:table-cell office:value-type="{kind}"{value}>'
            rows += f"<text:p>{cell}</text:p></table:table-cell>"
        rows += "</table:table-row>"
    names = " ".join(f'xmlns:{one}="{space}:{one}:1.0"' for one in ("office", "table", "text"))
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")
        archive.writestr("META-INF/manifest.xml", f'<m:manifest xmlns:m="{space}:manifest:1.0"/>')
        archive.writestr(
            "content.xml",
            f'<office:document-content {names} office:version="1.2"><office:body>'
            f'<office:spreadsheet><table:table table:name="Tabelle1">{rows}</table:table>'
            "</office:spreadsheet></office:body></office:document-content>",
        )


def _accidents(year: int, counts: dict[str, int]) -> tuple[str, bytes]:
    lines = ["Viertel\tUnfälle", *(f"{quarter}\t{count}" for quarter, count in counts.items())]
    return f"archiv/unfaelle_{year}.tsv", ("\r\n".join(lines) + "\r\n").encode()


def _deliver(inbox: Path) -> None:
    """The files as the departments send them, every kind another one."""
    for name in ("einwohner", "hilfen", "kita", "baeume", "laternen", "spielplaetze", "unfaelle"):
        (inbox / name).mkdir(parents=True)
    for name, sheets in RESIDENTS.items():
        _residents(inbox / "einwohner" / f"Einwohner_{name}.xlsx", sheets)
    cases = inbox / "hilfen" / "Hilfen_2023_Stand_2024-01-20.csv"
    cases.write_bytes(_text(CASES).encode("cp1252"))
    _children(inbox / "kita" / "Kita_2023-03-01_Stand_2023-05-01.ods")
    planted = [
        {"ort": {"viertel": quarter}, "jahr": 2023, "werte": {"neu": count, "gefällt": 1}}
        for quarter, count in zip(QUARTERS, (12, 7, None, 3), strict=True)
    ]
    trees = json.dumps({"antwort": {"seite": 1, "liste": planted}}, ensure_ascii=False)
    (inbox / "baeume" / "baeume.json").write_text(trees, encoding="utf-8")
    months = pl.date_range(pl.date(2023, 1, 1), pl.date(2023, 12, 1), "1mo", eager=True)
    pl.DataFrame({"monat": months}).join(
        pl.DataFrame({"viertel": QUARTERS, "ausfaelle": [1, 2, 3, 4]}), how="cross"
    ).write_parquet(inbox / "laternen" / "laternen.parquet")
    playgrounds = [
        {
            "type": "Feature",
            "geometry": {"type": "Point", "coordinates": [8.1, 53.5]},
            "properties": {"name": "x", "viertel": one, "stand": "2023-12-31", "flaeche_ha": size},
        }
        for one, size in zip(QUARTERS, (0.5, 1.25, 2, 0.75), strict=True)
    ]
    content = {"type": "FeatureCollection", "features": playgrounds}
    (inbox / "spielplaetze" / "spielplaetze.geojson").write_text(json.dumps(content), "utf-8")
    with tarfile.open(inbox / "unfaelle" / "archiv.tar.gz", "w:gz") as archive:
        name, data = _accidents(2019, {"01": 10, "02": 20, "03": 50})
        entry = tarfile.TarInfo(name)
        entry.size = len(data)
        archive.addfile(entry, io.BytesIO(data))
    with zipfile.ZipFile(inbox / "unfaelle" / "archiv.zip", "w") as packed:
        packed.writestr(*_accidents(2023, {"01": 11, "02": 22, "04": 33, "05": 44}))


def _library(path: Path) -> str:
    """A database of which only the query in the contract is known; gives its connection URL."""
    with sqlite3.connect(path) as connection:
        connection.execute("create table buecherei (buecherei_id integer, viertel text)")
        connection.execute("create table ausleihe (buecherei_id integer, jahr integer, medien int)")
        places = [(1, "01"), (2, "01"), (3, "02"), (4, "04"), (5, "05")]
        connection.executemany("insert into buecherei values (?, ?)", places)
        lent = [(1, 2023, 100), (2, 2023, 50), (3, 2023, 30), (4, 2023, 20), (5, 2023, 0)]
        connection.executemany("insert into ausleihe values (?, ?, ?)", lent)
    connection.close()
    return f"sqlite:///{path}"


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The city after `wirkraum run`."""
    city = tmp_path_factory.mktemp("unseen") / "neuhafen"
    for name, content in DECLARED.items():
        (city / name).parent.mkdir(parents=True, exist_ok=True)
        (city / name).write_text(_text(content), encoding="utf-8")
    (city / "indicators").mkdir()
    for name, (department, formula) in INDICATORS.items():
        text = f"id: {name}\ndepartment: {department}\nname: {name}\nmeaning: {name}\nunit: Zahl\n"
        text += f"formula: {formula}\n"
        text += f"was: [{FORMERLY[name]}]\n" if name in FORMERLY else ""
        (city / "indicators" / f"{name}.yml").write_text(text, encoding="utf-8")
    _deliver(city / "deliveries")
    address = _library(city.parent / "buecherei.sqlite")
    done = wirkraum("run", city, environment={"NEUHAFEN_BUECHEREI": address})
    assert done.returncode == 0, done.stdout + done.stderr
    return city


def _rows(city: Path, sql: str) -> list[tuple[object, ...]]:
    published = city / "var" / "published" / "warehouse.duckdb"
    with duckdb.connect(str(published), read_only=True) as connection:
        return connection.sql(sql).fetchall()


def test_only_declarations_are_written() -> None:
    assert {Path(name).suffix for name in DECLARED} == {".yml", ".csv"}


def test_every_row_is_taken_in(city: Path) -> None:
    rows = _rows(
        city,
        "select source_id, count(*), sum(rows_in), sum(rows_accepted) from marts.delivery "
        "group by all order by all",
    )
    assert rows == [
        ("ausleihen", 1, 4, 4),
        ("baeume", 1, 4, 4),
        ("einwohner", 2, 11, 11),
        ("hilfen", 1, 5, 5),
        ("kita", 1, 12, 12),
        ("laternen", 1, 48, 48),
        ("spielplaetze", 1, 4, 4),
        ("unfaelle", 2, 7, 7),
    ]


AREAS = ("01", "02", "04", "05", "0")


@pytest.mark.parametrize(
    ("indicator", "group", "start", "expected"),
    [
        ("einwohner", "all", "2023-12-31", (2600, 2000, 3100, 2400, 10100)),
        ("einwohner", "geschlecht=w", "2023-12-31", (1350, 1100, 1600, 1200, 5250)),
        ("hilfen", "all", "2023-01-01", (2, 0, 2, 1, 5)),
        ("hilfen", "hilfeart=amb", "2023-01-01", (1, 0, 2, 0, 3)),
        ("hilfen_offen", "all", "2023-03-31", (1, 0, 2, 0, 3)),
        ("hilfen_offen", "all", "2023-12-31", (1, 0, 0, 1, 2)),
        ("hilfen_dauer", "dauer=kurz", "2023-04-01", (0, 0, 1, 0, 1)),
        ("hilfen_dauer", "dauer=lang", "2023-01-01", (1, 0, 1, 0, 2)),
        (
            "hilfen_je_1000",
            "all",
            "2023-01-01",
            (2 / 2.6, 0, 2 / 3.1, 1 / 2.4, 5 / 10.1),
        ),
        ("kita", "alter=u3", "2023-03-01", (40, 25, 30, 15, 110)),
        ("kita", "alter=ue3", "2023-03-01", (80, 40, 50, 25, 195)),
        ("kita_zusammen", "all", "2023-03-01", (120, 65, 80, 40, 305)),
        ("ausleihen", "all", "2023-01-01", (150, 30, 20, 0, 200)),
        ("laternen", "all", "2023-01-01", (12, 24, 36, 48, 120)),
        ("laternen", "all", "2023-07-01", (1, 2, 3, 4, 10)),
        ("spielflaeche", "all", "2023-12-31", (0.5, 1.25, 2, 0.75, 4.5)),
        ("unfaelle", "all", "2023-01-01", (11, 22, 33, 44, 110)),
    ],
)
def test_figures_of_the_new_areas(
    city: Path, indicator: str, group: str, start: str, expected: tuple[float, ...]
) -> None:
    found = _values(city, indicator, group, start, "2022")
    assert {area: value for area, (value, _) in found.items()} == pytest.approx(
        dict(zip(AREAS, expected, strict=True))
    )
    assert {status for _, status in found.values()} == {"observed"}


def _values(
    city: Path, indicator: str, group: str, start: str, version: str
) -> dict[object, tuple[object, object]]:
    rows = _rows(
        city,
        "select area_id, value, status from marts.indicator_value "
        f"where indicator_id = '{indicator}' and group_id = '{group}' "
        f"and period_start = '{start}' and area_version = '{version}' "
        "qualify rank() over (order by grain = 'year' desc) = 1",
    )
    return {area: (value, status) for area, value, status in rows}


@pytest.mark.parametrize(
    ("indicator", "start", "old", "carried"),
    [
        ("einwohner", "2019-12-31", (2500, 2000, 5000, 9500), (2500, 2000, 3000, 2000)),
        ("unfaelle", "2019-01-01", (10, 20, 50, 80), (10, 20, 30, 20)),
    ],
)
def test_figures_of_the_old_areas_are_carried_over(
    city: Path, indicator: str, start: str, old: tuple[int, ...], carried: tuple[int, ...]
) -> None:
    areas = ("01", "02", "03", "0")
    own = _values(city, indicator, "all", start, "2018")
    assert own == {one: (value, "observed") for one, value in zip(areas, old, strict=True)}
    new = _values(city, indicator, "all", start, "2022")
    assert new.pop("0") == (old[-1], "observed")
    assert new == {one: (value, "estimated") for one, value in zip(QUARTERS, carried, strict=True)}


def test_what_is_missing_is_not_zero(city: Path) -> None:
    assert _values(city, "baeume", "all", "2023-01-01", "2022") == {
        "01": (12, "observed"),
        "02": (7, "observed"),
        "04": (None, "missing"),
        "05": (3, "observed"),
        "0": (22, "estimated"),
    }


@pytest.mark.parametrize(("language", "word"), [("de", "Hieß früher"), ("en", "Formerly")])
def test_an_id_from_before_leads_to_the_indicator_of_today(
    city: Path, language: str, word: str
) -> None:
    now, before = (
        wirkraum("explain", name, "-m", city, "--area", "01", "--language", language)
        for name in ("kita_zusammen", "betreute_kinder")
    )
    assert (now.returncode, before.returncode) == (0, 0)
    title, *rest = now.stdout.splitlines()
    assert before.stdout.splitlines() == [title, f"{word}: betreute_kinder", *rest]
    assert (
        "Kita_2023-03-01_Stand_2023-05-01.ods, Tabelle1!4: kita_kinder [alter=ue3] 01" in now.stdout
    )
    unknown = wirkraum("explain", "betreute", "-m", city)
    assert unknown.returncode == 1
    assert "there is no indicator 'betreute'" in unknown.stderr
