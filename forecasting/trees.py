"""Which areas of an indicator add up, and their forecasts as nodes of a tree."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

import numpy as np
import polars as pl

from forecasting.hierarchy import Node, added_up
from forecasting.linear import Floats
from forecasting.periods import SEASON_LENGTH
from forecasting.pools import Looked
from forecasting.refusal import Refusal
from forecasting.scales import PERCENT
from forecasting.scores import QUANTILES
from forecasting.series import SERIES_KEY, grouped

_NONE: Final = np.empty((0, len(QUANTILES)))


def areas_above(areas: pl.DataFrame) -> dict[tuple[str, ...], str]:
    """The area each area lies in, of the same version."""
    rows = areas.select("area_system", "area_version", "area_id", "parent_id").drop_nulls()
    return {(system, version, area): parent for system, version, area, parent in rows.iter_rows()}


def made_to_fit(looked: list[Looked], above: Mapping[tuple[str, ...], str]) -> list[Looked]:
    """Make the areas of each indicator add up."""
    found = []
    for tree in grouped(looked, _tree):
        whole = [
            (one, _node(one, _NONE if isinstance(one.quantiles, Refusal) else one.quantiles, above))
            for one in tree
            if one.can_be_added_up
        ]
        if len(whole) < 2:
            found.extend(tree)
            continue
        nodes = [node for _, node in whole]
        # The unit is one of the indicator's: chance rounds it a little differently in each area.
        units = [node.unit for node in nodes if np.isfinite(node.unit)]
        unit = float(np.median(units)) if units else 1.0
        fitted, apart = added_up(
            [replace(node, unit=unit) for node in nodes],
            name="|".join(_tree(tree[0])),
            season_length=SEASON_LENGTH[tree[0].ready.row["grain"]],
            levels=QUANTILES,
        )
        new = {
            id(one): replace(
                one, begin=node.begin, quantiles=node.quantiles, past=node.past, apart=part
            )
            for (one, _), node, part in zip(whole, fitted, apart, strict=True)
            if node.is_forecast
        }
        found.extend(new.get(id(one), one) for one in tree)
    return found


def _tree(one: Looked) -> tuple[str, ...]:
    """What the areas of a tree have in common: all of the key but the area."""
    return tuple(one.ready.row[name] for name in SERIES_KEY if name != "area_id")


def _node(one: Looked, quantiles: Floats, above: Mapping[tuple[str, ...], str]) -> Node:
    """A series as a node of its tree."""
    row, series = one.ready.row, one.ready.series
    name = (row["area_system"], row["area_version"], row["area_id"])
    over: list[str] = []
    while (parent := above.get((*name[:2], over[-1] if over else name[2]))) is not None:
        over.append(parent)
    unit, bases = 1.0, None
    if row["kind"] != "count":
        bases = series.denominators
        some = (series.numerators > 0) & (bases > 0)
        each = series.values[some] * bases[some] / series.numerators[some]
        unit = float(np.median(each)) if each.size else np.nan
    return Node(
        name="|".join(row[name] for name in SERIES_KEY),
        area=row["area_id"],
        above=tuple(over),
        first=one.ready.span[0],
        cases=series.numerators,
        bases=bases,
        unit=unit,
        lowest=-np.inf if one.ready.scale.name == "identity" else 0.0,
        highest=PERCENT if row["kind"] == "share" else np.inf,
        begin=one.begin,
        quantiles=quantiles,
        past=one.past,
        persistence=one.persistence,
        paths=one.paths,
        past_paths=one.past_paths,
    )
