"""Questions where indicators changed together: how often chance asks, and what is found."""

from datetime import date
from math import atanh, sqrt
from typing import Any

import numpy as np
import polars as pl
import pytest
from scipy import stats

from quality.comovement import FALSE_DISCOVERY_RATE, QUESTION_SCHEMA, goal_questions

AS_OF = date(2025, 1, 20)
YEARS = range(2015, 2025)


def _values(
    figures: dict[str, np.ndarray[Any, Any]], status: str = "observed", level: str = "stadtteil"
) -> pl.DataFrame:
    """One row per indicator, area and year; `figures` hold areas in rows and years in columns."""
    return pl.DataFrame(
        [
            {"indicator_id": name, "group_id": "all", "grain": "year", "status": status}
            | {"area_system": "s", "area_version": "2020", "area_id": f"{area:02d}"}
            | {"level": level, "level_rank": 0 if level == "stadtteil" else 1}
            | {"period_start": date(2015 + year, 1, 1), "value": float(values[area, year])}
            for name, values in figures.items()
            for area in range(values.shape[0])
            for year in range(values.shape[1])
        ]
    )


def _asked(
    values: pl.DataFrame, kind: str = "rate", shared: dict[str, list[str]] | None = None
) -> pl.DataFrame:
    names = sorted(values["indicator_id"].unique())
    return goal_questions(
        values,
        pl.DataFrame({"indicator_id": names, "group_id": "all", "grain": "year"}),
        pl.DataFrame(
            {"indicator_id": names, "kind": kind, "name_de": names, "name_en": names},
        ),
        pl.DataFrame(
            [
                {"indicator_id": name, "measure_id": measure}
                for name, measures in (shared or {}).items()
                for measure in measures
            ],
            schema={"indicator_id": pl.String, "measure_id": pl.String},
        ),
        as_of=AS_OF,
    )


def _noise(rng: np.random.Generator, areas: int = 24) -> np.ndarray[Any, Any]:
    """Areas of different height that all follow one trend, with noise that lasts over years."""
    steps = rng.normal(0, 1, (areas, len(YEARS))).cumsum(axis=1)
    values: np.ndarray[Any, Any] = rng.uniform(10, 60, (areas, 1)) + 0.5 * np.arange(len(YEARS))
    return np.asarray(values + steps)


def test_where_nothing_moves_together_chance_asks_no_more_often_than_said() -> None:
    """60 cities of 6 indicators, 15 pairs each: with no effect any question is a false one."""
    rng = np.random.default_rng(20251)
    cities = 60
    alarms = 0
    for _ in range(cities):
        asked = _asked(_values({name: _noise(rng) for name in "abcdef"}))
        assert asked["comparisons"].unique().to_list() == [15]
        alarms += asked["question_de"].is_not_null().any()
    most = stats.binom.isf(0.001, cities, FALSE_DISCOVERY_RATE)
    assert alarms <= most
    assert alarms >= 1, "a test that never asks would hold any rate"


def test_what_moves_together_is_found_and_only_asked() -> None:
    rng = np.random.default_rng(7)
    first = _noise(rng)
    drift = (first[:, -5:].mean(axis=1) - first[:, :5].mean(axis=1))[:, None]
    against = rng.uniform(10, 60, (24, 1)) - 0.2 * drift * np.arange(len(YEARS))
    others = {name: _noise(rng) for name in "cd"}
    asked = _asked(
        _values({"a": first, "b": against + rng.normal(0, 0.3, against.shape), **others})
    )
    assert asked.schema == QUESTION_SCHEMA
    assert asked.height == 6
    found = asked.filter(pl.col("question_de").is_not_null())
    assert found.select("indicator_id_a", "indicator_id_b").rows() == [("a", "b")]
    row = found.row(0, named=True)
    assert row["correlation"] < -0.8
    assert row["low"] < row["correlation"] < row["high"] < 0
    assert "in entgegengesetzte Richtung" in row["question_de"]
    assert "Verglichen wurden 6 Paare" in row["question_de"]
    assert "6 pairs of indicators were looked at" in row["question_en"]
    assert row["reason"] is None
    silent = asked.filter(pl.col("question_de").is_null())
    assert set(silent["reason"]) == {"bei 6 verglichenen Paaren vom Zufall nicht zu unterscheiden"}
    words = " ".join(asked.select(pl.selectors.string()).fill_null("").row(0)).lower()
    assert "konflikt" not in words
    assert "conflict" not in words


def test_the_figures_are_those_of_a_hand_calculation() -> None:
    """12 areas in reverse but for one swapped pair: 1 - 6 * 2 / (12 * 143), then reversed."""
    change = np.arange(12.0)
    other = -change.copy()
    other[[0, 1]] = other[[1, 0]]
    early, late = np.zeros((12, 2)), np.ones((12, 2))
    row = _asked(
        _values(
            {
                "a": np.hstack([early + 5, late * change[:, None] + 5]),
                "b": np.hstack([early + 50, late * other[:, None] + 50]),
            }
        )
    ).row(0, named=True)
    expected = -(1 - 6 * 2 / (12 * 143))
    assert row["correlation"] == pytest.approx(expected)
    error = sqrt(1.06 / 9)
    assert row["p_value"] == pytest.approx(2 * stats.norm.sf(abs(atanh(expected)) / error))
    assert row["q_value"] == pytest.approx(row["p_value"])
    assert atanh(row["low"]) == pytest.approx(atanh(expected) - 1.959964 * error, abs=1e-5)
    assert row["interval_percent"] == pytest.approx(95)
    assert (row["areas"], row["comparisons"], row["level"]) == (12, 1, "stadtteil")
    assert (row["first_period"], row["last_period"]) == (date(2015, 1, 1), date(2018, 1, 1))


def test_q_values_follow_benjamini_and_hochberg_and_agree_with_the_intervals() -> None:
    rng = np.random.default_rng(3)
    base = _noise(rng)
    figures = {"a": base, "b": base + rng.normal(0, 0.5, base.shape), "c": _noise(rng)}
    figures |= {"d": figures["c"] + rng.normal(0, 2, base.shape), "e": _noise(rng)}
    asked = _asked(_values(figures))
    expected = stats.false_discovery_control(asked["p_value"].to_numpy(), method="bh")
    assert asked["q_value"].to_numpy() == pytest.approx(expected)
    excludes = (asked["low"] > 0) | (asked["high"] < 0)
    assert excludes.to_list() == asked["question_de"].is_not_null().to_list()
    assert excludes.any()


def test_counts_are_compared_by_their_ratio_so_that_size_alone_asks_nothing() -> None:
    """Two counts that fall by a tenth everywhere, with chance: large areas lose most of both."""
    rng = np.random.default_rng(5)
    size = np.geomspace(100, 10000, 24)[:, None]
    fall = np.where(np.arange(len(YEARS)) < 5, 1.0, 0.7)
    figures = {name: rng.poisson(size * fall).astype(float) for name in "ab"}
    assert _asked(_values(figures), "count")["question_de"].null_count() == 1
    assert _asked(_values(figures), "rate")["question_de"].null_count() == 0


def test_carried_over_values_and_too_few_areas_are_refused_in_words() -> None:
    rng = np.random.default_rng(1)
    figures = {name: _noise(rng) for name in "ab"}
    carried = _asked(_values(figures, status="estimated")).row(0, named=True)
    assert carried["reason"].startswith("nicht verglichen: nur 0 Gebiete mit Werten")
    assert (carried["correlation"], carried["comparisons"], carried["areas"]) == (None, 0, 0)
    few = _asked(_values({name: one[:11] for name, one in figures.items()})).row(0, named=True)
    assert few["reason_en"].startswith("not compared: only 11 areas with values of both")
    assert few["areas"] == 11
    flat = figures | {"b": np.full((24, len(YEARS)), 5.0)}
    same = _asked(_values(flat)).row(0, named=True)
    assert same["reason"] == "nicht verglichen: eine der beiden hat sich überall gleich verändert"
    short = _asked(_values({name: one[:, :3] for name, one in figures.items()}))
    assert short["areas"].to_list() == [0]


def test_what_both_are_computed_from_is_named() -> None:
    rng = np.random.default_rng(2)
    base = _noise(rng)
    values = _values({"a": base, "b": base + rng.normal(0, 0.1, base.shape)})
    shared = {"a": ["faelle", "einwohner"], "b": ["kinder", "einwohner"]}
    asked = _asked(values, shared=shared)["question_de"][0]
    assert asked.endswith("Beide werden auch aus „einwohner“ berechnet: Liegt es daran?")


def test_a_stock_meets_the_flow_of_its_year() -> None:
    rng = np.random.default_rng(4)
    values = _values({name: _noise(rng) for name in "ab"})
    stock = pl.when(pl.col("indicator_id") == "b").then(pl.col("period_start").dt.offset_by("364d"))
    moved = values.with_columns(period_start=stock.otherwise(pl.col("period_start")))
    assert _asked(moved).equals(_asked(values))


def test_rows_in_any_order_give_the_same_questions() -> None:
    rng = np.random.default_rng(6)
    values = _values({name: _noise(rng) for name in "abc"})
    assert _asked(values.reverse()).equals(_asked(values))
