"""Deliveries against what came before: rows, areas, values; what is unusual is a question."""

from __future__ import annotations

import numpy as np
import polars as pl
import pytest

from quality.checks import Delivered, MeasureSpec, PastRule, RegisterRule, RowsRule
from quality.expectations import judge
from quality.past import latest_state, row_count, unusual_changes
from tests.unit.quality.promises import (
    AREAS,
    LEVEL,
    delivery,
    failed,
    observed,
    spec,
    verdict,
    with_row,
)


@pytest.mark.parametrize(
    ("rows", "earlier", "passed"),
    [
        (100, (100, 101, 99, 100), True),
        (129, (100, 101, 99, 100), True),
        (140, (100, 101, 99, 100), False),
        (60, (100, 101, 99, 100), False),
        (160, (100, 140, 60, 100), True),
        (100, (100, 101, 99), None),
        (0, (0, 0, 0, 0), True),
        (5, (0, 0, 0, 0), False),
    ],
)
def test_rows_against_history(rows: int, earlier: tuple[int, ...], passed: bool | None) -> None:
    found = verdict("rows", delivery(), rows=rows, earlier_rows=earlier)
    assert found["passed"] is passed
    assert found["severity"] == ("info" if passed is None else "warning")


def test_words_of_the_row_count() -> None:
    found = row_count(Delivered("d", delivery().lazy(), 1500, (3000, 3000, 3100, 2900)), spec())
    assert found.de.startswith("1.500 Zeilen; sonst waren es um 3.000")
    assert found.en.endswith("Is something missing, or new?")
    short = row_count(Delivered("d", delivery().lazy(), 1500, (3000,)), spec())
    assert "zu wenig Geschichte" in short.de
    wide = spec(rows=RowsRule(tolerance=0.6, severity="critical"))
    loose = row_count(Delivered("d", delivery().lazy(), 1500, (3000,) * 4), wide)
    assert loose.figure is not None
    assert loose.figure <= loose.limit
    assert loose.severity == "critical"


def test_areas_without_any_row() -> None:
    found = verdict("areas_there", delivery().slice(3))
    assert (found["passed"], found["observed"], found["expected"]) == (False, 0.15, 0)
    assert found["description_en"] == (
        "Every period holds all areas: not in 1 of 2 periods, least in 2023 with 3 of 20 areas "
        "without any row. Is more to follow?"
    )
    allowed = spec(registers=RegisterRule(missing=0.15))
    assert verdict("areas_there", delivery().slice(3), allowed)["passed"]


def test_areas_are_not_missed_before_they_exist() -> None:
    """A district founded in 2024 is wanted from then on."""
    founded = spec().register.with_columns(
        valid_from=pl.when(pl.col("area_id") == AREAS[0])
        .then(pl.date(2024, 1, 1))
        .otherwise("valid_from")
    )
    assert failed(delivery().slice(1), spec(register=founded)) == {}
    second_year = pl.concat([delivery().head(20), delivery().slice(21)])
    assert failed(second_year, spec(register=founded)) == {"areas_there": 0.05}


def test_a_file_about_one_borough_is_about_that_borough() -> None:
    north = pl.col("area_id").is_in(AREAS[:10])
    assert failed(delivery().filter(north)) == {}
    assert failed(delivery().filter(north).slice(1)) == {"areas_there": 0.1}
    assert failed(delivery().filter(pl.col("area_id").is_in(AREAS[:11]))) == {"areas_there": 0.45}


def test_an_area_that_is_always_absent_is_asked_about_once() -> None:
    first, second = delivery().slice(1, 19), delivery().slice(21, 19)
    less = delivery().slice(23)
    names = zip("abc", (first, second, less), strict=True)
    given = [Delivered(name, one.lazy(), 19, complete=(LEVEL,)) for name, one in names]
    found = judge(given, spec()).filter(check_id="areas_there")
    assert found["passed"].to_list() == [False, True, False]
    assert found["observed"].to_list() == pytest.approx([1 / 20, 0, 2 / 19])


def test_what_was_told_of_boroughs_says_nothing_about_their_areas() -> None:
    boroughs = observed([(one, 2022, 70.0) for one in ("b0", "b1")])
    given = [
        Delivered("a", boroughs.lazy(), 2),
        Delivered("b", delivery().slice(1).lazy(), 39, complete=(LEVEL,)),
    ]
    found = judge(given, spec()).filter(check_id="areas_there", delivery_id="b")
    assert found["observed"].to_list() == [0.05]
    new = [given[0], Delivered("b", delivery().lazy(), 40, complete=(LEVEL,))]
    assert judge(new, spec()).filter(check_id="areas_there", delivery_id="b")["passed"].all()


def test_measures_without_figures() -> None:
    frame = delivery().with_columns(
        value=pl.when(pl.int_range(pl.len()) >= 6).then("value"),
        status=pl.when(pl.int_range(pl.len()) >= 6).then(pl.lit("observed")).otherwise(
            pl.lit("missing")
        ),
    )  # fmt: skip
    assert failed(frame) == {"figures_there": 0.3}
    said = frame.with_columns(pl.col("status").replace("missing", "suppressed"))
    assert failed(said) == {}
    senseless = frame.with_columns(pl.col("status").replace("missing", "not_collected"))
    assert failed(senseless) == {}
    assert failed(with_row(delivery(), status="missing", value=None)) == {}


def test_without_a_total_areas_are_counted_over_groups() -> None:
    frame = delivery()
    split = pl.concat([frame.with_columns(group_id=pl.lit(f"sex={code}")) for code in ("f", "m")])
    assert failed(split) == {}


def test_without_a_level_completeness_is_not_judged() -> None:
    assert failed(delivery().slice(3), complete=()) == {}


def history(years: range, level: float = 400, seed: int = 7) -> pl.DataFrame:
    """Counts of all areas around a level, with nothing but chance."""
    rng = np.random.default_rng(seed)
    return observed([(one, year, float(rng.poisson(level))) for one in AREAS for year in years])


def test_chance_alone_is_hardly_ever_asked_about() -> None:
    asked = 0
    for seed in range(30):
        before = history(range(2012, 2024), 20, seed)
        found = unusual_changes(history(range(2024, 2025), 20, seed + 100), before, spec())
        asked += int(found.figure or 0)
    assert asked == 0


def test_two_swapped_lines_are_asked_about() -> None:
    before = history(range(2015, 2024))
    now = with_row(history(range(2024, 2025), seed=8), value=1200.0)
    found = unusual_changes(now, before, spec())
    assert found.figure == 1
    assert found.severity == "warning"
    assert "births 0000, 2024 (vorher 406, jetzt 1.200)" in found.de
    assert found.de.endswith("Was war dort der Anlass?")
    assert found.en.endswith("What was the occasion there?")
    hidden = unusual_changes(now, before, spec(protected=True))
    assert "1.200" not in hidden.de
    assert "births 0000, 2024" in hidden.de


def test_a_short_series_is_compared_with_all_series_of_its_measure() -> None:
    before = history(range(2022, 2024))
    now = with_row(history(range(2024, 2025), seed=8), value=1200.0)
    assert unusual_changes(now, before, spec()).figure == 1
    few = pl.col("area_id").is_in(AREAS[:3])
    lonely = unusual_changes(now.filter(few), before.filter(few), spec())
    assert (lonely.figure, lonely.severity) == (None, "info")
    assert "zu wenig Geschichte" in lonely.de


def test_thresholds_of_the_contract() -> None:
    before = history(range(2015, 2024))
    now = with_row(history(range(2024, 2025), seed=8), value=1200.0)
    assert unusual_changes(now, before, spec(past=PastRule(change=4))).figure == 0
    assert unusual_changes(now, before, spec(past=PastRule(spread=60))).figure == 0
    assert unusual_changes(now, before, spec(past=PastRule(severity="info"))).severity == "info"


def test_where_most_stand_still_and_some_jump_a_jump_is_usual() -> None:
    """Land values: nine of ten stay, every tenth doubles."""
    rows = [
        (one, year, 100.0 * 2 ** ((year - 2015 + number) // 10))
        for number, one in enumerate(AREAS)
        for year in range(2015, 2025)
    ]
    whole = observed(rows, "mean_age")
    latest = pl.col("period_start").dt.year() == 2024
    assert unusual_changes(whole.filter(latest), whole.filter(~latest), spec()).figure == 0


def test_what_was_told_before_is_not_asked_again() -> None:
    before = with_row(history(range(2015, 2025)), value=400.0)
    odd = before.with_columns(
        value=pl.when((pl.col("area_id") == AREAS[3]) & (pl.col("period_start").dt.year() == 2024))
        .then(2000.0)
        .otherwise("value")
    )
    assert unusual_changes(odd, before, spec()).figure == 1
    again = unusual_changes(odd, odd, spec())
    assert again.figure is None


def test_provisional_and_suppressed_values_are_not_judged() -> None:
    before = history(range(2015, 2024))
    now = with_row(history(range(2024, 2025), seed=8), value=1200.0, status="provisional")
    assert unusual_changes(now, before, spec()).figure == 0
    hidden = with_row(now, value=None, status="suppressed")
    assert unusual_changes(hidden, before, spec()).figure == 0


def test_shares_are_compared_without_the_noise_of_counts() -> None:
    rng = np.random.default_rng(3)
    rows = [
        (one, year, 40 + float(rng.normal(0, 0.4))) for one in AREAS for year in range(2015, 2024)
    ]
    before = observed(rows, "mean_age")
    now = with_row(observed([(one, 2024, 40.0) for one in AREAS], "mean_age"), value=60.0)
    assert unusual_changes(now, before, spec()).figure == 1
    as_count = spec(measures=(MeasureSpec("mean_age", "Jahre"),))
    assert unusual_changes(now, before, as_count).figure == 0


def test_balances_may_be_negative() -> None:
    rows = [(one, year, -50.0 + year % 2) for one in AREAS for year in range(2015, 2024)]
    before = observed(rows, "balance")
    now = with_row(observed([(one, 2024, -50.0) for one in AREAS], "balance"), value=5000.0)
    assert unusual_changes(now, before, spec()).figure == 1


def test_of_several_deliveries_the_last_word_counts() -> None:
    first = observed([("0001", 2023, 5), ("0002", 2023, 6)])
    second = observed([("0001", 2023, None)])
    state = latest_state([first.lazy(), second.lazy()])
    assert dict(state.select("area_id", "value").iter_rows()) == {"0001": None, "0002": 6.0}
