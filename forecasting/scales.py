"""Scales on which a series may be modelled so that its forecast stays possible.

A forecast on the log scale can never be negative, one on the logit scale never leaves 0 to 100
percent. Zeros are kept apart from minus infinity by half a case, expressed in the unit of the
indicator.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from forecasting.refusal import Refusal, share_out_of_bounds

Floats = NDArray[np.float64]
PERCENT = 100.0


@dataclass(frozen=True)
class Scale:
    """A monotone map to the modelling scale and back; `offset` is half a case."""

    name: Literal["log", "logit", "identity"]
    offset: float = 0.0

    def forward(self, values: Floats) -> Floats:
        """Map values (NaN stays NaN) to the modelling scale."""
        if self.name == "identity":
            return values
        if self.name == "log":
            return np.log(values + self.offset)
        share = (values + self.offset) / (PERCENT + 2 * self.offset)
        return np.log(share) - np.log1p(-share)

    def back(self, modelled: Floats) -> Floats:
        """Map back; log never below 0, logit never outside 0 to 100. Overflow becomes infinite."""
        if self.name == "identity":
            return modelled
        if self.name == "log":
            with np.errstate(over="ignore"):
                return np.maximum(np.exp(modelled) - self.offset, 0.0)
        share = 0.5 * (1.0 + np.tanh(modelled / 2.0))
        return np.clip(share * (PERCENT + 2 * self.offset) - self.offset, 0.0, PERCENT)


def choose_scale(
    values: Floats, numerators: Floats, *, kind: str, unit: str, negative_possible: bool
) -> Scale | Refusal:
    """Choose the scale of one series, or say why there is none.

    Args:
        values: the indicator's values in its unit, NaN where unknown.
        numerators: the cases behind the values, NaN where unknown.
        kind: count, share, rate, ratio or reported.
        unit: unit of the indicator; `%` makes a share.
        negative_possible: whether the indicator is negative anywhere, as a balance of moves is.
    """
    inside = bool(np.nanmin(values) >= 0 and np.nanmax(values) <= PERCENT)
    if kind == "share" and unit == "%":
        return Scale("logit", _half_a_case(values, numerators)) if inside else share_out_of_bounds()
    if negative_possible:
        return Scale("identity")
    if kind == "reported" and unit == "%" and inside:
        return Scale("logit", _half_a_case(values, numerators))
    return Scale("log", _half_a_case(values, numerators))


def _half_a_case(values: Floats, numerators: Floats) -> float:
    """Half a case in the unit of the values; without cases half of the smallest positive value."""
    known = (numerators > 0) & (values > 0)
    if known.any():
        return float(0.5 * np.median(values[known] / numerators[known]))
    positive = values[values > 0]
    return float(0.5 * positive.min()) if positive.size else 0.5
