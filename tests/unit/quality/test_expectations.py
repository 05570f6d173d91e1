"""Judgements of deliveries: each broken promise is found, counted, and shown without its value."""

from __future__ import annotations

from datetime import date
from typing import Any

import polars as pl
import pytest

from quality import expectations
from quality.checks import REQUIRED, SEVERITY_WORDS, Delivered, number_de, number_en
from quality.expectations import judge
from quality.rules import RULES
from tests.unit.quality.promises import (
    AREAS,
    delivery,
    failed,
    observed,
    spec,
    verdict,
    verdicts,
    with_row,
)


def test_a_good_delivery_passes_everything_that_can_be_judged() -> None:
    found = verdicts(delivery())
    assert found.filter(~pl.col("passed")).is_empty()
    told = ["areas_there", "figures_there", "parts", "areas", "past"]
    assert found["check_id"].to_list() == ["columns", "rows", *RULES, *told]
    unjudged = found.filter(pl.col("passed").is_null())
    assert unjudged["check_id"].to_list() == ["rows", "parts", "areas"]
    assert set(unjudged["severity"]) == {"info"}
    assert set(found["severity"]) <= set(SEVERITY_WORDS)
    assert found["description"].str.len_chars().min() != 0


@pytest.mark.parametrize(
    ("changed", "check"),
    [
        ({"source_id": "deaths"}, "source_known"),
        ({"measure_id": "weddings"}, "measure_known"),
        ({"measure_id": None}, "measure_known"),
        ({"area_id": "9999"}, "area_known"),
        ({"area_version": None}, "area_known"),
        ({"area_system": "elsewhere"}, "area_known"),
        ({"status": "guessed"}, "status_known"),
        ({"status": None}, "status_known"),
        ({"value": None}, "value_fits_status"),
        ({"value": float("nan")}, "value_fits_status"),
        ({"status": "suppressed"}, "value_fits_status"),
        ({"unit": "Haushalte"}, "unit_as_declared"),
        ({"unit": None}, "unit_as_declared"),
        ({"period_start": date(1923, 1, 1)}, "period_plausible"),
        ({"period_start": None}, "period_plausible"),
        ({"value": -1.0}, "minimum"),
        ({"value": 7.5}, "whole_numbers"),
    ],
)
def test_one_broken_row_is_found_and_counted(changed: dict[str, Any], check: str) -> None:
    assert failed(with_row(delivery(), **changed))[check] == 1


def test_severities_and_how_a_contract_changes_them() -> None:
    critical = verdicts(delivery()).filter(severity="critical")["check_id"].to_list()
    assert critical == ["columns", *RULES[:7]]
    strict = spec(severities={"minimum": "critical", "source_known": "info"})
    assert verdict("minimum", delivery(), strict)["severity"] == "critical"
    assert verdict("source_known", delivery(), strict)["severity"] == "info"


def test_a_key_that_comes_twice() -> None:
    frame = delivery()
    assert failed(pl.concat([frame, frame.head(1)])) == {"key_unique": 2}


def test_rules_follow_the_measure() -> None:
    assert failed(delivery("mean_age", value=31.4)) == {}
    assert failed(delivery("balance", value=-12)) == {}
    assert failed(delivery("mean_age", value=3.4)) == {"minimum": 40}


def test_missing_columns_end_the_judgement() -> None:
    found = verdicts(delivery().drop("value", "unit"))
    assert found["check_id"].to_list() == ["columns", "rows"]
    first = found.row(0, named=True)
    assert (first["passed"], first["observed"], first["expected"]) == (False, 2, 0)
    assert first["description"] == "Es fehlen Spalten: value, unit"


def test_an_empty_delivery_breaks_no_rule() -> None:
    assert failed(delivery().clear()) == {}


def test_no_raw_value_leaves_a_protected_source() -> None:
    frame = with_row(delivery(), value=-4711.5, status="geheim", unit="Musterweg 3")
    text = verdicts(frame, spec(protected=True)).write_csv()
    assert not any(raw in text for raw in ("4711", "geheim", "Musterweg"))


def test_great_expectations_never_sees_a_value(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []
    batches, vocabulary, suite_of = expectations._great_expectations()

    class Watched:
        def get_batch(self, parts: dict[str, Any]) -> Any:
            seen.append(parts["dataframe"].to_csv())
            return batches.get_batch(parts)

    monkeypatch.setattr(
        expectations, "_great_expectations", lambda: (Watched(), vocabulary, suite_of)
    )
    verdicts(with_row(delivery(), value=-4711.5))
    assert len(seen) == 1
    assert "4711" not in seen[0]


def test_one_suite_judges_all_deliveries_of_a_source() -> None:
    good, bad = delivery(), with_row(delivery(value=9), unit="Haushalte")
    given = [Delivered(name, frame.lazy(), 40) for name, frame in (("a", good), ("b", bad))]
    found = judge([*given, Delivered("c", good.lazy(), 40)], spec())
    broken = found.filter(~pl.col("passed"))
    assert broken.select("delivery_id", "check_id").rows() == [("b", "unit_as_declared")]


def test_each_delivery_is_judged_by_its_own_usual_number_of_rows() -> None:
    spread = (100, 140, 60, 100)
    frame = delivery().lazy()
    given = [
        Delivered("steady", frame, 150, (100, 100, 100, 100)),
        Delivered("unsteady", frame, 150, spread),
        Delivered("new", frame, 150, (100,)),
    ]
    rows = judge(given, spec()).filter(check_id="rows")
    assert rows["passed"].to_list() == [False, True, None]


def test_a_delivery_set_aside_is_no_past_for_the_next() -> None:
    """After a critical slip the next delivery is compared with the last one that counts."""
    history = observed([(one, year, 50.0) for one in AREAS for year in range(2015, 2023)])
    slip = with_row(observed([(one, 2023, 50.0) for one in AREAS]), value=5000.0)
    after = observed([(one, 2024, 50.0) for one in AREAS])

    def said(slip: pl.DataFrame) -> pl.DataFrame:
        named = zip("abc", (history, slip, after), strict=True)
        given = [Delivered(name, frame.lazy(), frame.height) for name, frame in named]
        return judge(given, spec()).filter(~pl.col("passed"), delivery_id="c")

    assert said(slip)["check_id"].to_list() == ["past"]
    assert said(with_row(slip, unit="Haushalte")).is_empty()


def test_a_check_that_cannot_be_run_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    batches, vocabulary, suite_of = expectations._great_expectations()

    class Broken:
        def get_batch(self, parts: dict[str, Any]) -> Any:
            return batches.get_batch({"dataframe": parts["dataframe"].drop(columns="minimum")})

    monkeypatch.setattr(
        expectations, "_great_expectations", lambda: (Broken(), vocabulary, suite_of)
    )
    with pytest.raises(RuntimeError, match="check minimum of births could not be run"):
        verdicts(delivery())


def test_one_context_serves_many_deliveries_and_sends_nothing() -> None:
    verdicts(delivery())
    batches, _, _ = expectations._great_expectations()
    verdicts(delivery().slice(1))
    assert expectations._great_expectations()[0] is batches
    config = batches.data_asset.datasource.data_context.config
    assert config.analytics_enabled is False
    assert config.progress_bars.globally is False


def test_required_columns_are_those_of_an_observation() -> None:
    assert set(REQUIRED) <= set(delivery().columns)


@pytest.mark.parametrize(
    ("value", "de", "en"),
    [(1234.5, "1.234,5", "1,234.5"), (20, "20", "20"), (-0.25, "-0,2", "-0.2")],
)
def test_numbers_in_words(value: float, de: str, en: str) -> None:
    assert (number_de(value), number_en(value)) == (de, en)
