"""The written rules of severity."""

from __future__ import annotations

import polars as pl
import pytest

from quality.severity import SEVERITIES, SEVERITY, grade, highest, without_reference

LIMITS = {"hinweis": 0.2, "mittel": 0.3, "hoch": 0.5}


def test_severity_rises_with_the_figure_and_includes_its_limit() -> None:
    frame = pl.DataFrame({"figure": [0.19, 0.2, 0.3, 0.49, 0.5, None]})
    found = frame.select(grade(pl.col("figure"), LIMITS)).to_series().to_list()
    assert found == [None, "hinweis", "mittel", "mittel", "hoch", None]


def test_a_severity_left_out_is_never_given() -> None:
    found = pl.select(grade(pl.lit(9.0), {"hinweis": 0.2, "mittel": 0.3})).item()
    assert found == "mittel"


def test_limits_have_to_be_known_and_rise() -> None:
    with pytest.raises(ValueError, match="unknown severity rot; known: hinweis, mittel, hoch"):
        grade(pl.lit(1.0), {"rot": 1})
    with pytest.raises(ValueError, match="must rise"):
        grade(pl.lit(1.0), {"hinweis": 0.5, "hoch": 0.2})


def test_without_a_reference_nothing_goes_above_hinweis() -> None:
    frame = pl.DataFrame(
        {"severity": pl.Series(["hoch", "hoch", None], dtype=SEVERITY), "ref": [True, None, None]}
    )
    found = frame.select(without_reference(pl.col("severity"), pl.col("ref"))).to_series()
    assert found.to_list() == ["hoch", "hinweis", None]


def test_highest() -> None:
    assert highest(["hinweis", "hoch", "mittel"]) == "hoch"
    assert highest([]) is None
    assert SEVERITIES == ("hinweis", "mittel", "hoch")
