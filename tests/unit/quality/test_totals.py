"""Parts against totals: groups against everybody, areas against boroughs and the city."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from quality.checks import AreaSumRule, SumRule, Tolerance
from tests.unit.quality.promises import AREAS, failed, observed, spec, verdict

SEX = (SumRule("births", "sex", ("f", "m")),)


def by_sex(
    f: float | None, m: float | None, total: float | None, area: str = "0001"
) -> pl.DataFrame:
    return pl.concat(
        [
            observed([(area, 2023, f)], group="sex=f"),
            observed([(area, 2023, m)], group="sex=m"),
            observed([(area, 2023, total)]),
        ]
    )


def test_parts_that_add_up_pass() -> None:
    found = verdict("sums:births:sex", by_sex(3, 4, 7), spec(sums=SEX))
    assert found["passed"]
    assert found["description_en"] == "births: the parts by sex add up to the total"


def test_parts_that_do_not_add_up_are_put_as_a_question() -> None:
    frame = pl.concat([by_sex(3, 4, 8), by_sex(30, 40, 1070, "0002"), by_sex(1, 1, 2, "0003")])
    found = verdict("sums:births:sex", frame, spec(sums=SEX))
    assert (found["passed"], found["severity"], found["observed"]) == (False, "warning", 2)
    assert found["description"] == (
        "births: die Teile nach sex ergeben den Gesamtwert: bei 2 von 3 stimmt das nicht (am "
        "weitesten 0002, 2023: Teile 70, gesamt 1.070). Fehlt etwas, oder wird etwas doppelt "
        "gezählt?"
    )
    hidden = verdict("sums:births:sex", frame, spec(sums=SEX, protected=True))
    assert "1.070" not in hidden["description"]
    assert "0002, 2023" in hidden["description"]


@pytest.mark.parametrize(
    ("tolerance", "passed"),
    [
        (Tolerance(), False),
        (Tolerance(absolute=1.9), False),
        (Tolerance(absolute=2), True),
        (Tolerance(share=0.019), False),
        (Tolerance(share=0.02), True),
    ],
)
def test_declared_tolerance(tolerance: Tolerance, *, passed: bool) -> None:
    promised = spec(sums=(SumRule("births", "sex", ("f", "m"), tolerance, "critical"),))
    found = verdict("sums:births:sex", by_sex(50, 52, 100), promised)
    assert (found["passed"], found["severity"]) == (passed, "critical")


@pytest.mark.parametrize(("f", "m", "total"), [(None, 4, 9), (3, None, 9), (3, 4, None)])
def test_a_suppressed_part_or_total_cannot_be_judged(
    f: float | None, m: float | None, total: float | None
) -> None:
    found = verdict("sums:births:sex", by_sex(f, m, total), spec(sums=SEX))
    assert (found["passed"], found["severity"]) == (None, "info")
    assert "fehlen oder geschützt" in found["description"]
    both = verdict(
        "sums:births:sex", pl.concat([by_sex(f, m, total), by_sex(1, 1, 3, "0002")]), spec(sums=SEX)
    )
    assert "bei 1 von 1" in both["description"]
    assert "1 nicht beurteilbar" in both["description"]


def test_a_part_that_is_absent_cannot_be_judged_either() -> None:
    frame = by_sex(3, 4, 9).filter(pl.col("group_id") != "sex=m")
    assert verdict("sums:births:sex", frame, spec(sums=SEX))["passed"] is None


def test_sums_within_another_group() -> None:
    frame = pl.concat(
        [
            observed([("0001", 2023, 3)], group="age=u03|sex=f"),
            observed([("0001", 2023, 4)], group="age=u03|sex=m"),
            observed([("0001", 2023, 8)], group="age=u03"),
        ]
    )
    found = verdict("sums:births:sex", frame, spec(sums=SEX))
    assert "age=u03: Teile 7, gesamt 8" in found["description"]


def test_no_group_is_larger_than_everybody_without_any_declaration() -> None:
    assert failed(by_sex(3, 4, 3), complete=()) == {"parts": 1}
    assert failed(by_sex(3, 4, 100), complete=()) == {}


def city(first: float, unassigned: float | None, borough: float, whole: float) -> pl.DataFrame:
    rows: list[tuple[str, int, float | None]] = [(one, 2023, 5.0) for one in AREAS]
    rows[0] = (AREAS[0], 2023, first)
    rows += [("b0", 2023, borough), ("b1", 2023, 50), ("0", 2023, whole)]
    if unassigned is not None:
        rows.append(("b0:nz", 2023, unassigned))
    return observed(rows)


def test_areas_add_up_with_those_not_assigned() -> None:
    assert failed(city(5, None, 50, 100)) == {}
    assert failed(city(5, 3, 53, 103)) == {}


def test_a_borough_and_the_city_are_compared_with_the_level_below_each() -> None:
    assert failed(city(9, None, 50, 100)) == {"areas": 1}
    found = verdict("areas", city(5, 3, 53, 100))
    assert "1 von 3" in found["description"]
    assert "0, 2023: Teilgebiete 103, gesamt 100" in found["description"]


def test_unassigned_areas_of_the_city_count_beside_the_boroughs() -> None:
    frame = pl.concat([city(5, None, 50, 104), observed([("0:nz", 2023, 4)])])
    assert failed(frame) == {}


def test_the_next_finer_level_may_be_two_levels_down() -> None:
    frame = city(5, 3, 53, 103).filter(~pl.col("area_id").is_in(["b0", "b1"]))
    assert verdict("areas", frame)["passed"]
    assert failed(frame.filter(pl.col("area_id") != "b0:nz")) == {"areas": 1}


def test_areas_with_a_suppressed_or_absent_part_cannot_be_judged() -> None:
    frame = city(5, None, 99, 149)
    absent = frame.filter(pl.col("area_id") != AREAS[0])
    assert "areas" not in failed(absent)
    empty = frame.with_columns(value=pl.when(pl.col("area_id") != AREAS[0]).then("value"))
    assert "areas" not in failed(empty)


def test_areas_of_what_may_not_be_summed_are_left_alone() -> None:
    frame = city(99, None, 50, 100).with_columns(measure_id=pl.lit("mean_age"))
    assert verdict("areas", frame)["passed"] is None


def test_a_rule_of_a_single_measure_takes_it_out_of_the_default() -> None:
    promised = spec(areas={"births": AreaSumRule(Tolerance(absolute=4), "critical")})
    assert failed(city(9, None, 50, 100), promised) == {}
    assert failed(city(10, None, 50, 100), promised) == {"areas:births": 1}


@given(st.lists(st.integers(0, 500), min_size=20, max_size=20), st.integers(-3, 3))
def test_any_counts_add_up_exactly_when_nothing_is_added(counts: list[int], extra: int) -> None:
    rows: list[tuple[str, int, float | None]] = [
        (one, 2023, float(count)) for one, count in zip(AREAS, counts, strict=True)
    ]
    frame = observed([*rows, ("0", 2023, float(sum(counts) + extra))])
    from quality.totals import area_sums

    (found,) = area_sums(frame, spec())
    assert found.figure == (1.0 if extra else 0.0)
