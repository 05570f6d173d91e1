"""A few figures of Berlin, read from the raw files with nothing but the standard library."""

import csv
import gzip
import io
import lzma
import tarfile
from collections.abc import Callable
from pathlib import Path

from python_calamine import CalamineWorkbook

Row = dict[str, str]
SINGLE_AGES = (
    *("00_01", "01_02", "02_03", "03_05", "05_06", "06_07", "07_08", "08_10", "10_12", "12_14"),
    *("14_15", "15_18", "18_21", "21_25", "25_27", "27_30", "30_35", "35_40", "40_45", "45_50"),
    *("50_55", "55_60", "60_63", "63_65", "65_67", "67_70", "70_75", "75_80", "80_85", "85_90"),
    *("90_95", "95_110"),
)


def rows(path: Path, delimiter: str, encoding: str = "utf-8-sig") -> list[Row]:
    """The rows of a CSV file, unpacked where its name ends with .gz."""
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    return list(csv.DictReader(io.StringIO(data.decode(encoding), newline=""), delimiter=delimiter))


def register(data: Path, year: int) -> list[Row]:
    """The register of 31 December, one row per planning area; numbers as text."""
    areas = "EWR_L21_" if year > 2020 else "EWR"
    return rows(data / "01_einwohnerregister_jahr" / f"{areas}{year}12E_Matrix.csv", ";")


def residents(data: Path, year: int, area: str, *columns: str) -> float:
    """Residents of an area, named by the beginning of its planning areas; all without columns."""
    found = [row for row in register(data, year) if row["RAUMID"].zfill(8).startswith(area)]
    names = columns or ("E_E",)
    return sum(_number(row[name]) for row in found for name in names)


def _number(text: str) -> float:
    return 0.0 if text in ("", "NA") else float(text.replace(",", "."))


def median_age(data: Path, year: int) -> float:
    """The city's median by single years of age, as far as the register gives them."""
    ages = [(name, residents(data, year, "", f"E_E{name}")) for name in SINGLE_AGES]
    half, below = sum(count for _, count in ages) / 2, 0.0
    for name, count in ages:
        low, high = (int(part) for part in name.split("_"))
        if below + count >= half:
            return low + (half - below) / count * (high - low)
        below += count
    raise AssertionError("nobody lives there")


def half_year(data: Path, year: int, table: int, area: str, column: str) -> float:
    """Residents of December by the half-yearly tables."""
    name = f"berlin-lor-population-{year}-02-t{table}-planning-areas.csv"
    found = rows(data / "02_einwohner_halbjahr" / name, ",")
    return sum(_number(row[column]) for row in found if row["id"].zfill(8).startswith(area))


def dwellings(data: Path, year: int, area: str, column: str) -> float:
    """A column of the dwelling stock, in which every name is shifted by one."""
    folder = data / "05_wohnen" / "wohnungsbestand_2015-2023"
    found = (row for path in sorted(folder.glob(f"*-{year}-00-*.csv")) for row in rows(path, ","))
    return sum(_number(row[column]) for row in found if row["id"].zfill(8) == area)


def offences(data: Path, year: int, region: str) -> float:
    """All recorded offences of a district region."""
    path = data / "03_polizei_kriminalitaetsatlas" / "kriminalitaetsatlas_2015-2024.xlsx"
    sheet = CalamineWorkbook.from_path(path).get_sheet_by_name(f"Fallzahlen_{year}").to_python()
    head = next(row for row in sheet if str(row[0]).startswith("LOR"))
    column = [str(cell).startswith("Straftaten") for cell in head].index(True)
    return float(next(str(row[column]) for row in sheet if str(row[0]).zfill(6) == region))


def accidents(data: Path, year: int, area: str, wanted: Callable[[Row], bool]) -> int:
    """Accidents of a planning area by the areas of 2006 that `wanted` takes."""
    name = f"AfSBBB_BE_LOR_Strasse_Strassenverkehrsunfaelle_{year}_Datensatz.csv.gz"
    found = rows(data / "10_verkehrsunfaelle" / name, ";")
    return sum(row["LOR"].zfill(8) == area and wanted(row) for row in found)


def monitoring(data: Path, edition: int, table: str, area: str, column: str) -> float:
    """A figure of the social monitoring for a planning area."""
    name = f"berlin-monitoring-social-urban-development-{edition}-00-{table}-planning-areas.csv"
    found = rows(data / "06_soziales_mss" / name, ",")
    return next(_number(row[column]) for row in found if row["id"].zfill(8) == area)


def covid(data: Path, district: str, year: int, column: str) -> float:
    """The new cases or deaths of a district in all days of a year."""
    name = f"de-district_timeseries-110{district}.tsv"
    found = rows(data / "07_gesundheit" / "rki_covid_bezirke_taeglich" / name, "\t")
    return sum(_number(row[column]) for row in found if row["Date"].startswith(str(year)))


def places(data: Path, month: str, area: str) -> tuple[int, int]:
    """Day-care centres of a planning area and their licensed places, from the list of a month."""
    path = next((data / "08_bildung_kita").glob("kita_liste_monatlich_*.tar.xz"))
    with lzma.open(path) as packed, tarfile.open(fileobj=packed) as archive:
        member = next(one for one in archive if f"kita_details_{month}_format4" in one.name)
        part = archive.extractfile(member)
        assert part is not None
        text = io.StringIO(part.read().decode("utf-8"), newline="")
    found = [
        int(float(row["places"]))
        for row in csv.DictReader(text)
        if row["geojson_feature_id"].zfill(8) == area
    ]
    return len(found), sum(found)


def land_value(data: Path, year: int, zone: str) -> tuple[str, float]:
    """The district and the value of a zone."""
    packed = data / "05_wohnen" / f"bodenrichtwerte_broker_{year}.xls.gz"
    workbook = CalamineWorkbook.from_filelike(io.BytesIO(gzip.decompress(packed.read_bytes())))
    for row in workbook.get_sheet_by_name("Download").to_python():
        if str(row[0]).removesuffix(".0") == zone:
            return str(row[2]), float(str(row[4]))
    raise AssertionError(f"no zone {zone} in {year}")


def budget(data: Path, plan: str, heading: str, chapter: str, title: str) -> float:
    """A figure of a budget plan, from the first column whose heading is the one asked for."""
    path = next((data / "09_haushalt_bezirke").glob(f"*{plan}*"))
    packed = path.read_bytes()
    unpacked = gzip.decompress(packed) if path.suffix == ".gz" else packed
    sheet = CalamineWorkbook.from_filelike(io.BytesIO(unpacked)).get_sheet_by_index(0).to_python()
    grid = [[_cell(cell) for cell in row] for row in sheet]
    head = next(row for row in grid if "Kapitel" in row)
    at = [head.index(name) for name in ("Kapitel", "Titel", heading)]
    return next(float(row[at[2]]) for row in grid if (row[at[0]], row[at[1]]) == (chapter, title))


def _cell(cell: object) -> str:
    return " ".join(str(cell).removesuffix(".0").split())
