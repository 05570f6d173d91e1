"""Series that learn from each other how wide ranges have to be, and are judged together."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
import polars as pl

from forecasting import counts, ensemble, naive, refusal
from forecasting.accuracy import BACKTEST_SCHEMA, POOL, accuracy, naive_wins
from forecasting.backtest import Backtest, look_back
from forecasting.calibrate import cross_stretched, factors, stretched
from forecasting.ets import EXPLOSIVE_FACTOR
from forecasting.growing import carried
from forecasting.linear import Floats
from forecasting.naive import naive_panel
from forecasting.paths import PERSISTENCE, persistence
from forecasting.periods import SEASON_LENGTH
from forecasting.refusal import Refusal
from forecasting.scores import QUANTILES, naive_error
from forecasting.series import (
    LONGEST_GAP_AT_END,
    MINIMUM_LENGTH,
    Ready,
    grouped,
    mean_cases,
)
from forecasting.small import look_at_small, side_by_side

LEAST_WIDTH: Final = 1e-4
# What these kinds count may be added up over areas; their declarations see to it.
SUMMED_KINDS: Final = ("count", "share", "rate", "ratio")
_NONE: Final = np.empty((0, 0, len(QUANTILES)))


@dataclass(frozen=True)
class Looked:
    """What is ahead of one series, before and after it fits its neighbours.

    Attributes:
        ready: the series.
        model: what is published.
        begin: place of the first period ahead.
        quantiles: (periods, quantiles) in the unit of the indicator; a refusal where there are
            none.
        past: (origins, horizon, quantiles); the same model from earlier origins.
        persistence: how much of an error lasts.
        paths: (draws, periods) in cases, of few cases.
        past_paths: (origins, draws, horizon); the same from earlier origins.
        apart: part of the cases of a sum that its parts come to where it does not fit them.
    """

    ready: Ready
    model: str
    begin: int
    quantiles: Floats | Refusal
    past: Floats
    persistence: float = PERSISTENCE
    paths: Floats | None = None
    past_paths: Floats | None = None
    apart: float | None = None

    @property
    def can_be_added_up(self) -> bool:
        """Whether cases are known, people where it is of a number of them, and what is ahead."""
        row, series = self.ready.row, self.ready.series
        known = np.isfinite(series.numerators)
        if row["kind"] != "count":
            known &= series.denominators > 0
        # Few cases that cannot be looked at alone may be the sum of parts that can.
        told = self.ready.cases is not None or not isinstance(self.quantiles, Refusal)
        return told and row["kind"] in SUMMED_KINDS and bool(known.any())


@dataclass(frozen=True)
class Pool:
    """Series that are judged together, and what their forecasts were worth in the past."""

    series: list[Looked]
    backtest: Backtest | None
    models: tuple[str, str]

    def record(self, run_id: str, fitting: list[Looked]) -> pl.DataFrame:
        """Figures of both models, those of the published one as it fits its neighbours."""
        if self.backtest is None:
            return pl.DataFrame(schema=BACKTEST_SCHEMA)
        published = fitting[0].model
        name = "naive" if published == self.models[1] else "quantiles"
        past = np.stack([one.past for one in fitting], axis=1)
        row = self.series[0].ready.row
        return accuracy(
            replace(self.backtest, **{name: past}),
            QUANTILES,
            models=self.models,
            key={name: row[name] for name in POOL if name != "run_id"} | {"run_id": run_id},
            published=published,
            as_of=max(one.ready.row["as_of"] for one in self.series),
        )


def look(batch: list[Ready]) -> Iterator[tuple[list[Ready], Floats, Backtest]]:
    """Forecast a batch and its past; give back each pool with its quantiles and its backtest."""
    grain, horizon = batch[0].row["grain"], batch[0].row["horizon"]
    quantiles, backtest = look_back(
        [one.modelled for one in batch],
        [np.where(np.isfinite(one.values), one.modelled, np.nan) for one in batch],
        season_length=SEASON_LENGTH[grain],
        horizon=horizon,
        # As far as the most belated area may need, so that none depends on who else is late.
        beyond=LONGEST_GAP_AT_END,
        levels=QUANTILES,
        logs=batch[0].scale.name == "log",
        shortest=MINIMUM_LENGTH[grain],
    )
    place = {id(one): number for number, one in enumerate(batch)}
    for pool in grouped(batch, lambda one: one.pool):
        members = [place[id(one)] for one in pool]
        yield pool, quantiles[members], backtest.of(members)


def pool_of(pool: list[Ready], quantiles: Floats, backtest: Backtest) -> Pool:
    """Widen or narrow the ranges of a pool, or repeat the last season where that was closer."""
    grain = pool[0].row["grain"]
    models = (ensemble.MODEL_NAME, naive.MODEL_NAME)
    units = [one.in_its_unit for one in pool]
    steps = np.array([naive_error(one.values, SEASON_LENGTH[grain]) for one in pool])
    scored = cross_stretched(backtest, QUANTILES).through(units, steps)
    simple = naive_wins(scored, QUANTILES)
    season_length, horizon = SEASON_LENGTH[grain], quantiles.shape[1]

    def again(series: Sequence[Floats]) -> Floats:
        if simple:
            return naive_panel(
                series, season_length=season_length, horizon=horizon, levels=QUANTILES
            )
        return ensemble.forecast_panel(
            series,
            season_length=season_length,
            horizon=horizon,
            levels=QUANTILES,
            logs=pool[0].scale.name == "log",
        )

    if simple:
        quantiles = again([one.modelled for one in pool])
    else:
        quantiles = stretched(quantiles, factors(backtest, QUANTILES))
    quantiles = _still_growing(pool, quantiles, again)
    past = scored.naive if simple else scored.quantiles
    lasting = persistence(scored)
    looked = []
    for row, (one, modelled) in enumerate(zip(pool, quantiles, strict=True)):
        found: Floats | Refusal
        try:
            found = _publishable(one, modelled)
        except Refusal as why:
            found = why
        looked.append(Looked(one, models[simple], one.span[1], found, past[:, row], lasting))
    return Pool(looked, scored, models)


def _still_growing(
    pool: list[Ready], quantiles: Floats, again: Callable[[Sequence[Floats]], Floats]
) -> Floats:
    """Widen ranges by what the model would say had values that still grow come out otherwise."""
    rows = [row for row, one in enumerate(pool) if one.moved]
    # What lies flat because it is moved has nothing to say.
    rows = [row for row in rows if min(np.ptp(side) for side in pool[row].moved or ()) > 0]
    if not rows:
        return quantiles
    found, middle = quantiles.copy(), len(QUANTILES) // 2
    low, high = (
        again([moved[side] for row in rows if (moved := pool[row].moved)])[..., middle]
        for side in (0, 1)
    )
    found[rows] = carried(quantiles[rows], QUANTILES, low, high)
    return found


def small_pool(pool: list[Ready]) -> Pool:
    """Forecast all series of a level that have few cases."""
    grain, horizon = pool[0].row["grain"], pool[0].row["horizon"]
    models = (counts.MODEL_NAME, naive.SMALL_NAME)
    try:
        found = look_at_small(
            side_by_side([one.cases for one in pool if one.cases], [one.span for one in pool]),
            season_length=SEASON_LENGTH[grain],
            horizon=horizon,
            levels=QUANTILES,
            shortest=MINIMUM_LENGTH[grain],
            seed="|".join(pool[0].row[name] for name in POOL if name != "run_id"),
        )
    except Refusal as why:
        refused = [
            refusal.few_and_alone(mean_cases(one.row), why)
            if np.ptp(one.series.numerators[np.isfinite(one.series.numerators)]) > 0
            else refusal.constant(one.series.known)
            for one in pool
        ]
        looked = [
            Looked(one, models[0], 0, reason, _NONE)
            for one, reason in zip(pool, refused, strict=True)
        ]
        return Pool(looked, None, models)
    simple = naive_wins(found.backtest, QUANTILES)
    quantiles = found.naive if simple else found.quantiles
    past = found.backtest.naive if simple else found.backtest.quantiles
    lasting = persistence(found.backtest)
    begin = max(one.span[1] for one in pool)
    looked = [
        Looked(
            one,
            models[simple],
            begin,
            quantiles[row],
            past[:, row],
            lasting,
            None if simple else found.paths[:, row],
            None if simple else found.past_paths[:, :, row],
        )
        for row, one in enumerate(pool)
    ]
    return Pool(looked, found.backtest, models)


def _publishable(one: Ready, modelled: Floats) -> Floats:
    """Quantiles in the unit of the indicator, one row per period; raises Refusal."""
    known = np.isfinite(one.values)
    # What was filled in teaches nothing about errors.
    middle = modelled[:, 2:3]
    modelled = middle + (modelled - middle) * np.sqrt(known.size / known.sum())
    modelled = modelled[: one.periods_after_end + one.row["horizon"]]
    if not modelled[0, -1] - modelled[0, 0] > LEAST_WIDTH * np.ptp(one.modelled):
        raise refusal.not_settled()
    quantiles = one.in_its_unit(modelled)
    highest = float(np.nanmax(np.abs(one.values)))
    upper = float(np.max(np.abs(quantiles)))
    if not np.isfinite(upper):
        raise refusal.not_settled()
    if upper > EXPLOSIVE_FACTOR * highest:
        raise refusal.explosive(upper, highest)
    return quantiles
