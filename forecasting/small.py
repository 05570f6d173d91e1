"""Small counts of one level, and rates of them: forecast together, today and from earlier origins.

Below ten cases a period chance prevails in each series; what can be said is said by
`forecasting.counts` of all such series of a level at once. A share or rate of few cases is that of
the count to come, held against the latest known denominator: beside chance its change is nothing.

Where the latest counts are nowcasts, three in ten paths start from their low end, four from their
middle and three from their high end: at 10, 50 and 90 percent these parts keep mean and variance of
what is open (Swanson's rule; Hurst, Brown & Swanson 2000, AAPG Bulletin 84: 1883-1891).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from numpy.typing import NDArray

from forecasting.backtest import Backtest, cuts
from forecasting.counts import DRAWS, MINIMUM_PERIODS, forecast_counts, mid_quantiles
from forecasting.gaps import filled
from forecasting.growing import carried
from forecasting.linear import Floats
from forecasting.naive import naive_panel
from forecasting.paths import generator
from forecasting.refusal import Refusal
from forecasting.scores import naive_error

# Enough for figures over many series and origins.
PAST_DRAWS: Final = 300
# Part of the paths that starts from each end of a nowcast.
_TAIL: Final = 0.3


@dataclass(frozen=True)
class Cases:
    """Few cases per period, and what one of them is in the unit of the indicator.

    Attributes:
        cases: in the order of time; NaN where unknown, never negative.
        per_case: value of one case, per period: 1 for counts.
        most: how many cases there can be, per period: the denominator of a share, else infinite.
        moved: `cases` had nowcasts come out low, and high; None without nowcasts.
    """

    cases: Floats
    per_case: Floats
    most: Floats
    moved: tuple[Floats, Floats] | None = None


@dataclass(frozen=True)
class SmallForecast:
    """What is ahead of the series of a level, and how good that would have been.

    Attributes:
        paths: (draws, series, horizon); whole cases.
        quantiles: (series, horizon, quantiles); in the unit of the indicator.
        naive: the same of the seasonal naive forecast.
        backtest: as in `forecasting.backtest`, in the unit of the indicator.
        past_paths: (origins, draws, series, horizon); whole cases, NaN where there is none.
    """

    paths: Floats
    quantiles: Floats
    naive: Floats
    backtest: Backtest
    past_paths: Floats


def cases_of(cases: Floats, values: Floats, denominators: Floats, *, share: bool) -> Cases:
    """Put a series in terms of its cases; all arrays per period, NaN where unknown.

    Args:
        cases: the numerators, or the counts themselves.
        values: in the unit of the indicator.
        denominators: NaN where there are none.
        share: whether there can be no more cases than the denominator counts.
    """
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.where(cases > 0, values / cases, np.nan)
        unit = each * denominators
        if np.isfinite(unit).any():
            each = np.where(denominators > 0, np.nanmedian(unit) / denominators, np.nan)
    most = _carried(denominators, np.inf) if share else np.full(cases.shape, np.inf)
    return Cases(cases, _carried(each, 1.0), most)


def side_by_side(series: Sequence[Cases], spans: Sequence[tuple[int, int]]) -> Cases:
    """Put series on one grid (series, periods); spans are places of the first and after the last.

    Where a series has not begun or has ended already, its cases are unknown; what a case is worth
    then is what it was first or last.
    """
    first = min(start for start, _ in spans)
    length = max(end for _, end in spans) - first
    pads = [(start - first, length - (end - first)) for start, end in spans]

    def beside(each: list[Floats]) -> Floats:
        padded = zip(each, pads, strict=True)
        return np.stack([np.pad(one, pad, constant_values=np.nan) for one, pad in padded])

    moved = None
    if any(one.moved for one in series):
        low, high = (
            beside([one.moved[side] if one.moved else one.cases for one in series])
            for side in (0, 1)
        )
        moved = low, high
    per_case, most = (
        np.stack([np.pad(one, pad, mode="edge") for one, pad in zip(each, pads, strict=True)])
        for each in ([one.per_case for one in series], [one.most for one in series])
    )
    return Cases(beside([one.cases for one in series]), per_case, most, moved)


def look_at_small(
    level: Cases,
    *,
    season_length: int,
    horizon: int,
    levels: tuple[float, ...],
    shortest: int,
    seed: str,
) -> SmallForecast:
    """Forecast all small series of a level from today and from earlier origins.

    Args:
        level: arrays (series, periods) on one grid that ends with the last period known of any.
        season_length: periods per year; 1 for none.
        horizon: periods ahead of that.
        levels: the quantiles wanted, rising.
        shortest: least number of periods at an origin.
        seed: names the level; the same name and series give the same draws.

    Raises:
        Refusal: too few series or periods, or the estimation did not settle.
    """
    values = level.cases * level.per_case
    paths, quantiles, naive = _ahead(level, season_length, horizon, levels, generator(seed), DRAWS)
    if level.moved is not None:
        (low, _, naive_low), (high, _, naive_high) = (
            _ahead(
                replace(level, cases=cases),
                season_length,
                horizon,
                levels,
                generator(f"{seed}|nowcast {side}"),
                int(_TAIL * DRAWS),
            )
            for side, cases in zip(("low", "high"), level.moved, strict=True)
        )
        paths = np.concatenate([low, paths[len(low) : -len(high)], high])
        quantiles = mid_quantiles(paths, levels) * level.per_case[:, -1:, None]
        middle = len(levels) // 2
        naive = carried(naive, levels, naive_low[..., middle], naive_high[..., middle])
    length = values.shape[1]
    origins = cuts(length, horizon, season_length, max(shortest, MINIMUM_PERIODS))
    shape = (len(origins), values.shape[0], horizon)
    past = Backtest(
        np.full((*shape, len(levels)), np.nan),
        np.full((*shape, len(levels)), np.nan),
        np.full(shape, np.nan),
        np.array([naive_error(one, season_length) for one in values]),
    )
    past_paths = np.full((len(origins), PAST_DRAWS, *shape[1:]), np.nan)
    for place, cut in enumerate(origins):
        before = slice(length - cut)
        enough = np.isfinite(values[:, before]).sum(axis=1) >= max(shortest, season_length + 1)
        known = Cases(
            level.cases[enough, before], level.per_case[enough, before], level.most[enough, before]
        )
        try:
            drawn, past.quantiles[place, enough], past.naive[place, enough] = _ahead(
                known, season_length, horizon, levels, generator(seed, cut), PAST_DRAWS
            )
        except Refusal:
            continue
        past_paths[place][:, enough] = drawn
        came = values[enough, length - cut :][:, :horizon]
        past.actual[place, enough, : came.shape[1]] = came
    return SmallForecast(paths, quantiles, naive, past, past_paths)


def _ahead(
    level: Cases,
    season_length: int,
    horizon: int,
    levels: tuple[float, ...],
    rng: np.random.Generator,
    draws: int,
) -> tuple[Floats, Floats, Floats]:
    """Paths in cases, quantiles and naive quantiles in the unit of the indicator."""
    found = forecast_counts(
        level.cases,
        season_length=season_length,
        horizon=horizon,
        rng=rng,
        draws=draws,
        quantiles=levels,
    )
    unit, most = level.per_case[:, -1], level.most[:, -1]
    paths = np.minimum(found.paths, most[:, None])
    repeated = naive_panel(
        [_without_gaps(row, season_length) for row in level.cases],
        season_length=season_length,
        horizon=horizon,
        levels=levels,
    )
    repeated = np.clip(repeated, 0.0, most[:, None, None])
    unit = unit[:, None, None]
    return paths, mid_quantiles(paths, levels) * unit, repeated * unit


def _without_gaps(cases: Floats, season_length: int) -> Floats:
    """From the first known period to the last of the grid; late ones repeat the year before."""
    known = np.flatnonzero(np.isfinite(cases))
    within = np.maximum(filled(cases[known[0] : known[-1] + 1], season_length), 0.0)
    late = cases.size - 1 - known[-1]
    return np.concatenate([within, np.resize(within[-season_length:], late)])


def _carried(figures: Floats, otherwise: float) -> Floats:
    """The last known figure where one is unknown; before the first, the first."""
    known: NDArray[np.int64] = np.flatnonzero(np.isfinite(figures))
    if not known.size:
        return np.full(figures.shape, otherwise)
    places = np.searchsorted(known, np.arange(figures.size), side="right") - 1
    return np.asarray(figures[known[np.maximum(places, 0)]])
