"""Forecasts of parts and sums that add up."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

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


def corrections(errors: Floats, sums: Floats, fixed: NDArray[np.bool_]) -> Floats:
    """Say how parts give way to sums: what each takes over of one unit by which a sum differs.

    The same estimate as `reconciled`, as a matrix that can be applied path by path (Panagiotelis,
    Gamakumara, Athanasopoulos & Hyndman 2023), and with parts that do not give way (Zhang, Kang,
    Panagiotelis & Li 2023). Parts less this matrix times (sums less the sums of parts) add up.

    Args:
        errors: (sums and parts, length); one-step errors, sums first.
        sums: (sums, parts); 1 where a part belongs to a sum.
        fixed: (parts,); those that stay as they are.

    Returns:
        (parts, sums).
    """
    count = sums.shape[0]
    spread = shrunk_covariance(errors)
    spread[count:][fixed] = 0.0
    spread[:, count:][:, fixed] = 0.0
    differs = np.hstack([np.eye(count), -sums])
    against = differs @ spread @ differs.T
    # A sum whose past never moved would leave nothing to divide by.
    against[np.diag_indices(count)] += 1e-9 * (np.trace(against) / count + 1e-9)
    return np.asarray(np.linalg.solve(against, differs @ spread[:, count:]).T)


def shrunk_covariance(errors: Floats) -> Floats:
    """Covariance of errors (series, length), correlations shrunk (Schäfer & Strimmer 2005)."""
    series, length = errors.shape
    centred = errors - errors.mean(axis=1, keepdims=True)
    deviation = np.sqrt((centred**2).sum(axis=1) / (length - 1))
    standard = centred / np.where(deviation > 0, deviation, 1.0)[:, None]
    product = standard @ standard.T
    others = ~np.eye(series, dtype=bool)
    # Sum over time of (z_i z_j - mean)², from sums alone.
    squares = (standard**2) @ (standard**2).T - product**2 / length
    of_chance = length / (length - 1) ** 3 * squares[others].sum()
    correlation = product / (length - 1)
    seen = (correlation[others] ** 2).sum()
    kept = 1.0 - np.clip(of_chance / seen, 0.0, 1.0) if seen > 0 else 0.0
    correlation = np.where(others, kept * correlation, 1.0)
    return np.asarray(correlation * np.outer(deviation, deviation))
