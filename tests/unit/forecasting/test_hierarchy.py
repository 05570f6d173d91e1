"""Looks ahead that add up: paths, bounds, rests, and what is no sum of its parts."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from forecasting import hierarchy
from forecasting.counts import forecast_counts, mid_quantiles
from forecasting.hierarchy import Node, added_up
from forecasting.linear import Floats
from forecasting.paths import quantiles_of
from forecasting.scores import QUANTILES

NORMAL = np.array([-1.959964, -1.281552, 0.0, 1.281552, 1.959964])
HORIZON = 6
SUMS = {"city": ("n1", "n2", "s1", "s2"), "north": ("n1", "n2"), "south": ("s1", "s2")}
ABOVE = {
    "city": (), "north": ("city",), "south": ("city",),
    "n1": ("north", "city"), "n2": ("north", "city"),
    "s1": ("south", "city"), "s2": ("south", "city"),
}  # fmt: skip


def around(middle: Floats, spread: float) -> Floats:
    return np.asarray(middle[:, None] + spread * NORMAL)


def node(
    area: str,
    cases: Floats,
    *,
    bases: Floats | None = None,
    unit: float = 1.0,
    off: float = 0.0,
    spread: float = 6.0,
    highest: float = np.inf,
) -> Node:
    """A series whose forecast is its last value, so far off and with so wide a range."""
    values = cases if bases is None else unit * cases / bases
    quantiles = around(np.full(HORIZON, values[-1] + off), spread)
    past = np.stack([around(np.full(HORIZON, values[-1 - cut] + off), spread) for cut in (1, 2, 3)])
    return Node(
        f"cases|{area}", area, ABOVE[area], 0, cases, bases, unit, 0.0, highest,
        cases.size, np.maximum(quantiles, 0), np.maximum(past, 0), 0.5,
    )  # fmt: skip


def history(seed: int = 0) -> dict[str, Floats]:
    rng = np.random.default_rng(seed)
    found = {
        area: np.round(rng.uniform(20, 90) + np.cumsum(rng.normal(0, 1, 40)))
        for area in ("n1", "n2", "s1", "s2")
    }
    return with_sums(found)


def with_sums(leaves: dict[str, Floats]) -> dict[str, Floats]:
    return leaves | {
        area: np.sum([leaves[part] for part in parts], axis=0) for area, parts in SUMS.items()
    }


def city(**off: float) -> list[Node]:
    cases = history()
    return [node(area, cases[area], off=off.get(area, 0.0)) for area in ABOVE]


def look(nodes: list[Node]) -> tuple[dict[str, Node], list[float | None]]:
    found, apart = added_up(nodes, name="cases", season_length=4, levels=QUANTILES)
    return {one.area: one for one in found}, apart


def medians(found: dict[str, Node]) -> dict[str, float]:
    return {area: float(one.quantiles[:, 2].mean()) for area, one in found.items()}


def test_medians_of_parts_come_to_that_of_the_sum() -> None:
    found, apart = look(city(city=20.0))
    middle = medians(found)
    assert apart == [None] * 7
    for whole, parts in (("city", ("north", "south")), ("north", ("n1", "n2"))):
        assert middle[whole] == pytest.approx(sum(middle[part] for part in parts), rel=0.01)
    before = medians({one.area: one for one in city(city=20.0)})
    assert before["city"] - 20 < middle["city"] < before["city"]


def test_every_path_adds_up(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[Floats] = []

    def spy(draws: Floats, levels: tuple[float, ...]) -> Floats:
        seen.extend(draws if draws.ndim == 3 else [draws])
        return quantiles_of(draws, levels)

    monkeypatch.setattr(hierarchy, "quantiles_of", spy)
    monkeypatch.setattr(hierarchy._Looking, "_earlier", lambda *_: {})
    look(city(city=30.0, n1=-40.0))
    # First the leaves, then the sums from the parts up.
    by_size = sorted(seen, key=lambda draws: float(draws.mean()))
    whole, middle, leaves = by_size[-1], by_size[-3:-1], by_size[:-3]
    assert len(seen) == 7
    assert np.allclose(whole, sum(middle))
    assert np.allclose(whole, sum(leaves))
    assert min(draws.min() for draws in seen) >= 0


def test_the_range_of_a_sum_lies_between_its_own_and_that_of_its_parts() -> None:
    cases = history()
    wide = [node(area, cases[area], spread=30.0 if area in SUMS else 3.0) for area in ABOVE]
    alone = [one for one in wide if one.area not in SUMS]
    found, _ = look(wide)
    width = found["city"].quantiles[:, 3] - found["city"].quantiles[:, 1]
    assert (width < 0.95 * 2 * 30 * 1.2816).all()
    assert (width > 3 * 2 * 1.2816 * np.sqrt(len(alone))).all()


def test_the_past_is_made_to_add_up_in_the_same_way() -> None:
    found, _ = look(city(city=20.0))
    middle = {area: one.past[:, :, 2].mean(axis=1) for area, one in found.items()}
    assert np.allclose(middle["city"], middle["north"] + middle["south"], rtol=0.01)
    late = city(city=20.0)
    late[3] = replace(late[3], cases=late[3].cases[:-1], begin=39)
    found, _ = look(late)
    assert np.array_equal(found["city"].past, late[0].past)
    assert not np.array_equal(found["city"].quantiles, late[0].quantiles)


def test_a_late_part_keeps_what_is_ahead_of_it_alone() -> None:
    late = city(city=20.0)
    one = late[3]
    ahead = np.vstack([one.quantiles[:1], one.quantiles])
    late[3] = replace(one, cases=one.cases[:-1], begin=39, quantiles=ahead)
    found, _ = look(late)
    assert np.array_equal(found["n1"].quantiles[0], ahead[0])
    assert not np.array_equal(found["n1"].quantiles[1], ahead[1])


def test_a_small_rest_belongs_to_the_sum_and_to_no_part() -> None:
    nodes = city()
    rest = np.tile([0.0, 1.0, 2.0, 1.0], 10)
    nodes[0] = replace(nodes[0], cases=nodes[0].cases + rest, quantiles=nodes[0].quantiles + 1)
    found, apart = look(nodes)
    assert apart[0] is None
    middle = medians(found)
    assert middle["city"] == pytest.approx(middle["north"] + middle["south"] + 1, abs=0.6)


def test_some_parts_are_no_sum() -> None:
    nodes = [one for one in city() if one.area != "s2"]
    found, apart = look(nodes)
    by_area = dict(zip([one.area for one in nodes], apart, strict=True))
    south = nodes[2].cases
    assert by_area["south"] == pytest.approx(nodes[5].cases[-8:].sum() / south[-8:].sum())
    assert by_area["city"] is None
    # The south stands on its own and is a part of the city as it is.
    middle = medians(found)
    assert middle["city"] == pytest.approx(middle["north"] + middle["south"], rel=0.01)
    without = [one for one in nodes if one.area != "south"]
    found, apart = look(without)
    assert apart[0] is not None
    assert apart[0] < 0.9
    assert np.array_equal(found["city"].quantiles, nodes[0].quantiles)


def test_parts_that_come_to_more_than_the_sum_are_left_alone() -> None:
    nodes = city()
    nodes[0] = replace(nodes[0], cases=nodes[0].cases - 5)
    _, apart = look(nodes)
    assert apart[0] is not None
    assert apart[0] > 1


def test_shares_of_a_sum_are_weighted_and_stay_within_bounds() -> None:
    rng = np.random.default_rng(4)
    people = {
        area: np.full(40, size)
        for area, size in zip(("n1", "n2", "s1", "s2"), (50.0, 400.0, 90.0, 60.0), strict=True)
    }
    cases = {
        area: np.clip(np.round(people[area] * share + rng.normal(0, 1, 40)), 0, people[area])
        for area, share in zip(people, (0.97, 0.1, 0.5, 0.02), strict=True)
    }
    people, cases = with_sums(people), with_sums(cases)
    nodes = [
        node(area, cases[area], bases=people[area], unit=100.0, spread=4.0, highest=100.0)
        for area in ABOVE
    ]
    found, apart = look(nodes)
    assert apart == [None] * 7
    everything = np.stack([one.quantiles for one in found.values()])
    assert everything.min() >= 0
    assert everything.max() <= 100
    middle = medians(found)
    expected = (50 * middle["n1"] + 400 * middle["n2"]) / 450
    assert middle["north"] == pytest.approx(expected, abs=0.5)


def test_few_cases_keep_their_paths_and_the_sum_is_theirs() -> None:
    rng = np.random.default_rng(5)
    panel = rng.poisson(2.0, (6, 60)).astype(np.float64)
    made = forecast_counts(panel, season_length=12, horizon=HORIZON, rng=rng)
    parts = [
        Node(
            f"few|{row}", f"a{row}", ("city",), 0, panel[row], None, 1.0, 0.0, np.inf, 60,
            made.quantiles[row], np.full((0, HORIZON, 5), np.nan), 0.5, made.paths[:, row],
        )
        for row in range(6)
    ]  # fmt: skip
    whole = node("city", panel.sum(axis=0), off=40.0)
    found, apart = look([whole, *parts])
    assert apart == [None] * 7
    for row in range(6):
        assert np.array_equal(found[f"a{row}"].quantiles, made.quantiles[row])
    sums = mid_quantiles(made.paths.sum(axis=1), QUANTILES)
    assert np.array_equal(found["city"].quantiles, sums)


def test_a_sum_that_cannot_be_forecast_alone_is_that_of_its_parts() -> None:
    nodes = city()
    nothing = np.empty((0, len(QUANTILES)))
    nodes[1] = replace(nodes[1], quantiles=nothing, past=nothing[None, :0], begin=0)
    found, apart = look(nodes)
    assert apart == [None] * 7
    middle = medians(found)
    assert middle["north"] == pytest.approx(middle["n1"] + middle["n2"], rel=0.01)
    assert middle["city"] == pytest.approx(middle["north"] + middle["south"], rel=0.01)
    assert found["north"].begin == 40
    # Its parts belong to the city where they are not all of it.
    nodes[4] = replace(nodes[4], quantiles=nothing, begin=0)
    lacking, apart = look(nodes)
    assert not lacking["north"].is_forecast
    assert not lacking["n2"].is_forecast
    assert apart[0] is not None
    assert apart[1] is None
    south = medians({"south": lacking["south"], "s1": lacking["s1"], "s2": lacking["s2"]})
    assert south["south"] == pytest.approx(south["s1"] + south["s2"], rel=0.01)


def test_without_a_tree_nothing_changes() -> None:
    alone = city()[:1]
    found, apart = look(alone)
    assert apart == [None]
    assert found["city"] is alone[0]
