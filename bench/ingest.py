"""How long a large CSV takes through a full contract, beside a plain polars script without checks.

    python -m bench.ingest            10 million rows
    python -m bench.ingest --quick    1 million
    python -m bench.ingest --check    exits 1 where a bar falls short

The file has one row per month, area and year of age; 1 % of its rows are bad, mixed over the kinds
in `KINDS`. We read it into a municipality as `wirkraum run` does: contract, area register, code
list, lake, quarantine, ledger. The peer is the fastest of several plain polars scripts that turn
the same file into the same 16 columns of parquet (zstd), trusting every cell. Each run is a fresh
process; peers and ours take turns; the figures are medians. Seconds by the clock and the peak
memory of the process tree are held against the bars; CPU seconds stand beside them.

What we wrote is compared with a reference that DuckDB computes from the text of the file alone:
every observation with its row, and every quarantined row with the kind of its fault.
"""

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from datetime import date
from pathlib import Path
from typing import NamedTuple

import polars as pl

ROWS, QUICK = 10_000_000, 1_000_000
SEED = 20260101
RUNS = 3
TIME_BAR, MEMORY_BAR = 2.0, 1.5
AREAS, AGES = 542, 100
FILE = "register_2025-12-31.csv"
HEADER = "Monat;Raum;Alter;Personen"

# Each kind of fault with what the reason in the quarantine has to say.
KINDS = {
    "unknown area": r"is no area of raum",
    "text for a number": r"expected a number like",
    "negative": r"below the minimum",
    "no month": r"^Monat: ",
    "too many cells": r"^5 cells, but the header has 4",
    "too few cells": r"^3 cells, but the header has 4",
    "unknown group": r"is no code of 'alter'",
    "same cell, equal": r"the same cell stands in row \d+ already",
    "same cell, different": r"several rows give different values for the same cell",
}


def area_ids() -> list[str]:
    """Eight digits, the first two of them the district."""
    return [f"{n % 12 + 1:02}{n:06}" for n in range(AREAS)]


def write_municipality(folder: Path) -> None:
    """A city of 12 districts and 542 areas with one register extract."""
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
        "sources/register.yml": (
            "id: register\ndepartment: amt\nname: Register\nwhy: Bestandsstatistik\n"
            "measures:\n"
            "  - {id: personen, name: Personen, unit: Personen, kind: flow, whole: true}\n"
            "layouts:\n"
            "  - format: {delimiter: ';', decimal: ','}\n"
            "    as_of: {file_name: '_(\\d{4}-\\d{2}-\\d{2})\\.'}\n"
            "    area: {column: Raum, system: raum, version: '2021', level: raum}\n"
            "    period: {columns: Monat, format: '%Y-%m', grain: month}\n"
            "    groups: [{dimension: alter, column: Alter}]\n"
            "    values: [{measure: personen, column: Personen}]\n"
        ),
        "codes/alter.csv": "code,name_de\n" + "".join(f"{n:02},{n} Jahre\n" for n in range(AGES)),
        "areas/raum.csv": (
            "area_id,name,level,parent_id\n0,Stadt,stadt,\n"
            + "".join(f"{n:02},Bezirk {n},bezirk,0\n" for n in range(1, 13))
            + "".join(f"{one},Raum {one},raum,{one[:2]}\n" for one in area_ids())
        ),
    }
    for name, text in declared.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def write_delivery(path: Path, rows: int) -> None:
    """Write the file; of each kind of fault it has one in 1000 rows, of the last one two."""
    import numpy as np  # the peer, a process of this module too, is to load polars alone

    rng = np.random.default_rng(SEED)
    months = -(-rows // (AREAS * AGES))
    starts = [f"{2005 + n // 12}-{n % 12 + 1:02}" for n in range(months)]
    values = rng.poisson(40, rows)
    each = rows // 1000
    # pairs of a row and the row whose cell it takes; none is in two pairs or has another fault
    chosen = rng.choice(rows, size=each * (len(KINDS) + 2), replace=False).reshape(-1, each)
    kind = np.zeros(rows, dtype=np.uint8)
    kind[chosen[: len(KINDS)]] = np.arange(1, len(KINDS) + 1)[:, None]
    cell = np.arange(rows)
    for at in (len(KINDS) - 2, len(KINDS) - 1):
        cell[chosen[at]] = chosen[at + 2]
        values[chosen[at]] = values[chosen[at + 2]] + (at == len(KINDS) - 1)
    areas, step = pl.Series(area_ids()), 500_000
    ages = pl.Series([f"{n:02}" for n in range(AGES)])
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as handle:
        handle.write(f"{HEADER}\n".encode())
        for start in range(0, rows, step):
            here = cell[start : start + step]
            frame = pl.DataFrame(
                {
                    "Monat": pl.Series(starts).gather(here // (AREAS * AGES)),
                    "Raum": areas.gather(here // AGES % AREAS),
                    "Alter": ages.gather(here % AGES),
                    "Personen": values[start : start + step],
                    "kind": kind[start : start + step],
                }
            )
            frame.select(_line()).write_csv(handle, include_header=False, quote_style="never")


def _line() -> pl.Expr:
    month, area, age = pl.col("Monat"), pl.col("Raum"), pl.col("Alter")
    value = pl.col("Personen").cast(pl.String)
    number = {name: at for at, name in enumerate(KINDS, 1)}

    def faulty(name: str, wrong: pl.Expr, right: pl.Expr) -> pl.Expr:
        return pl.when(pl.col("kind") == number[name]).then(wrong).otherwise(right)

    whole = pl.format(
        "{};{};{};{}",
        faulty("no month", pl.lit("2024-13"), month),
        faulty("unknown area", pl.lit("99") + area.str.slice(2), area),
        faulty("unknown group", pl.lit("x") + age, age),
        faulty("text for a number", "etwa " + value, faulty("negative", "-" + value, value)),
    )
    short = pl.format("{};{};{}", month, area, value)
    return faulty("too many cells", whole + ";1", faulty("too few cells", short, whole))


def ours(folder: Path) -> None:
    """Read the delivery as a run does; what comes of it lies in the folder's store."""
    from orchestration.declarations import read_declarations
    from orchestration.ingest.deliver import take_in
    from orchestration.place import Place

    declarations = read_declarations(folder)
    take_in(declarations, declarations.sources["register"], Place(folder))


def peer(source: Path, target: Path, variant: str) -> None:
    """A plain polars script: the same columns, nothing looked at."""
    texts = ["Monat", "Raum", "Alter"]
    dtype = pl.Categorical() if variant == "categories" else pl.String()
    rows = pl.scan_csv(
        source,
        separator=";",
        schema={**dict.fromkeys(texts, dtype), "Personen": pl.Float64()},
        quote_char=None,
        ignore_errors=True,
        truncate_ragged_lines=True,
        row_index_name="row",
        row_index_offset=2,
    )
    month = pl.col("Monat").cast(pl.String)
    table = rows.select(
        source_id=pl.lit("register"),
        delivery_id=pl.lit("register-0123456789ab"),
        row_ref=pl.col("row").cast(pl.String),
        measure_id=pl.lit("personen"),
        area_system=pl.lit("raum"),
        area_version=pl.lit("2021"),
        area_id="Raum",
        period_start=(month + "-01").str.to_date("%Y-%m-%d", strict=False),
        grain=pl.lit("month"),
        group_id="alter=" + pl.col("Alter").cast(pl.String),
        value="Personen",
        unit=pl.lit("Personen"),
        status=pl.lit("observed"),
        reason=pl.lit(None, dtype=pl.String),
        reason_en=pl.lit(None, dtype=pl.String),
        as_of=pl.lit(date(2025, 12, 31)),
    )
    table.sink_parquet(target, compression="zstd")


# In trials `low_memory`, no order and reading all of it before writing were no faster than these.
PEERS = ("texts", "categories")


class Run(NamedTuple):
    """What one process took: seconds by the clock and of CPU, MB at its peak."""

    clock: float
    cpu: float
    memory: float


def measured(*arguments: str) -> Run:
    """Run this module in a process of its own and watch it and its children."""
    import psutil  # type: ignore[import-untyped]

    peak, over = 0.0, threading.Event()
    started = time.perf_counter()
    process = subprocess.Popen([sys.executable, "-m", "bench.ingest", *arguments])

    def watch() -> None:
        nonlocal peak
        while not over.wait(0.1):  # looking at all processes costs time of a core itself
            try:
                top = psutil.Process(process.pid)
                tree = [top, *top.children(recursive=True)]
                peak = max(peak, sum(one.memory_info().rss for one in tree))
            except psutil.Error:
                continue

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    _, status, used = os.wait4(process.pid, 0)
    clock = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    over.set()
    watcher.join()
    if process.returncode:
        raise SystemExit(f"{' '.join(arguments)}: exit {process.returncode}")
    unit = 1 if sys.platform == "darwin" else 1024
    memory = max(peak, used.ru_maxrss * unit) / 1e6
    return Run(clock, used.ru_utime + used.ru_stime, memory)


def median(runs: list[Run]) -> Run:
    """The median of each figure."""
    return Run(*(statistics.median(figures) for figures in zip(*runs, strict=True)))


_REFERENCE = """
CREATE TABLE line AS
SELECT row_number() OVER () + 1 AS row, string_split(line, ';') AS cell
FROM read_csv('{file}', delim = '\x01', quote = '', escape = '', header = true,
              columns = {{'line': 'VARCHAR'}});

CREATE TABLE judged AS
SELECT row, cell, CASE
    WHEN len(cell) > 4 THEN 'too many cells'
    WHEN len(cell) < 4 THEN 'too few cells'
    WHEN try_strptime(cell[1] || '-01', '%Y-%m-%d') IS NULL THEN 'no month'
    WHEN cell[2] NOT IN (SELECT area_id FROM read_csv('{areas}', all_varchar = true)
                         WHERE level = 'raum') THEN 'unknown area'
    WHEN cell[3] NOT IN (SELECT code FROM read_csv('{codes}', all_varchar = true))
        THEN 'unknown group'
    WHEN try_cast(cell[4] AS INTEGER) IS NULL THEN 'text for a number'
    WHEN cell[4]::INTEGER < 0 THEN 'negative'
    END AS kind
FROM line;

CREATE TABLE doubled AS
SELECT unnest(row_list) AS row, min_row, equal FROM (
    SELECT list(row) AS row_list, min(row) AS min_row, count(DISTINCT cell[4]) = 1 AS equal
    FROM judged WHERE kind IS NULL GROUP BY cell[1], cell[2], cell[3] HAVING count(*) > 1
);

CREATE TABLE aside AS
SELECT row, kind FROM judged WHERE kind IS NOT NULL
UNION ALL SELECT row, 'same cell, different' FROM doubled WHERE NOT equal
UNION ALL SELECT row, 'same cell, equal' FROM doubled WHERE equal AND row > min_row;

CREATE VIEW reference AS
SELECT
    'register' AS source_id, '{delivery}' AS delivery_id, row::VARCHAR AS row_ref,
    'personen' AS measure_id, 'raum' AS area_system, '2021' AS area_version, cell[2] AS area_id,
    (cell[1] || '-01')::DATE AS period_start, 'month' AS grain, 'alter=' || cell[3] AS group_id,
    cell[4]::DOUBLE AS value, 'Personen' AS unit, 'observed' AS status,
    NULL::VARCHAR AS reason, NULL::VARCHAR AS reason_en, DATE '2025-12-31' AS as_of
FROM judged WHERE row NOT IN (SELECT row FROM aside);
"""


def compared(folder: Path, planted: dict[str, int], rows: int) -> list[str]:
    """What differs between our lake and quarantine and the reference; empty where nothing does."""
    import duckdb

    from orchestration.ingest import lake
    from orchestration.place import Place

    place = Place(folder)
    (entry,) = lake.ledger(place)
    differing = []
    counts = (entry.rows_in, entry.rows_accepted, entry.rows_quarantined, entry.observations)
    bad = sum(planted.values())
    if counts != (rows, rows - bad, bad, rows - bad):
        differing.append(f"the ledger says {counts}, planted were {bad} of {rows}")
    with duckdb.connect(folder / "reference.duckdb") as con:
        con.execute(
            _REFERENCE.format(
                file=place.inbox / "register" / FILE,
                areas=folder / "areas" / "raum.csv",
                codes=folder / "codes" / "alter.csv",
                delivery=entry.delivery_id,
            )
        )
        parts = place.lake / "observations" / "register" / f"{entry.delivery_id}.*parquet"
        con.execute(f"CREATE VIEW ours AS SELECT * FROM read_parquet('{parts}')")
        for what, left, right in (("missing", "reference", "ours"), ("wrong", "ours", "reference")):
            query = f"SELECT count(*) FROM (FROM {left} EXCEPT ALL FROM {right})"
            (count,) = con.execute(query).fetchone() or (0,)
            if count:
                differing.append(f"{count} observations are {what}")
        reference = con.sql("SELECT row::VARCHAR AS row_ref, kind FROM aside").pl()
    quarantined = pl.read_parquet(place.quarantined / "register" / f"{entry.delivery_id}.parquet")
    kind = pl.coalesce(
        pl.when(pl.col("reason").str.contains(says)).then(pl.lit(name))
        for name, says in KINDS.items()
    )
    found = quarantined.select("row_ref", kind.alias("kind")).sort("row_ref")
    if not found.equals(reference.sort("row_ref")):
        differing.append(f"the quarantine differs: {found['kind'].value_counts()}")
    if dict(reference["kind"].value_counts().iter_rows()) != planted:
        differing.append("the reference does not find what was planted")
    lines = (place.inbox / "register" / FILE).read_bytes().decode().split("\n")
    texts = [lines[int(row) - 1] for row in quarantined["row_ref"]]
    if texts != quarantined["raw"].to_list():
        differing.append("quarantined lines are not as delivered")
    return differing


def main() -> int:
    """Print the table and the verdict; 1 where a bar falls short and `--check` is given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--ours", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--peer", nargs=3, help=argparse.SUPPRESS)
    parser.add_argument("--write", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.ours:
        ours(arguments.ours)
        return 0
    if arguments.write:
        write_delivery(Path(arguments.write[0]), int(arguments.write[1]))
        return 0
    if arguments.peer:
        peer(Path(arguments.peer[0]), Path(arguments.peer[1]), arguments.peer[2])
        return 0
    rows = QUICK if arguments.quick else ROWS
    with tempfile.TemporaryDirectory(prefix="bench-ingest-") as temporary:
        return _bench(Path(temporary), rows, check=arguments.check)


def _bench(folder: Path, rows: int, *, check: bool) -> int:
    city, target = folder / "city", folder / "peer.parquet"
    write_municipality(city)
    source = city / "deliveries" / "register" / FILE
    # in another process: the peak of a child counts what its parent held when it was started
    measured("--write", str(source), str(rows))
    each = rows // 1000
    planted = dict.fromkeys(KINDS, each) | {"same cell, different": 2 * each}
    bad = sum(planted.values())
    print(
        f"{rows:,} rows, {source.stat().st_size / 1e6:,.0f} MB, "
        f"{bad:,} of them bad in {len(KINDS)} kinds; medians of {RUNS}\n"
    )
    # both once before it counts: the file's pages are in memory then and all modules compiled
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    os.environ["PYTHONPYCACHEPREFIX"] = str(folder / "compiled")
    measured("--peer", str(source), str(target), PEERS[0])
    measured("--ours", str(city))
    runs: dict[str, list[Run]] = {name: [] for name in ("ours", *PEERS)}
    for _ in range(RUNS):
        for store in city.glob("store"):
            subprocess.run(["rm", "-rf", store], check=True)
        runs["ours"].append(measured("--ours", str(city)))
        for name in PEERS:
            target.unlink(missing_ok=True)
            runs[name].append(measured("--peer", str(source), str(target), name))
    figures = {name: median(found) for name, found in runs.items()}
    fastest = min(PEERS, key=lambda name: figures[name].clock)
    print(f"{'':34}{'clock s':>9}{'CPU s':>8}{'peak MB':>9}")
    for name, one in figures.items():
        label = "contract, ledger, quarantine" if name == "ours" else f"plain polars, {name}"
        label += " (fastest)" if name == fastest else ""
        print(f"{label:34}{one.clock:9.2f}{one.cpu:8.2f}{one.memory:9.0f}")
    differing = compared(city, planted, rows)
    mine, other = figures["ours"], figures[fastest]
    slower, larger = mine.clock / other.clock, mine.memory / other.memory
    same = f"{rows - bad:,} observations and {bad:,} bad rows as the reference has them"
    good = slower <= TIME_BAR and larger <= MEMORY_BAR and not differing
    print(
        f"\nverdict: {'holds' if good else 'falls short'}: {slower:.2f} times the time (bar "
        f"{TIME_BAR}), {larger:.2f} times the memory (bar {MEMORY_BAR}), "
        f"{mine.cpu / other.cpu:.2f} times the CPU of plain polars; "
        f"{'; '.join(differing) or same}"
    )
    return 0 if good or not check else 1


if __name__ == "__main__":
    sys.exit(main())
