"""How long it takes from the lake to the published indicators, beside a script written by hand.

    python -m bench.warehouse            1, 10 and 100 million observations
    python -m bench.warehouse --quick    1 million
    python -m bench.warehouse --check    exits 1 where a bar falls short

Ours is what `wirkraum run` does between ingest and the looks ahead: hand over the inputs, build the
base models with their tests, publish. The floor (`floor.sql`) computes the same indicator values
for exactly these declarations and nothing else; where 10 million are computed the pandas script of
`analyst.py` stands beside it. Each runs in a process of its own, one after the other, and all rows
they give are compared. Then 10,000 rows are delivered, and at the second largest size the same
lake is computed for 300 indicators instead of 30.
"""

import argparse
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from bench.warehouse import city

FLOOR_BAR, MEMORY_BAR, GROWTH_BAR, DELIVERY_BAR, MANY_BAR = 1.8, 8.0, 11.0, 0.08, 1.3
LARGEST, MIDDLE, SMALL = sorted(city.SIZES, reverse=True)
MANY = 300


class Took(NamedTuple):
    """Seconds by the clock, CPU seconds, GB at the peak of the process so far, rows of its end."""

    clock: float
    cpu: float
    memory: float
    rows: int = 0


def timed(step: Callable[[], Any]) -> Took:
    """Run a step in this process."""
    began, used = time.perf_counter(), resource.getrusage(resource.RUSAGE_SELF)
    rows = step()
    now = resource.getrusage(resource.RUSAGE_SELF)
    unit = 1 if sys.platform == "darwin" else 1024
    return Took(
        time.perf_counter() - began,
        now.ru_utime + now.ru_stime - used.ru_utime - used.ru_stime,
        now.ru_maxrss * unit / 1e9,
        rows if isinstance(rows, int) else 0,
    )


def ours(folder: Path) -> dict[str, Took]:
    """From the lake to the marts, then to the published warehouse."""
    import duckdb

    from orchestration import steps, warehouse
    from orchestration.city import City

    def build() -> int:
        town = City.open(folder)
        warehouse.write_inputs(town.declarations, town.place)
        warehouse.manifest_path(town.place)
        warehouse.begin(town.place)
        warehouse.build(town.place, "base")
        with duckdb.connect(str(town.place.warehouse), read_only=True) as con:
            (count,) = con.sql("SELECT count(*) FROM marts.indicator_value").fetchone() or (0,)
        return int(count)

    def publish() -> None:
        town = City.open(folder)
        steps.publish(town)

    return {"build": timed(build), "publish": timed(publish)}


def floor(folder: Path) -> dict[str, Took]:
    """The script by hand, with the settings of ours."""
    import duckdb

    script = Path(__file__).with_name("floor.sql").read_text(encoding="utf-8")
    script = script.format(lake=folder / "store" / "lake", inputs=folder / "var/build/inputs")
    target = folder / "floor.duckdb"
    target.unlink(missing_ok=True)

    def run() -> int:
        with duckdb.connect(str(target)) as con:
            con.execute("SET memory_limit = '6GB'; SET preserve_insertion_order = false")
            con.execute(script)
            (count,) = con.sql("SELECT count(*) FROM indicator_value").fetchone() or (0,)
        return int(count)

    return {"build": timed(run)}


def analyst(folder: Path) -> dict[str, Took]:
    """The pandas script; its values lie beside those of the floor."""
    from bench.warehouse.analyst import compute

    def run() -> int:
        made = compute(folder / "store" / "lake", folder / "var/build/inputs")
        made.to_parquet(folder / "analyst.parquet")
        return len(made)

    return {"build": timed(run)}


def apart(what: str, folder: Path) -> dict[str, Took]:
    """Run one of the three in a process of its own."""
    command = [sys.executable, "-m", "bench.warehouse", "--only", what, str(folder)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode:
        raise SystemExit(f"{what}: exit {done.returncode}")
    last = done.stdout.splitlines()[-1]
    return {name: Took(*figures) for name, figures in json.loads(last).items()}


_KEYS = "indicator_id, area_id, period_start, grain, group_id"
_FIGURES = ("numerator", "denominator", "value", "low", "high")


def differing(folder: Path, peer: str) -> int:
    """How many rows of our indicator values are not those of the floor or of the analyst."""
    import duckdb

    floor_rows = (
        "SELECT *, if(is_year, 'year', 'month') AS grain FROM peer.indicator_value"
        if peer == "floor"
        else f"FROM '{folder / 'analyst.parquet'}'"
    )
    apart = " OR ".join(
        f"(coalesce(abs(one.{name} - other.{name}) > 1e-9 * abs(other.{name}), false) "
        f"OR (one.{name} IS NULL) != (other.{name} IS NULL))"
        for name in _FIGURES
    )
    with duckdb.connect() as con:
        con.execute("SET memory_limit = '6GB'; SET preserve_insertion_order = false")
        con.execute(f"SET temp_directory = '{folder / 'compare'}'")
        built = folder / "var" / "build" / "warehouse.duckdb"
        con.execute(f"ATTACH '{built}' AS ours (READ_ONLY)")
        if peer == "floor":
            con.execute(f"ATTACH '{folder / 'floor.duckdb'}' AS peer (READ_ONLY)")
        (count,) = con.execute(
            f"""
            WITH other AS (
                SELECT * REPLACE (
                    area_id::VARCHAR AS area_id, group_id::VARCHAR AS group_id,
                    period_start::DATE AS period_start
                ) FROM ({floor_rows})
            )
            SELECT count(*) FROM ours.marts.indicator_value AS one
            FULL JOIN other USING ({_KEYS})
            WHERE one.status IS DISTINCT FROM other.status OR {apart}
            """
        ).fetchone() or (0,)
    return int(count)


def line(label: str, one: Took, beside: Took | None = None) -> str:
    """One line of the table."""
    ratio = (
        ""
        if beside is None
        else f"{one.clock / beside.clock:8.2f} (CPU {one.cpu / beside.cpu:.2f})"
    )
    return f"{label:44}{one.clock:9.1f}{one.cpu:9.1f}{one.memory:8.2f}{one.rows:13,}{ratio}"


def main() -> int:
    """Print the table and the verdict; 1 where a bar falls short and `--check` is given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--at-most", type=int, default=LARGEST, help="rows of the largest lake")
    parser.add_argument("--only", nargs=2, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.only:
        what, folder = arguments.only
        run = {"ours": ours, "floor": floor, "analyst": analyst}[what]
        print(json.dumps(run(Path(folder))))
        return 0
    os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
    most = SMALL if arguments.quick else arguments.at_most
    sizes = sorted(size for size in city.SIZES if size <= most)
    with tempfile.TemporaryDirectory(prefix="bench-warehouse-") as temporary:
        falls_short = _bench(Path(temporary), sizes)
    return 1 if falls_short and arguments.check else 0


def _bench(folder: Path, sizes: list[int]) -> bool:
    print(f"{'':44}{'clock s':>9}{'CPU s':>9}{'GB':>8}{'values':>13}{'times the floor':>16}")
    smaller, largest = sizes[max(len(sizes) - 2, 0)], sizes[-1]
    builds: dict[int, Took] = {}
    bars: list[tuple[str, float, float]] = []
    wrong = 0
    for rows in sizes:
        place, size = folder / str(rows), city.SIZES[rows]
        city.write_municipality(place, size)
        print(f"{city.write_lake(place, size):,} observations")
        mine, by_hand = apart("ours", place), apart("floor", place)["build"]
        builds[rows] = mine["build"]
        print(line("  lake to marts", mine["build"], by_hand))
        print(line("  publish", mine["publish"]))
        print(line("  floor: one script by hand", by_hand))
        wrong += differing(place, "floor")
        if rows == MIDDLE:
            print(line("  pandas", apart("analyst", place)["build"], by_hand))
            wrong += differing(place, "analyst")
        if rows == smaller:
            many = _many(place, size)
            print(line(f"  {MANY} indicators: lake to marts", many))
            each = builds[rows].clock / builds[rows].rows
            bars.append((f"{MANY} indicators", many.clock / many.rows / each, MANY_BAR))
        if rows == largest:
            slower = builds[rows].clock / by_hand.clock
            bars.append(("times the floor", slower, FLOOR_BAR))
            bars.append(("GB", max(one.memory for one in mine.values()), MEMORY_BAR))
            bars.append(("of a full build for a delivery", _delivery(place, mine), DELIVERY_BAR))
        shutil.rmtree(place)
    if largest > smaller:
        growth = builds[largest].clock / builds[smaller].clock
        bars.append((f"times from {smaller:,} to {largest:,}", growth, GROWTH_BAR))
    good = not wrong and all(found <= bar for _, found, bar in bars)
    told = ", ".join(f"{found:.2f} {what} (bar {bar:g})" for what, found, bar in bars)
    print(
        f"\nverdict: {'holds' if good else 'falls short'}: {told}; "
        f"{f'{wrong:,} values differ' if wrong else 'all values as the scripts have them'}"
    )
    return not good


def _delivery(place: Path, full: dict[str, Took]) -> float:
    """What part of a full build, published, one more delivery takes."""
    added = city.deliver_more(place, city.SIZES[int(place.name)])
    more = apart("ours", place)
    print(line(f"  {added:,} rows more: to marts", more["build"]))
    print(line(f"  {added:,} rows more: publish", more["publish"]))
    return sum(one.clock for one in more.values()) / sum(one.clock for one in full.values())


def _many(place: Path, size: city.Size) -> Took:
    """The same lake for many indicators."""
    other = place.with_name(f"{place.name}-many")
    city.write_municipality(other, size._replace(indicators=MANY))
    shutil.copytree(place / "store", other / "store", copy_function=os.link)
    took = apart("ours", other)["build"]
    shutil.rmtree(other)
    return took


if __name__ == "__main__":
    sys.exit(main())
