"""From evidence to one of five words: the whole rule, in one place.

- `supported`: at least two districts were reached; q is at most .03; nothing of it was there
  before; it stays without any one district and with a start one span earlier or later, and does
  not reach beyond.
- `points_that_way`: q is at most .07 and nothing of it was there before. With one district
  reached, or too few deals of the labels: two kinds of test at .05, and no other lies farther off.
  With the whole city: its own past carried on at .025, and at most one in ten placebos lies as
  far off.
- `not_distinguishable`: all else that could be compared; always with the smallest effect that
  could have been seen.
- `too_early`: the lag of the logic model is not over, or too little time has passed since.
- `cannot_be_judged`: too few districts, too short a time before, nothing to compare with.

q is the p value corrected for all programmes and indicators that were looked at (Benjamini &
Hochberg 1995). The limits lie below 5 and 10 % because districts are never quite exchangeable.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import numpy as np

from forecasting.effects.counterfactual import Counterfactual
from forecasting.effects.study import CHECKED_AGAIN, City, Evidence

Word = Literal[
    "supported", "points_that_way", "not_distinguishable", "too_early", "cannot_be_judged"
]
WORDS: Final[tuple[Word, ...]] = (
    "supported",
    "points_that_way",
    "not_distinguishable",
    "too_early",
    "cannot_be_judged",
)
SUPPORTED: Final = 0.03
POINTS: Final = 0.07
BOTH: Final = 0.05
THERE_BEFORE: Final = 0.05
SPILLS: Final = 0.05
POWER: Final = 0.8


def is_alone(one: Evidence) -> bool:
    """Whether one district was reached, or so few that dealing the labels cannot tell."""
    return one.treated == 1 or one.found.fewest > POINTS


def p_value(one: Evidence) -> float:
    """The p value that counts: of chance deals, or of the weaker of two tests."""
    if not is_alone(one):
        return one.found.p_value
    if one.other is None and one.found.t_value > BOTH:
        return one.found.t_value
    if one.other is None or one.other.estimate * one.found.estimate <= 0:
        return 1.0
    return max(one.found.t_value, one.other.p_value)


def city_p_value(one: City) -> float:
    """The same for a whole city, twice that of a test that is wrong twice as often as it says."""
    return min(1.0, 2.0 * one.found.p_value)


def corrected(p_values: Sequence[float]) -> list[float]:
    """The q values of all pairs that were looked at, in their order."""
    found = np.array(p_values, dtype=np.float64)
    order = np.argsort(found, kind="stable")[::-1]
    ranks = np.arange(found.size, 0, -1)
    found[order] = np.minimum.accumulate(found[order] * found.size / ranks)
    return [float(q) for q in np.minimum(found, 1.0)]


def was_there_before(one: Evidence) -> bool:
    """Whether the districts reached moved the same way already before it began."""
    return _at_most(one.placebo_time, THERE_BEFORE) or _at_most(one.pre_trend, THERE_BEFORE)


def verdict(one: Evidence, q_value: float) -> Word:
    """The word for a comparison of districts."""
    if was_there_before(one):
        return "not_distinguishable"
    if is_alone(one):
        is_farthest = one.found.p_value <= max(POINTS, one.found.fewest)
        return "points_that_way" if q_value <= BOTH and is_farthest else "not_distinguishable"
    stands = (
        (one.placebo_time is not None or one.pre_trend is not None)
        and one.left_out is True
        and one.moved is not False
        and not _at_most(one.neighbours, SPILLS)
    )
    if q_value <= SUPPORTED and stands:
        return "supported"
    return "points_that_way" if q_value <= POINTS else "not_distinguishable"


def city_verdict(one: City, q_value: float) -> Word:
    """The word for a whole city, which never is more than a hint."""
    is_rare = _at_most(one.placebo, CHECKED_AGAIN)
    return "points_that_way" if q_value <= BOTH and is_rare else "not_distinguishable"


def smallest_effect(one: Evidence) -> float:
    """The effect that would have been found in four of five cases, on the scale of the panel."""
    from scipy.special import stdtrit

    wide, far = stdtrit(one.found.freedom, (1 - POINTS / 2, POWER))
    return float((wide + far) * one.found.error)


def smallest_effect_of_city(found: Counterfactual) -> float:
    """The same for a whole city."""
    from scipy.special import ndtri

    return float((ndtri(1 - BOTH / 2) + ndtri(POWER)) * found.error)


def in_percent(effect: float) -> float:
    """What an effect on the log scale comes to in percent."""
    return float(100.0 * np.expm1(effect))


def _at_most(p: float | None, limit: float) -> bool:
    return p is not None and p <= limit
