"""The forecast of a panel: smoothing and theta models together, series of any length.

The mean of several simple methods is hard to beat (Makridakis & Hibon 2000; Petropoulos &
Svetunkov 2020), and the mean of their quantiles keeps ranges honest (Lichtendahl, Grushka-Cockayne
& Winkler 2013). Members: averaged exponential smoothing, counted twice; theta; theta on logs; and
without a season, where series are short, also the dynamic theta on both scales. A series whose logs
do not exist or explode takes the member on its own scale instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from forecasting import ets, theta
from forecasting.linear import Floats

MODEL_NAME: Final = "ensemble"
SHORTEST: Final = 6
_ON_LOGS: Final = "_logs"
_LARGEST_EXPONENT: Final = 700.0
_TWENTIETHS: Final = tuple((place + 0.5) / 20 for place in range(20))


def forecast_panel(
    series: Sequence[Floats],
    *,
    season_length: int,
    horizon: int,
    levels: tuple[float, ...],
    logs: bool = True,
) -> Floats:
    """Look ahead of many series; the forecast of one does not depend on the others.

    Args:
        series: values in the order of time, equally spaced, no gaps, not constant, at least
            `SHORTEST` of them; lengths may differ.
        season_length: periods per year; 1 for none.
        horizon: periods ahead, at least 1.
        levels: the quantiles wanted, rising, each between 0 and 1.
        logs: whether members may look at the logs of positive series; not where the values are
            transformed already.

    Returns:
        (series, horizon, quantiles); quantiles rise.

    Raises:
        ValueError: a series is too short, constant, or has gaps.
    """
    lengths = np.array([one.size for one in series], dtype=np.int64)
    if lengths.size and lengths.min() < SHORTEST:
        raise ValueError(f"a series has {lengths.min()} values; at least {SHORTEST} are needed")
    found = np.empty((len(series), horizon, len(levels)))
    # Several threads would share these small products differently on each machine, and for long.
    with threadpool_limits(limits=1, user_api="blas"):
        for length in np.unique(lengths):
            rows = np.flatnonzero(lengths == length).tolist()
            panel = np.stack([series[row] for row in rows]).astype(np.float64)
            # Written so that a gap fails as well.
            if not (np.ptp(panel, axis=1) > 0).all():
                raise ValueError("a series is constant or has gaps")
            found[rows] = _one_length(panel, season_length, horizon, levels, logs)
    return found


def expected_panel(
    series: Sequence[Floats], *, season_length: int, horizon: int, logs: bool = True
) -> Floats:
    """Expected values (series, horizon): they may be added up, medians may not.

    Arguments are those of `forecast_panel`. The mean of quantiles that split the forecast into
    twenty equally likely parts.
    """
    quantiles = forecast_panel(
        series, season_length=season_length, horizon=horizon, levels=_TWENTIETHS, logs=logs
    )
    return np.asarray(quantiles.mean(axis=2))


class Composition(NamedTuple):
    """What the forecast of one series is made of.

    Attributes:
        shares: of `smoothing`, `theta`, `theta_logs`, `dynamic_theta`, `dynamic_theta_logs`, as far
            as they are members; they add up to 1.
        shapes: those averaged within `smoothing`, largest share first.
        quantiles: (horizon, quantiles), those of `forecast_panel`.
    """

    shares: dict[str, float]
    shapes: tuple[ets.ShapeShare, ...]
    quantiles: Floats


def composition(
    values: Floats,
    *,
    season_length: int,
    horizon: int,
    levels: tuple[float, ...],
    logs: bool = True,
) -> Composition:
    """Say what `forecast_panel` makes of one series (length,); arguments as there."""
    panel = values[None, :].astype(np.float64)
    shares: dict[str, float] = {}
    with threadpool_limits(limits=1, user_api="blas"):
        members = list(_members(panel, season_length, horizon, levels, logs))
        shapes = ets.shape_shares(
            panel[0], season_length=season_length, horizon=horizon, levels=levels, logs=logs
        )
    total = sum(member.weight for member in members)
    for member in members:
        name = member.name if member.usable[0] else member.name.removesuffix(_ON_LOGS)
        shares[name] = shares.get(name, 0.0) + member.weight / total
    return Composition(shares, shapes, _together(members)[0])


class _Member(NamedTuple):
    """One forecast of a panel among others; where not `usable` it repeats the one before."""

    name: str
    weight: int
    quantiles: Floats
    usable: NDArray[np.bool_]


def _one_length(
    panel: Floats, season_length: int, horizon: int, levels: tuple[float, ...], logs: bool
) -> Floats:
    return _together(_members(panel, season_length, horizon, levels, logs))


def _together(members: Iterable[_Member]) -> Floats:
    total, weight = np.zeros(()), 0
    for member in members:
        total, weight = total + member.weight * member.quantiles, weight + member.weight
    return np.asarray(np.maximum.accumulate(total / weight, axis=2))


def _members(
    panel: Floats, season_length: int, horizon: int, levels: tuple[float, ...], logs: bool
) -> Iterator[_Member]:
    everywhere = np.ones(panel.shape[0], dtype=np.bool_)
    smoothed = ets.smooth(
        panel, season_length=season_length, horizon=horizon, levels=levels, logs=logs
    )
    yield _Member("smoothing", 2, smoothed, everywhere)
    for renewed in (False, True) if season_length == 1 else (False,):
        name = "dynamic_theta" if renewed else "theta"
        plain = theta.extrapolate(
            panel, season_length=season_length, horizon=horizon, levels=levels, renewed=renewed
        )
        yield _Member(name, 1, plain, everywhere)
        if logs:
            logged, usable = _on_logs(panel, plain, season_length, levels, renewed)
            yield _Member(name + _ON_LOGS, 1, logged, usable)


def _on_logs(
    panel: Floats, plain: Floats, season_length: int, levels: tuple[float, ...], renewed: bool
) -> tuple[Floats, NDArray[np.bool_]]:
    """Theta on the log scale, and where there is one; elsewhere the forecast on the plain scale."""
    positive: NDArray[np.bool_] = np.all(panel > 0, axis=1)
    found, usable = plain.copy(), positive.copy()
    if positive.any():
        logged = theta.extrapolate(
            np.log(panel[positive]),
            season_length=season_length,
            horizon=plain.shape[1],
            levels=levels,
            renewed=renewed,
        )
        quantiles = np.exp(np.minimum(logged, _LARGEST_EXPONENT))
        sane = ~ets.explodes(quantiles, panel[positive])
        usable[positive] = sane
        found[usable] = quantiles[sane]
    return found, usable
