"""What is kept of forecasts that were published, and how they are scored."""

from datetime import date, timedelta
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.record import (
    FORECAST,
    KEPT_SCHEMA,
    RANGES,
    SCORE_SCHEMA,
    SERIES,
    score,
    to_keep,
)

NOTHING = pl.DataFrame(schema=KEPT_SCHEMA)
KNOWN_ON = date(2024, 1, 20)
CELL: dict[str, Any] = {
    "indicator_id": "rate",
    "area_system": "s",
    "area_version": "1",
    "area_id": "00",
    "grain": "year",
    "group_id": "all",
}
NO_DECISION = pl.DataFrame(
    schema=dict.fromkeys(("indicator_id", "area_system", "area_id"), pl.String)
    | dict.fromkeys(("decided_on", "since"), pl.Date)
)


SAID = pl.Schema({name: KEPT_SCHEMA[name] for name in ("run_id", *FORECAST, *RANGES, "as_of")})


def published(
    start: date, *figures: float | None, model: str = "ensemble", **other: Any
) -> dict[str, Any]:
    """One forecast."""
    base = CELL | {
        "run_id": "20240120",
        "period_start": start,
        "scenario_id": "trend",
        "model": model,
        "as_of": KNOWN_ON,
    }
    return base | dict(zip(RANGES, figures, strict=True)) | other


def frame(*forecasts: dict[str, Any]) -> pl.DataFrame:
    return pl.DataFrame(list(forecasts), schema=SAID)


def values(*rows: tuple[date, float | None], **other: Any) -> pl.DataFrame:
    return pl.DataFrame(
        [CELL | other | {"period_start": start, "value": value} for start, value in rows],
        schema=dict.fromkeys(SERIES, pl.String) | {"period_start": pl.Date, "value": pl.Float64},
    )


def truth(*rows: tuple[date, date, float, date], **other: Any) -> pl.DataFrame:
    return pl.DataFrame(
        [
            CELL | other | {"period_start": start, "period_end": end, "value": value, "as_of": day}
            for start, end, value, day in rows
        ]
    )


def test_a_forecast_is_one_row_with_what_would_have_been_said_without_a_model() -> None:
    found = to_keep(
        frame(
            published(date(2024, 1, 1), 1.0, 2.0, 3.0, 4.0, 5.0),
            published(date(2025, 1, 1), 0.0, 2.0, 4.0, 6.0, 8.0),
        ),
        values((date(2022, 1, 1), 7.0), (date(2023, 1, 1), 9.0)),
        NOTHING,
    )
    assert found.schema == KEPT_SCHEMA
    assert found.select("ahead", "low_95", "median", "high_80", "simple").rows() == [
        (1, 1.0, 3.0, 4.0, 9.0),
        (2, 0.0, 4.0, 6.0, 9.0),
    ]


def test_months_are_compared_with_the_year_before_and_nowcasts_with_the_count_so_far() -> None:
    month = {"grain": "month"}
    found = to_keep(
        frame(
            published(date(2024, 2, 29), 1.0, 2.0, 3.0, 4.0, 5.0, **month),
            published(date(2023, 12, 1), 1.0, 2.0, 3.0, 4.0, 5.0, model="nowcast", **month),
        ),
        values((date(2023, 2, 28), 8.0), (date(2023, 12, 1), 2.0), **month),
        NOTHING,
    )
    assert found.select("model", "ahead", "simple").rows() == [
        ("nowcast", -1, 2.0),
        ("ensemble", 1, 8.0),
    ]


def test_a_scenario_that_begins_later_is_as_far_ahead_as_the_forecast_it_moves() -> None:
    figures = (1.0, 2.0, 3.0, 4.0, 5.0)
    found = to_keep(
        frame(
            *(published(date(year, 1, 1), *figures) for year in (2024, 2025, 2026)),
            published(date(2026, 1, 1), *figures, scenario_id="kurse/ausbauen"),
            published(date(2023, 1, 1), *figures, model="nowcast"),
        ),
        values((date(2023, 1, 1), 9.0)),
        NOTHING,
    )
    assert found.filter(pl.col("model") != "nowcast").select("scenario_id", "ahead").rows() == [
        ("trend", 1),
        ("trend", 2),
        ("kurse/ausbauen", 3),
        ("trend", 3),
    ]


@pytest.mark.parametrize(
    ("grain", "start", "ahead"),
    [
        ("quarter", date(2023, 10, 1), -1),
        ("quarter", date(2024, 1, 1), 0),
        ("half_year", date(2023, 1, 1), -2),
        ("year", date(2023, 1, 1), -1),
    ],
)
def test_a_nowcast_says_how_many_periods_it_looks_back(grain: str, start: date, ahead: int) -> None:
    rows = published(start, 1.0, 2.0, 3.0, 4.0, 5.0, model="nowcast", grain=grain)
    assert to_keep(frame(rows), values(), NOTHING)["ahead"].to_list() == [ahead]


def test_what_readers_did_not_see_is_not_kept() -> None:
    withheld = published(date(2024, 1, 1), *[None] * 5)
    assert to_keep(frame(withheld), values(), NOTHING).is_empty()
    shown = published(date(2024, 1, 1), 1.0, 2.0, 3.0, 4.0, 5.0)
    assert to_keep(frame(shown), values((date(2023, 1, 1), None)), NOTHING)["simple"][0] is None


def test_what_later_runs_repeat_is_kept_once_and_what_they_say_anew_too() -> None:
    said = frame(published(date(2024, 1, 1), 1.0, 2.0, 3.0, 4.0, 5.0))
    first = to_keep(said, values(), NOTHING)
    again = said.with_columns(run_id=pl.lit("20240301"), as_of=date(2024, 3, 1))
    assert to_keep(again, values(), first).is_empty()
    other = again.with_columns(pl.col(RANGES) + 1)
    (row,) = to_keep(other, values(), first).iter_rows(named=True)
    assert (row["run_id"], row["median"], row["as_of"]) == ("20240301", 4.0, date(2024, 3, 1))


def kept(*forecasts: dict[str, Any], record_id: str = "one") -> pl.DataFrame:
    found = to_keep(frame(*forecasts), values((date(2023, 1, 1), 9.0)), NOTHING)
    return found.with_columns(record_id=pl.lit(record_id))


def test_scores_by_hand() -> None:
    forecast = published(date(2024, 1, 1), 1.0, 2.0, 3.0, 4.0, 6.0)
    came = truth((date(2024, 1, 1), date(2024, 12, 31), 5.0, date(2025, 1, 31)))
    (row,) = score(kept(forecast), came, NO_DECISION).iter_rows(named=True)
    assert (row["absolute_error"], row["simple"], row["simple_error"]) == (2.0, 9.0, 4.0)
    assert (row["inside_80"], row["inside_95"], row["acted_on"]) == (False, True, False)
    # Twice the mean of level * 4, 3, 2, 1 and of .025 * 1 for the quantile above.
    assert row["wis"] == pytest.approx(0.4 * (0.025 * 4 + 0.1 * 3 + 0.5 * 2 + 0.9 * 1 + 0.025 * 1))
    assert (row["forecast_as_of"], row["as_of"]) == (KNOWN_ON, date(2025, 1, 31))
    assert (row["status"], row["reason"]) == ("observed", None)


def test_what_was_known_then_is_no_truth_but_to_a_nowcast() -> None:
    known = truth((date(2024, 1, 1), date(2024, 12, 31), 5.0, KNOWN_ON))
    for model, scored in (("ensemble", 0), ("nowcast", 1)):
        forecast = published(date(2024, 1, 1), 1.0, 2.0, 3.0, 4.0, 6.0, model=model)
        assert score(kept(forecast), known, NO_DECISION).height == scored


@pytest.mark.parametrize(
    ("area", "decided_on", "since", "acted_on"),
    [
        (None, date(2024, 2, 1), date(2024, 2, 1), True),
        ("00", date(2024, 2, 1), date(2024, 12, 31), True),
        ("01", date(2024, 2, 1), date(2024, 2, 1), False),
        (None, KNOWN_ON, date(2024, 2, 1), False),
        (None, date(2024, 2, 1), date(2025, 1, 1), False),
    ],
)
def test_what_people_decided_about_counts_apart(
    area: str | None, decided_on: date, since: date, acted_on: bool
) -> None:
    decision = {"indicator_id": "rate", "area_system": area and "s", "area_id": area}
    decided = pl.DataFrame(
        [decision | {"decided_on": decided_on, "since": since}] * 2, schema=NO_DECISION.schema
    )
    forecast = published(date(2024, 1, 1), 1.0, 2.0, 3.0, 4.0, 6.0)
    came = truth((date(2024, 1, 1), date(2024, 12, 31), 5.0, date(2025, 1, 31)))
    (row,) = score(kept(forecast), came, decided).iter_rows(named=True)
    assert row["acted_on"] is acted_on
    assert (row["reason"] is not None) is acted_on
    assert (row["reason_en"] is not None) is acted_on


figures = st.lists(st.floats(-1e6, 1e6), min_size=5, max_size=5).map(sorted)
forecasts = st.dictionaries(
    st.tuples(st.sampled_from(["00", "01"]), st.integers(2021, 2026)), figures, max_size=6
)


def _forecasts(said: dict[tuple[str, int], list[float]], run: int) -> pl.DataFrame:
    day = KNOWN_ON + timedelta(days=run)
    return frame(
        *(
            published(date(year, 1, 1), *figures, area_id=area, run_id=f"{day:%Y%m%d}", as_of=day)
            for (area, year), figures in said.items()
        )
    )


@given(st.lists(forecasts, max_size=4))
def test_keeping_twice_keeps_once(runs: list[dict[tuple[str, int], list[float]]]) -> None:
    frames = [NOTHING]
    for number, said in enumerate(runs):
        shown = _forecasts(said, number)
        frames.append(to_keep(shown, values(), pl.concat(frames)))
        assert to_keep(shown, values(), pl.concat(frames)).is_empty()
    everything = pl.concat(frames)
    assert everything.unique().height == everything.height
    told = {
        (area, year, *map(float, figures))
        for said in runs
        for (area, year), figures in said.items()
    }
    known = {(area, start.year, *rest) for area, start, *rest in everything.select(
        "area_id", "period_start", *RANGES
    ).iter_rows()}  # fmt: skip
    assert known == told


@given(forecasts, st.randoms(use_true_random=False))
def test_scores_do_not_depend_on_the_order(
    said: dict[tuple[str, int], list[float]], random: Any
) -> None:
    record = to_keep(_forecasts(said, 0), values(), NOTHING).with_columns(record_id=pl.lit("one"))
    rows = [
        (date(year, 1, 1), date(year, 12, 31), float(year % 7), date(2030, 1, 1))
        for year in range(2021, 2027)
    ]
    came = pl.concat([truth(*rows), truth(*rows, area_id="01")])
    again, later = (
        one[random.sample(range(one.height), one.height)] if one.height else one
        for one in (record, came)
    )
    found = score(record, came, NO_DECISION)
    assert found.equals(score(again, later, NO_DECISION))
    assert found.schema == SCORE_SCHEMA
    assert found.height == len(said)
    assert (found["wis"] >= 0).all()
    assert (found["inside_95"] | ~found["inside_80"]).all()
