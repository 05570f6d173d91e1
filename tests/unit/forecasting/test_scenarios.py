"""Scenarios on a look ahead: the baseline is the published one, differences come from paths."""

from collections.abc import Sequence
from datetime import date
from statistics import NormalDist
from typing import Any

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting.outlook import FORECAST_SCHEMA
from forecasting.paths import normal_scores
from forecasting.scenarios import (
    GOAL_COLUMNS,
    INFLUENCE_SCHEMA,
    SERIES_COLUMNS,
    Drawn,
    Futures,
    chance_words,
    from_quantiles,
    futures,
    generator,
    in_tenths,
    lasts,
    mid_counts,
    multiplied,
    persistent_scores,
    spread_draws,
)
from forecasting.scores import QUANTILES

PLACE = {"area_system": "s", "area_version": "1", "group_id": "all", "grain": "month"}
EVEN = normal_scores(400)
STEADY = (70.0, 85.0, 100.0, 120.0, 150.0)
EFFECT: dict[str, Any] = {
    "scenario_id": "one",
    "alternative_id": "more",
    "influence_id": "less_of_it",
    "indicator_id": "i",
    **PLACE,
    "area_id": "a",
    "part_id": None,
    "weight": 1.0,
    "change": "percent",
    "low": -42.0,
    "mid": -35.0,
    "high": -25.0,
    "holds": 0.8,
    "lag_low": 0.0,
    "lag_high": 0.0,
    "ramp_low": 0.0,
    "ramp_high": 0.0,
    "fades_low": 0.0,
    "fades_high": 0.0,
    "shape": "dose",
    "before": 0.0,
    "after": 1.0,
    "since": date(2025, 1, 1),
    "until": None,
}


def ahead(quantiles: Sequence[Sequence[float]], area: str = "a", **other: Any) -> pl.DataFrame:
    """A published look ahead, a month per row of quantiles."""
    rows = [
        {
            "run_id": "r",
            "indicator_id": "i",
            **PLACE,
            "area_id": area,
            "period_start": date(2025, month, 1),
            "scenario_id": "trend",
            "model": "ensemble",
            "quantile": quantile,
            "value": value,
            "status": "estimated",
            "as_of": date(2025, 1, 20),
            **other,
        }
        for month, values in enumerate(quantiles, 1)
        for quantile, value in zip(QUANTILES, values, strict=True)
    ]
    return pl.DataFrame(rows, schema=FORECAST_SCHEMA)


def series(*alternatives: str, area: str = "a", **other: Any) -> pl.DataFrame:
    """The series of one area under the baseline and these alternatives."""
    row: dict[str, Any] = {"scenario_id": "one", "indicator_id": "i", **PLACE, "area_id": area}
    row |= {
        "kind": "count",
        "is_stock": False,
        "cases": None,
        "parts": None,
        "reason": None,
        "reason_en": None,
    }
    rows = [row | {"alternative_id": one} | other for one in ("baseline", *alternatives)]
    types = {"is_stock": pl.Boolean, "cases": pl.Float64}
    return pl.DataFrame(rows, schema={name: types.get(name, pl.String) for name in SERIES_COLUMNS})


def influences(*changes: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame([EFFECT | one for one in changes], schema=INFLUENCE_SCHEMA)


def goals(*found: dict[str, Any]) -> pl.DataFrame:
    types = {"target_date": pl.Date, "target": pl.Float64}
    schema = {name: types.get(name, pl.String) for name in GOAL_COLUMNS}
    return pl.DataFrame(list(found), schema=schema)


def look(*changes: dict[str, Any], published: pl.DataFrame | None = None, **other: Any) -> Futures:
    """The futures of area a with these changes, 400 draws."""
    names = sorted({str(one.get("alternative_id", "more")) for one in changes} | {"more"})
    return futures(
        ahead([STEADY] * 3) if published is None else published,
        other.get("series", series(*names, **other.get("one", {}))),
        influences(*changes),
        other.get("goals", goals()),
        run_id="r",
        draws=400,
        seed=other.get("seed", 1),
    )


def quantiles_of(frame: pl.DataFrame, alternative: str, column: str = "value") -> np.ndarray:
    """(months, quantiles) of an alternative."""
    chosen = frame.filter(alternative_id=alternative, grain="month").sort(
        "period_start", "quantile"
    )
    return chosen[column].to_numpy().reshape(-1, len(QUANTILES))


rising = st.lists(
    st.floats(0, 1000, allow_nan=False), min_size=len(QUANTILES), max_size=len(QUANTILES)
).map(sorted)


@given(rising)
def test_joined_quantiles_rise_and_pass_through_the_published(values: list[float]) -> None:
    scores = np.linspace(-4, 4, 201)[:, None]
    found = from_quantiles(scores, np.array([values]))[:, 0]
    assert (np.diff(found) >= -1e-9).all()
    at = np.array([[NormalDist().inv_cdf(level)] for level in QUANTILES])
    assert from_quantiles(at, np.array([values]))[:, 0] == pytest.approx(values, abs=1e-9)


def test_draws_of_the_baseline_have_the_published_ranges() -> None:
    scores = persistent_scores(generator(3, "a"), EVEN, np.zeros(6))
    drawn = from_quantiles(scores, np.array([STEADY] * 6))
    found = np.quantile(drawn, QUANTILES, axis=0, method="hazen").T
    assert found == pytest.approx(np.array([STEADY] * 6), rel=0.005)
    near, far = (np.corrcoef(scores[:, 0], scores[:, n])[0, 1] for n in (1, 5))
    assert 0.85 < near < 0.95
    assert 0.45 < far < 0.7


def test_the_baseline_shown_is_the_published_look_ahead() -> None:
    assert (quantiles_of(look({}).result, "baseline") == np.array([STEADY] * 3)).all()


def test_an_assumption_is_drawn_with_its_middle_and_its_range() -> None:
    drawn = spread_draws(EVEN, -42.0, -35.0, -25.0, 0.8)
    assert np.quantile(drawn, [0.1, 0.5, 0.9], method="hazen") == pytest.approx(
        [-42, -35, -25], abs=0.1
    )


def test_no_dose_differs_by_exactly_nothing() -> None:
    found = look({"after": 0.0})
    assert (quantiles_of(found.difference, "more") == 0).all()
    assert (quantiles_of(found.difference, "more", "value_percent") == 0).all()
    as_today = futures(
        ahead([STEADY]), series("more"), influences(), goals(), run_id="r", draws=50, seed=1
    )
    assert (quantiles_of(as_today.difference, "more") == 0).all()


@settings(max_examples=25)
@given(st.floats(0, 3), st.floats(0, 3), st.floats(1, 60), st.sampled_from([None, 1.0, 0.1]))
def test_more_of_a_lowering_effect_never_raises(
    dose: float, more: float, size: float, cases: float | None
) -> None:
    published = ahead([[size * one for one in (0.5, 0.7, 1.0, 1.4, 2.0)]])
    low, high = sorted([dose, more])
    spread = {"low": -36.0, "mid": -35.0, "high": -34.0}
    one = look(spread | {"after": low}, published=published, one={"cases": cases})
    two = look(spread | {"after": high}, published=published, one={"cases": cases})
    above, below = (quantiles_of(each.result, "more") for each in (one, two))
    assert (below <= above + 1e-6).all()
    assert (below >= 0).all()


def test_an_effect_takes_the_declared_percent_once_it_is_there() -> None:
    found = quantiles_of(look({}).difference, "more", "value_percent")
    assert found[:, [1, 2, 3]] == pytest.approx(np.array([[-42, -35, -25]] * 3), abs=0.3)


def test_two_doses_act_on_what_one_has_left_and_a_unit_adds_twice() -> None:
    percent = quantiles_of(look({"after": 2.0}).difference, "more", "value_percent")
    assert percent[0, 2] == pytest.approx(100 * (0.65**2 - 1), abs=0.3)
    units = look({"change": "in_unit", "low": 8.0, "mid": 9.0, "high": 10.0, "after": 2.0})
    assert quantiles_of(units.difference, "more")[0] == pytest.approx(
        [14.9, 16, 18, 20, 21.1], abs=0.1
    )


def test_lag_ramp_and_fading_take_their_time() -> None:
    published = ahead([STEADY] * 12)
    at_once = {"low": -35.1, "mid": -35.0, "high": -34.9}
    up = at_once | {"lag_low": 3.0, "lag_high": 3.0, "ramp_low": 4.0, "ramp_high": 4.0}
    risen = quantiles_of(look(up, published=published).difference, "more", "value_percent")[:, 2]
    assert (risen[:3] == 0).all()
    assert (np.diff(risen[2:8]) < 0).all()
    assert risen[7:] == pytest.approx([-35] * 5, abs=0.2)
    down = at_once | {"before": 1.0, "after": 0.0, "fades_low": 6.0, "fades_high": 6.0}
    faded = quantiles_of(look(down, published=published).difference, "more", "value_percent")[:, 2]
    assert 0 < faded[0] < faded[3] < faded[6]
    assert faded[6:] == pytest.approx([100 * (1 / 0.65 - 1)] * 6, abs=0.3)


def test_a_shock_passes_and_people_keep_growing() -> None:
    published = ahead([STEADY] * 12)
    size = {"low": 9.9, "mid": 10.0, "high": 10.1}
    shock = size | {"shape": "window", "since": date(2025, 3, 1), "until": date(2025, 5, 31)}
    found = quantiles_of(look(shock, published=published).difference, "more", "value_percent")
    assert found[:, 2] == pytest.approx([0, 0, 10, 10, 10, *[0] * 7], abs=0.1)
    grown = look(size | {"shape": "growth"}, published=published)
    percent = quantiles_of(grown.difference, "more", "value_percent")[:, 2]
    assert (np.diff(percent) > 0).all()
    assert percent[-1] == pytest.approx(100 * (1.1 ** (11.5 / 12) - 1), abs=0.1)


def test_a_part_of_an_area_moves_the_whole_by_its_share() -> None:
    part = {"weight": 0.4, "part_id": "a1"}
    found = quantiles_of(look(part).difference, "more", "value_percent")
    assert found[0, 2] == pytest.approx(-14, abs=0.2)
    both = look(part, {"weight": 0.6, "part_id": "a2"})
    whole = quantiles_of(both.difference, "more", "value_percent")
    assert whole[0, [1, 2, 3]] == pytest.approx([-42, -35, -25], abs=0.3)


def test_one_draw_of_an_effect_holds_for_all_areas_and_alternatives() -> None:
    """Else what is unsure about the effect would cancel out between them."""
    drawn = Drawn(1, 400)
    one = drawn.effect(EFFECT)
    for other in ({"area_id": "b"}, {"alternative_id": "less"}, {"part_id": "a1"}):
        assert (drawn.effect(EFFECT | other) == one).all()
        assert (Drawn(1, 400).effect(EFFECT | other) == one).all()
    assert (drawn.effect(EFFECT | {"influence_id": "another"}) != one).any()
    assert (Drawn(2, 400).effect(EFFECT) != one).any()


def test_common_random_numbers_take_most_of_the_noise_out_of_a_difference() -> None:
    quantiles = np.array([STEADY])
    before, other = (
        from_quantiles(persistent_scores(generator(seed, "a"), EVEN, np.zeros(1)), quantiles)
        for seed in (1, 2)
    )
    factor = np.exp(spread_draws(generator(1, "e").permutation(EVEN), -0.5, -0.43, -0.3, 0.8))
    after = multiplied(before, factor[:, None], None, EVEN[:, None])
    assert np.var(after - before) < 0.5 * np.var(after - other)


def test_rows_in_any_order_and_other_scenarios_change_nothing() -> None:
    published = pl.concat([ahead([STEADY] * 2), ahead([STEADY] * 2, area="b")])
    wanted = pl.concat([series("more"), series("more", area="b")])
    acting = influences({}, {"area_id": "b", "weight": 0.5, "part_id": "b1"})
    aims = goals()
    one = futures(published, wanted, acting, aims, run_id="r", draws=60, seed=1)
    two = futures(
        published.reverse(), wanted.reverse(), acting.reverse(), aims, run_id="r", draws=60, seed=1
    )
    for first, second in zip(one, two, strict=True):
        assert first.equals(second)
    alone = futures(
        published, series("more"), acting.filter(area_id="a"), aims, run_id="r", draws=60, seed=1
    )
    assert alone.difference.equals(one.difference.filter(area_id="a"))


def test_shares_stay_between_0_and_100_and_counts_above_0() -> None:
    published = ahead([(90.0, 93.0, 96.0, 98.0, 99.5)])
    up = {"change": "in_unit", "low": 5.0, "mid": 8.0, "high": 12.0}
    found = quantiles_of(look(up, published=published, one={"kind": "share"}).result, "more")
    assert found.max() == 100.0
    down = {"change": "in_unit", "low": -90.0, "mid": -80.0, "high": -70.0}
    fewer = quantiles_of(look(down, published=ahead([(1.0, 3.0, 9.0, 15.0, 20.0)])).result, "more")
    assert fewer.max() == 0.0 == fewer.min()


@given(st.floats(0.1, 9.9), st.floats(0.0, 1.0), st.floats(1e-6, 2.0))
def test_rarer_counts_are_fewer_at_every_probability(
    mean: float, factor: float, dispersion: float
) -> None:
    at = (np.arange(200) + 0.5) / 200
    before = mid_counts(at, np.full(200, mean), dispersion)
    after = mid_counts(at, np.full(200, mean * factor), dispersion)
    assert (np.diff(before) >= -1e-9).all()
    assert (after <= before + 1e-9).all()
    assert (after >= 0).all()
    assert before.mean() == pytest.approx(mean, rel=0.15, abs=0.35)


def test_few_cases_become_rarer_and_keep_their_chance_spread() -> None:
    """Half of 4 cases spread by about the root of 2, not by half of the root of 4."""
    at = (np.arange(400) + 0.5) / 400
    poisson = mid_counts(at, np.full(400, 4.0), 1e-6)
    published = ahead([np.quantile(poisson, QUANTILES).tolist()])
    half = {"low": -50.1, "mid": -50.0, "high": -49.9}
    rare = look(half, published=published, one={"cases": 1.0})
    rope = look(half, published=published, one={"cases": None})
    widths = [np.ptp(quantiles_of(one.result, "more")[0]) for one in (rare, rope)]
    assert widths[0] > 1.25 * widths[1]


def test_a_chance_is_told_in_tenths() -> None:
    one = {
        "goal_id": "g",
        "indicator_id": "i",
        **PLACE,
        "area_id": "a",
        "target": 85.0,
        "target_date": date(2025, 1, 31),
        "direction": "at_most",
    }
    found = look({}, goals=goals(one, one | {"goal_id": "h", "direction": "at_least"})).chance
    told = dict(
        found.select(pl.concat_str("goal_id", "alternative_id", separator="/"), "value").iter_rows()
    )
    assert told["g/baseline"] == 1
    assert told["h/baseline"] == 9
    assert told["g/more"] >= 9
    words = found.filter(goal_id="g", alternative_id="baseline").row(0, named=True)
    assert words["chance_de"] == "in etwa 1 von 10 simulierten Zukünften"
    assert (words["held_of_ten"], words["held_de"]) == (None, "noch nicht geprüft")


def aim(grain: str, due: date, target: float = 1200.0) -> pl.DataFrame:
    """A goal of area a to stay below a target."""
    place = PLACE | {"grain": grain, "indicator_id": "i", "area_id": "a"}
    return goals(
        {"goal_id": "g", **place, "target": target, "target_date": due, "direction": "at_most"}
    )


@pytest.mark.parametrize(
    ("due", "period"),
    [
        (date(2025, 3, 31), date(2025, 3, 1)),
        (date(2025, 3, 2), date(2025, 3, 1)),
        (date(2025, 1, 1), date(2025, 1, 1)),
        (date(2024, 12, 31), None),
        (date(2025, 4, 1), None),
    ],
)
def test_a_goal_is_asked_of_the_period_in_which_it_is_due(due: date, period: date | None) -> None:
    found = look({}, goals=aim("month", due)).chance.filter(alternative_id="baseline")
    assert found["period_start"].to_list() == ([] if period is None else [period])


def test_whole_years_are_sums_of_paths_and_answer_goals_by_year() -> None:
    year = ahead([STEADY] * 12)
    found = look({}, published=year, goals=aim("year", date(2025, 12, 31)))
    whole = found.result.filter(grain="year")
    assert whole["period_start"].unique().to_list() == [date(2025, 1, 1)]
    middle = whole.filter(alternative_id="baseline", quantile=0.5)["value"].item()
    assert middle == pytest.approx(1220, rel=0.03)
    # Persistent, not fixed: less than twelve times the range of a month, more than by chance alone.
    low, high = (
        whole.filter(alternative_id="baseline", quantile=one)["value"].item() for one in (0.1, 0.9)
    )
    assert 35 * 12**0.5 < high - low < 35 * 12
    percent = found.difference.filter(grain="year", quantile=0.5)["value_percent"].item()
    assert percent == pytest.approx(-35, abs=0.3)
    told = dict(found.chance.select("alternative_id", "value").iter_rows())
    assert told["baseline"] < 6 < told["more"]
    for other in (ahead([STEADY] * 11), year):
        kind = {"kind": "share"} if other is year else {}
        none = look({}, published=other, one=kind, goals=aim("year", date(2025, 12, 31)))
        assert none.result.filter(grain="year").is_empty()
        assert none.chance.is_empty()


def test_what_counting_explains_does_not_persist() -> None:
    """Twelve counts of 9 make one of 108; only what is beyond counting adds up in one direction."""
    poisson = ahead([[9 + 3 * NormalDist().inv_cdf(one) for one in QUANTILES]] * 12)

    def width(cases: float | None) -> float:
        whole = look({}, published=poisson, one={"cases": cases}).result.filter(
            grain="year", alternative_id="baseline"
        )
        ends = (whole.filter(quantile=one)["value"].item() for one in (0.1, 0.9))
        return -float(np.subtract(*ends)) / (2 * NormalDist().inv_cdf(0.9))

    assert width(1.0) == pytest.approx(108**0.5, rel=0.1)
    assert width(None) > 2 * 108**0.5
    assert width(1.0) < width(4.0) < width(None)


def test_words_of_chance_know_no_certainty() -> None:
    assert chance_words(0)[0] == "in fast keiner simulierten Zukunft"
    assert chance_words(6)[1] == "in about 6 of 10 simulated futures"
    assert chance_words(10)[0] == "in fast allen simulierten Zukünften"
    assert [in_tenths(one) for one in (0.04, 0.05, 0.551, 0.95)] == [0, 1, 6, 10]


def test_money_lasts_as_often_as_its_cost_allows() -> None:
    assert lasts(310, 270, 310, 390, 0.8) == 5
    assert lasts(390, 270, 310, 390, 0.8) == 9
    assert lasts(100, 270, 310, 390, 0.8) == 0


def test_a_refusal_is_a_row_without_figures() -> None:
    wanted = pl.concat(
        [series(), series("more", reason="Zu früh.", reason_en="Too early.").tail(1)]
    )
    found = look({}, series=wanted)
    refused = found.result.filter(alternative_id="more")
    assert refused.select("quantile", "value", "status", "reason").rows() == [
        (None, None, "missing", "Zu früh.")
    ]
    assert found.difference.is_empty()


def test_nowcasts_and_refused_series_are_no_baseline() -> None:
    published = pl.concat(
        [ahead([STEADY], model="nowcast"), ahead([STEADY], quantile=None, value=None)]
    )
    found = look({}, published=published)
    assert [frame.height for frame in found] == [0, 0, 0]
