"""How wrong the outlook is on public series, and how often its ranges hold.

    python -m bench.accuracy                    M3, hospital and tourism
    python -m bench.accuracy --quick            without the 1,428 monthly series of M3
    python -m bench.accuracy --check            exits 1 where a bar falls short
    python -m bench.accuracy --peer PYTHON      runs AutoETS beside it, with the interpreter of
                                                an environment that holds statsforecast 2.1.1

The same defaults for all sets, nothing tuned per set: the ensemble, its ranges calibrated on the
pool of a set. Each forecast is made without the values it is scored against. The bars: sMAPE and
MASE of M3 below the best entry of the competition or near it, MASE of hospital below the best of
the Monash archive (.761), tourism below the published MinT on AutoETS. Without `--peer` the mean
scaled interval score of AutoETS is the one measured once with statsforecast 2.1.1.
"""

import argparse
import csv
import json
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from forecasting.calibrate import calibrated_panel
from forecasting.ensemble import expected_panel
from forecasting.ets import one_step_errors
from forecasting.linear import Floats
from forecasting.reconcile import reconciled
from forecasting.scores import inside, interval_score, naive_error, smape

DATA = Path(__file__).resolve().parents[2] / "shared" / "data" / "forecast_benchmarks"
LEVELS = (0.025, 0.1, 0.5, 0.9, 0.975)
MEASURED_AUTO_ETS = {"M3 yearly": 28.71, "M3 quarterly": 11.26, "M3 monthly": 6.83}
BARS: dict[str, dict[str, tuple[float, float]]] = {
    "M3 yearly": {"sMAPE": (0, 15.9), "in 80": (78, 82), "in 95": (93, 96)},
    "M3 quarterly": {"sMAPE": (0, 9.0), "in 80": (78, 82), "in 95": (93, 96)},
    "M3 monthly": {"sMAPE": (0, 13.5), "MASE": (0, 0.835), "in 80": (78, 82), "in 95": (93, 96)},
    "hospital": {"MASE": (0, 0.75)},
    "tourism": {"RMSE": (0, 40.5), "MASE": (0, 0.97)},
}
# Read from standard input: season length, horizon and histories. It runs where only the peer is.
_AUTO_ETS = """
import json, sys
from statsforecast.models import AutoETS
import numpy as np
asked = json.load(sys.stdin)
names, found = ("lo-95", "lo-80", "mean", "hi-80", "hi-95"), []
for values in asked["histories"]:
    one = AutoETS(season_length=asked["season_length"]).forecast(
        y=np.array(values), h=asked["horizon"], level=[80, 95])
    found.append([list(map(float, one[name])) for name in names])
json.dump(found, sys.stdout)
"""


@dataclass(frozen=True)
class Set:
    """Series of one kind, cut where the forecast begins."""

    name: str
    season_length: int
    histories: list[Floats]
    actual: Floats

    @property
    def horizon(self) -> int:
        """Periods ahead."""
        return int(self.actual.shape[1])


def m3(folder: Path, period: str, season_length: int) -> Set:
    """One frequency of the M3 competition."""
    found = json.loads((folder / "m3" / "m3_data.json").read_text())
    chosen = [one for one in found.values() if one["period"][0] == period.upper()]
    return Set(
        f"M3 {period}",
        season_length,
        [np.array(one["x"], dtype=np.float64) for one in chosen],
        np.array([one["xx"] for one in chosen], dtype=np.float64),
    )


def hospital(folder: Path) -> Set:
    """767 monthly counts of patients; the last 12 months are held back."""
    with (folder / "hospital_expsmooth" / "DERIVED_hospital_wide.csv").open() as lines:
        rows = list(csv.reader(lines))[1:]
    values = np.array([row[1:] for row in rows], dtype=np.float64).T
    return Set("hospital", 12, list(values[:, :-12]), values[:, -12:])


def scored(one: Set, quantiles: Floats) -> dict[str, float]:
    """Means over series; those without a change from season to season have no scaled errors."""
    scale = np.array([naive_error(values, one.season_length) for values in one.histories])
    low95, low80, median, high80, high95 = np.moveaxis(quantiles, 2, 0)
    error = np.abs(one.actual - median).mean(axis=1)
    interval = interval_score(low95, high95, one.actual, 0.95).mean(axis=1)
    return {
        "sMAPE": float(smape(median, one.actual).mean()),
        "MASE": float(np.nanmean(error / scale)),
        "in 80": float(100 * inside(low80, high80, one.actual).mean()),
        "in 95": float(100 * inside(low95, high95, one.actual).mean()),
        "MSIS": float(np.nanmean(interval / scale)),
    }


def auto_ets(python: Path, one: Set) -> dict[str, float]:
    """The same scores of AutoETS of statsforecast."""
    asked = {
        "season_length": one.season_length,
        "horizon": one.horizon,
        "histories": [values.tolist() for values in one.histories],
    }
    answer = subprocess.run(
        [python, "-c", _AUTO_ETS],
        input=json.dumps(asked),
        capture_output=True,
        check=True,
        text=True,
    )
    return scored(one, np.array(json.loads(answer.stdout)).swapaxes(1, 2))


def tourism(folder: Path) -> dict[str, float]:
    """Australian trips by state, region and purpose: 425 series that add up, last 8 quarters."""
    table = folder / "tourism_hierarchical" / "DERIVED_tsibble_tourism_long.csv"
    with table.open() as lines:
        rows = sorted(csv.DictReader(lines), key=lambda row: row["Quarter"])
    names = ("State", "Region", "Purpose")
    parts = sorted({tuple(row[name] for name in names) for row in rows})
    values: dict[tuple[str, ...], list[float]] = {part: [] for part in parts}
    for row in rows:
        values[tuple(row[name] for name in names)].append(float(row["Trips"]))
    sums, published = _sums(parts, [(), (2,), (0,), (0, 1), (0, 2), (0, 1, 2)])
    everything = sums @ np.array([values[part] for part in parts])
    history, actual = everything[:, :-8], everything[:, -8:]
    forecast = reconciled(
        expected_panel(list(history), season_length=4, horizon=8),
        one_step_errors(history, season_length=4),
        sums,
    )
    error = actual - forecast
    scale = np.array([naive_error(one, 4) for one in history])
    root = np.sqrt((error**2).mean(axis=1))
    scaled = np.abs(error).mean(axis=1) / scale
    # The published table leaves the purposes of each state out.
    return {"RMSE": float(root[published].mean()), "MASE": float(scaled[published].mean())}


def _sums(
    parts: list[tuple[str, ...]], cuts: list[tuple[int, ...]]
) -> tuple[Floats, np.ndarray[Any, np.dtype[np.bool_]]]:
    rows, published = [], []
    for cut in cuts:
        keys = [tuple(part[place] for place in cut) for part in parts]
        for key in sorted(set(keys)):
            rows.append([float(one == key) for one in keys])
            published.append(cut != (0, 2))
    return np.array(rows), np.array(published)


def short_of(name: str, found: dict[str, float], peer: float | None) -> list[str]:
    """Which bars the figures of one set miss."""
    missed = [
        f"{name} {what} {found[what]:.3f} not within {low:g} to {high:g}"
        for what, (low, high) in BARS[name].items()
        if not low <= found[what] <= high
    ]
    if peer is not None and found["MSIS"] > peer:
        missed.append(f"{name} MSIS {found['MSIS']:.2f} above AutoETS {peer:.2f}")
    return missed


def main() -> int:
    """Print the table and the verdict; 1 where a bar falls short and `--check` is given."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--check", action="store_true")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--peer", type=Path)
    arguments = parser.parse_args()
    if not arguments.data.is_dir():
        print(f"verdict: not measured: no benchmark series in {arguments.data} (--data FOLDER)")
        return 1 if arguments.check else 0
    sets = [m3(arguments.data, "yearly", 1), m3(arguments.data, "quarterly", 4)]
    sets += [] if arguments.quick else [m3(arguments.data, "monthly", 12)]
    sets += [hospital(arguments.data)]
    missed: list[str] = []
    heads = ("sMAPE", "MASE", "in 80", "in 95", "MSIS", "CPU s")
    print(f"{'':24}{'series':>7}{heads[0]:>8}" + "".join(f"{head:>7}" for head in heads[1:]))
    for one in sets:
        started = time.process_time()
        quantiles, _ = calibrated_panel(
            one.histories,
            one.histories,
            season_length=one.season_length,
            horizon=one.horizon,
            levels=LEVELS,
        )
        seconds = time.process_time() - started
        found = scored(one, quantiles)
        print(_line(one.name, len(one.histories), found) + f"{seconds:7.1f}")
        peer = MEASURED_AUTO_ETS.get(one.name)
        if arguments.peer and peer is not None:
            theirs = auto_ets(arguments.peer, one)
            peer = theirs["MSIS"]
            print(_line("  AutoETS", len(one.histories), theirs))
        elif peer is not None:
            print(f"{'  AutoETS, measured once':24}{peer:43.2f}")
        missed += short_of(one.name, found, peer)
    found = tourism(arguments.data)
    missed += short_of("tourism", found, None)
    print(f"\ntourism, 425 series reconciled: RMSE {found['RMSE']:.2f}, MASE {found['MASE']:.3f}")
    print("  published, MinT on AutoETS: RMSE 40.47, MASE 0.97")
    print(f"\nverdict: {'falls short: ' + '; '.join(missed) if missed else 'all bars hold'}")
    return 1 if missed and arguments.check else 0


def _line(name: str, series: int, found: dict[str, float]) -> str:
    return (
        f"{name:24}{series:7,}{found['sMAPE']:8.2f}{found['MASE']:7.3f}{found['in 80']:7.1f}"
        f"{found['in 95']:7.1f}{found['MSIS']:7.2f}"
    )


if __name__ == "__main__":
    sys.exit(main())
