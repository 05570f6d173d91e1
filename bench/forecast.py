"""How many series are looked ahead per second, beside AutoETS and AutoTheta.

    python -m bench.forecast                  all sizes, without a peer
    python -m bench.forecast --peer PYTHON    beside statsforecast 2.1.1 in that interpreter's
                                              environment
    python -m bench.forecast --quick          a tenth of the backtest and of the largest panel
    python -m bench.forecast --check          exits 1 where a bar falls short

The models are those of `bench.accuracy`, with 80 and 95 % ranges. One thread everywhere, CPU
seconds, what is compiled or imported not counted. Without a peer its speed is the one measured
once. `18,000 x 12` is a backtest of 12 origins, each a forecast of its own.
"""

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from bench.accuracy import DATA, LEVELS, m3
from forecasting.ensemble import forecast_panel
from forecasting.linear import Floats

SEED = 20260101
# Series per second of AutoETS and AutoTheta, as measured once with statsforecast 2.1.1.
MEASURED = {"monthly": (10.5, 103.1), "quarterly": (34.1, 233.7), "M3 monthly": (13.4, 70.0)}
BARS = {"monthly": (100.0, 20.0), "M3 monthly": (10.0, 0.0)}
BACKTEST_SECONDS = 240.0
LINEAR = 1.3
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


def _backtest(series: int, bar: float) -> list[str]:
    whole = made(series, 120, 12)
    spent = sum(seconds([one[: 120 - cut] for one in whole], 12, 12) for cut in range(12))
    print(f"{series:,} x 12 origins: {spent:.0f} CPU s on one core (bar {bar:.0f})")
    return [] if spent <= bar else [f"backtest takes {spent:.0f} CPU s"]


if __name__ == "__main__":
    sys.exit(main())
