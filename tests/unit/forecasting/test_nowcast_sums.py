"""Nowcasts that add up: draw by draw, by what each is worth and what areas share."""

from __future__ import annotations

import numpy as np
import pytest

from forecasting.linear import Floats
from forecasting.nowcast_sums import FINE, added_up

NAMES = ["a", "b", "city"]
ABOVE = {"a": ["city"], "b": ["city"], "city": []}
LEVELS = (0.1, 0.5, 0.9)
NORMAL = np.sort(np.random.default_rng(1).normal(size=4000))


def fine(middle: float, width: float) -> Floats:
    return np.concatenate([[0.0], middle + width * np.quantile(NORMAL, FINE)])


def fitted(missed: Floats, city: float = 300.0) -> Floats:
    """Districts of 100 and 100 known, each nowcast at 130; the city of 200 at `city`."""
    each = np.stack([fine(130.0, 10.0), fine(130.0, 10.0), fine(city, 10.0)])
    return added_up(
        NAMES,
        ABOVE,
        known=np.array([100.0, 100.0, 200.0]),
        own=np.stack([np.interp(LEVELS, FINE, row[1:]) for row in each]),
        fine=each,
        missed=missed,
        levels=LEVELS,
        seed="i",
    )


def misses(common: float, city: float) -> Floats:
    """What two districts missed, of which a part was common; and by how much more the city did."""
    rng = np.random.default_rng(2)
    both = rng.normal(size=200)
    parts = [np.sqrt(common) * both + np.sqrt(1 - common) * rng.normal(size=200) for _ in range(2)]
    return np.stack([10 * parts[0], 10 * parts[1], 10 * sum(parts) + rng.normal(0, city, 200)])


def test_a_city_of_which_little_is_known_follows_its_districts() -> None:
    found = fitted(misses(0.0, 200.0))
    assert found[2, 1] == pytest.approx(260, abs=2)
    assert found[:2, 1] == pytest.approx([130, 130], abs=1)


def test_districts_give_way_to_a_city_that_is_known_better() -> None:
    rng = np.random.default_rng(3)
    known_well = np.stack([*rng.normal(0, 10, (2, 200)), rng.normal(0, 0.1, 200)])
    found = fitted(known_well)
    assert found[2, 1] == pytest.approx(300, abs=2)
    assert found[:2, 1] == pytest.approx([150, 150], abs=2)


def test_the_city_is_less_sure_where_districts_are_late_together() -> None:
    widths = [float(np.diff(fitted(misses(common, 200.0))[2, [0, 2]])[0]) for common in (0.0, 0.9)]
    expected = 2.5631 * 10 * np.sqrt(2 * np.array([1.0, 1.9]))
    assert widths == pytest.approx(expected.tolist(), rel=0.1)


def test_without_a_sum_all_keep_their_own() -> None:
    own = np.arange(9.0).reshape(3, 3)
    answer = added_up(
        NAMES,
        {},
        known=np.ones(3),
        own=own,
        fine=np.ones((3, 51)),
        missed=np.ones((3, 9)),
        levels=LEVELS,
        seed="i",
    )
    assert answer is own
