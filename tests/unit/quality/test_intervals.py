"""Intervals against published figures, other programs, and what must always hold."""

from __future__ import annotations

import os
from pathlib import Path

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st
from statsmodels.stats.proportion import proportion_confint

from quality.intervals import byar, relative_standard_error, wilson


def fixture(relative: str) -> Path:
    """A file of expected results beside the deliveries; the test is skipped without it."""
    deliveries = os.environ.get("WIRKRAUM_DATA")
    repository = Path(__file__).resolve().parents[3]
    data = Path(deliveries).parent if deliveries else repository.parent / "shared" / "data"
    path = data / "quality_fixtures" / relative
    if not path.is_file():
        pytest.skip(f"expected results are not there: quality_fixtures/{relative}")
    return path


def byar_of(cases: float, confidence: float = 0.95) -> tuple[float, float]:
    low, high = byar(pl.lit(cases), confidence=confidence)
    row = pl.select(low=low, high=high).row(0)
    return float(row[0]), float(row[1])


def wilson_of(cases: float, base: float, confidence: float = 0.95) -> tuple[float, float]:
    low, high = wilson(pl.lit(cases), pl.lit(base), confidence=confidence)
    row = pl.select(low=low, high=high).row(0)
    return float(row[0]), float(row[1])


@pytest.mark.parametrize(
    ("cases", "base", "low", "high"),
    [
        (81, 263, 0.2553, 0.3662),
        (15, 148, 0.0624, 0.1605),
        (0, 20, 0.0000, 0.1611),
        (1, 29, 0.0061, 0.1718),
    ],
)
def test_wilson_as_published_by_newcombe(cases: int, base: int, low: float, high: float) -> None:
    # Newcombe (1998), Statistics in Medicine 17, table I, method 3.
    assert wilson_of(cases, base) == pytest.approx((low, high), abs=5.1e-5)


@given(st.integers(1, 5000), st.data(), st.sampled_from([0.8, 0.95, 0.998]))
def test_wilson_equals_statsmodels(base: int, data: st.DataObject, confidence: float) -> None:
    cases = data.draw(st.integers(0, base))
    expected = proportion_confint(cases, base, alpha=1 - confidence, method="wilson")
    assert wilson_of(cases, base, confidence) == pytest.approx(expected, abs=1e-12)


def test_wilson_without_a_base_is_unknown() -> None:
    low, high = wilson(pl.lit(0.0), pl.lit(0.0))
    assert pl.select(low=low, high=high).row(0) == (None, None)


@pytest.mark.parametrize("confidence", [0.95, 0.998])
def test_byar_comes_close_to_the_exact_limits_of_another_program(confidence: float) -> None:
    # FunnelPlotR gives exact Poisson limits around `expected` cases, divided by `expected`.
    expected = pl.read_csv(fixture("funnel/funnel_limits_expected.csv")).filter(
        pl.col("data_type") == "SR", pl.col("sr_method") == "SHMI", ~pl.col("adjusted")
    )
    low, high = byar(pl.col("number_seq"), confidence=confidence)
    suffix = "95" if confidence == 0.95 else "998"
    compared = expected.select(
        "number_seq",
        low_off=(low / pl.col("number_seq") / pl.col(f"ll{suffix}") - 1).abs(),
        high_off=(high / pl.col("number_seq") / pl.col(f"ul{suffix}") - 1).abs(),
    )
    assert compared.height == 8
    # An approximation: at 5 cases it misses the exact lower 99.8 % limit by 6.5 %.
    tolerance = pl.when(pl.col("number_seq") >= 15).then(0.01).otherwise(0.07)
    assert compared.select((pl.col("low_off", "high_off") < tolerance).all()).row(0) == (True, True)


def test_byar_of_seven_cases() -> None:
    # 7 (1 - 1/63 - 1.96/(3 sqrt 7))^3 and 8 (1 - 1/72 + 1.96/(3 sqrt 8))^3, by hand.
    assert byar_of(7) == pytest.approx((2.804, 14.423), abs=1e-3)


def test_byar_of_no_case_starts_at_zero() -> None:
    low, high = byar_of(0)
    assert low == 0.0
    assert high == pytest.approx(3.69, abs=0.03)  # exact: -ln(0.025)


@given(st.floats(0, 1e6), st.sampled_from([0.8, 0.95, 0.998]))
def test_byar_holds_the_cases(cases: float, confidence: float) -> None:
    low, high = byar_of(cases, confidence)
    assert 0 <= low <= cases < high


def test_confidence_has_to_be_a_probability() -> None:
    with pytest.raises(ValueError, match="between 0 and 1, found 95"):
        byar(pl.lit(1.0), confidence=95)


def test_relative_standard_error() -> None:
    frame = pl.DataFrame({"cases": [25.0, 4.0, 0.0], "base": [100.0, 4.0, 10.0]})
    cases, base = pl.col("cases"), pl.col("base")
    found = frame.select(
        count=relative_standard_error(cases), share=relative_standard_error(cases, base)
    )
    assert found["count"].to_list() == [0.2, 0.5, float("inf")]
    assert found["share"].to_list() == pytest.approx([(0.75 / 25) ** 0.5, 0.0, float("inf")])
