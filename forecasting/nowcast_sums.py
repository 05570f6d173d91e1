"""Nowcasts of districts and of their city that say the same.

Each count is nowcast on its own, so parts do not add up to their sum, and quantiles of parts could
not. As in `forecasting.hierarchy` draws are made of all of them and made to add up, draw by draw,
with the least variance. What each is worth is told by what nowcasts of earlier periods of this age
missed, and by how much of that the districts shared: a delivery that is late is late for many.

Cases in no district grow as those in districts do. Where they are more than a tenth, or parts come
to more than their sum, the sum stands on its own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import numpy as np

from forecasting.linear import Floats
from forecasting.paths import Dependence, drawn, scores, shared
from forecasting.reconcile import corrections

# So many quantiles keep the steps between whole cases; the least of all is told beside them.
FINE: Final = tuple((place + 0.5) / 50 for place in range(50))
LARGEST_REST: Final = 0.1
_TOLERANCE: Final = 1e-6
_HALF_A_CASE: Final = 0.5


def added_up(
    names: Sequence[str],
    above: Mapping[str, Sequence[str]],
    *,
    known: Floats,
    own: Floats,
    fine: Floats,
    missed: Floats,
    levels: Sequence[float],
    seed: str,
) -> Floats:
    """Make the nowcasts of one period add up.

    Args:
        names: of the series.
        above: names of the areas a series lies in, the nearest first; those that are not among
            `names` are passed over.
        known: (series,); counts as they are known.
        own: (series, levels); each nowcast on its own.
        fine: (series, 1 + quantiles); the same: the least possible, then those of `FINE`.
        missed: (series, periods); by how much such nowcasts of earlier periods were off.
        levels: the quantiles wanted, rising.
        seed: names the indicator and the period.

    Returns:
        (series, levels); series that belong to no sum keep their own.
    """
    parts = _parts(names, above, known)
    if not parts:
        return own
    matrix, leaves = _matrix(parts)
    sums = list(parts)
    rests = known[sums] - matrix @ known[leaves]
    gain = corrections(missed[[*sums, *leaves]], matrix, np.zeros(len(leaves), dtype=np.bool_))
    order = scores(
        [f"{names[leaf]}|{seed}" for leaf in leaves],
        seed,
        Dependence(persistence=0.0, shared=shared(missed[leaves])),
        horizon=1,
    )
    lowest = fine[leaves, :1]
    cases = np.maximum(drawn(fine[leaves, None, 1:], FINE, order)[:, 0], lowest)
    apart = _summed(matrix, cases, rests, known[leaves])
    alone = drawn(fine[sums, None, 1:], FINE, apart[:, None])[:, 0]
    cases = np.maximum(cases - gain @ (alone - apart), lowest)
    together = _summed(matrix, cases, rests, known[leaves])
    found = own.copy()
    for place, draws in zip([*leaves, *sums], [*cases, *together], strict=True):
        found[place] = np.quantile(draws, levels, method="hazen")
    return found


def _parts(
    names: Sequence[str], above: Mapping[str, Sequence[str]], known: Floats
) -> dict[int, list[int]]:
    """The parts of each series that is their sum, from the smallest areas up."""
    places = {name: place for place, name in enumerate(names)}
    found: dict[int, list[int]] = {}
    for place, name in enumerate(names):
        over = next((places[area] for area in above.get(name, ()) if area in places), None)
        if over is not None:
            found.setdefault(over, []).append(place)
    deepest = sorted(found, key=lambda place: -len(above.get(names[place], ())))
    return {place: found[place] for place in deepest if _is_sum(known, place, found[place])}


def _is_sum(known: Floats, place: int, parts: list[int]) -> bool:
    rest = known[place] - known[parts].sum()
    return bool(-_TOLERANCE * known[place] <= rest <= LARGEST_REST * known[place])


def _matrix(parts: dict[int, list[int]]) -> tuple[Floats, list[int]]:
    """Which leaves (sums, leaves) belong to which sum; a sum within another brings its own."""
    leaves = sorted({part for some in parts.values() for part in some if part not in parts})
    column = {leaf: place for place, leaf in enumerate(leaves)}
    row = {one: place for place, one in enumerate(parts)}
    matrix = np.zeros((len(parts), len(leaves)))
    for one, some in parts.items():
        for part in some:
            if part in row:
                matrix[row[one]] += matrix[row[part]]
            else:
                matrix[row[one], column[part]] = 1.0
    return matrix, leaves


def _summed(matrix: Floats, cases: Floats, rests: Floats, known: Floats) -> Floats:
    """Sums (sums, draws) of leaves (leaves, draws), and what lies in none of them."""
    sums = matrix @ cases
    before = (matrix @ known)[:, None]
    return np.asarray(sums + rests[:, None] * (sums + _HALF_A_CASE) / (before + _HALF_A_CASE))
