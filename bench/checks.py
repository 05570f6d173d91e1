"""How long the checks of a delivery take: our rules in polars and the suite, beside plain GX.

    python -m bench.checks            1 million tidy rows
    python -m bench.checks --quick    50,000
    python -m bench.checks --check    exits 1 where we need more CPU time than the peer

The peer hands all rows to Great Expectations on pandas with 20 expectations. Both look at the same
delivery with the same planted faults, and both have to count them alike. CPU seconds, not the
clock, since polars works on several cores; imports of Great Expectations count for neither. The
bar is plain GX alone, without the time to hand it the rows as pandas.
"""

import argparse
import sys
import time
from collections.abc import Callable
from datetime import date
from typing import Any, TypeVar

import numpy as np
import pandas as pd
import polars as pl

from quality.checks import REGISTER_SCHEMA, STATUSES, Delivered, MeasureSpec, SourceSpec, SumRule
from quality.expectations import _great_expectations, judge

T = TypeVar("T")
SEED = 20260101
SEXES = ("all", "geschlecht=m", "geschlecht=w")
MEASURES = tuple(f"measure_{number}" for number in range(5))
FAULTS = {"area_known": 7, "minimum": 5, "whole_numbers": 3, "unit_as_declared": 11}


def register(districts: int) -> pl.DataFrame:
    """A city of 12 boroughs with their districts, in one version."""
    boroughs = [f"{number:02}" for number in range(1, 13)]
    rows: list[tuple[str, str, int, str | None]] = [("0", "stadt", 2, None)]
    rows += [(one, "bezirk", 1, "0") for one in boroughs]
    rows += [
        (f"{boroughs[n % 12]}{n:04}", "planungsraum", 0, boroughs[n % 12]) for n in range(districts)
    ]
    frame = pl.DataFrame(rows, schema=["area_id", "level", "level_rank", "parent_id"], orient="row")
    return frame.select(
        area_system=pl.lit("lor"),
        area_version=pl.lit("2021"),
        area_id="area_id",
        level="level",
        level_rank=pl.col("level_rank").cast(pl.Int64),
        parent_id="parent_id",
        is_unassigned=pl.lit(False),
        valid_from=pl.lit(date(2021, 1, 1)),
    ).select(REGISTER_SCHEMA.names())


def delivery(areas: pl.DataFrame, months: int) -> pl.DataFrame:
    """Counts of every measure, month, district and sex, with sums that hold; then the faults."""
    rng = np.random.default_rng(SEED)
    fine = areas.filter(level_rank=0).select("area_id", borough="parent_id")
    starts = [date(2014 + n // 12, n % 12 + 1, 1) for n in range(months)]
    grid = (
        pl.DataFrame({"measure_id": MEASURES})
        .join(pl.DataFrame({"period_start": starts}), how="cross")
        .join(fine, how="cross")
        .join(pl.DataFrame({"group_id": SEXES[1:]}), how="cross")
    )
    grid = grid.with_columns(value=pl.Series(rng.poisson(40, grid.height)).cast(pl.Float64))
    key = ["measure_id", "period_start"]
    both = grid.group_by(*key, "area_id", "borough", maintain_order=True).agg(
        pl.col("value").sum(), group_id=pl.lit("all")
    )
    parts = pl.concat([grid, both.select(grid.columns)])
    up = parts.group_by(*key, "borough", "group_id", maintain_order=True).agg(pl.col("value").sum())
    city = parts.group_by(*key, "group_id", maintain_order=True).agg(pl.col("value").sum())
    columns = [*key, "area_id", "group_id", "value"]
    whole = pl.concat(
        [
            parts.select(columns),
            up.rename({"borough": "area_id"}).select(columns),
            city.with_columns(area_id=pl.lit("0")).select(columns),
        ]
    ).with_columns(
        source_id=pl.lit("bench"),
        area_system=pl.lit("lor"),
        area_version=pl.lit("2021"),
        grain=pl.lit("month"),
        unit=pl.lit("Fälle"),
        status=pl.lit("observed"),
        as_of=pl.lit(date(2025, 1, 1)),
    )
    row = pl.int_range(pl.len())
    first = dict(zip(FAULTS, np.cumsum([0, *FAULTS.values()][:-1]), strict=True))

    def hit(name: str) -> pl.Expr:
        return row.is_between(int(first[name]), int(first[name]) + FAULTS[name] - 1)

    return whole.with_columns(
        area_id=pl.when(hit("area_known")).then(pl.lit("9999")).otherwise("area_id"),
        value=pl.when(hit("minimum"))
        .then(-1.0)
        .when(hit("whole_numbers"))
        .then(0.5)
        .otherwise("value"),
        unit=pl.when(hit("unit_as_declared")).then(pl.lit("Personen")).otherwise("unit"),
    )


def ours(observations: pl.DataFrame, areas: pl.DataFrame) -> dict[str, float]:
    """Figures of all our checks, by check."""
    spec = SourceSpec(
        source_id="bench",
        measures=tuple(MeasureSpec(one, "Fälle") for one in MEASURES),
        register=areas,
        sums=tuple(SumRule(one, "geschlecht", ("m", "w")) for one in MEASURES),
    )
    complete = (("lor", "2021", "planungsraum"),)
    verdicts = judge(
        [Delivered("one", observations.lazy(), observations.height, complete=complete)], spec
    )
    return dict(verdicts.select("check_id", "observed").iter_rows())


def as_pandas(observations: pl.DataFrame) -> pd.DataFrame:
    """What the peer judges; the fraction is a column, since GX has no expectation for it."""
    frame = observations.with_columns(rest=pl.col("value") % 1).to_pandas()
    frame["period_start"] = frame["period_start"].dt.date
    return frame


def peer(frame: pd.DataFrame, areas: pl.DataFrame) -> dict[str, float]:
    """Figures of 20 expectations of Great Expectations over all rows on pandas."""
    batches, vocabulary, suite_of = _great_expectations()
    texts = ("source_id", "measure_id", "area_system", "area_version", "area_id", "grain",
             "group_id", "unit", "status")  # fmt: skip
    known: dict[str, list[str]] = {
        "source_id": ["bench"],
        "measure_id": list(MEASURES),
        "area_system": ["lor"],
        "area_version": ["2021"],
        "area_id": areas["area_id"].to_list(),
        "grain": ["month"],
        "group_id": list(SEXES),
        "unit": ["Fälle"],
        "status": list(STATUSES),
    }
    asked: dict[str, Any] = {
        f"empty:{name}": vocabulary.ExpectColumnValuesToNotBeNull(column=name)
        for name in (*texts[:6], "value")
    }
    asked |= {
        f"known:{name}": vocabulary.ExpectColumnValuesToBeInSet(column=name, value_set=known[name])
        for name in texts
    }
    between = vocabulary.ExpectColumnValuesToBeBetween
    asked["minimum"] = between(column="value", min_value=0)
    asked["period"] = between(column="period_start", min_value=date(1900, 1, 1))
    asked["whole"] = vocabulary.ExpectColumnValuesToBeInSet(column="rest", value_set=[0.0])
    keys = ["measure_id", "area_id", "period_start", "grain", "group_id"]
    asked["key"] = vocabulary.ExpectCompoundColumnsToBeUnique(column_list=keys)
    for name, expectation in asked.items():
        expectation.meta = {"name": name}
    answer = batches.get_batch({"dataframe": frame}).validate(
        suite_of(name="peer", expectations=list(asked.values())),
        result_format={"result_format": "BASIC", "partial_unexpected_count": 0},
    )
    assert len(asked) == 20
    return {
        one.expectation_config.meta["name"]: float(one.result["unexpected_count"])
        for one in answer.results
    }


def timed(run: Callable[[], T]) -> tuple[float, float, T]:
    """CPU seconds, seconds by the clock, and the result."""
    cpu, clock = time.process_time(), time.perf_counter()
    found = run()
    return time.process_time() - cpu, time.perf_counter() - clock, found


def main() -> int:
    """Print the table and the verdict; 1 where a bar falls short and `--check` is given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--check", action="store_true")
    arguments = parser.parse_args()
    areas = register(60 if arguments.quick else 542)
    observations = delivery(areas, 48 if arguments.quick else 120)
    started = time.process_time()
    _great_expectations()
    imported = time.process_time() - started
    print(
        f"{observations.height:,} tidy rows; importing GX took {imported:.1f} CPU s, not counted\n"
    )
    cpu, clock, found = timed(lambda: ours(observations, areas))
    hand_cpu, hand_clock, frame = timed(lambda: as_pandas(observations))
    ask_cpu, ask_clock, peer_found = timed(lambda: peer(frame, areas))
    print(f"{'':42}{'CPU s':>8}{'clock s':>9}{'checks':>8}")
    print(f"{'rules in polars, suite over their outcome':42}{cpu:8.2f}{clock:9.2f}{len(found):8}")
    print(f"{'plain GX over all rows':42}{ask_cpu:8.2f}{ask_clock:9.2f}{len(peer_found):8}")
    print(f"{'  and handing them to pandas before':42}{hand_cpu:8.2f}{hand_clock:9.2f}\n")
    same = {
        "area_known": "known:area_id",
        "minimum": "minimum",
        "whole_numbers": "whole",
        "unit_as_declared": "known:unit",
    }
    alike = all(found[mine] == peer_found[other] == FAULTS[mine] for mine, other in same.items())
    good = alike and cpu <= ask_cpu
    print(
        f"verdict: {'holds' if good else 'falls short'}: {observations.height:,} rows in "
        f"{cpu:.2f} CPU s, {cpu / ask_cpu:.2f} times plain GX with 20 expectations "
        f"({ask_cpu:.2f} s); planted faults {'counted alike' if alike else 'counted differently'}"
    )
    return 0 if good or not arguments.check else 1


if __name__ == "__main__":
    sys.exit(main())
