"""Scales: there and back, and never outside what is possible."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from forecasting.refusal import Refusal
from forecasting.scales import Scale, choose_scale

NAN = float("nan")


@given(st.lists(st.floats(0, 1e6), min_size=1, max_size=20), st.floats(0.01, 5))
def test_log_returns_what_went_in(values: list[float], offset: float) -> None:
    scale = Scale("log", offset)
    there = scale.forward(np.asarray(values))
    assert np.allclose(scale.back(there), values, rtol=1e-6, atol=1e-6)


@given(st.lists(st.floats(0, 100), min_size=1, max_size=20), st.floats(0.01, 5))
def test_logit_returns_what_went_in(values: list[float], offset: float) -> None:
    scale = Scale("logit", offset)
    there = scale.forward(np.asarray(values))
    assert np.allclose(scale.back(there), values, rtol=1e-6, atol=1e-6)


@given(st.floats(-800, 2000))
def test_nothing_modelled_comes_back_impossible(modelled: float) -> None:
    assert Scale("log", 0.5).back(np.asarray([modelled]))[0] >= 0
    assert 0 <= Scale("logit", 0.5).back(np.asarray([modelled]))[0] <= 100


def test_half_a_case_is_in_the_unit_of_the_indicator() -> None:
    cases = np.asarray([20.0, 30.0, NAN])
    per_thousand = cases / 4000 * 1000
    scale = choose_scale(per_thousand, cases, kind="rate", unit="je 1.000", negative_possible=False)
    assert isinstance(scale, Scale)
    assert scale.name == "log"
    assert scale.offset == pytest.approx(0.5 / 4000 * 1000)


@pytest.mark.parametrize(
    ("kind", "unit", "values", "negative", "expected"),
    [
        ("count", "Fälle", [3.0, 5.0], False, "log"),
        ("count", "Personen", [3.0, 5.0], True, "identity"),
        ("share", "%", [3.0, 5.0], False, "logit"),
        ("reported", "%", [3.0, 5.0], False, "logit"),
        ("reported", "%", [3.0, 105.0], False, "log"),
        ("reported", "EUR", [300.0, 500.0], False, "log"),
    ],
)
def test_scale_follows_kind_and_unit(
    kind: str, unit: str, values: list[float], negative: bool, expected: str
) -> None:
    scale = choose_scale(
        np.asarray(values),
        np.asarray([NAN, NAN]),
        kind=kind,
        unit=unit,
        negative_possible=negative,
    )
    assert isinstance(scale, Scale)
    assert scale.name == expected


def test_a_share_above_100_percent_is_refused() -> None:
    answer = choose_scale(
        np.asarray([98.0, 104.0]),
        np.asarray([NAN, NAN]),
        kind="share",
        unit="%",
        negative_possible=False,
    )
    assert isinstance(answer, Refusal)
    assert "100 Prozent" in answer.reason_de
