"""Look ahead of any number of indicators, in parts that several processes work on at once.

What is in a part changes nothing: areas of one indicator stay together, seeds go by name, and a
forecast does not depend on the other series of its batch. So the same values give the same rows,
bit for bit, whatever the size of the parts and the number of processes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Final

import polars as pl
from threadpoolctl import threadpool_limits

from forecasting.accuracy import POOL
from forecasting.outlook import SERIES_KEY, Outlook, outlook

# So many series are worth a process of their own: it takes seconds to start.
PART: Final = 1000
PROCESSES: Final = 2

Part = tuple[pl.DataFrame, pl.DataFrame]
Look = Callable[[Part], Outlook]


def _silent(_done: int, _of: int) -> None:
    """Nobody watches."""


def look_ahead(
    values: pl.DataFrame,
    specs: pl.DataFrame,
    *,
    run_id: str,
    areas: pl.DataFrame | None = None,
    part: int = PART,
    processes: int = PROCESSES,
    progress: Callable[[int, int], None] = _silent,
) -> Outlook:
    """Forecast every series that a spec asks for, as `forecasting.outlook.outlook` does.

    Args:
        values: as there.
        specs: as there.
        run_id: as there.
        areas: as there.
        part: how many series are looked at in one go, at least; an indicator is never split.
        processes: how many work at once where there are several parts.
        progress: is told after each part how many series are done, of how many.
    """
    # Whatever is wrong with the whole is said before anything is split.
    found = [outlook(values.clear(), specs, run_id=run_id)]
    parts = list(_parts(values, specs, part))
    sizes = [one.select(SERIES_KEY).n_unique() for one, _ in parts]

    def look(one: Part) -> Outlook:
        return outlook(*one, run_id=run_id, areas=areas)

    for done, one in enumerate(_executed(look, parts, processes), start=1):
        found.append(one)
        progress(sum(sizes[:done]), sum(sizes))
    return Outlook(
        pl.concat([one.forecast for one in found]).sort(
            *SERIES_KEY, "period_start", "quantile", nulls_last=True, maintain_order=True
        ),
        pl.concat([one.backtest for one in found]).sort(*POOL, "model", "ahead"),
    )


def _executed(look: Look, parts: Sequence[Part], processes: int) -> Iterator[Outlook]:
    """The only place that knows where parts are computed: here, or by joblib's processes."""
    if len(parts) < 2 or processes < 2:
        yield from map(look, parts)
        return
    import joblib
    from joblib.externals.loky import get_reusable_executor

    try:
        with joblib.parallel_config("loky", inner_max_num_threads=1):
            jobs = joblib.Parallel(n_jobs=processes, return_as="generator")
            yield from jobs(joblib.delayed(_thread_limited)(look, one) for one in parts)
    finally:
        # They would keep their memory for minutes.
        get_reusable_executor().shutdown()


def _thread_limited(look: Look, one: Part) -> Outlook:
    with threadpool_limits(limits=1):
        return look(one)


def _parts(values: pl.DataFrame, specs: pl.DataFrame, size: int) -> Iterator[Part]:
    """Indicators in the order of their names, until they have so many series together."""
    series = values.select(SERIES_KEY).unique().group_by("indicator_id", "grain").len("series")
    asked = specs.join(series, on=["indicator_id", "grain"]).sort("indicator_id", "grain")
    before = asked["series"].cum_sum().shift(1, fill_value=0)
    for _, some in asked.with_columns(part=before // size).group_by("part", maintain_order=True):
        chosen = values.join(some, on=["indicator_id", "grain"], how="semi")
        yield chosen, some.select(specs.columns)
