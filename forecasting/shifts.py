"""Series that count something else from a declared day on: earlier values moved to the new level.

How far the level moved is told from the series itself, as the step that is left beside a straight
line and the season (an intervention in the sense of Box & Tiao 1975, Journal of the American
Statistical Association 70: 70-79). On the scale of logs that is a factor, on that of logits one of
odds. The range of a forecast says nothing of how surely the step is known: readers are told that
values were moved.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from forecasting.linear import Floats

# A step cannot be told from chance, nor a season from a step, by fewer values on each side.
FEWEST: int = 3


def needed(season_length: int) -> int:
    """How many values there must be before and after a change."""
    return max(FEWEST, season_length)


def moved(values: Floats, places: Sequence[int], season_length: int) -> Floats:
    """Give the values before each change the level of those after the last one.

    Args:
        values: on the scale of the model, in the order of time; NaN where unknown.
        places: of the first value after each change, rising; `needed` values lie before the first
            and after each.
        season_length: periods per year; 1 for none.
    """
    time = np.arange(values.size)
    steps = np.stack([(time < place).astype(np.float64) for place in places], axis=1)
    columns = [np.ones(values.size), time / values.size]
    if season_length > 1:
        phases = time % season_length
        columns += [(phases == phase).astype(np.float64) for phase in range(1, season_length)]
    design = np.column_stack([*columns, steps])
    known = np.isfinite(values)
    found = np.linalg.lstsq(design[known], values[known], rcond=None)[0]
    return np.asarray(values - steps @ found[-len(places) :])
