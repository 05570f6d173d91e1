"""Theta: the matrices do what the recursions of the papers do, one series at a time."""

from __future__ import annotations

import numpy as np
import pytest
from statsmodels.tsa.seasonal import seasonal_decompose

from forecasting import theta
from forecasting.linear import Floats

LENGTH = 11
HORIZON = 5


def series(seed: int = 3) -> Floats:
    return 20 + np.cumsum(np.random.default_rng(seed).normal(0.5, 1, LENGTH))


def classical_by_hand(
    values: Floats, level: float, start: float
) -> tuple[list[float], list[float]]:
    errors, state = [], start
    for value in values:
        errors.append(value - state)
        state += level * errors[-1]
    slope = np.polyfit(np.arange(LENGTH), values, 1)[0]
    offset = (1 - (1 - level) ** LENGTH) / level
    return errors, [state + slope / 2 * (h + offset) for h in range(HORIZON)]


def dynamic_by_hand(
    values: Floats, level: float, weight: float, start: float
) -> tuple[list[float], list[float]]:
    """Fiorucci et al. (2016), equations 11 to 16, values counted from 1 as there."""
    state, mean, base, slope = start, 0.0, 0.0, 0.0
    errors, ahead = [], []
    for t in range(1, LENGTH + HORIZON + 1):
        line = (1 - level) ** (t - 1) * base + (1 - (1 - level) ** t) / level * slope
        expected = state + (1 - 1 / weight) * line if t > 1 else state
        value = values[t - 1] if t <= LENGTH else expected
        errors.append(value - expected)
        ahead.append(expected)
        state = level * value + (1 - level) * state
        slope = ((t - 2) * slope + 6 / t * (value - mean)) / (t + 1) if t > 1 else 0.0
        mean = ((t - 1) * mean + value) / t
        base = mean - (t + 1) / 2 * slope
    return errors[:LENGTH], ahead[LENGTH:]


@pytest.mark.parametrize("point", [0, 4, 12])
def test_classical_is_the_recursion(point: int) -> None:
    values, models = series(), theta.classical(LENGTH, HORIZON)
    start = float((models.starts[point] @ values)[0])
    errors, ahead = classical_by_hand(values, theta._LEVEL[point], start)
    assert np.allclose(models.residuals[point] @ values, errors)
    assert np.allclose(models.ahead[point] @ values, ahead)


@pytest.mark.parametrize("point", [1, 20, 38, 77])
def test_dynamic_is_the_recursion_of_the_paper(point: int) -> None:
    values, models = series(), theta.dynamic(LENGTH, HORIZON)
    start = float((models.starts[point] @ values)[0])
    level, weight = theta._LEVEL[point // len(theta._LINE)], theta._LINE[point % len(theta._LINE)]
    errors, ahead = dynamic_by_hand(values, level, weight, start)
    assert np.allclose(models.residuals[point] @ values, errors)
    assert np.allclose(models.ahead[point] @ values, ahead)


def test_no_other_start_leaves_smaller_errors() -> None:
    values, models = series(), theta.classical(LENGTH, HORIZON)
    best = float(((models.residuals[5] @ values) ** 2).sum())
    start = float((models.starts[5] @ values)[0])
    for other in (start - 0.1, start + 0.1):
        errors, _ = classical_by_hand(values, theta._LEVEL[5], other)
        assert np.square(errors).sum() > best


@pytest.mark.parametrize(("season_length", "kind"), [(12, "multiplicative"), (4, "multiplicative")])
def test_the_season_is_that_of_statsmodels(season_length: int, kind: str) -> None:
    rng = np.random.default_rng(1)
    pattern = np.tile(1 + 0.3 * np.sin(np.arange(season_length)), 5)
    values = (80 + np.arange(pattern.size)) * pattern * rng.uniform(0.98, 1.02, pattern.size)
    found = theta.season_of(values[None], season_length)
    known = seasonal_decompose(values, model=kind, period=season_length).seasonal
    assert found.ratio.all()
    assert np.allclose(found.pattern[0], known[:season_length])
    assert np.allclose(found.taken_from(values[None])[0], values / known)


def test_amounts_where_ratios_cannot_be() -> None:
    values = np.tile([0.0, 4.0, 10.0, -3.0], 8) + np.random.default_rng(2).normal(0, 0.3, 32)
    found = theta.season_of(values[None], 4)
    known = seasonal_decompose(values, model="additive", period=4).seasonal
    assert not found.ratio.any()
    assert np.allclose(found.pattern[0], known[:4])


def test_without_a_season_nothing_is_adjusted() -> None:
    noise = 50 + np.random.default_rng(4).normal(0, 1, (20, 48))
    found = theta.season_of(noise, 12)
    untouched = (found.pattern == 1.0).all(axis=1)
    assert untouched.mean() > 0.8


def test_ranges_follow_the_season() -> None:
    """The high month is more uncertain than the low one, by the ratio of their factors."""
    rng = np.random.default_rng(5)
    values = np.tile([20.0, 100.0], 20) * rng.uniform(0.9, 1.1, 40)
    found = theta.extrapolate(
        values[None], season_length=2, horizon=2, levels=(0.1, 0.5, 0.9), precision=np.float64
    )[0]
    width = found[:, 2] - found[:, 0]
    factors = theta.season_of(values[None], 2).pattern[0]
    assert width[1] / width[0] == pytest.approx(factors[1] / factors[0], rel=0.05)
