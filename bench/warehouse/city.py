"""Synthetic municipalities: real declarations, and a lake as ingest would have written it.

Every source counts two measures per area, month and group and delivers a year at a time. One year
in twenty is delivered again with a tenth of its values changed; a hundredth of the cells has no
value, one area in a thousand is not contained, the last quarter is provisional. All numbers come
from DuckDB's hash of the cell and of SEED, so that the same size always gives the same lake.
"""

from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import duckdb

from orchestration.ingest import lake
from orchestration.ingest.lake import Delivery
from orchestration.place import Place

SEED = 20260101
SOURCES = 30
AGES = 8
GROUPS = ["all", "geschlecht=m", "geschlecht=w", *(f"alter={n:02}" for n in range(AGES))]
FIRST_YEAR = 2001
KINDS = ("count", "share", "rate")


class Size(NamedTuple):
    """How large a municipality is: areas, months, and indicators."""

    areas: int
    months: int
    indicators: int = SOURCES

    @property
    def cells(self) -> int:
        """Cells that would be delivered once if nothing were left out."""
        return self.areas * self.months * 2 * SOURCES * len(GROUPS)


SIZES = {
    1_000_000: Size(60, 24),
    10_000_000: Size(180, 80),
    100_000_000: Size(542, 266),
}


def area_ids(size: Size) -> list[str]:
    """Eight digits, the first two of them the district."""
    return [f"{n % 12 + 1:02}{n:06}" for n in range(size.areas)]


def write_municipality(folder: Path, size: Size) -> None:
    """Write the declarations: 12 districts, `SOURCES` contracts and the indicators."""
    declared = {
        "municipality.yml": (
            "id: bench\nname: Bench\nroom: statistikstelle\n"
            "departments: [{id: amt, name: Amt für Statistik}]\n"
        ),
        "areas/raum.yml": (
            "area_system: raum\nname: Räume\n"
            "levels: [{id: raum, name: Raum}, {id: bezirk, name: Bezirk}, "
            "{id: stadt, name: Stadt}]\n"
            "versions:\n  - version: '2021'\n    valid_from: 2021-01-01\n    areas:\n"
            + "".join(
                f"      - {{level: {level}, file: raum.csv, parent: parent_id}}\n"
                for level in ("raum", "bezirk", "stadt")
            )
        ),
        "areas/raum.csv": (
            "area_id,name,level,parent_id\n0,Stadt,stadt,\n"
            + "".join(f"{n:02},Bezirk {n},bezirk,0\n" for n in range(1, 13))
            + "".join(f"{one},Raum {one},raum,{one[:2]}\n" for one in area_ids(size))
        ),
        "codes/alter.csv": "code,name_de\n" + "".join(f"{n:02},Stufe {n}\n" for n in range(AGES)),
        "codes/geschlecht.csv": "code,name_de\nm,männlich\nw,weiblich\n",
    }
    for n in range(SOURCES):
        declared[f"sources/quelle{n:02}.yml"] = _source(n)
    for n in range(size.indicators):
        declared[f"indicators/kennzahl{n:03}.yml"] = _indicator(n)
    for name, text in declared.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def _source(n: int) -> str:
    second = "stock" if KINDS[n % 3] == "rate" else "flow"
    return (
        f"id: quelle{n:02}\ndepartment: amt\nname: Quelle {n}\nwhy: Statistik\nmeasures:\n"
        f"  - {{id: faelle{n:02}, name: Fälle, unit: Fälle, kind: flow, whole: true}}\n"
        f"  - {{id: bezug{n:02}, name: Bezug, unit: Fälle, kind: {second}, whole: true}}\n"
        "layouts:\n"
        "  - format: {delimiter: ';', decimal: ','}\n"
        "    as_of: {file_name: '_(\\d{4}-\\d{2}-\\d{2})\\.'}\n"
        "    area: {column: Raum, system: raum, version: '2021', level: raum}\n"
        "    period: {columns: Monat, format: '%Y-%m', grain: month}\n"
        "    groups: [{dimension: alter, column: Alter}, "
        "{dimension: geschlecht, column: Geschlecht}]\n"
        f"    values: [{{measure: faelle{n:02}, column: Faelle}}, "
        f"{{measure: bezug{n:02}, column: Bezug}}]\n"
    )


def _indicator(number: int) -> str:
    """The first of each source may be by groups; all later ones count one age group each."""
    n, variant = number % SOURCES, number // SOURCES
    kind = KINDS[n % 3]
    groups = "" if not variant else f", groups: [alter={(variant - 1) % AGES:02}]"
    numerator = [f"{{measure: faelle{n:02}{groups}}}"]
    denominator = [f"{{measure: bezug{n:02}}}"]
    if kind == "count":
        numerator, denominator = [*numerator, f"{{measure: bezug{n:02}{groups}}}"], []
    by = ("", "geschlecht", "geschlecht, alter")[n // 3 % 3] if not variant else ""
    return (
        f"id: kennzahl{number:03}\ndepartment: amt\nname: Kennzahl {number}\nmeaning: Probe\n"
        f"formula:\n  kind: {kind}\n  numerator: [{', '.join(numerator)}]\n"
        + (f"  denominator: [{', '.join(denominator)}]\n" if denominator else "")
        + (f"  by: [{by}]\n" if by else "")
        + ("  per: 1000\n" if kind == "rate" else "")
        + "unit: Einheit\n"
    )


def write_lake(folder: Path, size: Size) -> int:
    """Write every delivery with its entry in the ledger; gives the number of observations."""
    place = Place(folder)
    lake.prepare(place)
    total = 0
    with duckdb.connect() as con:
        _frame(con, size)
        for n in range(SOURCES):
            for year in range(-(-size.months // 12)):
                first, last = 12 * year, min(12 * year + 11, size.months - 1)
                known = _month(last + 1) + timedelta(days=20)
                total += deliver(con, place, n, (first, last), known)
                if (7 * n + year) % 20 == 0:
                    known += timedelta(days=90)
                    total += deliver(con, place, n, (first, last), known, changed=0.1)
    return total


def deliver_more(folder: Path, size: Size, rows: int = 10_000) -> int:
    """One new delivery of the first source with its last months anew, of `rows` rows or less."""
    months = max(rows // (2 * len(GROUPS) * size.areas), 1)
    with duckdb.connect() as con:
        _frame(con, size)
        return deliver(
            con,
            Place(folder),
            0,
            (size.months - months, size.months - 1),
            _month(size.months) + timedelta(days=200),
            changed=1.0,
            rows=rows,
        )


def _frame(con: duckdb.DuckDBPyConnection, size: Size) -> None:
    con.execute("CREATE TABLE area AS SELECT unnest(?) AS area_id", [area_ids(size)])
    con.execute("CREATE TABLE groups AS SELECT unnest(?) AS group_id", [GROUPS])
    con.execute(
        f"CREATE TABLE month AS SELECT n, n >= {size.months - 3} AS is_provisional, "
        f"(DATE '{FIRST_YEAR}-01-01' + to_months(n::INTEGER))::DATE AS period_start "
        f"FROM range({size.months}) AS t(n)"
    )


def deliver(
    con: duckdb.DuckDBPyConnection,
    place: Place,
    n: int,
    months: tuple[int, int],
    known: date,
    changed: float = 0,
    rows: int | None = None,
) -> int:
    """Write one delivery of source `n` into the lake; a share of the values is `changed`."""
    source = f"quelle{n:02}"
    delivery = f"{source}-{n:02}{months[0]:04}{known:%m%d}ab"
    path = place.lake / "observations" / source / f"{delivery}.0000.parquet"
    path.parent.mkdir(parents=True, exist_ok=True)
    second_is_stock = KINDS[n % 3] == "rate"
    (count,) = con.execute(
        f"""
        COPY (
            WITH cell AS (
                SELECT
                    measure.measure_id, measure.is_second, area_id, month.*, group_id,
                    hash(measure_id, area_id, period_start, group_id, {SEED}) AS chance
                FROM (VALUES ('faelle{n:02}', false), ('bezug{n:02}', true))
                    AS measure(measure_id, is_second),
                    area, (FROM month WHERE n BETWEEN {months[0]} AND {months[1]}) AS month, groups
                WHERE hash(measure_id, area_id, period_start, {SEED}) % 1000 > 0
            )
            SELECT
                '{source}' AS source_id,
                '{delivery}' AS delivery_id,
                (row_number() OVER () + 1)::VARCHAR AS row_ref,
                measure_id,
                'raum' AS area_system,
                '2021' AS area_version,
                area_id,
                CASE WHEN is_second AND {second_is_stock} THEN last_day(period_start)
                    ELSE period_start END AS period_start,
                'month' AS grain,
                group_id,
                CASE WHEN chance % 100 > 0 THEN (
                    CASE WHEN NOT is_second THEN chance // 100 % 40
                        WHEN {second_is_stock} THEN 500 + chance // 100 % 2000
                        ELSE 40 + chance // 100 % 200 END
                    + (chance // 10000 % 1000 < {1000 * changed})::INTEGER
                )::DOUBLE END AS value,
                'Fälle' AS unit,
                CASE WHEN chance % 200 = 0 THEN 'suppressed' WHEN chance % 100 = 0 THEN 'missing'
                    WHEN is_provisional AND {changed} = 0 THEN 'provisional'
                    ELSE 'observed' END AS status,
                CASE WHEN chance % 200 = 0 THEN 'vom Fachbereich geschützt'
                    WHEN chance % 100 = 0 THEN 'keine Angabe in der Lieferung' END AS reason,
                CASE WHEN chance % 200 = 0 THEN 'protected by the department'
                    WHEN chance % 100 = 0 THEN 'no figure in the delivery' END AS reason_en,
                DATE '{known}' AS as_of
            FROM cell
            {"" if rows is None else f"LIMIT {rows}"}
        ) TO '{path}' (FORMAT parquet, COMPRESSION zstd)
        """
    ).fetchone() or (0,)
    lake.enter(
        place,
        Delivery(
            delivery_id=delivery,
            source_id=source,
            department_id="amt",
            layout="",
            file_name=f"{delivery}_{known}.csv",
            sha256=delivery,
            size=0,
            as_of=known,
            as_of_from="file name",
            state="accepted",
            rows_in=count,
            rows_accepted=count,
            rows_quarantined=0,
            observations=count,
            notes=[],
            reasons=[],
            fingerprint=delivery,
        ),
    )
    return int(count)


def _month(number: int) -> date:
    return date(FIRST_YEAR + number // 12, number % 12 + 1, 1)
