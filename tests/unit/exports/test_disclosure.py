from datetime import date
from itertools import combinations
from typing import Any

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.disclosure import (
    BACKTEST,
    BACKTEST_FIGURES,
    FIGURES,
    HELD,
    MARK,
    OUTLOOK_FIGURES,
    QUESTION,
    RECORD_FIGURES,
    SCORE_FIGURES,
    Rule,
    generalise_marks,
    mask_protected,
    protect,
    protected_indicators,
    suppress_derived,
    suppress_forecasts,
    suppress_values,
)
from exports.vocabulary import KEY
from tests.unit.exports import frames

KINDS = pl.DataFrame(
    {
        "indicator_id": ["count", "share", "rate", "ratio", "reported"],
        "kind": ["count", "share", "rate", "ratio", "reported"],
    }
)


def one(kind: str, numerator: float | None, denominator: float | None = None) -> pl.DataFrame:
    row = frames.value(kind, "01", 2023, numerator, denominator, figure=50.0)
    if kind == "count":
        row["value"] = numerator
    return pl.DataFrame([row], schema=frames.VALUE_SCHEMA)


def status(frame: pl.DataFrame, minimum: int = 5) -> str:
    return str(suppress_values(frame, KINDS, Rule(minimum))["status"][0])


@pytest.mark.parametrize(
    ("kind", "numerator", "denominator", "expected"),
    [
        ("count", 0.0, None, "observed"),
        ("count", 1.0, None, "suppressed"),
        ("count", 4.0, None, "suppressed"),
        ("count", 4.9999, None, "suppressed"),
        ("count", 0.02, None, "suppressed"),
        ("count", -3.0, None, "suppressed"),
        ("count", 5.0, None, "observed"),
        ("share", 0.0, 100.0, "observed"),
        ("share", 4.0, 100.0, "suppressed"),
        ("share", 97.0, 100.0, "suppressed"),
        ("share", 95.0, 100.0, "observed"),
        ("share", 100.0, 100.0, "observed"),
        ("share", 0.0, 4.0, "suppressed"),
        ("rate", 4.0, 1000.0, "suppressed"),
        ("rate", 0.0, 4.0, "suppressed"),
        ("rate", 998.0, 1000.0, "observed"),
        ("ratio", 50.0, 3.0, "suppressed"),
        ("ratio", 3.0, 50.0, "suppressed"),
        ("ratio", 50.0, 52.0, "observed"),
        ("reported", 3.5, None, "observed"),
    ],
)
def test_small_counts_are_withheld(
    kind: str, numerator: float, denominator: float | None, expected: str
) -> None:
    assert status(one(kind, numerator, denominator)) == expected


def test_a_withheld_row_keeps_key_and_unit_and_says_why_in_both_languages() -> None:
    before = one("share", 3.0, 100.0)
    after = suppress_values(before, KINDS, Rule())
    assert after.select(*KEY, "unit", "as_of").equals(before.select(*KEY, "unit", "as_of"))
    assert after.select(FIGURES).row(0) == (None,) * 5
    assert after["reason"].item() == "Fallzahl unter 5"
    assert after["reason_en"].item() == "count below 5"


@pytest.mark.parametrize("kind", ["share", "rate", "ratio"])
def test_a_value_without_counts_cannot_be_checked_and_is_withheld(kind: str) -> None:
    for frame in (one(kind, None, None), one(kind, 50.0, None), one(kind, float("nan"), 100.0)):
        after = suppress_values(frame, KINDS, Rule())
        assert after["status"].item() == "suppressed"
        assert after["value"].item() is None
        assert after["reason"].item() == "Fallzahl nicht prüfbar"


def test_rows_that_arrive_suppressed_lose_what_was_left_in_them_and_keep_their_reason() -> None:
    frame = one("count", 50.0).with_columns(
        status=pl.lit("suppressed"), reason=pl.lit("vom Landesamt gesperrt")
    )
    after = suppress_values(frame, KINDS, Rule())
    assert after.select(FIGURES).row(0) == (None,) * 5
    assert after["reason"].item() == "vom Landesamt gesperrt"


def test_missing_stays_missing() -> None:
    frame = pl.DataFrame([frames.value("count", "01", 2023, None)], schema=frames.VALUE_SCHEMA)
    assert suppress_values(frame, KINDS, Rule()).equals(frame)


def test_an_unknown_indicator_is_refused() -> None:
    with pytest.raises(ValueError, match="cannot judge the counts of: share"):
        suppress_values(one("share", 1.0, 2.0), KINDS.filter(kind="count"), Rule())


def test_a_rule_that_suppresses_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="nothing would be suppressed"):
        Rule(1)


def test_a_forecast_of_a_series_whose_last_value_is_withheld_is_withheld() -> None:
    marts = frames.marts()
    after = protect(marts, Rule())["forecast"]
    south = after.filter(indicator_id="faelle", area_id="02")
    assert south.select("status", "value").rows() == [("suppressed", None)]
    assert "geschützt" in south["reason"].item()
    others = after.filter(~((pl.col("indicator_id") == "faelle") & (pl.col("area_id") == "02")))
    before = marts["forecast"].filter(
        ~((pl.col("indicator_id") == "faelle") & (pl.col("area_id") == "02"))
    )
    assert others.equals(before)


def test_a_gap_after_the_withheld_value_does_not_bring_the_forecast_back() -> None:
    values = pl.DataFrame(
        [frames.value("count", "01", 2022, 3.0), frames.value("count", "01", 2023, None)],
        schema=frames.VALUE_SCHEMA,
    )
    forecasts = pl.DataFrame([frames.forecast("count", "01", 2024)], schema=frames.FORECAST_SCHEMA)
    hidden = suppress_values(values, KINDS, Rule())
    assert suppress_forecasts(forecasts, hidden)["status"].to_list() == ["suppressed"]


def test_a_nowcast_of_a_withheld_period_is_withheld_though_later_values_are_shown() -> None:
    values = pl.DataFrame(
        [frames.value("count", "01", 2022, 3.0), frames.value("count", "01", 2023, 30.0)],
        schema=frames.VALUE_SCHEMA,
    )
    forecasts = pl.DataFrame(
        [
            frames.forecast("count", "01", 2022, model="nowcast"),
            frames.forecast("count", "01", 2024),
        ],
        schema=frames.FORECAST_SCHEMA,
    )
    after = suppress_forecasts(forecasts, suppress_values(values, KINDS, Rule()))
    assert after["status"].to_list() == ["suppressed", "estimated"]


def test_a_forecast_that_repeats_last_year_does_not_give_its_values_away() -> None:
    values = pl.DataFrame(
        [frames.value("count", "01", 2022, 3.0), frames.value("count", "01", 2023, 30.0)],
        schema=frames.VALUE_SCHEMA,
    )
    forecasts = pl.DataFrame(
        [
            frames.forecast("count", "01", 2024, model="seasonal_naive"),
            frames.forecast("count", "01", 2024),
        ],
        schema=frames.FORECAST_SCHEMA,
    )
    after = suppress_forecasts(forecasts, suppress_values(values, KINDS, Rule()))
    assert after["status"].to_list() == ["suppressed", "estimated"]


def test_how_wrong_forecasts_were_does_not_give_a_withheld_value_away() -> None:
    marts = frames.marts()
    row = {"area_system": "bezirk", "area_version": "2020", "grain": "year", "status": "observed"}
    figures = dict.fromkeys(BACKTEST_FIGURES, 1.5) | {"reason": None, "reason_en": None}
    records = pl.DataFrame(
        [{"indicator_id": one, **row, **figures} for one in ("faelle", "offen")],
        schema_overrides={"reason": pl.String, "reason_en": pl.String},
    )
    masked = mask_protected(marts | {"forecast_backtest": records})["forecast_backtest"]
    assert masked["status"].to_list() == ["suppressed", "observed"]
    assert masked.select(BACKTEST_FIGURES).row(0) == (None,) * 5
    assert masked.select(BACKTEST_FIGURES).row(1) == (1.5,) * 5
    assert masked["reason"].to_list() == [BACKTEST[0], None]
    released = protect(marts | {"forecast_backtest": records}, Rule())["forecast_backtest"]
    assert released["status"].to_list()[0] == "suppressed"


def test_how_published_forecasts_fared_does_not_give_a_withheld_value_away() -> None:
    marts = frames.marts()
    cell: dict[str, Any] = {"area_system": "bezirk", "area_version": "2020", "grain": "year"}
    cell |= {
        "group_id": "all",
        "level": "bezirk",
        "scenario_id": "trend",
        "ahead": 1,
        "status": "observed",
    }
    words: dict[str, Any] = dict.fromkeys(("reason", "reason_en", "text_de", "text_en"), "Wort 3")
    told = {"answer": "told", "held_de": "Wort 3", "held_en": "Wort 3"}
    figures = [
        dict.fromkeys(names, 2.5) for names in (SCORE_FIGURES, RECORD_FIGURES, OUTLOOK_FIGURES)
    ]
    ids = [{"indicator_id": one, **cell, **words} for one in ("faelle", "offen")]
    scores = pl.DataFrame([one | figures[0] | {"area_id": area} for one in ids for area in "12"])
    scores = scores.with_columns(area_id="0" + pl.col("area_id"))
    records = pl.DataFrame([one | figures[1] | {"ahead": ahead} for one in ids for ahead in (1, 2)])
    goals = pl.DataFrame(
        [
            ids[place] | figures[2] | told | {"area_id": "02", "answer": answer}
            for place, answer in ((0, "told"), (0, "dropped"), (1, "told"))
        ]
    )
    more = {"forecast_score": scores, "forecast_record": records, "goal_outlook": goals}
    for after in (mask_protected(marts | more), protect(marts | more, Rule())):
        told_of = after["forecast_score"].select("indicator_id", "area_id", "status").rows()
        hidden = [row[:2] for row in told_of if row[2] == "suppressed"]
        assert ("faelle", "02") in hidden
        gone = after["forecast_score"].filter(status="suppressed")
        assert gone.select(SCORE_FIGURES).unique().rows() == [(None,) * len(SCORE_FIGURES)]
        record = after["forecast_record"].row(0, named=True)
        assert {record[name] for name in RECORD_FIGURES} == {None}
        assert "3" not in record["text_de"] + record["text_en"] + record["reason"]
        assert after["forecast_record"].row(1, named=True)["share_80"] == 2.5
        chance, dropped, _ = after["goal_outlook"].iter_rows(named=True)
        assert {chance[name] for name in OUTLOOK_FIGURES} == {None}
        assert (chance["held_de"], chance["held_en"]) == HELD
        assert (chance["answer"], chance["status"]) == ("withheld", "suppressed")
        assert "3" not in chance["text_de"] + chance["text_en"]
        assert (dropped["answer"], dropped["text_de"]) == ("dropped", "Wort 3")
    open_one = mask_protected(marts | more)["goal_outlook"].row(2, named=True)
    assert (open_one["chance_of_ten"], open_one["held_de"]) == (2.5, "Wort 3")


def test_marks_on_and_beside_withheld_cells_name_no_figures() -> None:
    marts = frames.marts()
    after = protect(marts, Rule())["mark"]
    assert after.height == marts["mark"].height
    south = after.filter(area_id="02")
    assert south["evidence"].to_list() == ["{}", "{}"]
    assert south["text_de"].to_list() == [MARK[0]] * 2
    assert south["question_de"].to_list() == ["Was ist in diesem Jahr geschehen?"] * 2
    north = after.filter(area_id="01")
    assert north.equals(marts["mark"].filter(area_id="01"))


def test_words_without_figures_survive_beside_but_not_on_a_withheld_cell() -> None:
    marks = pl.DataFrame(
        [
            frames.mark("count", "01", year, text_de="Der Wert sank.", text_en="It fell.")
            | {"question_de": "Warum 3?", "question_en": "Why 3?"}
            for year in (2022, 2023)
        ],
        schema=frames.MARK_SCHEMA,
    )
    values = pl.DataFrame([frames.value("count", "01", 2023, 3.0)], schema=frames.VALUE_SCHEMA)
    after = generalise_marks(marks, suppress_values(values, KINDS, Rule()))
    assert after["text_de"].to_list() == ["Der Wert sank.", MARK[0]]
    assert after["question_de"].to_list() == [QUESTION[0]] * 2


def test_the_warehouse_mask_touches_only_protected_indicators() -> None:
    marts = frames.marts()
    assert protected_indicators(marts) == ["alt", "anteil", "faelle", "stadtweit"]
    masked = mask_protected(marts)
    values = masked["indicator_value"]
    assert values.filter(status="suppressed").select("indicator_id", "area_id").rows() == [
        ("faelle", "02")
    ]
    assert values.filter(indicator_id="offen", area_id="01")["value"].item() == 2.0
    assert masked["forecast"].filter(status="suppressed").height == 1
    assert masked["mark"].filter(evidence="{}").height == 2


def test_an_indicator_without_source_counts_as_protected() -> None:
    marts = frames.marts()
    marts["indicator_source"] = marts["indicator_source"].filter(pl.col("indicator_id") != "offen")
    assert "offen" in protected_indicators(marts)


def test_the_warehouse_mask_covers_older_states_and_control_totals() -> None:
    marts = frames.marts()
    marts["indicator_revision"] = marts["indicator_value"]
    marts["indicator_value_mark"] = marts["indicator_value"].select(*KEY, marks=pl.lit("M01"))
    marts["measure"] = pl.DataFrame(
        {"measure_id": ["schutz", "frei"], "source_id": ["asd", "melde"]}
    )
    total = {
        "area_id": "01",
        "period_start": date(2023, 1, 1),
        "verdict": "differs",
        "text_de": "4 statt 43",
        "text_en": "4 instead of 43",
    }
    pairs = [("schutz", "frei", 4), ("frei", "schutz", 4), ("frei", "frei", 4), ("x", "x", 40)]
    marts["control_total"] = pl.DataFrame(
        [
            total
            | {"measure_id": one, "control_of": other, "value": float(count)}
            | {"control_value": 43.0, "difference": count - 43.0}
            for one, other, count in pairs
        ]
    )
    masked = mask_protected(marts, Rule(5))
    assert masked["indicator_revision"].equals(masked["indicator_value"])
    assert "indicator_value_mark" not in masked
    totals = masked["control_total"]
    assert totals["value"].to_list() == [None, None, 4.0, 40.0]
    assert totals["difference"].null_count() == totals["control_value"].null_count() == 2
    assert totals["text_de"][0].endswith("geschützt.")
    assert totals["verdict"].to_list() == ["differs"] * 4


numbers = st.one_of(
    st.none(),
    st.integers(-10, 20).map(float),
    st.just(float("nan")),
    st.floats(-10, 20),
    st.floats(0, 1e6, allow_nan=False),
)
rows = st.lists(
    st.fixed_dictionaries(
        {
            "indicator_id": st.sampled_from(KINDS["indicator_id"].to_list()),
            "area_id": st.sampled_from(["01", "02"]),
            "numerator": numbers,
            "denominator": numbers,
            "value": numbers,
            "low": numbers,
            "high": numbers,
            "status": st.sampled_from(["observed", "estimated", "missing", "suppressed"]),
        }
    ),
    max_size=8,
)


@settings(max_examples=200)
@given(rows=rows, minimum=st.integers(2, 12))
def test_no_small_count_is_ever_published(rows: list[dict[str, object]], minimum: int) -> None:
    before = pl.DataFrame(
        [frames.value("count", "01", 2023, 1.0) | row for row in rows], schema=frames.VALUE_SCHEMA
    )
    after = suppress_values(before, KINDS, Rule(minimum))
    assert after.height == before.height
    assert after.schema == before.schema
    assert after.select(*KEY, "unit").equals(before.select(*KEY, "unit"))
    for row in after.iter_rows(named=True):
        if row["status"] == "suppressed":
            assert all(row[column] is None for column in FIGURES)
            continue
        if row["indicator_id"] == "reported":
            continue
        numerator, denominator = row["numerator"], row["denominator"]
        assert numerator is None or not 0 < abs(numerator) < minimum
        if row["indicator_id"] == "count":
            assert row["value"] is None or not 0 < abs(row["value"]) < minimum
            continue
        assert denominator is None or not 0 < abs(denominator) < minimum
        if row["value"] is not None and row["value"] == row["value"]:
            assert numerator is not None
            assert denominator is not None
        if row["indicator_id"] == "share" and None not in (numerator, denominator):
            assert not 0 < denominator - numerator < minimum
    assert suppress_values(after, KINDS, Rule(minimum)).equals(after)


# --- values computed from other values ----------------------------------------------------------

DERIVED_KINDS = pl.DataFrame(
    {
        "indicator_id": ["count", "so_far", "change"],
        "kind": ["count", "cumulative", "change"],
    }
)


def _chain(*counts: float) -> tuple[pl.DataFrame, pl.DataFrame]:
    """Counts by year from 2020, their sums so far, and the changes of those sums."""
    rows, links = [], []
    for at, count in enumerate(counts):
        year = 2020 + at
        rows.append(frames.value("count", "01", year, count))
        rows.append(frames.value("so_far", "01", year, sum(counts[: at + 1])))
        rows.append({**frames.value("change", "01", year, None, figure=count), "numerator": None})
        links += [("so_far", year, "count", before) for before in range(2020, year + 1)]
        links += [("change", year, "so_far", before) for before in (year - 1, year)]
    derivation = pl.DataFrame(
        [
            {
                **{name: rows[0][name] for name in KEY},
                "indicator_id": name,
                "period_start": date(year, 1, 1),
                "from_indicator_id": base,
                "from_period_start": date(before, 1, 1),
            }
            for name, year, base, before in links
        ]
    )
    return pl.DataFrame(rows, schema=frames.VALUE_SCHEMA), derivation


def _withheld(values: pl.DataFrame) -> list[tuple[str, int]]:
    hidden = values.filter(status="suppressed").sort("indicator_id", "period_start")
    assert hidden.select(FIGURES).null_count().row(0) == (hidden.height,) * 5
    return [(name, day.year) for name, day in hidden.select("indicator_id", "period_start").rows()]


def test_what_is_computed_from_a_withheld_value_is_withheld_too() -> None:
    values, derivation = _chain(20, 30, 3, 40, 50)
    after = suppress_derived(
        suppress_values(values, DERIVED_KINDS, Rule()), DERIVED_KINDS, derivation
    )
    assert _withheld(after) == [
        ("change", 2022),
        ("change", 2023),
        ("change", 2024),
        ("count", 2022),
        ("so_far", 2022),
        ("so_far", 2023),
        ("so_far", 2024),
    ]
    told = after.filter(pl.col("indicator_id") == "change", pl.col("status") == "suppressed")
    assert set(told["reason"]) == {"aus einem geschützten Wert gerechnet"}
    assert set(told["reason_en"]) == {"computed from a withheld value"}
    assert after.select(KEY).equals(values.select(KEY))


def test_nothing_is_withheld_without_a_reason() -> None:
    values, derivation = _chain(20, 30, 40)
    after = suppress_derived(
        suppress_values(values, DERIVED_KINDS, Rule()), DERIVED_KINDS, derivation
    )
    assert after.equals(values)


def test_a_computed_value_of_unknown_origin_cannot_be_checked() -> None:
    values, derivation = _chain(20, 30)
    unknown = derivation.filter(pl.col("indicator_id") != "change")
    for links in (unknown, None):
        after = suppress_derived(values, DERIVED_KINDS, links)
        reasons = set(after.filter(indicator_id="change")["reason"])
        assert reasons == {"Fallzahl nicht prüfbar"}
    untouched = suppress_derived(values, DERIVED_KINDS, unknown, only=["count"])
    assert untouched.equals(values)


@given(
    st.lists(st.integers(0, 12), min_size=2, max_size=12),
    st.integers(2, 8),
)
@settings(max_examples=50)
def test_no_difference_of_shown_values_gives_a_withheld_count_away(
    counts: list[int], minimum: int
) -> None:
    values, derivation = _chain(*map(float, counts))
    after = suppress_derived(
        suppress_values(values, DERIVED_KINDS, Rule(minimum)), DERIVED_KINDS, derivation
    )
    hidden = {year for name, year in _withheld(after) if name == "count"}
    sums = after.filter(indicator_id="so_far").drop_nulls("value")["period_start"].dt.year()
    for first, second in combinations([2019, *sums.sort()], 2):
        assert not hidden & set(range(first + 1, second + 1))
    changes = after.filter(indicator_id="change").drop_nulls("value")["period_start"].dt.year()
    assert not hidden & set(changes)


# --- values by bands -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("kind", "numerator", "denominator", "smallest", "reason"),
    [
        ("standardised", 900.0, 9000.0, 12.0, None),
        ("standardised", 900.0, 9000.0, 4.0, "Fallzahl unter 5"),
        ("standardised", 4.0, 9000.0, 4.0, "Fallzahl unter 5"),
        ("standardised", 900.0, 9000.0, None, "Fallzahl nicht prüfbar"),
        ("quantile", None, 300.0, 7.0, None),
        ("quantile", None, 300.0, 1.0, "Fallzahl unter 5"),
        ("mean", 30.0, 4.0, 4.0, "Fallzahl unter 5"),
        ("mean", 300.0, 40.0, 40.0, None),
        ("access", 30.0, 40.0, 10.0, None),
        ("access", 37.0, 40.0, 3.0, "Fallzahl unter 5"),
        ("access", 30.0, 40.0, None, "Fallzahl nicht prüfbar"),
    ],
)
def test_what_could_be_solved_for_a_small_band_is_withheld(
    kind: str,
    numerator: float | None,
    denominator: float,
    smallest: float | None,
    reason: str | None,
) -> None:
    values = pl.DataFrame(
        [frames.value(kind, "01", 2023, numerator, denominator, figure=50.0)],
        schema=frames.VALUE_SCHEMA,
    )
    kinds = pl.DataFrame({"indicator_id": [kind], "kind": [kind]})
    counts = values.select(KEY).with_columns(smallest_count=pl.lit(smallest, pl.Float64))
    after = suppress_values(values, kinds, Rule(), smallest=counts)
    assert after["reason"].item() == reason
    assert (after["value"].item() is None) == (reason is not None)
    source = pl.DataFrame({"source_id": ["s"], "protection": ["statistik"]})
    tables = {
        "indicator_value": values,
        "indicator": kinds,
        "indicator_source": pl.DataFrame({"indicator_id": [kind], "source_id": ["s"]}),
        "source": source,
        "indicator_smallest_count": counts,
    }
    masked = mask_protected(tables)
    assert masked["indicator_value"]["reason"].item() == reason
    left = masked["indicator_smallest_count"]["smallest_count"].item()
    assert left == (None if smallest is not None and smallest < 5 else smallest)
    empty = {
        "forecast": pl.DataFrame(schema=frames.FORECAST_SCHEMA),
        "mark": pl.DataFrame(schema=frames.MARK_SCHEMA),
    }
    released = protect({**tables, **masked, **empty}, Rule())
    assert released["indicator_value"]["reason"].item() == reason
