"""Small counts: whole paths, never below zero, sums that spread as the city does."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from forecasting.counts import CountForecast, forecast_counts, mid_quantiles, regress
from forecasting.refusal import Refusal
from forecasting.scores import QUANTILES

Floats = NDArray[np.float64]


def city(seed: int, *, districts: int = 30, months: int = 72, common: float = 0.0) -> Floats:
    """Counts of districts with 0.3 to 10 cases a month and shocks they share."""
    rng = np.random.default_rng(seed)
    level = np.exp(rng.uniform(np.log(0.3), np.log(10), (districts, 1)))
    return rng.poisson(level * np.exp(rng.normal(0, common, months))).astype(np.float64)


def ahead(panel: Floats, *, horizon: int = 12, season: int = 12, draws: int = 300) -> CountForecast:
    return forecast_counts(
        panel,
        season_length=season,
        horizon=horizon,
        rng=np.random.default_rng(7),
        draws=draws,
    )


def test_paths_are_whole_never_negative_and_add_up() -> None:
    made = ahead(city(1))
    assert made.paths.shape == (300, 30, 12)
    assert made.quantiles.shape == (30, 12, len(QUANTILES))
    assert (made.paths >= 0).all()
    assert np.array_equal(made.paths, np.round(made.paths))
    assert (np.diff(made.quantiles, axis=-1) >= 0).all()
    whole = mid_quantiles(made.paths.sum(axis=1), QUANTILES)
    assert whole.shape == (12, len(QUANTILES))
    assert np.allclose(made.paths.sum(axis=1).mean(axis=0), made.paths.mean(axis=0).sum(axis=0))


def test_ranges_of_a_year_and_of_the_city_hold() -> None:
    annual: list[float] = []
    whole: list[float] = []
    for seed in range(8):
        counts = city(seed, months=84)
        made, truth = ahead(counts[:, :72]), counts[:, 72:]
        for found, paths, true in (
            (annual, made.paths.sum(axis=2), truth.sum(axis=1)),
            (whole, made.paths.sum(axis=1), truth.sum(axis=0)),
        ):
            low, high = mid_quantiles(paths, (0.1, 0.9)).T
            found.append(float(((true >= low) & (true <= high)).mean()))
    assert 0.74 <= np.mean(annual) <= 0.86
    assert 0.70 <= np.mean(whole) <= 0.90


def test_a_city_of_shared_shocks_spreads_more_than_its_districts_alone_would() -> None:
    def beyond_chance(common: float) -> float:
        paths = ahead(city(3, districts=60, common=common)).paths[:, :, 0]
        alone = paths.var(axis=0).sum()
        return float(paths.sum(axis=1).var() / alone)

    assert beyond_chance(0.0) < 1.6
    assert beyond_chance(0.4) > 4


def test_a_season_is_shared_by_all_districts() -> None:
    rng = np.random.default_rng(5)
    wave = np.exp(0.8 * np.sin(2 * np.pi * np.arange(84) / 12))
    counts = rng.poisson(rng.uniform(0.5, 4, (30, 1)) * wave).astype(np.float64)
    middle = ahead(counts[:, :72]).paths.mean(axis=0).sum(axis=0)
    assert np.corrcoef(middle, wave[72:])[0, 1] > 0.97


def test_a_new_level_is_followed_by_districts_and_by_the_city() -> None:
    rng = np.random.default_rng(4)
    level = rng.uniform(2, 10, (30, 1)) * np.where(np.arange(72) < 40, 1.0, 0.4)
    # One district went the other way.
    level[0] = 4 * np.where(np.arange(72) < 40, 0.5, 2.0)
    middle = ahead(rng.poisson(level).astype(np.float64)).paths.mean(axis=(0, 2))
    assert middle[1:].sum() == pytest.approx(level[1:, -1].sum(), rel=0.25)
    assert middle[0] > 4


def test_years_without_a_season_and_gaps() -> None:
    counts = city(6, districts=12, months=14)
    counts[2, 3:6] = np.nan
    counts[5, -1] = np.nan
    made = ahead(counts, horizon=3, season=1)
    assert np.isfinite(made.quantiles).all()
    known = np.nanmean(counts, axis=1)
    assert np.corrcoef(made.paths.mean(axis=(0, 2)), known)[0, 1] > 0.9


def test_the_same_seed_gives_the_same_paths() -> None:
    counts = city(8)
    assert np.array_equal(ahead(counts).paths, ahead(counts).paths)


def test_a_district_with_no_case_at_all_may_still_have_one() -> None:
    counts = city(9)
    counts[0] = 0.0
    made = ahead(counts)
    assert 0 < made.paths[:, 0].mean() < 0.2
    assert made.quantiles[0, 0, 2] < 0.1


@pytest.mark.parametrize(
    ("panel", "words"),
    [
        (city(1, districts=4), "4 areas over 72 periods"),
        (city(1, months=11), "30 areas over 11 periods"),
        (np.zeros((10, 24)), "are the same"),
    ],
)
def test_too_little_is_refused_in_words(panel: Floats, words: str) -> None:
    with pytest.raises(Refusal, match=words):
        ahead(panel)


def test_what_is_no_count_is_an_error() -> None:
    below, unknown = city(1), city(1)
    below[3, 3], unknown[4] = -1.0, np.nan
    with pytest.raises(ValueError, match="negative count"):
        ahead(below)
    with pytest.raises(ValueError, match="nothing is known"):
        ahead(unknown)


@pytest.mark.parametrize("spread", [0.05, 0.7])
def test_the_regression_is_that_of_statsmodels(spread: float) -> None:
    rng = np.random.default_rng(2)
    regressors = np.column_stack([np.ones(400), rng.normal(size=(400, 3))])
    mean = np.exp(regressors @ [0.5, 0.8, -0.3, 0.0]) * rng.gamma(2, 0.5, 400)
    answers, period = rng.poisson(mean).astype(np.float64), np.repeat(np.arange(40), 10)
    mine, robust = regress(answers, regressors, spread, period, np.zeros(4))
    model = sm.GLM(answers, regressors, family=sm.families.NegativeBinomial(alpha=spread))
    theirs = model.fit(tol=1e-12)
    assert np.allclose(mine, theirs.params, atol=1e-8)
    scores = model.score_obs(theirs.params, scale=1).reshape(40, 10, 4).sum(axis=1)
    bread = theirs.cov_params()
    assert np.allclose(robust, bread @ scores.T @ scores @ bread, atol=1e-8)


def test_mid_quantiles_lie_between_counts() -> None:
    draws = np.array([0.0] * 50 + [1.0] * 50)[:, None]
    assert mid_quantiles(draws, (0.1, 0.25, 0.5, 0.75, 0.9)).tolist() == [[0, 0, 0.5, 1, 1]]
    poisson = np.random.default_rng(1).poisson(3.6, (20_000, 1)).astype(np.float64)
    low, high = mid_quantiles(poisson, (0.1, 0.9))[0]
    # By hand from the Poisson probabilities of 3.6: 1.17 and 6.24.
    assert (low, high) == (pytest.approx(1.17, abs=0.05), pytest.approx(6.24, abs=0.05))


@settings(max_examples=30)
@given(st.lists(st.integers(0, 9), min_size=1, max_size=40))
def test_mid_quantiles_ascend_and_stay_among_the_draws(draws: list[int]) -> None:
    found = mid_quantiles(np.array(draws, dtype=np.float64)[:, None], QUANTILES)[0]
    assert (np.diff(found) >= 0).all()
    assert min(draws) <= found[0] <= found[-1] <= max(draws)
