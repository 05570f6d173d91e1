"""Forecasts of parts and sums that add up."""

from __future__ import annotations

import numpy as np

from forecasting.linear import Floats


def reconciled(expected: Floats, errors: Floats, sums: Floats) -> Floats:
    """Make expected values of all series of a hierarchy add up, with the least variance.

    MinT with a shrunk covariance (Wickramasuriya, Athanasopoulos & Hyndman 2019), by the library
    `hierarchicalforecast`. Only expected values: quantiles of parts do not add up to those of sums.

    Args:
        expected: (series, horizon); the parts last.
        errors: (series, length); their one-step errors, as `forecasting.ets.one_step_errors`.
        sums: (series, parts); 1 where a part belongs to a series.

    Returns:
        (series, horizon), in the same order.
    """
    from hierarchicalforecast.methods import MinTrace

    answer = MinTrace(method="mint_shrink").fit_predict(
        S=sums, y_hat=expected, y_insample=errors, y_hat_insample=np.zeros_like(errors)
    )
    return np.asarray(answer["mean"], dtype=np.float64)
