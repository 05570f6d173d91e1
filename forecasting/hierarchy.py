"""Looks ahead of parts and of their sum that say the same: districts, city areas and the city.

Each series is forecast on its own, so the parts do not add up to the sum, and quantiles of parts
could not. Here paths are drawn of all of them, made to add up path by path with the least variance
(`forecasting.reconcile`), bounded at the parts and added up again: what is said of a sum is what
its parts say together, and nothing falls below 0. A path of a sum forecast on its own takes its
rank from the sum of its parts, so that both speak of one future.

Shares and rates are added up as cases: their paths times those of their denominators, which are
forecast too. A value and its denominator are taken to err independently, so cases move with both,
and a sum's share is that of its cases among its people: a weighted mean, within 0 and 100 percent.

Series of few cases keep their paths, which add up by themselves (`forecasting.counts`). A sum of
too few cases to be forecast alone is forecast as that of its parts.

What no part accounts for, such as cases without an area, is drawn from its own last two years.
Where that is more than a tenth, or where parts come to more than their sum, the sum stands on its
own: a sum over some parts is not the sum.

Forecasts from earlier origins are made to add up in the same way, with the weights of today and the
denominators known then; not where areas end at different periods, whose origins lie apart.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from threadpoolctl import threadpool_limits

from forecasting import ensemble
from forecasting.backtest import step
from forecasting.counts import mid_quantiles
from forecasting.ets import EXPLOSIVE_FACTOR, one_step_errors
from forecasting.gaps import filled
from forecasting.linear import Floats
from forecasting.paths import (
    DRAWS,
    Dependence,
    drawn,
    generator,
    quantiles_of,
    scores,
    shared,
)
from forecasting.reconcile import corrections
from forecasting.small import PAST_DRAWS

LARGEST_REST: Final = 0.1
_TOLERANCE: Final = 1e-6
_FEWEST_RESTS: Final = 6
# Denominators are levels of people or places: what they miss they keep missing.
_OF_DENOMINATORS: Final = Dependence(persistence=1.0)


@dataclass(frozen=True)
class Node:
    """One series of a tree, forecast on its own.

    Attributes:
        name: of the series; its seed.
        area: id of its area.
        above: ids of the areas it lies in, the nearest first.
        first: place of the first period of its history.
        cases: history of what is added up, NaN where unknown: counts, or numerators.
        bases: history of denominators; None for counts.
        unit: value of one case per one of the denominator; 1 for counts.
        lowest: least possible value.
        highest: largest possible value.
        begin: place of the first period forecast.
        quantiles: (periods, quantiles); forecast in the unit of the indicator. No period where it
            cannot be forecast alone, but as the sum of its parts.
        past: (origins, horizon, quantiles); the same from earlier origins, NaN where there is none.
        persistence: how much of an error lasts.
        paths: (draws, periods) in whole cases, where these are few.
        past_paths: (origins, draws, horizon); the same from earlier origins.
    """

    name: str
    area: str
    above: tuple[str, ...]
    first: int
    cases: Floats
    bases: Floats | None
    unit: float
    lowest: float
    highest: float
    begin: int
    quantiles: Floats
    past: Floats
    persistence: float
    paths: Floats | None = None
    past_paths: Floats | None = None

    @property
    def end(self) -> int:
        """Place after the last period of its history."""
        return self.first + self.cases.size

    @property
    def is_forecast(self) -> bool:
        """Whether there is a forecast of it alone."""
        return self.quantiles.size > 0


@dataclass(frozen=True)
class Sum:
    """A node, its parts among the other nodes, and what no part accounts for."""

    node: int
    parts: tuple[int, ...]
    rest: Floats
    rest_bases: float


@dataclass(frozen=True)
class _Tree:
    """Sums over leaves; a sum that is part of another stands for its own leaves.

    Attributes:
        leaves: nodes that are no sums, in the order of `matrix`.
        sums: from the parts up.
        matrix: (sums, leaves and rests); 1 where one belongs to a sum. Rests come last.
        alone: rows of the sums that were also forecast alone.
        gain: (leaves, those); as `forecasting.reconcile.corrections`.
        shared: how much of their errors the leaves share.
    """

    leaves: list[int]
    sums: list[Sum]
    matrix: Floats
    alone: list[int]
    gain: Floats
    shared: float


def added_up(
    nodes: Sequence[Node],
    *,
    name: str,
    season_length: int,
    levels: tuple[float, ...],
) -> tuple[list[Node], list[float | None]]:
    """Make the forecasts of one indicator's areas add up, today's and those of the past.

    Args:
        nodes: of one version of the areas, group and grain.
        name: of the indicator and all that; the seed of what areas share.
        season_length: periods per year.
        levels: of the quantiles.

    Returns:
        The nodes in the same order, with new `quantiles` and `past` where they belong to a sum;
        and per node the part of its cases, 0 to 1 or more, that its parts come to where they are
        no sum of it; None for all others.
    """
    with threadpool_limits(limits=1, user_api="blas"):
        told = list(range(len(nodes)))
        while True:
            some = [nodes[place] for place in told]
            sums, parts = _sums(some, season_length)
            summed = {one.node for one in sums}
            left = [row for row, node in enumerate(some) if node.is_forecast or row in summed]
            if len(left) == len(told):
                break
            # What is neither a sum nor forecast is no part of others either.
            told = [told[row] for row in left]
        found, apart = list(nodes), list[float | None]([None] * len(nodes))
        fitting = some
        if sums:
            tree = _tree(some, sums, season_length)
            fitting = _Looking(some, tree, name, season_length, levels).found()
        for place, node, part in zip(told, fitting, parts, strict=True):
            found[place], apart[place] = node, part
        return found, apart


def _sums(nodes: Sequence[Node], season_length: int) -> tuple[list[Sum], list[float | None]]:
    """Which nodes are sums of which others, by their history; from the parts up."""
    places = {node.area: place for place, node in enumerate(nodes)}
    parts: dict[int, list[int]] = {}
    for place, node in enumerate(nodes):
        above = next((places[area] for area in node.above if area in places), None)
        if above is not None:
            parts.setdefault(above, []).append(place)
    found: list[Sum] = []
    apart: list[float | None] = [None] * len(nodes)
    deepest = sorted(parts, key=lambda place: (-len(nodes[place].above), nodes[place].area))
    for place in deepest:
        one, accounted = _sum(nodes, place, tuple(parts[place]), season_length)
        if one is None:
            apart[place] = accounted
        else:
            found.append(one)
    return found, apart


def _sum(
    nodes: Sequence[Node], place: int, parts: tuple[int, ...], season_length: int
) -> tuple[Sum | None, float | None]:
    """A node as the sum of its parts and a rest; else the part of its cases they come to."""
    whole = nodes[place]
    members = [nodes[part] for part in parts]
    rest = whole.cases - sum(_on(whole, one, one.cases) for one in members)
    known = np.isfinite(rest)
    if not known.any():
        return None, None
    size = np.abs(whole.cases[known]).max()
    rest = np.where(known & (np.abs(rest) <= _TOLERANCE * size), 0.0, rest)
    last = np.flatnonzero(known)[-max(2 * season_length, _FEWEST_RESTS) :]
    cases, left = float(whole.cases[last].sum()), float(rest[last].sum())
    if rest[known].min() < 0 or left > LARGEST_REST * max(cases, 0.0):
        return None, (cases - left) / cases if cases else None
    rest_bases = 0.0
    if whole.bases is not None:
        bases = sum(_on(whole, one, one.bases) for one in members if one.bases is not None)
        beside = whole.bases - bases
        both = np.flatnonzero(np.isfinite(beside))
        if not both.size or beside[both].min() < -_TOLERANCE * whole.bases[both].max():
            return None, None
        rest_bases = max(float(beside[both[-1]]), 0.0)
        if rest_bases > LARGEST_REST * whole.bases[both[-1]]:
            return None, 1 - rest_bases / float(whole.bases[both[-1]])
    return Sum(place, parts, rest, rest_bases), None


def _on(whole: Node, part: Node, figures: Floats) -> Floats:
    """Figures of a part on the periods of the whole; NaN where it has none."""
    found = np.full(whole.cases.size, np.nan)
    first, last = max(whole.first, part.first), min(whole.end, part.end)
    if first < last:
        found[first - whole.first : last - whole.first] = figures[
            first - part.first : last - part.first
        ]
    return found


def _tree(nodes: Sequence[Node], sums: list[Sum], season_length: int) -> _Tree:
    is_sum = {one.node: row for row, one in enumerate(sums)}
    leaves = [part for one in sums for part in one.parts if part not in is_sum]
    column = {leaf: place for place, leaf in enumerate(leaves)}
    matrix = np.zeros((len(sums), len(leaves) + len(sums)))
    for row, one in enumerate(sums):
        for part in one.parts:
            if part in is_sum:
                matrix[row] += matrix[is_sum[part]]
            else:
                matrix[row, column[part]] = 1.0
        matrix[row, len(leaves) + row] = 1.0
    alone = [row for row, one in enumerate(sums) if nodes[one.node].is_forecast]
    errors = _errors(
        [*(nodes[sums[row].node] for row in alone), *(nodes[leaf] for leaf in leaves)],
        season_length,
    )
    few = np.array([nodes[leaf].paths is not None for leaf in leaves])
    gain = np.zeros((len(leaves), 0))
    if alone:
        gain = corrections(errors, matrix[alone, : len(leaves)], few)
    return _Tree(leaves, sums, matrix, alone, gain, shared(errors[len(alone) :][~few]))


def _errors(nodes: list[Node], season_length: int) -> Floats:
    """One-step errors (nodes, length) in cases, over the shortest common history."""
    histories = [_without_gaps(node.cases, season_length) for node in nodes]
    length = min(one.size for one in histories)
    found = np.zeros((len(nodes), length))
    for size in sorted({one.size for one in histories}):
        # What never moved has no errors either.
        rows = [row for row, one in enumerate(histories) if one.size == size and np.ptp(one) > 0]
        if rows:
            panel = np.stack([histories[row] for row in rows])
            found[rows] = one_step_errors(panel, season_length=season_length)[:, -length:]
    return found


def _without_gaps(figures: Floats, season_length: int) -> Floats:
    known = np.flatnonzero(np.isfinite(figures))
    return filled(figures[known[0] : known[-1] + 1], season_length)


@dataclass(frozen=True)
class _Looking:
    """One tree being added up."""

    nodes: Sequence[Node]
    tree: _Tree
    name: str
    season_length: int
    levels: tuple[float, ...]

    def found(self) -> list[Node]:
        """The nodes with new quantiles."""
        members = [self.tree.sums[row].node for row in self.tree.alone] + self.tree.leaves
        found = list(self.nodes)
        begin = max(self.nodes[place].begin for place in members)
        end = min(self.nodes[place].begin + len(self.nodes[place].quantiles) for place in members)
        if begin < end:
            for place, quantiles in self._today(begin, end, members).items():
                node = self.nodes[place]
                if not node.is_forecast:
                    found[place] = replace(node, quantiles=quantiles, begin=begin)
                    continue
                both = node.quantiles.copy()
                both[begin - node.begin : end - node.begin] = quantiles
                found[place] = replace(node, quantiles=both)
        if len({self.nodes[place].end for place in members}) == 1:
            for origin in range(min(len(self.nodes[place].past) for place in members)):
                for place, quantiles in self._earlier(origin, members).items():
                    if place not in members:
                        continue
                    past = found[place].past.copy()
                    past[origin] = quantiles
                    found[place] = replace(found[place], past=past)
        return found

    def _today(self, begin: int, end: int, members: list[int]) -> dict[int, Floats]:
        """New quantiles of every leaf and sum, for the periods that all are forecast for."""
        ahead = end - begin
        leaves = [self.nodes[leaf] for leaf in self.tree.leaves]
        bases = _bases_ahead(leaves, begin, end, self.season_length, self.levels)
        quantiles = {
            place: self.nodes[place].quantiles[
                begin - self.nodes[place].begin : end - self.nodes[place].begin
            ]
            for place in members
        }
        few = {
            place: node.paths[:, begin - node.begin : end - node.begin].T
            for place, node in zip(self.tree.leaves, leaves, strict=True)
            if node.paths is not None
        }
        rests = [one.rest for one in self.tree.sums]
        return self._together(quantiles, few, bases, rests, ahead, DRAWS, 0)

    def _earlier(self, origin: int, members: list[int]) -> dict[int, Floats]:
        """The same from an earlier origin; none where one of them was not forecast then."""
        pasts = {place: self.nodes[place].past[origin] for place in members}
        if not all(np.isfinite(past).all() for past in pasts.values()):
            return {}
        horizon = next(iter(pasts.values())).shape[0]
        cut = step(horizon) * (origin + 1)
        few = {}
        bases = np.ones((len(self.tree.leaves), horizon, PAST_DRAWS))
        for row, leaf in enumerate(self.tree.leaves):
            node = self.nodes[leaf]
            if node.past_paths is not None:
                few[leaf] = node.past_paths[origin].T
            if node.bases is not None:
                bases[row] = _latest(node.bases[: node.bases.size - cut])
        rests = [one.rest[: one.rest.size - cut] for one in self.tree.sums]
        return self._together(pasts, few, bases, rests, horizon, PAST_DRAWS, origin + 1)

    def _together(
        self,
        quantiles: dict[int, Floats],
        few: dict[int, Floats],
        bases: Floats,
        rests: list[Floats],
        ahead: int,
        draws: int,
        origin: int,
    ) -> dict[int, Floats]:
        """Draw all leaves, hold their sums against those forecast on their own, and adjust.

        Args:
            quantiles: (periods, quantiles) of each member.
            few: paths (periods, draws) of leaves of few cases.
            bases: (leaves, periods, draws); denominators, 1 for counts.
            rests: what no part accounts for, per sum, up to the origin.
            ahead: number of periods.
            draws: number of paths.
            origin: 0 for today.
        """
        tree = self.tree
        unit = self.nodes[tree.leaves[0]].unit
        cases = self._leaves(quantiles, bases / unit, ahead, draws, origin)
        for leaf, paths in few.items():
            cases[tree.leaves.index(leaf)] = paths
        sums = [self.nodes[one.node] for one in tree.sums]
        beside = np.stack(
            [
                _resampled(rest, self.season_length, f"{node.name}|rest", origin, draws, ahead)
                for node, rest in zip(sums, rests, strict=True)
            ]
        )
        parts, rest = tree.matrix[:, : len(tree.leaves)], tree.matrix[:, len(tree.leaves) :]
        others = np.tensordot(rest, beside, axes=1)
        people = np.tensordot(parts, bases, axes=1)
        people += (rest @ [one.rest_bases for one in tree.sums])[:, None, None]
        if self.nodes[tree.leaves[0]].bases is None:
            people = np.ones_like(people)
        apart = np.tensordot(parts, cases, axes=1) + others
        if tree.alone:
            alone = np.stack([quantiles[tree.sums[row].node] for row in tree.alone])
            mine, of = apart[tree.alone], people[tree.alone]
            wanted = drawn(alone, self.levels, mine / of) * of / unit
            cases = cases - np.tensordot(tree.gain, wanted - mine, axes=1)
        for row, leaf in enumerate(tree.leaves):
            node = self.nodes[leaf]
            low, high = (bound * bases[row] / unit for bound in (node.lowest, node.highest))
            cases[row] = np.clip(cases[row], low, high)
        together = np.tensordot(parts, cases, axes=1) + others
        rows = [row for row, leaf in enumerate(tree.leaves) if leaf not in few]
        each = quantiles_of(unit * cases[rows] / bases[rows], self.levels)
        found = {tree.leaves[row]: one for row, one in zip(rows, each, strict=True)}
        for row, (one, node) in enumerate(zip(tree.sums, sums, strict=True)):
            members = [leaf for leaf, part in zip(tree.leaves, parts[row], strict=True) if part]
            if (
                all(leaf in few for leaf in members)
                and (others[row] == np.round(others[row])).all()
            ):
                per_case = unit / np.median(people[row], axis=1)
                new = mid_quantiles(together[row].T, self.levels) * per_case[:, None]
            else:
                new = quantiles_of(unit * together[row] / people[row], self.levels)
            found[one.node] = np.clip(new, node.lowest, node.highest)
        return found

    def _leaves(
        self, quantiles: dict[int, Floats], bases: Floats, ahead: int, draws: int, origin: int
    ) -> Floats:
        """Paths of cases (leaves, periods, draws) from the quantiles of values, unless few."""
        nodes = [self.nodes[leaf] for leaf in self.tree.leaves]
        found = np.empty((len(nodes), ahead, draws))
        for lasting in sorted({node.persistence for node in nodes}):
            rows = [
                row
                for row, node in enumerate(nodes)
                if node.persistence == lasting and node.paths is None
            ]
            if not rows:
                continue
            order = scores(
                [nodes[row].name for row in rows],
                self.name,
                Dependence(lasting, self.tree.shared),
                horizon=ahead,
                draws=draws,
                origin=origin,
            )
            each = np.stack([quantiles[self.tree.leaves[row]] for row in rows])
            found[rows] = drawn(each, self.levels, order) * bases[rows]
        return found


def _bases_ahead(
    leaves: list[Node], begin: int, end: int, season_length: int, levels: tuple[float, ...]
) -> Floats:
    """Paths of denominators (leaves, periods, draws); 1 for counts.

    Where one never changed, or cannot be forecast, the latest is carried on.
    """
    found = np.ones((len(leaves), end - begin, DRAWS))
    histories: dict[int, Floats] = {}
    for row, node in enumerate(leaves):
        if node.bases is None:
            continue
        found[row] = _latest(node.bases)
        known = _without_gaps(node.bases, season_length)
        late = node.end - (node.first + int(np.flatnonzero(np.isfinite(node.bases))[-1]) + 1)
        if np.ptp(known) > 0 and known.size >= ensemble.SHORTEST and not late:
            histories[row] = known
    if not histories:
        return found
    furthest = max(end - leaves[row].end for row in histories)
    quantiles = ensemble.forecast_panel(
        list(histories.values()), season_length=season_length, horizon=furthest, levels=levels
    )
    for (row, known), each in zip(histories.items(), quantiles, strict=True):
        if not np.isfinite(each).all() or np.abs(each).max() > EXPLOSIVE_FACTOR * known.max():
            continue
        node = leaves[row]
        window = each[begin - node.end : end - node.end]
        order = scores([f"{node.name}|denominator"], "", _OF_DENOMINATORS, horizon=end - begin)
        # Nobody can be among fewer than none.
        found[row] = np.maximum(drawn(window[None], levels, order)[0], 1e-6 * known.max())
    return found


def _latest(figures: Floats) -> float:
    """The last that is known; the smallest possible base where none is."""
    known = figures[np.isfinite(figures) & (figures > 0)]
    return float(known[-1]) if known.size else 1.0


def _resampled(
    rest: Floats, season_length: int, name: str, origin: int, draws: int, ahead: int
) -> Floats:
    """Draw each period anew from the latest values, as many as two years have."""
    known = rest[np.isfinite(rest)][-max(2 * season_length, _FEWEST_RESTS) :]
    if not known.any():
        return np.zeros((ahead, draws))
    return generator(name, origin).choice(known, (ahead, draws))
