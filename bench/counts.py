"""Small counts of many districts: do the ranges hold, for districts over a year and for the city?

    python -m bench.counts [--quick] [--check]

Districts with means of 0.3 to 10 cases a month are simulated by eight processes that differ in what
moves them; six years are known, the twelve months after are looked ahead at. Beside ours stands a
Gaussian model of each series (level by exponential smoothing, fixed season, normal errors; its
paths are drawn and summed in the same way). Seeds are fixed, and nothing is fitted to the bench.

`annual`: 80 % ranges of a district's sum over twelve months. `city`: of all districts in a month.
The bars are for all processes together: the months of a city share one fate, so the city of one
process is partly luck, and where the level breaks every range widens. Those outside are named.
`below zero`: draws, not ranges.
"""

import argparse
import sys
import time
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from forecasting.counts import forecast_counts, mid_quantiles

Floats = NDArray[np.float64]
Forecast = Callable[[Floats, np.random.Generator], Floats]

DISTRICTS, KNOWN, AHEAD, DRAWS = 60, 72, 12, 500
RANGE = (0.1, 0.9)
BARS = (0.76, 0.84)
PROCESSES = (
    "Poisson",
    "overdispersed",
    "AR(1) level",
    "season",
    "common shock",
    "level halves",
    "random walk",
    "all of them",
)


class Result(NamedTuple):
    """One model on one process: shares between 0 and 1, mean loss, CPU seconds a city."""

    process: str
    model: str
    annual: float
    city: float
    month: float
    below_zero: float
    loss: float
    seconds: float


def simulate(process: str, rng: np.random.Generator) -> Floats:
    """Counts of one city: districts as rows, months as columns."""
    months = np.arange(KNOWN + AHEAD)
    everything = process == "all of them"
    log = np.log(10) * rng.uniform(np.log10(0.3), 1.0, (DISTRICTS, 1)) + np.zeros(months.size)
    if process == "season" or everything:
        log = log + 0.3 * np.sin(2 * np.pi * months / 12 + 1)
    if process == "AR(1) level" or everything:
        log = log + _ar(rng, DISTRICTS, 0.25)
    if process == "common shock" or everything:
        log = log + _ar(rng, 1, 0.15)
    if process == "level halves":
        log = log - np.log(2) * (months >= KNOWN // 2)
    if process == "random walk":
        log = log + np.cumsum(rng.normal(0, 0.03, log.shape), axis=1)
    mean = np.exp(log)
    if process == "overdispersed" or everything:
        shape = 20.0 if everything else 4.0
        mean = mean * rng.gamma(shape, 1 / shape, mean.shape)
    return rng.poisson(mean).astype(np.float64)


def _ar(rng: np.random.Generator, rows: int, deviation: float, memory: float = 0.8) -> Floats:
    steps = rng.normal(0, deviation, (rows, KNOWN + AHEAD))
    steps[:, 1:] *= np.sqrt(1 - memory**2)
    for month in range(1, KNOWN + AHEAD):
        steps[:, month] += memory * steps[:, month - 1]
    return steps


def ours(panel: Floats, rng: np.random.Generator) -> Floats:
    """Paths: draws, districts, months."""
    return forecast_counts(panel, season_length=12, horizon=AHEAD, rng=rng, draws=DRAWS).paths


def gaussian(panel: Floats, rng: np.random.Generator) -> Floats:
    """Paths of a Gaussian model of each series: draws, districts, months."""
    years = panel.reshape(panel.shape[0], -1, 12)
    season = years.mean(axis=1) - panel.mean(axis=1, keepdims=True)
    rest = (years - season[:, None]).reshape(panel.shape)
    best = np.full(panel.shape[0], np.inf)
    level, spread, gain = (np.zeros(panel.shape[0]) for _ in range(3))
    for weight in (0.0, 0.05, 0.1, 0.2, 0.3, 0.5):
        now = rest[:, :12].mean(axis=1)
        errors = np.empty_like(rest[:, 12:])
        for month in range(12, KNOWN):
            errors[:, month - 12] = rest[:, month] - now
            now = now + weight * errors[:, month - 12]
        squares = (errors**2).mean(axis=1)
        better = squares < best
        best = np.where(better, squares, best)
        level, gain = np.where(better, now, level), np.where(better, weight, gain)
        spread = np.sqrt(best)
    shocks = spread[:, None] * rng.standard_normal((DRAWS, panel.shape[0], AHEAD))
    carried = np.cumsum(shocks, axis=2) - shocks
    return level[:, None] + season + gain[:, None] * carried + shocks


def measure(process: str, model: str, forecast: Forecast, cities: int) -> Result:
    """Coverage of 80 % ranges over several cities of one process."""
    inside: dict[str, list[float]] = {"annual": [], "city": [], "month": []}
    below, loss, seconds = [], [], 0.0
    for seed in range(cities):
        counts = simulate(process, np.random.default_rng([seed, PROCESSES.index(process)]))
        begun = time.process_time()
        paths = forecast(counts[:, :KNOWN], np.random.default_rng([seed, 1]))
        seconds += time.process_time() - begun
        truth = counts[:, KNOWN:]
        for name, draws, true in (
            ("annual", paths.sum(axis=2), truth.sum(axis=1)),
            ("city", paths.sum(axis=1), truth.sum(axis=0)),
            ("month", paths, truth),
        ):
            low, high = np.moveaxis(mid_quantiles(draws, RANGE), -1, 0)
            inside[name].append(float(((true >= low) & (true <= high)).mean()))
        below.append(float((paths < 0).mean()))
        loss.append(_crps(paths, truth))
    mean = {name: float(np.mean(shares)) for name, shares in inside.items()}
    return Result(
        process,
        model,
        mean["annual"],
        mean["city"],
        mean["month"],
        float(np.mean(below)),
        float(np.mean(loss)),
        seconds / cities,
    )


def _crps(paths: Floats, truth: Floats) -> float:
    """Continuous ranked probability score of the draws, mean over districts and months."""
    ordered = np.sort(paths, axis=0)
    rank = (2 * np.arange(1, DRAWS + 1) - DRAWS - 1) / DRAWS**2
    apart = np.tensordot(rank, ordered, axes=1)
    return float((np.abs(paths - truth).mean(axis=0) - apart).mean())


def main() -> int:
    """Print the table and the verdict; 1 with --check where a bar falls short."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("--quick", action="store_true", help="8 cities per process, not 25")
    parser.add_argument("--check", action="store_true", help="exit 1 where a bar falls short")
    options = parser.parse_args()
    models: dict[str, Forecast] = {"ours": ours, "gaussian": gaussian}
    results = []
    print(
        f"{'process':<15}{'model':<10}{'annual':>8}{'city':>8}{'month':>8}{'below zero':>12}"
        f"{'CRPS':>8}{'CPU s':>8}"
    )
    for process in PROCESSES:
        for name, forecast in models.items():
            one = measure(process, name, forecast, 8 if options.quick else 25)
            results.append(one)
            _show(one)
    verdicts = {}
    for name in models:
        mine = [one for one in results if one.model == name]
        verdicts[name] = Result(
            "all", name, *(float(np.mean([one[place] for one in mine])) for place in range(2, 8))
        )
        _show(verdicts[name])
    whole = verdicts["ours"]
    short = [
        f"{what} {share:.1%}"
        for what, share in (("annual", whole.annual), ("city", whole.city))
        if not BARS[0] <= share <= BARS[1]
    ]
    short += [f"{whole.below_zero:.1%} of draws below zero"] if whole.below_zero else []
    outside = [
        f"{one.process} ({one.annual:.1%}, {one.city:.1%})"
        for one in results
        if one.model == "ours"
        and not all(BARS[0] <= share <= BARS[1] for share in (one.annual, one.city))
    ]
    print(f"outside {BARS[0]:.0%} to {BARS[1]:.0%} on their own: {', '.join(outside) or 'none'}")
    peer = verdicts["gaussian"]
    print(
        f"verdict: {'falls short: ' + '; '.join(short) if short else 'holds'}: 80 % ranges cover "
        f"{whole.annual:.1%} of annual sums and {whole.city:.1%} of months of a city, "
        f"{whole.below_zero:.1%} of draws below zero; Gaussian {peer.annual:.1%}, {peer.city:.1%}, "
        f"{peer.below_zero:.1%}"
    )
    return 1 if short and options.check else 0


def _show(one: Result) -> None:
    print(
        f"{one.process:<15}{one.model:<10}{one.annual:>8.1%}{one.city:>8.1%}{one.month:>8.1%}"
        f"{one.below_zero:>12.1%}{one.loss:>8.3f}{one.seconds:>8.2f}",
        flush=True,
    )


if __name__ == "__main__":
    sys.exit(main())
