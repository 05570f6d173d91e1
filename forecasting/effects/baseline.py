"""What districts would have come to, from their own past and as far as it can be trusted.

A district that was bad last year is partly bad and partly unlucky. How much of a deviation stays is
learnt from all districts before anything began: a value is what all districts have in common at the
time, plus a level of the district that stays (variance `lasting`), a deviation that fades
(`passing`, by the factor `memory` per span) and what belongs to one span only (`moment`, and the
noise of counting). The expectation of the time after, given the past, is then linear in the past.
Where districts were chosen by their past, whatever the rule was, what is left beside this
expectation does not depend on the choice; a plain difference in differences does, since the worst
districts move back to the others without any help (empirical Bayes; Robbins 1956, Efron & Morris
1975; for programmes Hauer 1997, "Observational Before-After Studies in Road Safety").
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np

from forecasting.effects.panel import Floats, Ints

# Weak beliefs for panels so short that the data cannot tell fading from lasting deviations.
MEMORY_SPREAD: Final = 1.5
SHARE_SPREAD: Final = 2.0
SMALLEST: Final = 1e-8


@dataclass(frozen=True)
class Spread:
    """How districts differ: three variances, and how much of what passes stays a span on."""

    lasting: float
    passing: float
    memory: float
    moment: float

    def between(self, one: Ints, other: Ints) -> Floats:
        """Covariance of a district's values at two times, without what belongs to one span only."""
        apart = np.abs(one[:, None] - other[None, :])
        return np.asarray(self.lasting + self.passing * self.memory**apart)


def centred(values: Floats, noise: Floats) -> Floats:
    """Values without what all districts have in common in a span; noisy districts count less."""
    weight = 1.0 / (np.median(noise) + noise + SMALLEST)
    common = weight @ values / weight.sum()
    return np.asarray(values - common)


def learn(values: Floats, noise: Floats, spans: Ints) -> Spread:
    """Learn from the time before.

    Args:
        values: districts by spans.
        noise: variance by counting, per district.
        spans: number of each span; those left out leave gaps.
    """
    from scipy.optimize import minimize

    districts = values.shape[0]
    deviation = centred(values, noise) * np.sqrt(districts / max(districts - 1, 1))
    level = float(deviation.mean(axis=1).var()) + SMALLEST
    inner = float((deviation - deviation.mean(axis=1, keepdims=True)).var()) + SMALLEST
    start = np.log([level, inner / 2, inner / 2])

    def spread(at: Floats) -> Spread:
        lasting, passing, moment = np.exp(np.clip(at[:3], -25.0, 10.0))
        return Spread(
            float(lasting), float(passing), 0.97 / (1.0 + float(np.exp(-at[3]))), float(moment)
        )

    def loss(at: Floats) -> float:
        one = spread(at)
        roots, vectors = np.linalg.eigh(one.between(spans, spans))
        variance = np.maximum(roots, 0.0)[None, :] + (one.moment + noise + SMALLEST)[:, None]
        score = (deviation @ vectors) ** 2 / variance + np.log(variance)
        belief = (at[3] / MEMORY_SPREAD) ** 2 + (((at[:3] - start) / SHARE_SPREAD) ** 2).sum()
        return float(score.sum() + belief)

    found = minimize(
        loss,
        np.append(start, 0.0),
        method="Nelder-Mead",
        options={"maxiter": 300, "xatol": 0.02, "fatol": 0.02},
    )
    return spread(found.x)


def beside(
    values: Floats, noise: Floats, before: Ints, after: Ints, spread: Spread
) -> tuple[Floats, Floats]:
    """What a district's mean after lies beside its expectation, and the variance of that.

    Args:
        values: districts by all spans of the panel.
        noise: variance by counting, per district.
        before: numbers of the spans known before.
        after: numbers of the spans after.
        spread: learnt from the time before.

    Returns:
        One number per district each. What all districts have in common after is still in it.
    """
    past = centred(values[:, before], noise)
    roots, vectors = np.linalg.eigh(spread.between(before, before))
    own = (spread.moment + noise + SMALLEST)[:, None]
    towards = spread.between(before, after).mean(axis=1) @ vectors
    weights = towards[None, :] / (np.maximum(roots, 0.0)[None, :] + own)
    expected = ((past @ vectors) * weights).sum(axis=1)
    whole = spread.between(after, after).mean() + own[:, 0] / after.size
    variance = whole - (weights * towards[None, :]).sum(axis=1)
    return values[:, after].mean(axis=1) - expected, np.maximum(variance, SMALLEST)
