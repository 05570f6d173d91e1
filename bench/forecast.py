"""How many series are looked ahead per second, beside AutoETS and AutoTheta.

    python -m bench.forecast                  all sizes, without a peer
    python -m bench.forecast --peer PYTHON    beside statsforecast 2.1.1 in that interpreter's
                                              environment
    python -m bench.forecast --quick          a tenth of the backtest and of the largest panel
    python -m bench.forecast --check          exits 1 where a bar falls short

The models are those of `bench.accuracy`, with 80 and 95 % ranges. One thread everywhere, CPU
seconds, what is compiled or imported not counted. Without a peer its speed is the one measured
once. `18,000 x 12` is a backtest of 12 origins, each a forecast of its own.

`whole`: 300 indicators of 60 districts, 5 city areas and the city by month, five years of them, a
third of few cases, a third rates; forecast a year ahead and from earlier origins, calibrated, made
to add up, written as rows. Seconds on the clock with two processes, and the memory of all three.
"""

import argparse
import json
import resource
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import polars as pl

from bench.accuracy import DATA, LEVELS, m3
from forecasting.engine import PROCESSES, look_ahead
from forecasting.ensemble import forecast_panel
from forecasting.linear import Floats

SEED = 20260101
# Series per second of AutoETS and AutoTheta, as measured once with statsforecast 2.1.1.
MEASURED = {"monthly": (10.5, 103.1), "quarterly": (34.1, 233.7), "M3 monthly": (13.4, 70.0)}
BARS = {"monthly": (100.0, 20.0), "M3 monthly": (10.0, 0.0)}
BACKTEST_SECONDS = 240.0
LINEAR = 1.3
INDICATORS, DISTRICTS, CITY_AREAS, MONTHS = 300, 60, 5, 60
WHOLE_SECONDS, WHOLE_GB = 120.0, 4.0
_PEER = """
import json, os, sys, time
os.environ["OMP_NUM_THREADS"] = os.environ["NUMBA_NUM_THREADS"] = "1"
import numpy as np
from statsforecast.models import AutoETS, AutoTheta
asked = json.load(sys.stdin)
def run(model, histories):
    one = model(season_length=asked["season_length"])
    for values in histories:
        one.forecast(y=np.array(values), h=asked["horizon"], level=[80, 95])
rates = []
for model in (AutoETS, AutoTheta):
    run(model, asked["histories"][:2])
    started = time.process_time()
    run(model, asked["histories"])
    rates.append(len(asked["histories"]) / (time.process_time() - started))
json.dump(rates, sys.stdout)
"""


def made(series: int, length: int, season_length: int) -> list[Floats]:
    """Positive series with a season, a wandering level and noise."""
    rng = np.random.default_rng(SEED)
    level = np.cumsum(rng.normal(0, 1, (series, length)), axis=1)
    season = np.tile(rng.normal(0, 4, (series, season_length)), -(-length // season_length))
    values = 100 + level + season[:, :length] + rng.normal(0, 2, (series, length))
    return list(np.maximum(values, 1.0))


def seconds(histories: list[Floats], season_length: int, horizon: int) -> float:
    """CPU seconds of one look ahead of all series."""
    started = time.process_time()
    forecast_panel(histories, season_length=season_length, horizon=horizon, levels=LEVELS)
    return time.process_time() - started


def peer(python: Path, histories: list[Floats], season_length: int, horizon: int) -> list[float]:
    """Series per second of AutoETS and AutoTheta, over every so many of the series."""
    chosen = histories[:: max(1, len(histories) // 60)]
    asked = {
        "season_length": season_length,
        "horizon": horizon,
        "histories": [one.tolist() for one in chosen],
    }
    answer = subprocess.run(
        [python, "-c", _PEER], input=json.dumps(asked), capture_output=True, check=True, text=True
    )
    found: list[float] = json.loads(answer.stdout)
    return found


def main() -> int:
    """Print the table and the verdict; 1 where a bar falls short and `--check` is given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--peer", type=Path)
    arguments = parser.parse_args()
    less = 10 if arguments.quick else 1
    panels = {
        "monthly": (made(10_000, 120, 12), 12, 18),
        "quarterly": (made(40_000, 40, 4), 4, 8),
    }
    if arguments.data.is_dir():
        panels["M3 monthly"] = (m3(arguments.data, "monthly", 12).histories, 12, 18)
    seconds(panels["quarterly"][0][:2], 4, 8)
    missed = []
    print(f"{'':14}{'series':>9}{'CPU s':>8}{'per s':>9}{'x AutoETS':>11}{'x AutoTheta':>13}")
    for name, (histories, season_length, horizon) in panels.items():
        spent = seconds(histories, season_length, horizon)
        rate = len(histories) / spent
        rates = (
            peer(arguments.peer, histories, season_length, horizon)
            if arguments.peer
            else MEASURED[name]
        )
        times = [rate / one for one in rates]
        print(
            f"{name:14}{len(histories):9,}{spent:8.1f}{rate:9,.0f}{times[0]:11.0f}{times[1]:13.0f}"
        )
        for bar, reached, what in zip(
            BARS.get(name, (0.0, 0.0)), times, ("AutoETS", "AutoTheta"), strict=True
        ):
            if reached < bar:
                missed.append(f"{name} {reached:.0f} times {what}, bar {bar:.0f}")
        if arguments.peer:
            print(f"  peer: AutoETS {rates[0]:.1f}, AutoTheta {rates[1]:.1f} per second")
    missed += _growth(100_000 // less)
    missed += _backtest(18_000 // less, BACKTEST_SECONDS / less)
    missed += _whole(INDICATORS // less, WHOLE_SECONDS / less)
    print(f"\nverdict: {'falls short: ' + '; '.join(missed) if missed else 'all bars hold'}")
    return 1 if missed and arguments.check else 0


def _growth(most: int) -> list[str]:
    """A series may cost no more among many than among a tenth of them."""
    few, many = (made(count, 40, 4) for count in (most // 10, most))
    each = [seconds(one, 4, 8) / len(one) for one in (few, many)]
    print(
        f"\n{most:,} quarterly series: {each[1] / each[0]:.2f} times the CPU per series of a tenth"
    )
    return [] if each[1] <= LINEAR * each[0] else [f"{most:,} series grow faster than linear"]


def _whole(indicators: int, bar: float) -> list[str]:
    """Rows for all areas of a city that add up, and the record of the past."""
    values, areas = city(indicators)
    kinds = pl.col("indicator_id").str.head(5).replace_strict({"rates": "rate"}, default="count")
    specs = (
        values.select("indicator_id", "grain")
        .unique()
        .with_columns(
            levels=pl.lit(["district", "city area", "city"]), horizon=pl.lit(12), kind=kinds
        )
    )
    started = time.perf_counter()
    found = look_ahead(values, specs, run_id="bench", areas=areas)
    spent = time.perf_counter() - started
    here, there = (
        resource.getrusage(who).ru_maxrss / 1e6
        for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    used = here + PROCESSES * there
    series = values.select("indicator_id", "area_id").n_unique()
    refused = found.forecast["quantile"].null_count()
    print(
        f"whole: {indicators} indicators, {series:,} series ({refused} refused), "
        f"{found.forecast.height:,} rows: {spent:.0f} s on {PROCESSES} processes (bar {bar:.0f}), "
        f"{used:.1f} GB at most (bar {WHOLE_GB:.0f})"
    )
    missed = [] if spent <= bar else [f"the whole takes {spent:.0f} s"]
    return missed if used <= WHOLE_GB else [*missed, f"the whole needs {used:.1f} GB"]


def city(indicators: int) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Values of a made-up city, and its areas: many cases, few cases and rates by turns."""
    rng = np.random.default_rng(SEED)
    ids = [f"d{place:02}" for place in range(DISTRICTS)]
    parents = [f"a{place % CITY_AREAS}" for place in range(DISTRICTS)]
    belongs = np.array([[parent == f"a{one}" for parent in parents] for one in range(CITY_AREAS)])
    sums = np.vstack([np.ones(DISTRICTS), belongs, np.eye(DISTRICTS)])
    levels = ["city"] + ["city area"] * CITY_AREAS + ["district"] * DISTRICTS
    names = ["city", *(f"a{one}" for one in range(CITY_AREAS)), *ids]
    starts = pl.date_range(
        pl.date(2020, 1, 1), pl.date(2019 + MONTHS // 12, 12, 1), "1mo", eager=True
    )
    season = 1 + 0.2 * np.sin(np.arange(MONTHS) / 12 * 2 * np.pi)
    people = np.outer(rng.uniform(2_000, 20_000, DISTRICTS), 1 + 0.001 * np.arange(MONTHS)).round()
    frames = []
    for place in range(indicators):
        kind = ("many", "few", "rates")[place % 3]
        middle = (
            rng.uniform(0.5, 9, DISTRICTS) if kind == "few" else rng.uniform(20, 300, DISTRICTS)
        )
        drift = np.exp(np.cumsum(rng.normal(0, 0.03, (DISTRICTS, MONTHS)), axis=1))
        cases = sums @ rng.poisson(middle[:, None] * season * drift)
        bases = sums @ people
        values = 1000 * cases / bases if kind == "rates" else cases
        frames.append(
            pl.DataFrame(
                {
                    "area_id": np.repeat(names, MONTHS),
                    "level": np.repeat(levels, MONTHS),
                    "period_start": pl.concat([starts] * len(names)),
                    "numerator": cases.ravel(),
                    "denominator": bases.ravel() if kind == "rates" else None,
                    "value": values.ravel(),
                },
                schema_overrides={"denominator": pl.Float64},
            ).with_columns(indicator_id=pl.lit(f"{kind}_{place:03}"))
        )
    named = pl.concat(frames).with_columns(
        area_system=pl.lit("made_up"),
        area_version=pl.lit("1"),
        group_id=pl.lit("all"),
        grain=pl.lit("month"),
        unit=pl.lit("cases"),
        status=pl.lit("observed"),
        as_of=pl.date(2025, 1, 31),
    )
    above = [None, *["city"] * CITY_AREAS, *parents]
    areas = pl.DataFrame({"area_id": names, "parent_id": above}).with_columns(
        area_system=pl.lit("made_up"), area_version=pl.lit("1")
    )
    return named, areas


def _backtest(series: int, bar: float) -> list[str]:
    whole = made(series, 120, 12)
    spent = sum(seconds([one[: 120 - cut] for one in whole], 12, 12) for cut in range(12))
    print(f"{series:,} x 12 origins: {spent:.0f} CPU s on one core (bar {bar:.0f})")
    return [] if spent <= bar else [f"backtest takes {spent:.0f} CPU s"]


if __name__ == "__main__":
    sys.exit(main())
