"""The contract of screen and authority: statsmodels says the same at the same parameters."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from statsmodels.tsa.exponential_smoothing.ets import ETSModel

from forecasting import ets, linear
from forecasting.ets import SHAPES, Parameters, Shape

SERIES = 200
HORIZON = 8
SEASON = 4
LENGTH = 24
SAME = 1e-8


def random_panel(seed: int, *, length: int = LENGTH, series: int = SERIES) -> linear.Floats:
    rng = np.random.default_rng(seed)
    walk = np.cumsum(rng.normal(0.2, 1, (series, length)), axis=1)
    season = np.tile(rng.normal(0, 2, (series, SEASON)), -(-length // SEASON))[:, :length]
    return 50 + rng.uniform(0, 2, (series, 1)) * walk + season + rng.normal(0, 1, (series, length))


def authority(shape: Shape) -> ETSModel:
    """One model per shape: only its data change from series to series."""
    return ETSModel(
        pd.Series(np.arange(1.0, LENGTH + 1.0)),
        error="add",
        trend=None if shape.trend == "none" else "add",
        damped_trend=shape.trend == "damped",
        seasonal="add" if shape.seasonal else None,
        seasonal_periods=SEASON if shape.seasonal else None,
    )


def named(shape: Shape, point: Parameters, starts: linear.Floats) -> dict[str, float]:
    """Parameters and starting values under the names of statsmodels."""
    words = {"smoothing_level": point.level, "initial_level": starts[0]}
    if shape.trend != "none":
        words |= {"smoothing_trend": point.level * point.trend, "initial_trend": starts[1]}
    if shape.trend == "damped":
        words["damping_trend"] = point.damping
    if shape.seasonal:
        words["smoothing_seasonal"] = (1 - point.level) * point.season
        # Latest first here and there; the earliest is zero, see `candidates`.
        seasons = [*starts[-(SEASON - 1) :], 0.0]
        words |= {f"initial_seasonal.{place}": one for place, one in enumerate(seasons)}
    return words


def asked(model: ETSModel, series: linear.Floats, words: dict[str, float]) -> dict[str, Any]:
    model.endog = series
    result = model.smooth([words[name] for name in model.param_names])
    ahead = result.get_prediction(LENGTH, LENGTH + HORIZON - 1)
    return {
        "likelihood": result.llf,
        "forecast": ahead.predicted_mean,
        "variance": ahead.forecast_variance,
    }


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_the_screen_says_what_statsmodels_says(shape: Shape) -> None:
    panel = random_panel(SHAPES.index(shape))
    grid = shape.grid()
    models = ets.candidates(shape, grid, length=LENGTH, season_length=SEASON, horizon=HORIZON)
    chosen = np.random.default_rng(5).integers(len(grid), size=SERIES)
    model = authority(shape)
    for series, point in zip(panel, chosen, strict=True):
        squares = float(((models.residuals[point] @ series) ** 2).sum())
        ours = {
            "likelihood": -LENGTH / 2 * (np.log(2 * np.pi * squares / LENGTH) + 1),
            "forecast": models.ahead[point] @ series,
            "variance": models.growth[point] * squares / LENGTH,
        }
        words = named(shape, grid[point], models.starts[point] @ series)
        theirs = asked(model, series, words)
        for name, value in ours.items():
            assert np.allclose(value, theirs[name], rtol=SAME, atol=SAME), (name, grid[point])
