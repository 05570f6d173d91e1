"""How wrong forecasts made earlier were, in figures to be kept and read."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any, Final

import numpy as np
import polars as pl

from forecasting.backtest import Backtest
from forecasting.calibrate import FEWEST_ORIGINS
from forecasting.linear import Floats
from forecasting.scores import inside, smape, weighted_interval_score

# Series of one pool are judged together; these name it in the table.
POOL: Final = ("run_id", "indicator_id", "area_system", "area_version", "level", "grain")
BACKTEST_SCHEMA: Final = pl.Schema(
    {
        **dict.fromkeys(POOL, pl.String()),
        "model": pl.String(),
        "ahead": pl.Int64(),
        "published": pl.Boolean(),
        "series": pl.Int64(),
        "origins": pl.Int64(),
        "forecasts": pl.Int64(),
        "smape": pl.Float64(),
        "mase": pl.Float64(),
        "wis": pl.Float64(),
        "coverage_80": pl.Float64(),
        "coverage_95": pl.Float64(),
        "status": pl.String(),
        "reason": pl.String(),
        "reason_en": pl.String(),
        "as_of": pl.Date(),
    }
)


def naive_wins(backtest: Backtest, levels: tuple[float, ...]) -> bool:
    """Whether repeating the last season scored better over all origins, series and periods."""
    origins = int(np.isfinite(backtest.actual).any(axis=(1, 2)).sum())
    if origins < FEWEST_ORIGINS:
        return False
    model, simple = (
        _scaled(weighted_interval_score(one, levels, backtest.actual), backtest)
        for one in (backtest.quantiles, backtest.naive)
    )
    return bool(np.isfinite(model).any() and np.nanmean(simple) < np.nanmean(model))


def accuracy(
    backtest: Backtest,
    levels: tuple[float, ...],
    *,
    models: tuple[str, str],
    key: Mapping[str, Any],
    published: str,
    as_of: date,
) -> pl.DataFrame:
    """Figures per model and periods ahead of one pool, in the columns of `forecast_backtest`.

    Args:
        backtest: in the unit of the indicator.
        levels: 0.025, 0.1, 0.5, 0.9, 0.975.
        models: names of what is forecast with, and of the seasonal naive forecast.
        key: the columns of `POOL`.
        published: the model whose forecasts are published.
        as_of: what was known when this was made.
    """
    rows = []
    for model, quantiles in zip(models, (backtest.quantiles, backtest.naive), strict=True):
        for ahead in range(backtest.actual.shape[2]):
            actual = backtest.actual[:, :, ahead]
            scored = np.isfinite(actual)
            if scored.any():
                figures = _figures(quantiles[:, :, ahead], levels, actual, backtest)
                rows.append(
                    dict(key)
                    | {"model": model, "ahead": ahead + 1, "published": model == published}
                    | {"series": int(scored.any(axis=0).sum()), "forecasts": int(scored.sum())}
                    | {"origins": int(scored.any(axis=1).sum())}
                    | {name: _mean(found) for name, found in figures.items()}
                    | {"status": "observed", "as_of": as_of}
                )
    return pl.DataFrame(rows, schema=BACKTEST_SCHEMA)


def _figures(
    quantiles: Floats, levels: tuple[float, ...], actual: Floats, backtest: Backtest
) -> dict[str, Floats]:
    low95, low80, median, high80, high95 = np.moveaxis(quantiles, -1, 0)
    return {
        "smape": smape(median, actual),
        "mase": _scaled(np.abs(actual - median), backtest),
        "wis": _scaled(weighted_interval_score(quantiles, levels, actual), backtest),
        "coverage_80": 100 * inside(low80, high80, actual),
        "coverage_95": 100 * inside(low95, high95, actual),
    }


def _scaled(errors: Floats, backtest: Backtest) -> Floats:
    """Errors (origins, series, ...) in units of the mean change of their series over a season."""
    scale = backtest.scale.reshape(1, -1, *(1,) * (errors.ndim - 2))
    return np.asarray(errors / scale)


def _mean(figures: Floats) -> float | None:
    known = figures[np.isfinite(figures)]
    return float(known.mean()) if known.size else None
