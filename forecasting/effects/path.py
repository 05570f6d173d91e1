"""The picture behind a verdict: how it went on, and what was to be expected."""

from __future__ import annotations

from typing import Final

import numpy as np
import polars as pl

from forecasting.effects.baseline import beside, centred, learn
from forecasting.effects.panel import Floats, Ints, Panel, first_of
from forecasting.effects.randomise import slopes
from forecasting.effects.study import City, Evidence

PATH_SCHEMA: Final = pl.Schema(
    {
        "period_start": pl.Date(),
        "observed": pl.Float64(),
        "expected": pl.Float64(),
        "is_after": pl.Boolean(),
    }
)


def path_of_districts(one: Evidence) -> pl.DataFrame:
    """Districts reached, put together, and what was to be expected of them, span by span.

    `PATH_SCHEMA`; on the log scale in percent of what was expected before, in the unit of the
    indicator otherwise. With several starts, that of the first.
    """
    panel, cohort = one.setting.panel, one.setting.cohort
    before, after = one.setting.before[0], one.setting.after[0]
    first = np.where(cohort == 0, 0, cohort)
    spread = learn(panel.values[:, before], panel.noise, before)
    observed = panel.values[first == 0].mean(axis=0)
    gap = np.zeros(observed.size)
    past = centred(panel.values[:, before], panel.noise)[first == 0].mean(axis=0)
    gap[before] = past - past.mean()
    later = np.arange(before[-1] + 1, observed.size)
    labels = np.where(first > 0, -1, first)[None, :]
    for span in later:
        rest, variance = beside(panel.values, panel.noise, before, np.array([span]), spread)
        slope, _ = slopes(rest[:, None], variance[:, None], labels, one.setting.strength[None, :])
        gap[span] = slope[0]
    shown = np.concatenate([before, later])
    return _as_frame(panel, observed, observed - gap, shown, before.size, set(after.tolist()))


def path_of_city(one: City) -> pl.DataFrame:
    """The same of a whole city carried on: its own values before, the carried-on ones after."""
    observed = one.series.values[0]
    last = int(one.found.judged[-1])
    begin = last + 1 - one.found.expected.size
    expected = observed.copy()
    expected[begin : last + 1] = one.found.expected
    shown = np.arange(last + 1)
    return _as_frame(one.series, observed, expected, shown, begin, set(one.found.judged.tolist()))


def _as_frame(
    panel: Panel, observed: Floats, expected: Floats, shown: Ints, before: int, after: set[int]
) -> pl.DataFrame:
    base = expected[shown[:before]].mean()
    both = (
        100 * np.exp(one[shown] - base) if panel.is_log else one[shown]
        for one in (observed, expected)
    )
    return pl.DataFrame(
        {
            "period_start": [first_of(int(panel.begins[span])) for span in shown],
            **dict(zip(("observed", "expected"), both, strict=True)),
            "is_after": [int(span) in after for span in shown],
        },
        schema=PATH_SCHEMA,
    )
