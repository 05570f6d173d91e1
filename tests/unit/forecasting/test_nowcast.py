"""The nowcast: what late reports will add, learnt from what they added before."""

from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest

from forecasting.nowcast import MINIMUM_PERIODS, nowcast

LAST = date(2025, 6, 29)  # a Sunday
SETTLED = 28


def town(
    seed: int = 1, *, weeks: int = 80, means: tuple[float, ...] = (2.0, 12.0, 60.0)
) -> tuple[pl.DataFrame, dict[tuple[str, date], float]]:
    """Counts of weeks that come in over three weeks, and what each comes to in the end."""
    rng = np.random.default_rng(seed)
    rows, truth = [], {}
    for place, mean in enumerate(means):
        for ago in range(weeks):
            end = LAST - timedelta(days=7 * ago)
            count = int(rng.poisson(mean * rng.gamma(20, 1 / 20)))
            parts = rng.multinomial(count, [0.7, 0.2, 0.08, 0.02])
            truth[f"a{place}", end] = float(count)
            rows += [
                (f"a{place}", end, float(known), end + timedelta(days=3 + 7 * late))
                for late, known in enumerate(np.cumsum(parts))
            ]
    schema = ["series", "period_end", "value", "as_of"]
    return pl.DataFrame(rows, schema=schema, orient="row"), truth


def made(states: pl.DataFrame, day: date = LAST + timedelta(days=3)) -> pl.DataFrame:
    return nowcast(states, known_on=day, settled_after=SETTLED)


def test_what_is_known_later_changes_nothing() -> None:
    states, _ = town()
    day = LAST - timedelta(days=60)
    seen = states.filter(pl.col("as_of") <= day)
    later = states.filter(pl.col("as_of") > day).with_columns(pl.col("value") * 1000)
    assert made(seen, day).equals(made(pl.concat([later, seen]), day))
    assert day - timedelta(days=7) <= max(made(seen, day)["period_end"].to_list()) <= day


def test_only_periods_that_ended_and_still_grow_are_looked_at() -> None:
    states, _ = town()
    running = states.head(1).with_columns(pl.lit(LAST + timedelta(days=7)).alias("period_end"))
    found = made(pl.concat([states, running]))
    # After the fourth delivery nothing was ever added, so three weeks are left.
    ends = [LAST - timedelta(days=7 * ago) for ago in range(3)]
    assert found["period_end"].unique().sort(descending=True).to_list() == ends
    assert found.group_by("series", "period_end").len()["len"].to_list() == [5] * 9
    assert found["reason"].null_count() == found.height


def test_ranges_ascend_are_never_negative_and_hold_what_comes() -> None:
    inside, tasks = 0, 0
    for seed in range(12):
        states, truth = town(seed, weeks=60, means=(0.5, 8.0, 40.0, 200.0))
        found = made(states)
        assert (found["value"] >= 0).all()
        for (series, end), rows in found.group_by("series", "period_end"):
            assert isinstance(series, str)
            assert isinstance(end, date)
            values = rows["value"].to_list()
            assert values == sorted(values)
            if (LAST - end).days < 14:
                inside += values[1] <= truth[series, end] <= values[3]
                tasks += 1
    # Counts of nearly none are held by any range, so more than 80 % is what must come out.
    assert 0.75 <= inside / tasks <= 0.92


def test_the_middle_is_near_what_is_missing_on_average() -> None:
    states, _ = town(means=(200.0, 300.0, 400.0))
    latest = made(states).filter(period_end=LAST, quantile=0.5)
    assert (latest["value"] / latest["known"]).to_list() == pytest.approx([1 / 0.7] * 3, rel=0.08)


def test_counts_that_fall_again_may_fall() -> None:
    rows = []
    for ago in range(40):
        end = LAST - timedelta(days=7 * ago)
        rows.append(("a", end, 50.0, end + timedelta(days=3)))
        rows.append(("a", end, 50.0 - (5 if ago % 2 else 0), end + timedelta(days=10)))
    states = pl.DataFrame(rows, schema=["series", "period_end", "value", "as_of"], orient="row")
    latest = made(states).filter(period_end=LAST)["value"].to_list()
    assert latest[0] == pytest.approx(45.0)
    assert latest[-1] == pytest.approx(50.0)


def test_counts_of_an_age_that_never_changed_are_taken_as_they_are() -> None:
    states, _ = town()
    once = states.group_by("series", "period_end", maintain_order=True).first()
    assert made(once).is_empty()


def test_a_holiday_week_does_not_move_the_middle() -> None:
    states, _ = town(means=(100.0,))
    week = LAST - timedelta(days=70)
    first = (pl.col("period_end") == week) & (pl.col("as_of") == week + timedelta(days=3))
    shut = states.with_columns(pl.when(first).then(1.0).otherwise("value").alias("value"))

    def middle(frame: pl.DataFrame) -> float:
        return float(made(frame).filter(period_end=LAST, quantile=0.5)["value"].item())

    assert middle(shut) == pytest.approx(middle(states), rel=0.02)


def test_a_series_of_its_own_kind_is_learnt_from_itself() -> None:
    states, _ = town(means=(60.0, 60.0, 60.0, 60.0))
    early = (pl.col("as_of") - pl.col("period_end")).dt.total_days() < 8
    odd = pl.when(early & (pl.col("series") == "a0")).then(pl.col("value") * 0.5).otherwise("value")
    middle = made(states.with_columns(value=odd)).filter(period_end=LAST, quantile=0.5)
    factor = (middle["value"] / middle["known"]).to_list()
    assert factor[0] > 2 > 1.6 > max(factor[1:])


def test_deliveries_need_not_come_on_the_same_day_each_time() -> None:
    states, _ = town()
    earlier = pl.col("as_of") < LAST
    shift = pl.when(earlier & (pl.col("as_of").dt.week() % 2 == 0)).then(1).otherwise(0)
    late = states.with_columns(as_of=pl.col("as_of") + pl.duration(days=shift))
    assert made(late).equals(made(states))


def test_a_short_triangle_is_refused_in_words() -> None:
    states, _ = town(weeks=4 + MINIMUM_PERIODS - 1)
    found = made(states)
    assert found["quantile"].null_count() == found["value"].null_count() == found.height == 12
    latest = found.filter(series="a1", period_end=LAST).row(0, named=True)
    assert latest["reason"] == (
        "Zu kurz: nur von 7 früheren Zeiträumen ist bekannt, was 3 Tage nach ihrem Ende vorlag und "
        "was daraus wurde; für eine Hochrechnung braucht es mindestens 8."
    )
    assert latest["reason_en"].startswith("Too short: of only 7 earlier periods")
    states, _ = town(weeks=4 + MINIMUM_PERIODS)
    assert made(states)["quantile"].null_count() == 0


def test_with_nothing_settled_or_nothing_at_all() -> None:
    states, _ = town(weeks=3)
    found = made(states)
    assert found["quantile"].null_count() == found.height == 9
    assert "nur von 0 früheren" in found["reason"][0]
    assert made(states.clear()).is_empty()


def test_order_of_rows_does_not_matter() -> None:
    states, _ = town()
    assert made(states.sample(fraction=1.0, shuffle=True, seed=3)).equals(made(states))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (pl.lit(-1.0), "negative"),
        (pl.lit(None, pl.Float64), "unknown"),
        (pl.lit(float("nan")), "unknown"),
    ],
)
def test_what_is_no_count_is_refused(change: pl.Expr, words: str) -> None:
    states, _ = town()
    with pytest.raises(ValueError, match=words):
        made(states.with_columns(value=change))
    with pytest.raises(ValueError, match="lack the columns as_of"):
        made(states.drop("as_of"))
    with pytest.raises(ValueError, match="twice"):
        made(pl.concat([states, states.head(1)]))


def city(seed: int = 1, *, unplaced: float = 0.0) -> tuple[pl.DataFrame, dict[str, list[str]]]:
    """Three districts in two city areas, whose late reports come together, and their sums."""
    rng = np.random.default_rng(seed)
    rows = []
    for ago in range(60):
        end = LAST - timedelta(days=7 * ago)
        late = rng.uniform(0.1, 0.5)
        for name, mean in (("a", 20), ("b", 30), ("c", 100)):
            count = rng.poisson(mean)
            first = count - rng.binomial(count, late)
            rows += [
                (name, end, float(first), end + timedelta(days=3)),
                (name, end, float(count), end + timedelta(days=10)),
            ]
    schema = ["series", "period_end", "value", "as_of"]
    districts = pl.DataFrame(rows, schema=schema, orient="row")
    north = districts.filter(pl.col("series") != "c").with_columns(series=pl.lit("north"))
    whole = districts.with_columns(series=pl.lit("city"), value=pl.col("value") * (1 + unplaced))
    sums = pl.concat([north, whole]).group_by("series", "period_end", "as_of").sum()
    above = {"a": ["north", "city"], "b": ["north", "city"], "c": ["city"], "north": ["city"]}
    return pl.concat([districts, sums.select(schema)]), above


def means(states: pl.DataFrame, above: dict[str, list[str]] | None) -> dict[str, float]:
    """The expected count of the latest week, by many quantiles: those of parts may be added up."""
    at = [(place + 0.5) / 200 for place in range(200)]
    found = nowcast(
        states,
        known_on=LAST + timedelta(days=3),
        settled_after=7,
        quantiles=at,
        above=above,
        name="i",
    )
    latest = found.filter(period_end=LAST)
    return dict(latest.group_by("series").agg(pl.col("value").mean()).iter_rows())


def test_districts_come_to_what_is_said_of_the_city() -> None:
    states, above = city()
    alone, fitted = means(states, None), means(states, above)
    assert fitted["north"] == pytest.approx(fitted["a"] + fitted["b"], rel=1e-3)
    assert fitted["city"] == pytest.approx(fitted["north"] + fitted["c"], rel=1e-3)
    assert alone["city"] != pytest.approx(alone["north"] + alone["c"], rel=1e-3)
    assert fitted["city"] == pytest.approx(alone["city"], rel=0.1)


def test_what_lies_in_no_district_grows_with_them() -> None:
    states, above = city(unplaced=0.05)
    fitted = means(states, above)
    assert fitted["city"] == pytest.approx(1.05 * (fitted["north"] + fitted["c"]), rel=3e-3)


def test_a_sum_of_which_parts_are_unknown_stands_on_its_own() -> None:
    states, above = city(unplaced=0.3)
    alone, fitted = means(states, None), means(states, above)
    assert fitted["city"] == alone["city"]
    assert fitted["c"] == alone["c"]
    assert fitted["north"] == pytest.approx(fitted["a"] + fitted["b"], rel=1e-3)


def test_sums_are_as_sure_as_what_their_parts_share() -> None:
    """Late reports come together here, so the range of the city is no narrower than it was."""
    states, above = city()
    ranges = [
        nowcast(states, known_on=LAST + timedelta(days=3), settled_after=7, above=one, name="i")
        .filter(period_end=LAST, series="city")["value"]
        .to_list()
        for one in (None, above)
    ]
    widths = [one[3] - one[1] for one in ranges]
    assert 0.7 < widths[1] / widths[0] < 1.3
    assert min(ranges[1]) >= states.filter(period_end=LAST, series="city")["value"].min()
