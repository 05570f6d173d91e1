"""The outlook: forecasts in the columns of the mart, or a reason in words."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, timedelta

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from forecasting import outlook as looking
from forecasting import pools
from forecasting.accuracy import BACKTEST_SCHEMA, POOL
from forecasting.linear import Floats
from forecasting.outlook import FORECAST_SCHEMA, VALUE_COLUMNS
from forecasting.scores import QUANTILES

AS_OF = date(2026, 1, 15)
BUSY = [40.0, 44.0, 39.0, 47.0, 52.0, 50.0, 55.0, 53.0, 60.0, 58.0]


def outlook(values: pl.DataFrame, specs: pl.DataFrame, *, run_id: str) -> pl.DataFrame:
    return looking.outlook(values, specs, run_id=run_id).forecast


def years(first: int, count: int) -> list[date]:
    return [date(first + place, 1, 1) for place in range(count)]


def months(first: int, count: int) -> list[date]:
    return [date(first + place // 12, place % 12 + 1, 1) for place in range(count)]


def weeks(count: int) -> list[date]:
    return [date(2019, 12, 30) + timedelta(weeks=place) for place in range(count)]


def series(
    values: Sequence[float | None],
    dates: Sequence[date],
    *,
    indicator: str = "cases",
    area: str = "a1",
    version: str = "2021",
    grain: str = "year",
    numerators: Sequence[float | None] | None = None,
    unit: str = "Fälle",
    status: str = "observed",
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "period_start": dates,
            "value": pl.Series(values, dtype=pl.Float64),
            "numerator": pl.Series(numerators or [None] * len(dates), dtype=pl.Float64),
        }
    ).select(
        pl.lit(indicator).alias("indicator_id"),
        pl.lit("lor").alias("area_system"),
        pl.lit(version).alias("area_version"),
        pl.lit(area).alias("area_id"),
        pl.lit("all").alias("group_id"),
        pl.lit(grain).alias("grain"),
        pl.lit("district").alias("level"),
        "period_start",
        "numerator",
        "value",
        pl.lit(unit).alias("unit"),
        pl.when(pl.col("value").is_null())
        .then(pl.lit("missing"))
        .otherwise(pl.lit(status))
        .alias("status"),
        pl.lit(AS_OF).alias("as_of"),
    )


def spec(
    *, indicator: str = "cases", grain: str = "year", kind: str = "count", horizon: int = 3
) -> pl.DataFrame:
    return pl.DataFrame(
        {
            "indicator_id": [indicator],
            "grain": [grain],
            "levels": [["district", "city"]],
            "horizon": pl.Series([horizon], dtype=pl.Int64),
            "kind": [kind],
        }
    )


def refused(values: pl.DataFrame, specs: pl.DataFrame | None = None) -> str:
    found = outlook(values, spec() if specs is None else specs, run_id="r1")
    assert found.height == 1
    row = found.row(0, named=True)
    assert row["status"] == "missing"
    assert row["quantile"] is None
    assert row["value"] is None
    assert row["reason_en"]
    return str(row["reason"])


def test_a_forecast_has_the_columns_of_the_mart() -> None:
    found = outlook(series(BUSY, years(2015, 10)), spec(), run_id="r1")
    assert found.schema == FORECAST_SCHEMA
    assert found["period_start"].unique().sort().to_list() == years(2025, 3)
    assert found["quantile"].unique().sort().to_list() == list(QUANTILES)
    assert found.height == 3 * len(QUANTILES)
    assert set(found["status"]) == {"estimated"}
    assert set(found["as_of"]) == {AS_OF}
    assert found["reason"].null_count() == found.height
    assert (
        found.group_by("period_start", maintain_order=True)
        .agg(pl.col("value").is_sorted().all())["value"]
        .all()
    )


def test_weeks_follow_one_another_over_the_year_and_keep_its_season() -> None:
    dates = weeks(3 * 52)
    known = [200 + 120 * np.sin(2 * np.pi * place / 52) + place % 7 for place in range(len(dates))]
    found = outlook(
        series(known, dates, grain="week"), spec(grain="week", horizon=26), run_id="r1"
    ).filter(quantile=0.5)
    assert found["period_start"].to_list() == [
        dates[-1] + timedelta(weeks=ahead) for ahead in range(1, 27)
    ]
    expected = [200 + 120 * np.sin(2 * np.pi * place / 52) + 3 for place in range(26)]
    assert np.abs(found["value"].to_numpy() - expected).max() < 25


def test_the_same_frames_give_the_same_forecast_in_any_order() -> None:
    other = series(BUSY[::-1], years(2015, 10), area="b")
    values = pl.concat([series(BUSY, years(2015, 10)), other])
    first = outlook(values, spec(), run_id="r1")
    assert first.equals(outlook(values.reverse(), spec(), run_id="r1"))


def test_without_a_spec_or_level_nothing_is_forecast() -> None:
    values = series(BUSY, years(2015, 10))
    assert outlook(values, spec(indicator="other"), run_id="r1").is_empty()
    assert outlook(values.with_columns(level=pl.lit("block")), spec(), run_id="r1").is_empty()
    assert outlook(values.clear(), spec(), run_id="r1").schema == FORECAST_SCHEMA


@pytest.mark.parametrize(
    ("grain", "dates", "needed"),
    [
        ("year", years(2018, 7), 8),
        ("month", months(2023, 23), 24),
        ("quarter", [date(2023 + q // 4, q % 4 * 3 + 1, 1) for q in range(9)], 10),
        ("half_year", [date(2020 + q // 2, q % 2 * 6 + 1, 1) for q in range(9)], 10),
        ("week", weeks(103), 104),
    ],
)
def test_too_short(grain: str, dates: list[date], needed: int) -> None:
    values = series([30.0 + place % 5 for place in range(len(dates))], dates, grain=grain)
    reason = refused(values, spec(grain=grain))
    assert reason.startswith(f"Zu kurz: {len(dates)} ")
    assert str(needed) in reason


def test_too_short_reported_is_refused_as_well() -> None:
    values = series([2.0, 3.0, 2.5], years(2022, 3), unit="%")
    assert refused(values, spec(kind="reported")).startswith("Zu kurz: 3 Jahreswerte")


def test_reported_is_forecast_when_long_enough() -> None:
    values = series([3.2, 3.0, 2.9, 3.1, 2.8, 2.6, 2.7, 2.4, 2.5], years(2016, 9), unit="%")
    found = outlook(values, spec(kind="reported"), run_id="r1")
    assert set(found["status"]) == {"estimated"}


def test_too_small_and_alone() -> None:
    values = series([7.0, 9.0, 12.0, 8.0, 9.0, 11.0, 7.0, 8.0, 9.0, 10.0], years(2015, 10))
    assert refused(values) == (
        "Zu klein: im Mittel höchstens 9 Fälle je Zeitraum, da überwiegt der Zufall. Zu wenig für "
        "kleine Fallzahlen: 1 Gebiete über 10 Zeiträume; nötig sind 5 Gebiete über 12 Zeiträume, "
        "die gemeinsam betrachtet werden."
    )


def test_few_of_what_is_no_count_are_refused() -> None:
    acres = [2.5, 3.25, 1.75, 2.1, 3.3, 2.9, 1.2, 2.2, 2.7, 3.1]
    assert refused(series(acres, years(2015, 10), unit="ha")) == (
        "Zu klein: im Mittel höchstens 3 Fälle je Zeitraum; unter 10 überwiegt der Zufall."
    )


def village(*, kind: str = "count", areas: int = 8, late: int = 0) -> pl.DataFrame:
    """Districts with 0 to 6 cases a month; of 40 people each where it is a share or rate."""
    rng = np.random.default_rng(11)
    frames = []
    for area in range(areas):
        cases = rng.poisson(area, 60).astype(np.float64)
        frames.append(
            series(
                (cases if kind == "count" else cases / 40 * 100).tolist(),
                months(2020, 60),
                area=f"a{area}",
                grain="month",
                numerators=cases.tolist(),
                unit="Fälle" if kind == "count" else "%",
            ).with_columns(denominator=pl.lit(None if kind == "count" else 40.0, pl.Float64))
        )
    values = pl.concat(frames)
    behind = (pl.col("area_id") == "a3") & (pl.col("period_start") > date(2024, 12 - late, 1))
    return values.filter(~behind)


@pytest.mark.parametrize("kind", ["count", "share", "rate"])
def test_few_cases_are_looked_at_together(kind: str) -> None:
    found = looking.outlook(
        village(kind=kind), spec(grain="month", kind=kind, horizon=4), run_id="r1"
    )
    assert set(found.forecast["model"]) == {"counts_log_ar"}
    assert set(found.forecast["status"]) == {"estimated"}
    assert (found.forecast["value"] >= 0).all()
    median = found.forecast.filter(quantile=0.5).group_by("area_id").agg(pl.col("value").mean())
    scale = 1 if kind == "count" else 100 / 40
    for area, middle in median.iter_rows():
        assert abs(middle / scale - int(area[1:])) < 1.5
    reasons = dict(found.forecast.select("area_id", "reason").unique().iter_rows())
    assert reasons["a3"].startswith("Kleine Zahlen (im Mittel höchstens 3 Fälle")
    past = found.backtest
    assert set(past["model"]) == {"counts_log_ar", "seasonal_naive_small"}
    assert past.filter(model="counts_log_ar")["published"].all()
    assert past["series"].to_list() == [8] * 8


def test_a_district_without_any_case_is_no_reason_to_refuse() -> None:
    found = outlook(village(), spec(grain="month", horizon=4), run_id="r1").filter(area_id="a0")
    assert found["status"].unique().to_list() == ["estimated"]
    assert found.filter(quantile=0.975)["value"].max() < 2  # type: ignore[operator]


def test_few_cases_begin_after_the_last_period_known_of_any() -> None:
    found = outlook(village(late=2), spec(grain="month", horizon=4), run_id="r1")
    firsts = found.group_by("area_id").agg(pl.col("period_start").min())
    assert set(firsts["period_start"]) == {date(2025, 1, 1)}


def test_few_and_many_cases_of_a_level_are_judged_apart() -> None:
    values = pl.concat(
        [
            village().drop("denominator"),
            town().with_columns(area_id=pl.lit("b") + pl.col("area_id")),
        ]
    )
    found = looking.outlook(values, spec(grain="month", horizon=4), run_id="r1")
    assert set(found.forecast["model"]) == {"counts_log_ar", "ensemble"}
    assert not found.backtest.select(*POOL, "model", "ahead").is_duplicated().any()
    assert set(found.backtest["model"]) == {
        "counts_log_ar", "ensemble", "seasonal_naive", "seasonal_naive_small",
    }  # fmt: skip


def test_gap_at_the_end_is_measured_against_the_other_areas() -> None:
    late = series(BUSY[:9], years(2011, 9), area="late")
    up_to_date = series([*BUSY, *BUSY], years(2005, 20))
    found = outlook(pl.concat([late, up_to_date]), spec(), run_id="r1")
    row = found.filter(pl.col("area_id") == "late").row(0, named=True)
    assert row["reason"].startswith("Die letzten 5 Zeiträume fehlen")
    assert row["period_start"] == date(2020, 1, 1)


def test_an_area_that_reports_late_is_covered_up_to_the_same_period() -> None:
    late = series(BUSY[:8], years(2015, 8), area="late")
    values = pl.concat([late, series(BUSY, years(2015, 10))])
    found = outlook(values, spec(), run_id="r1")
    ends = found.group_by("area_id").agg(
        first=pl.col("period_start").min(), last=pl.col("period_start").max()
    )
    assert sorted(ends.iter_rows()) == [
        ("a1", date(2025, 1, 1), date(2027, 1, 1)),
        ("late", date(2023, 1, 1), date(2027, 1, 1)),
    ]


def test_too_many_gaps() -> None:
    values: list[float | None] = [*BUSY[:4], *[None] * 5, *BUSY[4:10]]
    assert refused(series(values, years(2008, 15))).startswith("Zu lückenhaft: 5 von 15")


def test_gaps_without_a_row_count_as_missing() -> None:
    values = series([*BUSY, *BUSY[:5]], years(2008, 15))
    gappy = values.filter(~pl.col("period_start").dt.year().is_between(2012, 2016))
    assert refused(gappy).startswith("Zu lückenhaft: 5 von 15")


def test_not_comparable_values_are_not_used() -> None:
    values = series(BUSY, years(2015, 10))
    before = pl.col("period_start") < date(2019, 1, 1)
    broken = values.with_columns(
        status=pl.when(before).then(pl.lit("not_comparable")).otherwise("status")
    )
    assert refused(broken).startswith("Zu kurz: 6 Jahreswerte")


def test_constant() -> None:
    assert refused(series([30.0] * 10, years(2015, 10))).startswith("Alle 10 Werte sind gleich")


def test_share_out_of_bounds() -> None:
    values = series([95.0 + place for place in range(10)], years(2015, 10), unit="%")
    assert "über 100 Prozent" in refused(values, spec(kind="share"))


def test_irregular_dates() -> None:
    dates = [*years(2015, 5), *(date(year, 6, 30) for year in range(2020, 2025))]
    assert "nicht in gleichem Abstand" in refused(series(BUSY, dates))


def test_explosive() -> None:
    reason = refused(
        series([40.0 * 1.6**step for step in range(9)], years(2016, 9)), spec(horizon=90)
    )
    assert reason.startswith("Zu unsicher: die Spanne reicht bis")


def test_a_series_of_replaced_boundaries_is_refused() -> None:
    old = series(BUSY, years(2010, 10), version="2006")
    new = series(BUSY, years(2015, 10), version="2021", status="estimated")
    found = outlook(pl.concat([old, new]), spec(), run_id="r1")
    by_version = found.group_by("area_version", maintain_order=True).first()
    assert by_version["reason"].to_list() == [
        "Dieser Gebietsstand ist abgelöst; der Ausblick gilt für den Gebietsstand 2021.",
        "Beruht auch auf 10 umgerechneten oder geschätzten Werten (von 10).",
    ]


def test_reporting_dates_at_month_end_stay_at_month_end() -> None:
    ends = [date(2020 + q // 2, [6, 12][q % 2], [30, 31][q % 2]) for q in range(12)]
    values = series([500.0 + 3 * (place % 4) for place in range(12)], ends, grain="half_year")
    found = outlook(values, spec(grain="half_year", horizon=2), run_id="r1")
    assert found["period_start"].unique().sort().to_list() == [
        date(2026, 6, 30),
        date(2026, 12, 31),
    ]


def test_a_balance_may_be_negative() -> None:
    balance = [5.0, -3.0, 2.0, -8.0, 1.0, 4.0, -6.0, 3.0, -2.0, 0.0]
    found = outlook(series(balance, years(2015, 10)), spec(), run_id="r1")
    assert found["value"].min() < 0  # type: ignore[operator]


def test_gaps_are_bridged_and_widen_the_range() -> None:
    rng = np.random.default_rng(4)
    counts = [float(one) for one in rng.poisson(100, 16)]
    gappy: list[float | None] = [
        None if place in (3, 6, 9, 12) else one for place, one in enumerate(counts)
    ]
    values = pl.concat(
        [series(counts, years(2009, 16)), series(gappy, years(2009, 16), area="gappy")]
    )
    found = outlook(values, spec(), run_id="r1").filter(pl.col("quantile").is_in([0.1, 0.9]))
    width = found.group_by("area_id").agg(width=pl.col("value").max() - pl.col("value").min())
    by_area = dict(width.iter_rows())
    assert by_area["gappy"] > by_area["a1"]
    assert by_area["gappy"] < 3 * by_area["a1"]


def town() -> pl.DataFrame:
    """Twelve districts by month: noise about a season."""
    rng = np.random.default_rng(6)
    start = 400 + 100 * np.sin(np.arange(60) / 12 * 2 * np.pi)
    frames = []
    for area in range(12):
        noise = rng.normal(0, 30, 60)
        counts = [float(round(one)) for one in start + noise]
        frames.append(series(counts, months(2020, 60), area=f"a{area:02}", grain="month"))
    return pl.concat(frames)


def test_the_past_is_kept_as_figures_beside_the_seasonal_naive() -> None:
    found = looking.outlook(town(), spec(grain="month", horizon=6), run_id="r1")
    assert found.backtest.schema == BACKTEST_SCHEMA
    assert found.backtest.height == 2 * 6
    model = found.backtest.filter(model="ensemble").sort("ahead")
    naive = found.backtest.filter(model="seasonal_naive").sort("ahead")
    assert model["published"].all()
    assert not naive["published"].any()
    assert (model["mase"] < naive["mase"]).all()
    assert (model["wis"] < naive["wis"]).all()
    assert model["series"].to_list() == [12] * 6
    assert model["forecasts"].to_list() == [96, 84, 72, 60, 48, 36]
    assert 70 <= float(model["coverage_80"].mean()) <= 90  # type: ignore[arg-type]
    assert set(found.forecast["model"]) == {"ensemble"}


def test_naive_is_published_where_it_was_closer_and_said_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pools, "naive_wins", lambda *_: True)
    found = looking.outlook(town(), spec(grain="month", horizon=6), run_id="r1")
    assert set(found.forecast["model"]) == {"seasonal_naive"}
    assert set(found.forecast["reason"]) == {
        "Das letzte Jahr wiederholt: das traf im Rückblick besser als das Modell."
    }
    assert found.backtest.filter("published")["model"].unique().to_list() == ["seasonal_naive"]
    first = found.forecast.filter(area_id="a00", quantile=0.5)["value"].to_list()
    assert first == town().filter(area_id="a00")["value"].to_list()[-12:-6]


def test_late_neighbours_change_nothing_but_what_is_learned_about_ranges() -> None:
    values = town()
    late = values.filter(
        ~((pl.col("area_id") == "a03") & (pl.col("period_start") > date(2024, 10, 1)))
    )
    asked = spec(grain="month", horizon=6)
    median = pl.col("quantile") == 0.5
    other = pl.col("area_id") != "a03"
    both = [
        outlook(one, asked, run_id="r1").filter(median, other)["value"] for one in (values, late)
    ]
    assert both[0].equals(both[1])


def broken(since: date) -> pl.DataFrame:
    return spec().with_columns(breaks=pl.lit([since], pl.List(pl.Date)))


def test_values_before_a_change_of_definition_are_moved_to_the_new_level() -> None:
    half = [value / 2 if place < 8 else value for place, value in enumerate([*BUSY, *BUSY[2:]])]
    values = series(half, years(2007, 18))
    found = outlook(values, broken(date(2015, 1, 1)), run_id="r1")
    assert found["reason"][0] == (
        "Seit 01.01.2015 wird anders gezählt; frühere Werte sind auf die neue Höhe gerückt."
    )
    ignored = outlook(values, spec(), run_id="r1")
    widths = [
        (one.filter(quantile=0.9)["value"] - one.filter(quantile=0.1)["value"]).mean()
        for one in (found, ignored)
    ]
    assert widths[0] < 0.8 * widths[1]  # type: ignore[operator]
    before = outlook(values, broken(date(2001, 1, 1)), run_id="r1")
    assert before.drop("reason").equals(ignored.drop("reason"))


def test_too_little_since_a_change_of_definition() -> None:
    values = series(BUSY, years(2015, 10))
    assert refused(values, broken(date(2023, 1, 1))) == (
        "Zu kurz: seit dem 01.01.2023 wird anders gezählt, und seither liegen 2 Jahreswerte vor; "
        "für einen Ausblick braucht es mindestens 3."
    )
    # What lies before the change is too little to say how far the level moved.
    early = outlook(series(BUSY, years(2015, 10)), broken(date(2017, 1, 1)), run_id="r1")
    late = outlook(series(BUSY[2:], years(2017, 8)), spec(), run_id="r1")
    assert early.equals(late)


def test_few_cases_are_looked_at_since_the_change_only() -> None:
    asked = spec(grain="month", horizon=4)
    since = asked.with_columns(breaks=pl.lit([date(2022, 1, 1)], pl.List(pl.Date)))
    later = village().filter(pl.col("period_start") >= date(2022, 1, 1))
    found = outlook(village(), since, run_id="r1")
    assert found.equals(outlook(later, asked, run_id="r1"))
    too_late = asked.with_columns(breaks=pl.lit([date(2023, 6, 1)], pl.List(pl.Date)))
    reasons = outlook(village(), too_late, run_id="r1")["reason"].unique()
    assert reasons.item() == (
        "Zu kurz: seit dem 01.06.2023 wird anders gezählt, und seither liegen 19 Monatswerte vor; "
        "für einen Ausblick braucht es mindestens 24."
    )


def with_city(values: pl.DataFrame) -> pl.DataFrame:
    """The districts and their sum."""
    cell = ["indicator_id", "area_system", "area_version", "group_id", "grain", "period_start"]
    cell += ["unit", "status", "as_of"]
    whole = (
        values.group_by(cell)
        .agg(pl.col("value").sum(), numerator=pl.col("value").sum())
        .with_columns(area_id=pl.lit("city"), level=pl.lit("city"))
    )
    return pl.concat([values, whole.select(values.columns)])


def areas(values: pl.DataFrame) -> pl.DataFrame:
    return (
        values.select("area_system", "area_version", "area_id")
        .unique()
        .with_columns(parent_id=pl.when(pl.col("area_id") != "city").then(pl.lit("city")))
    )


def of_city_and_parts(found: pl.DataFrame) -> tuple[Floats, Floats]:
    """Medians per period: of the city, and those of its districts together."""
    middle = found.filter(quantile=0.5).sort("period_start")
    city = middle.filter(area_id="city")["value"]
    parts = middle.filter(pl.col("area_id") != "city").group_by("period_start", maintain_order=True)
    return city.to_numpy(), parts.agg(pl.col("value").sum())["value"].to_numpy()


def test_districts_add_up_to_the_city_today_and_in_the_record() -> None:
    values = with_city(town())
    asked = spec(grain="month", horizon=6)
    alone = looking.outlook(values, asked, run_id="r1")
    found = looking.outlook(values, asked, run_id="r1", areas=areas(values))
    city, parts = of_city_and_parts(found.forecast)
    assert np.abs(city - parts).max() < 0.003 * city.min()
    assert found.forecast.height == alone.forecast.height
    published = [one.backtest.filter("published") for one in (alone, found)]
    assert published[0].select("level", "ahead").equals(published[1].select("level", "ahead"))
    assert (published[0]["wis"] != published[1]["wis"]).any()
    others = [one.backtest.filter(~pl.col("published")) for one in (alone, found)]
    assert others[0].equals(others[1])


def test_few_cases_add_up_to_a_city_of_many() -> None:
    values = with_city(village(areas=9).drop("denominator"))
    found = looking.outlook(
        values, spec(grain="month", horizon=6), run_id="r1", areas=areas(values)
    ).forecast
    assert set(found.filter(area_id="city")["model"]) == {"ensemble"}
    alone = looking.outlook(values, spec(grain="month", horizon=6), run_id="r1").forecast
    parts = pl.col("area_id") != "city"
    assert found.filter(parts).equals(alone.filter(parts))
    city, sums = of_city_and_parts(found)
    assert np.abs(city / sums - 1).max() < 0.05


def test_a_sum_of_few_cases_is_that_of_its_parts() -> None:
    rare = village().with_columns(value=(pl.col("value") / 4).floor()).drop("denominator")
    values = with_city(rare.with_columns(numerator=pl.col("value")))
    asked = spec(grain="month", horizon=4)
    alone = looking.outlook(values, asked, run_id="r1").forecast.filter(area_id="city")
    assert alone["reason"][0].startswith("Zu klein")
    found = looking.outlook(values, asked, run_id="r1", areas=areas(values)).forecast
    assert set(found["model"]) == {"counts_log_ar"}
    city = found.filter(area_id="city")
    assert city["period_start"].unique().sort().to_list() == months(2025, 4)
    assert city["reason"][0].startswith("Kleine Zahlen")
    mean = values.filter(area_id="city")["value"].mean()
    assert city.filter(quantile=0.5)["value"].mean() == pytest.approx(mean, rel=0.3)


def test_a_sum_over_some_parts_is_said_to_be_none() -> None:
    values = with_city(town())
    gone = (pl.col("area_id") == "a05") & (pl.col("period_start") > date(2020, 6, 1))
    gone |= (pl.col("area_id") == "a06") & (pl.col("period_start") > date(2020, 6, 1))
    some = values.filter(~gone)
    asked = spec(grain="month", horizon=6)
    found = looking.outlook(some, asked, run_id="r1", areas=areas(values)).forecast
    city = found.filter(area_id="city")
    reason = city["reason"][0]
    assert reason == (
        "Nicht die Summe der Teile: die mit Ausblick sind nicht alles, was sie zählt."
    )
    alone = looking.outlook(some, asked, run_id="r1").forecast.filter(area_id="city")
    assert city["value"].equals(alone["value"])
    assert found.filter(pl.col("area_id") == "a01")["reason"].null_count() == 30


def test_too_little_past_leaves_no_figures() -> None:
    found = looking.outlook(series(BUSY[:8], years(2015, 8)), spec(), run_id="r1")
    assert found.backtest.is_empty()
    assert found.forecast.height == 15


@settings(max_examples=25)
@given(st.lists(st.integers(0, 400), min_size=8, max_size=14))
def test_counts_never_fall_below_zero(counts: list[int]) -> None:
    values = series([float(count) for count in counts], years(2010, len(counts)))
    found = outlook(values, spec(horizon=6), run_id="r1")
    assert (found["value"].drop_nulls() >= 0).all()
    assert found["status"].is_in(["estimated", "missing"]).all()


@settings(max_examples=25)
@given(st.lists(st.integers(0, 60), min_size=8, max_size=14))
def test_shares_stay_within_0_and_100(cases: list[int]) -> None:
    numerators = [float(number) for number in cases]
    values = series(
        [number / 60 * 100 for number in numerators],
        years(2010, len(cases)),
        numerators=numerators,
        unit="%",
    )
    found = outlook(values, spec(kind="share", horizon=6), run_id="r1")
    assert found["value"].drop_nulls().is_between(0, 100).all()


@pytest.mark.parametrize(
    ("values", "specs", "message"),
    [
        (pl.DataFrame(schema=VALUE_COLUMNS[1:]), spec(), "values lacks the columns indicator_id"),
        (series(BUSY, years(2015, 10)), spec(grain="day"), "unknown grain day"),
        (series(BUSY, years(2015, 10)), spec(horizon=0), "horizon of at least one"),
        (series(BUSY, years(2015, 10)), pl.concat([spec(), spec()]), "indicator and grain twice"),
        (pl.concat([series(BUSY, years(2015, 10))] * 2), spec(), "values hold a key twice"),
    ],
)
def test_wrong_inputs_are_named(values: pl.DataFrame, specs: pl.DataFrame, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        outlook(values, specs, run_id="r1")


def test_a_look_ahead_starts_from_the_nowcast_and_carries_its_spread() -> None:
    """Half of the cases of the last two months are reported later; so it was each year."""
    whole = town()
    last = pl.col("period_start") >= date(2024, 11, 1)
    value = pl.col("value")
    early = whole.with_columns(value=pl.when(last).then(value / 2).otherwise(value))
    asked = spec(grain="month", horizon=6)

    def nowcast(share: float) -> pl.DataFrame:
        open_ends = [
            pl.when(last).then(value * factor).alias(name)
            for name, factor in (("nowcast_low", 1 - share), ("nowcast_high", 1 + share))
        ]
        return whole.with_columns(open_ends)

    def look(values: pl.DataFrame) -> pl.DataFrame:
        return outlook(values, asked, run_id="r1").pivot(
            "quantile", index=["area_id", "period_start", "reason"], values="value"
        )

    complete, low = look(whole), look(early)
    certain, vague = look(nowcast(0.0)), look(nowcast(0.3))
    figures = [str(level) for level in QUANTILES]
    assert (low["0.5"].to_numpy() < complete["0.5"].to_numpy()).mean() > 0.9
    assert certain.select(figures).equals(complete.select(figures))
    assert vague["0.5"].equals(complete["0.5"])
    widths = [(one["0.9"] - one["0.1"]).to_numpy() for one in (complete, vague)]
    assert (widths[1] >= widths[0]).all()
    assert float(np.mean(widths[1])) > 1.1 * float(np.mean(widths[0]))
    assert vague["reason"][0] == (
        "Beginnt mit 2 Werten, auf die noch nachgemeldet wird: hochgerechnet, mit deren Spanne in "
        "den Spannen."
    )
