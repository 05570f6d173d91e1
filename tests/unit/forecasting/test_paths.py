"""Paths from quantiles: margins kept, dependence as asked for, chance that goes by name."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.backtest import Backtest
from forecasting.linear import Floats
from forecasting.paths import (
    PERSISTENCE,
    Dependence,
    drawn,
    persistence,
    quantiles_of,
    scores,
    shared,
)
from forecasting.scores import QUANTILES

NORMAL = np.array([-1.959964, -1.281552, 0.0, 1.281552, 1.959964])
NAMES = [f"district {place}" for place in range(40)]


def errors(lasting: float = 0.5, common: float = 0.0, *, draws: int = 1000) -> Floats:
    return scores(NAMES, "city", Dependence(lasting, common), horizon=8, draws=draws)


def test_margins_keep_their_quantiles() -> None:
    quantiles = np.stack([10 + 2 * NORMAL, [1.0, 3.0, 4.0, 9.0, 20.0]])[:, None]
    found = drawn(quantiles, QUANTILES, scores(["a", "b"], "", Dependence(), horizon=1))
    again = quantiles_of(found, QUANTILES)
    assert np.allclose(again, quantiles, rtol=5e-3)
    plain = np.quantile(found, QUANTILES, axis=2, method="hazen")
    assert np.allclose(again, np.moveaxis(plain, 0, 2))
    assert found[0].std() == pytest.approx(2, rel=0.02)


def test_draws_are_ranked_as_asked() -> None:
    quantiles = np.tile(NORMAL, (1, 3, 1))
    order = np.random.default_rng(1).normal(size=(1, 3, 200))
    found = drawn(quantiles, QUANTILES, order)
    assert np.array_equal(np.argsort(found, axis=2), np.argsort(order, axis=2))


@pytest.mark.parametrize(("lasting", "common"), [(0.0, 0.0), (1.0, 0.0), (0.5, 0.4), (0.8, 0.9)])
def test_dependence_is_as_asked_for(lasting: float, common: float) -> None:
    found = errors(lasting, common)
    assert abs(found.mean()) < 0.1
    assert found.std() == pytest.approx(1, abs=0.05)
    over_time = np.corrcoef(found[:, 3].ravel(), found[:, 7].ravel())[0, 1]
    assert over_time == pytest.approx(lasting * np.sqrt(4 / 8), abs=0.06)
    together = np.asarray(np.corrcoef(found[:, 5]))
    between = together[~np.eye(len(NAMES), dtype=bool)].mean()
    assert between == pytest.approx(common, abs=0.06)


def test_a_series_draws_the_same_whoever_stands_beside_it() -> None:
    dependence = Dependence(0.5, 0.3)
    together = scores(NAMES, "city", dependence, horizon=8)
    alone = scores(NAMES[7:9][::-1], "city", dependence, horizon=8)
    assert np.array_equal(together[[8, 7]], alone)
    assert not np.array_equal(alone, scores(NAMES[7:9][::-1], "town", dependence, horizon=8))
    earlier = scores(NAMES[7:9], "city", dependence, horizon=8, origin=1)
    assert not np.array_equal(earlier, together[7:9])


def past(lasting: float, origins: int = 60) -> Backtest:
    """Forecasts of 0 with normal ranges, and errors of which a part lasts."""
    came = np.stack(
        [
            scores(NAMES[:3], "", Dependence(lasting), horizon=8, draws=1, origin=place)[..., 0]
            for place in range(origins)
        ]
    )
    quantiles = np.broadcast_to(NORMAL, (*came.shape, 5))
    return Backtest(quantiles, quantiles, came, np.ones(3))


def test_what_lasts_is_learned_from_the_past_and_believed_little_after_few_origins() -> None:
    assert persistence(past(0.9)) > 0.75
    assert persistence(past(0.0)) < 0.2
    assert abs(persistence(past(0.0, origins=2)) - PERSISTENCE) < 0.2
    nothing = past(0.5)
    nothing.actual[:] = np.nan
    assert persistence(nothing) == PERSISTENCE


def test_what_is_shared_is_the_mean_correlation() -> None:
    rng = np.random.default_rng(3)
    alone, common = rng.normal(size=(30, 100)), rng.normal(size=100)
    assert shared(alone) < 0.05
    assert shared(np.sqrt(0.6) * common + np.sqrt(0.4) * alone) == pytest.approx(0.6, abs=0.1)
    assert shared(alone[:1]) == 0
    assert shared(np.zeros((4, 20))) == 0
    assert shared(np.stack([alone[0], -alone[0]])) == 0
