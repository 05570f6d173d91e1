"""The world as the departments of Musterstadt would send it: one function per source.

Each returns file name → bytes. Nobody adapted these forms to a warehouse; every one of them can be
met in a German town hall. Rows that a reader must put aside are listed in BAD_ROWS.
"""

from collections.abc import Callable, Iterator
from datetime import date
from typing import Final

import numpy as np
from numpy.typing import NDArray
from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

from examples.musterstadt import plants
from examples.musterstadt.city import (
    AGE_BANDS,
    CITY,
    CITY_AREAS,
    CITY_NAME,
    FIRST_YEAR,
    LAST_YEAR,
    QUARTERS,
    SEXES,
    STOCK_YEARS,
    TINY,
    YEARS,
    code,
    districts,
    members,
    version_of,
)
from examples.musterstadt.sheets import Row, german, grouped, text_file, workbook_bytes
from examples.musterstadt.world import OFFENCES, RESCUE_MINUTES, World

Files = dict[str, bytes]
Table = NDArray[np.int64]

KITA_BAD_YEAR: Final = 2023
CASES_BAD_YEAR: Final = 2021
BAD_ROWS: Final = {
    f"kita/Kita_{KITA_BAD_YEAR}-03-01_Stand_{KITA_BAD_YEAR}-05-31.csv": 3,
    f"vorfaelle/Vorfaelle_{CASES_BAD_YEAR}_Stand_{CASES_BAD_YEAR + 1}-01-20.csv": 2,
}

HZE_SPANS: Final = (
    (2015, 2016),
    (2017, 2018),
    (2019, 2019),
    (2020, 2021),
    (2022, 2023),
    (2024, 2024),
)


def deliveries(world: World) -> Files:
    """Every delivery of every source: `<source>/<file name>` → bytes."""
    writers: dict[str, Callable[[World], Files]] = {
        "einwohner": _residents,
        "elternkurse": _courses,
        "familienlotsen": _guided,
        "hze": _care,
        "jugendtreff": _visits,
        "kennzahlen": _key_figures,
        "kita": _day_care,
        "melderegister": _register,
        "rettungsdienst": _rescues,
        "schuldnerberatung": _waits,
        "schuleingang": _school_entry,
        "sgb2": _benefits,
        "vorfaelle": _cases,
    }
    return {
        f"{source}/{name}": content
        for source, write in writers.items()
        for name, content in write(world).items()
    }


def by_district(values: Table, version: str) -> dict[str, Table]:
    """Sums over the quarters of each district; `values` has the quarters on its first axis."""
    return {one: values[members(one, version)].sum(axis=0) for one in districts(version)}


def _residents(world: World) -> Files:
    """cp1252, two title lines, thousands with a dot, a sum and a footnote below the table."""
    files = {}
    for index, year in enumerate(STOCK_YEARS):
        version = version_of(year)
        cells = by_district(world.residents[:, index], version)
        rows: list[Row] = [
            [f"{CITY_NAME} – Amt für Statistik und Wahlen"],
            [f"Einwohnerinnen und Einwohner am Ort der Hauptwohnung, Stichtag 31.12.{year}"],
            ["Stadtteil-Nr.", "Stadtteil", "Altersgruppe", "Geschlecht", "Einwohner"],
        ]
        for one, name in districts(version).items():
            for age, sex, count in _margins(cells[one]):
                rows.append([one, name, age, sex, grouped(count)])
        rows.append(["Summe", "", "", "", grouped(int(world.residents[:, index].sum()))])
        rows.append(["Quelle: Melderegister, eigene Auszählung; ohne Nebenwohnungen."])
        name = f"Einwohner_{year}-12-31_Stand_{year + 1}-02-15.csv"
        files[name] = text_file(rows, encoding="cp1252")
    return files


def _margins(cells: Table) -> Iterator[tuple[str, str, int]]:
    """All cells of age × sex with their sums, totals last, as printed tables have them."""
    ages, sexes = [*AGE_BANDS.values(), "insgesamt"], [*SEXES.values(), "insgesamt"]
    full = np.pad(cells, ((0, 1), (0, 1)))
    full[:-1, -1] = cells.sum(axis=1)
    full[-1, :] = full[:-1].sum(axis=0)
    for row, age in enumerate(ages):
        for column, sex in enumerate(sexes):
            yield age, sex, int(full[row, column])


def _key_figures(world: World) -> Files:
    """cp1252, decimal comma, districts, city areas and the city in one column."""
    files = {}
    for index, year in enumerate(YEARS):
        version = version_of(year)
        people = world.residents[:, index + 1].sum(axis=(1, 2))
        places = {one: members(one, version) for one in districts(version)}
        names = districts(version) | CITY_AREAS | {CITY: CITY_NAME}
        for area in CITY_AREAS:
            places[area] = [i for i, q in enumerate(QUARTERS) if q.city_area == area]
        places[CITY] = list(range(len(QUARTERS)))
        rows: list[Row] = [
            [f"{CITY_NAME} – Amt für Statistik und Wahlen"],
            [f"Bevölkerungskennzahlen nach Gebieten, Stichtag 31.12.{year}"],
            ["Gebiet", "Name", "Durchschnittsalter (Jahre)", "mittlere Wohndauer (Jahre)"],
        ]
        for area, inside in places.items():
            weights = people[inside]
            age = float(np.average(world.mean_age[inside, index], weights=weights))
            lived = float(np.average(world.years_lived_here[inside, index], weights=weights))
            rows.append([area, names[area], german(age, 1), german(lived, 1)])
        rows.append(["* Wohndauer: Zeit seit dem Einzug in die heutige Adresse."])
        name = f"Kennzahlen_{year}-12-31_Stand_{year + 1}-03-01.csv"
        files[name] = text_file(rows, encoding="cp1252")
    return files


def _register(world: World) -> Files:
    """The citizens' office's own count of the whole city: a control total, one line per year."""
    rows: list[Row] = [["Stichtag", "Bestand Hauptwohnungen"]]
    for index, year in enumerate(STOCK_YEARS):
        excess = plants.REGISTER_EXCESS if year == plants.REGISTER_YEAR else 0
        rows.append([f"31.12.{year}", grouped(int(world.residents[:, index].sum()) + excess)])
    name = f"Bestand_Melderegister_Stand_{LAST_YEAR + 1}-01-31.csv"
    return {name: text_file(rows, encoding="utf-8", newline="\n")}


def _visits(world: World) -> Files:
    """UTF-8 with byte order mark, every cell in quotation marks, year and month apart."""
    files = {}
    for index, year in enumerate(YEARS):
        version = version_of(year)
        cells = by_district(world.visits_recorded[:, 12 * index : 12 * index + 12], version)
        rows: list[Row] = [["Stadtteil-Nr.", "Stadtteil", "Jahr", "Monat", "Besuche"]]
        for one, name in districts(version).items():
            for month in range(12):
                # The island has no youth centre: nothing to count, not a value held back.
                count = int(cells[one][month]) or "-"
                rows.append([one, name, year, f"{month + 1:02d}", count])
        name = f"Jugendtreffs_{year}_Stand_{year + 1}-01-20.csv"
        files[name] = text_file(rows, encoding="utf-8-sig", quoted=True)
    return files


def _courses(world: World) -> Files:
    """Code and name of the district in one cell."""
    files = {}
    for index, year in enumerate(YEARS):
        version = version_of(year)
        starts = by_district(world.course_starts[:, index], version)
        finishes = by_district(world.course_finishes[:, index], version)
        rows: list[Row] = [["Stadtteil", "Anmeldungen", "davon abgeschlossen", "Bemerkung"]]
        for one, name in districts(version).items():
            count = int(starts[one])
            rows.append([f"{one} {name}", count or "-", int(finishes[one]) or "-", ""])
        name = f"Elternkurse_{year}_Stand_{year + 1}-02-28.csv"
        files[name] = text_file(rows, encoding="utf-8", newline="\n")
    return files


def _guided(world: World) -> Files:
    """Only the districts of the programme; a row and a column for those nobody can place."""
    files = {}
    heads = ["unter 3", "3 bis unter 6", "6 bis unter 15", "ohne Alter"]
    for year in range(plants.FAMILY_REACH_SINCE, LAST_YEAR + 1):
        cells = by_district(world.guided[:, year - FIRST_YEAR], version_of(year))
        named = districts(version_of(year))
        rows: list[Row] = [["Stadtteil-Nr.", "Stadtteil", "begleitete Kinder", *heads]]
        placed = {one: (named[one], cells[one]) for one in plants.FAMILY_AREAS}
        placed["99"] = ("nicht bekannt", world.guided_elsewhere[year - FIRST_YEAR])
        for one, (name, ages) in placed.items():
            rows.append([one, name, int(ages.sum()), *(int(count) or "-" for count in ages)])
        files[f"Familienlotsen_{year}_Stand_{year + 1}-03-10.csv"] = text_file(
            rows, encoding="utf-8"
        )
    return files


def _care(world: World) -> Files:
    """A workbook with years side by side and a header of two merged rows: year above sex."""
    files = {}
    for first, last in HZE_SPANS:
        version = version_of(first)
        years = range(first, last + 1)
        span = str(first) if first == last else f"{first}-{last}"
        workbook = Workbook()
        sheet: Worksheet = workbook.active
        sheet.title = "Tabelle 1"
        sheet.append(["Hilfen zur Erziehung: im Jahr begonnene Hilfen für Minderjährige"])
        sheet.append([f"Jugendamt {CITY_NAME}, Stand 15.04.{last + 1}, ohne § 35a SGB VIII"])
        sheet.append(["Stadtteil-Nr.", "Stadtteil"])
        sheet.append([])
        for offset, year in enumerate(years):
            column = 3 + 3 * offset
            sheet.cell(3, column, year).alignment = Alignment(horizontal="center")
            for step, label in enumerate(["w", "m", "zus."]):
                sheet.cell(4, column + step, label)
            sheet.merge_cells(start_row=3, end_row=3, start_column=column, end_column=column + 2)
        sheet.merge_cells("A3:A4")
        sheet.merge_cells("B3:B4")
        sheet.merge_cells(start_row=1, end_row=1, start_column=1, end_column=2 + 3 * len(years))
        cells = by_district(world.care, version)
        for one, name in districts(version).items():
            counts = [cells[one][year - FIRST_YEAR] for year in years]
            sheet.append([one, name, *(cell for pair in counts for cell in _care_cells(pair))])
        sheet.append(["Quelle: Fachverfahren der Jugendhilfe, eigene Auszählung"])
        sheet["A1"].font = Font(bold=True)
        sheet.column_dimensions["B"].width = 22
        _notes(workbook, "Hinweise", "Ein Punkt steht für Werte, die nicht ausgewiesen werden.")
        files[f"HzE_{span}_Stand_{last + 1}-04-15.xlsx"] = workbook_bytes(workbook)
    return files


def _care_cells(pair: Table) -> list[int | str]:
    women, men = int(pair[0]), int(pair[1])
    if women + men == 0:
        return ["-", "-", "-"]
    if women + men < 3:
        return [".", ".", women + men]
    return [women or "-", men or "-", women + men]


def _notes(workbook: Workbook, title: str, *lines: str) -> None:
    sheet: Worksheet = workbook.create_sheet(title)
    for line in lines:
        sheet.append([line])


def _benefits(world: World) -> Files:
    """Two sheets per workbook, codes as numbers, line breaks in headers; one late correction."""
    files = {}
    for year in YEARS:
        wrong = year == plants.SWAPPED_YEAR
        files[f"SGB2_{year}_Stand_{year + 1}-04-05.xlsx"] = _benefits_book(world, year, wrong)
        if wrong:
            name = f"SGB2_{year}_Korrektur_Stand_{year + 1}-09-30.xlsx"
            files[name] = _benefits_book(world, year, False)
    return files


def _benefits_book(world: World, year: int, wrong: bool) -> bytes:
    version = version_of(year)
    workbook = Workbook()
    workbook.remove(workbook.active)
    for half, month in enumerate(["06", "12"]):
        index = year - FIRST_YEAR
        parts = [
            by_district(values[:, index, half], version)
            for values in (world.need, world.need_children, world.households)
        ]
        rows = {one: [int(part[one]) for part in parts] for one in districts(version)}
        if wrong and month == "12":
            one, other = plants.SWAPPED
            rows[one], rows[other] = rows[other], rows[one]
        sheet: Worksheet = workbook.create_sheet(f"{year}-{month}")
        sheet.append(
            [
                "Stadtteil-Nr.",
                "Stadtteil",
                "Leistungsberechtigte\ninsgesamt",
                "darunter\nunter 15 Jahre",
                "Bedarfs-\ngemeinschaften",
            ]
        )
        for cell in sheet[1]:
            cell.alignment = Alignment(wrap_text=True, vertical="top")
        for one, name in districts(version).items():
            people, children, households = rows[one]
            shown: int | str = "." if one == TINY else children
            sheet.append([int(one), name, people, shown, households])
        total = [int(values[:, index, half].sum()) for values in (world.need, world.need_children)]
        sheet.append(["Insgesamt", None, *total, int(world.households[:, index, half].sum())])
        sheet.append(["Quelle: Jobcenter, Auszählung für die Sozialplanung; Punkt = geheim"])
        sheet.column_dimensions["B"].width = 22
    _notes(
        workbook,
        "Erläuterungen",
        "Leistungsberechtigte nach dem Sozialgesetzbuch II am letzten Tag des Halbjahres.",
        "Die Zuordnung zum Stadtteil folgt der gemeldeten Adresse.",
    )
    return workbook_bytes(workbook)


def _rescues(world: World) -> Files:
    """One column per age band, and the same calls once more by the minutes until arrival."""
    files = {}
    for index, year in enumerate(YEARS):
        version = version_of(year)
        ages = by_district(world.rescues[:, index], version)
        minutes = by_district(world.rescue_minutes[:, index], version)
        heads = [f"Minuten {one.replace('b', ' bis unter ')}" for one in RESCUE_MINUTES]
        rows: list[Row] = [["Stadtteil-Nr.", *AGE_BANDS.values(), *heads]]
        rows += [[one, *map(int, ages[one]), *map(int, minutes[one])] for one in districts(version)]
        name = f"Rettungsdienst_{year}_Stand_{year + 1}-03-31.csv"
        files[name] = text_file(rows, encoding="utf-8")
    return files


def _waits(world: World) -> Files:
    """cp850 with vertical bars, as an old procedure writes it: cases by days waited, whole city."""
    files = {}
    for index, year in enumerate(YEARS):
        counts = world.waits_recorded[index]
        rows: list[Row] = [["Wartezeit in Tagen", "Fälle"]]
        rows += [[days, int(counts[days]) or "-"] for days in range(plants.WAIT_TOP)]
        rows.append([f"{plants.WAIT_TOP} und mehr", int(counts[-1]) or "-"])
        rows.append(["insgesamt", int(counts.sum())])
        name = f"Wartezeiten_{year}_Stand_{year + 1}-02-10.txt"
        files[name] = text_file(rows, encoding="cp850", delimiter="|")
    return files


def _cases(world: World) -> Files:
    """One row per offence, no number of the case; each year twice, in January and in July."""
    files = {}
    for year in YEARS:
        stamps = [date(year + 1, 1, 20)]
        if year < LAST_YEAR:
            stamps.append(date(year + 1, 7, 15))
        for stamp in stamps:
            spoil = year == CASES_BAD_YEAR and stamp.month == 1
            rows = _case_rows(world, year, stamp)
            if spoil:
                rows[100][0], rows[400][0] = f"31.02.{year}", "k. A."
            header: Row = ["Tatdatum", "Deliktsgruppe", "Stadtteil", "Stadtgebiet", "Ausführung"]
            name = f"Vorfaelle_{year}_Stand_{stamp.isoformat()}.csv"
            files[name] = text_file([header, *rows], encoding="cp1252")
    return files


def _case_rows(world: World, year: int, stamp: date) -> list[list[str]]:
    events = world.events
    first, after = date(year, 1, 1).toordinal(), date(year + 1, 1, 1).toordinal()
    known = (events.day >= first) & (events.day < after) & (events.reported <= stamp.toordinal())
    version = version_of(year)
    rows = []
    for i in np.flatnonzero(known):
        quarter = QUARTERS[events.quarter[i]]
        rows.append(
            [
                date.fromordinal(int(events.day[i])).strftime("%d.%m.%Y"),
                OFFENCES[events.recorded_as[i]],
                code(quarter, version) if events.names_district[i] else "",
                str(int(quarter.city_area)) if events.names_area[i] else "",
                "Versuch" if events.attempted[i] else "vollendet",
            ]
        )
    return rows


def _school_entry(world: World) -> Files:
    """Long form: one row per district and characteristic, the numbers in one column."""
    files = {}
    for index, year in enumerate(YEARS):
        version = version_of(year)
        examined = by_district(world.examined[:, index], version)
        found = by_district(world.conspicuous[:, index], version)
        rows: list[Row] = [["Stadtteil-Nr.", "Stadtteil", "Merkmal", "Anzahl"]]
        for one, name in districts(version).items():
            shown = "." if one == TINY else int(found[one])
            rows.append([one, name, "untersuchte Kinder", int(examined[one])])
            rows.append([one, name, "Sprachförderbedarf", shown])
        rows.append(["Quelle: Kinder- und Jugendgesundheitsdienst; Punkt = geheim"])
        name = f"Schuleingang_{year}_Stand_{year}-11-30.csv"
        files[name] = text_file(rows, encoding="utf-8")
    return files


def _day_care(world: World) -> Files:
    """cp1252 and decimal comma; the delivery of KITA_BAD_YEAR has three rows nobody can use."""
    files = {}
    for index, year in enumerate(YEARS):
        version = version_of(year)
        places, in_care, small = (
            by_district(values[:, index], version)
            for values in (world.places, world.in_care, world.in_care_under_3)
        )
        under_3 = by_district(world.residents[:, index, 0].sum(axis=1), version)
        rows: list[list[object]] = [
            [f"{CITY_NAME} – Amt für Bildung und Gesundheit"],
            [f"Kindertagesbetreuung, Stichtag 01.03.{year}"],
            [
                "Stadtteil-Nr.",
                "Stadtteil",
                "Stichtag",
                "genehmigte Plätze",
                "betreute Kinder unter 6",
                "Betreuungsquote unter 3 in %",
            ],
        ]
        for one, name in districts(version).items():
            quota = german(100 * float(small[one]) / float(under_3[one]), 1)
            cells: list[object] = [one, name, f"01.03.{year}", int(places[one]), int(in_care[one])]
            if one == TINY:
                cells[3:], quota = ["-", "-"], "x"
            if year == KITA_BAD_YEAR and one == "0105":
                cells[3] = "k. A."
            if year == KITA_BAD_YEAR and one == "0302":
                cells[4] = -int(in_care[one])
            rows.append([*cells, quota])
        if year == KITA_BAD_YEAR:
            rows.append(["0407", "Neue Hafenstadt", f"01.03.{year}", 80, 61, "38,2"])
        rows.append(["* Quote: betreute Kinder je 100 Kinder dieses Alters im Stadtteil."])
        name = f"Kita_{year}-03-01_Stand_{year}-05-31.csv"
        files[name] = text_file(rows, encoding="cp1252")
    return files
