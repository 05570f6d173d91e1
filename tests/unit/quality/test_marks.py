"""Marks: small numbers, changed boundaries, thresholds, stable identifiers."""

from __future__ import annotations

import json
from datetime import date
from typing import Any

import polars as pl
import pytest

from quality.marks import DETECTORS, MARK_SCHEMA, Frames, catalogue, find_marks
from quality.marks.wording import number_de, number_en

AS_OF = date(2026, 1, 15)
SEEN = date(2025, 6, 1)
CUT = date(2021, 1, 1)

VALUE_SCHEMA = {
    "indicator_id": pl.String,
    "area_system": pl.String,
    "area_version": pl.String,
    "area_id": pl.String,
    "period_start": pl.Date,
    "grain": pl.String,
    "group_id": pl.String,
    "numerator": pl.Float64,
    "denominator": pl.Float64,
    "value": pl.Float64,
    "status": pl.String,
    "as_of": pl.Date,
}
CROSSWALK_SCHEMA = {
    "area_system": pl.String,
    "from_version": pl.String,
    "from_area_id": pl.String,
    "to_version": pl.String,
    "to_area_id": pl.String,
    "level": pl.String,
    "basis": pl.String,
    "weight_raw": pl.Float64,
    "weight": pl.Float64,
    "raw_sum": pl.Float64,
    "is_default": pl.Boolean,
}
INDICATORS = pl.DataFrame(
    {
        "indicator_id": ["cases", "rate", "share", "residents", "index"],
        "kind": ["count", "rate", "share", "count", "reported"],
        "interval": ["byar", "byar", "wilson", "none", "none"],
    }
)


def value(
    number: float | None,
    *,
    indicator: str = "cases",
    of: float | None = None,
    result: float | None = None,
    version: str = "2021",
    area: str = "n1",
    year: int = 2023,
    status: str = "observed",
) -> dict[str, Any]:
    return {
        "indicator_id": indicator,
        "area_system": "lor",
        "area_version": version,
        "area_id": area,
        "period_start": date(year, 1, 1),
        "grain": "year",
        "group_id": "all",
        "numerator": number,
        "denominator": of,
        "value": number if result is None else result,
        "status": status,
        "as_of": SEEN,
    }


def link(source: str, target: str, weight: float, raw_sum: float = 1.0) -> dict[str, Any]:
    return {
        "area_system": "lor",
        "from_version": "2006",
        "from_area_id": source,
        "to_version": "2021",
        "to_area_id": target,
        "level": "planning_area",
        "basis": "residents",
        "weight_raw": weight * raw_sum,
        "weight": weight,
        "raw_sum": raw_sum,
        "is_default": True,
    }


def frames(
    values: list[dict[str, Any]],
    links: list[dict[str, Any]] | None = None,
    *,
    valid_from: date | None = CUT,
) -> Frames:
    indicator_value = pl.DataFrame(values, schema=VALUE_SCHEMA)
    area = (
        indicator_value.select("area_system", "area_version", "area_id")
        .unique()
        .with_columns(
            valid_from=pl.when(pl.col("area_version") == "2021").then(
                pl.lit(valid_from, dtype=pl.Date)
            )
        )
    )
    crosswalk = pl.DataFrame(links or [], schema=CROSSWALK_SCHEMA)
    return Frames(indicator_value, INDICATORS, area, crosswalk)


def marks(given: Frames, **thresholds: dict[str, float]) -> list[dict[str, Any]]:
    found = find_marks(given, thresholds, as_of=AS_OF)
    assert found.schema == MARK_SCHEMA
    assert found["mark_id"].is_unique().all()
    return found.to_dicts()


def test_every_detector_has_its_entry_and_no_entry_is_without_detector() -> None:
    assert {detector.sign for detector in DETECTORS} == set(catalogue())
    for entry in catalogue().values():
        for name in ("name", "text", "question"):
            assert entry[f"{name}_de"]
            assert entry[f"{name}_en"]


@pytest.mark.parametrize(
    ("cases", "severity"),
    [(26, None), (25, "hinweis"), (12, "hinweis"), (11, "mittel"), (5, "mittel"), (4, "hoch")],
)
def test_small_counts(cases: float, severity: str | None) -> None:
    found = marks(frames([value(cases)]))
    assert [mark["severity"] for mark in found] == ([severity] if severity else [])


def test_a_small_number_in_words() -> None:
    (mark,) = marks(frames([value(7)]))
    assert mark["sign"] == "M01"
    assert mark["text_de"] == (
        "Der Wert beruht auf 7 Fällen und kann allein durch Zufall stark schwanken "
        "(95-%-Bereich 2,8 bis 14,4 Fälle, Standardfehler 38 % des Werts)."
    )
    assert mark["text_en"] == (
        "The value rests on 7 cases and can swing strongly by chance alone "
        "(95% range 2.8 to 14.4 cases, standard error 38% of the value)."
    )
    assert json.loads(mark["evidence"])["relative_standard_error"] == 0.378
    assert mark["question_de"].endswith("?")
    assert (mark["first_seen"], mark["as_of"], mark["state"]) == (SEEN, AS_OF, "open")


def test_one_case_in_words() -> None:
    (mark,) = marks(frames([value(1)]))
    assert mark["text_de"].startswith("Der Wert beruht auf 1 Fall und")
    assert mark["text_en"].startswith("The value rests on 1 case and")


def test_a_rate_is_judged_by_its_cases() -> None:
    (mark,) = marks(frames([value(16, indicator="rate", of=40000, result=0.4)]))
    assert (mark["severity"], json.loads(mark["evidence"])["denominator"]) == ("hinweis", 40000)


def test_a_share_in_words() -> None:
    (mark,) = marks(frames([value(9, indicator="share", of=1320, result=0.68)]))
    assert mark["severity"] == "mittel"
    assert "beruht auf 9 von 1.320 und" in mark["text_de"]
    assert "rests on 9 of 1,320 and" in mark["text_en"]
    assert "(95-%-Bereich 0,4 bis 1,3 %" in mark["text_de"]


def test_a_share_of_nearly_all_is_not_small() -> None:
    assert marks(frames([value(19, indicator="share", of=20, result=95)])) == []


def test_no_case_is_explained_by_the_rule_of_three() -> None:
    count, share = marks(frames([value(0), value(0, indicator="share", of=60, result=0)]))
    assert count["severity"] == share["severity"] == "hinweis"
    assert "bis zu 3 Fälle" in count["text_de"]
    assert "0 von 60" in share["text_de"]
    assert "bis zu 5 %" in share["text_de"]
    assert json.loads(share["evidence"])["upper_limit"] == 5


def test_no_mark_where_nothing_is_counted() -> None:
    values = [
        value(5, indicator="residents"),
        value(5, indicator="index"),
        value(None, status="suppressed"),
        value(None, area="n2", status="missing"),
    ]
    assert marks(frames(values)) == []


def test_older_periods_are_marked_as_well() -> None:
    found = marks(frames([value(7, year=2022), value(7, year=2023), value(70, year=2024)]))
    assert [mark["period_start"].year for mark in found] == [2022, 2023]


def test_thresholds_can_be_declared() -> None:
    assert marks(frames([value(25)]), M01={"hinweis": 0.25}) == []
    with pytest.raises(ValueError, match="unknown sign 'M99' in thresholds; known: M01, M09"):
        marks(frames([]), M99={"hinweis": 1})
    with pytest.raises(ValueError, match="unknown threshold 'rot' of sign M01; known: hinweis, "):
        marks(frames([]), M01={"rot": 1})


def test_identifiers_are_stable_and_differ_by_key() -> None:
    given = frames([value(7), value(7, area="n2")])
    first = find_marks(given, {}, as_of=AS_OF)
    later = find_marks(given, {}, as_of=date(2027, 1, 1))
    assert first["mark_id"].to_list() == later["mark_id"].to_list()
    assert first["mark_id"].str.len_chars().unique().to_list() == [12]


def test_empty_frames_give_an_empty_table() -> None:
    assert marks(frames([])) == []


def converted(links: list[dict[str, Any]], **options: Any) -> list[dict[str, Any]]:
    values = [
        value(100, area="n1", year=2019, status="estimated"),
        value(100, area="n1", year=2020, status="estimated"),
        value(100, area="n1", year=2021),
        value(100, area="n1", year=2022),
    ]
    return marks(frames(values, links, **options))


def test_values_carried_over_from_divided_areas_are_marked() -> None:
    found = converted([link("o1", "n1", 0.9), link("o1", "n2", 0.1), link("o2", "n1", 1.0)])
    assert [(m["sign"], m["period_start"].year, m["severity"]) for m in found] == [
        ("M09", 2019, "hinweis"),
        ("M09", 2020, "hinweis"),
        ("M09", 2021, "hinweis"),
    ]
    assert found[0]["text_de"] == (
        "Der Wert ist aus dem Gebietsstand 2006 umgerechnet: 1 von 2 früheren Gebieten wurden "
        "geteilt (Anteile von 90 bis 100 %)."
    )
    assert found[2]["text_de"].startswith("Ab hier gilt der Gebietsstand 2021. Frühere Werte sind")
    evidence = json.loads(found[0]["evidence"])
    assert (evidence["sources"], evidence["divided_sources"]) == (2, 1)
    assert (evidence["smallest_weight"], evidence["largest_weight"]) == (0.9, 1.0)
    assert evidence["raw_sum_deviation"] == 0


def test_a_source_divided_near_the_middle_weighs_more() -> None:
    found = converted([link("o1", "n1", 0.6), link("o1", "n2", 0.4)])
    assert [mark["severity"] for mark in found] == ["mittel", "mittel", "hinweis"]


def test_renamed_and_merged_areas_are_converted_exactly_and_not_marked() -> None:
    assert converted([link("o1", "n1", 1.0)]) == []
    assert converted([link("o1", "n1", 1.0), link("o2", "n1", 1.0)]) == []
    assert converted([link("o1", "n1", 0.97), link("o1", "n2", 0.03)]) == []


def test_raw_weights_that_do_not_add_up_are_named() -> None:
    links = [link("o1", "n1", 0.9, raw_sum=0.987), link("o1", "n2", 0.1, raw_sum=0.987)]
    found = converted(links)
    assert "weichen in der Summe um 1,3 % von 100 % ab" in found[0]["text_de"]
    assert "miss 100% by 1.3% in sum" in found[0]["text_en"]
    assert found[0]["severity"] == "hinweis"
    assert converted(links, valid_from=None)[0]["severity"] == "hinweis"
    much = [link("o1", "n1", 0.9, raw_sum=0.9), link("o1", "n2", 0.1, raw_sum=0.9)]
    assert converted(much)[0]["severity"] == "mittel"


def test_an_estimate_of_the_own_version_is_not_taken_for_a_conversion() -> None:
    given = frames(
        [value(100, year=2023, status="estimated")],
        [link("o1", "n1", 0.6), link("o1", "n2", 0.4)],
    )
    assert marks(given) == []


def two_versions() -> list[dict[str, Any]]:
    return [
        value(100, area="x1", year=2019, version="2006"),
        value(100, area="x1", year=2020, version="2006"),
        value(100, area="x1", year=2021),
        value(100, area="x1", year=2022),
    ]


def test_the_first_value_of_a_differently_cut_area_of_the_same_number_is_marked() -> None:
    (mark,) = marks(frames(two_versions(), [link("x1", "x1", 0.7), link("x1", "x2", 0.3)]))
    assert (mark["period_start"].year, mark["severity"]) == (2021, "hoch")
    assert "Unter derselben Nummer" in mark["text_de"]
    (mark,) = marks(frames(two_versions(), [link("y9", "x1", 1.0)]))
    assert mark["severity"] == "hoch"


def test_without_a_crosswalk_the_change_is_a_hint() -> None:
    (mark,) = marks(frames(two_versions()))
    assert (mark["period_start"].year, mark["severity"]) == (2021, "hinweis")
    assert "nicht hinterlegt" in mark["text_de"]


def test_the_same_place_in_both_versions_is_not_marked() -> None:
    assert marks(frames(two_versions(), [link("x1", "x1", 1.0)])) == []


@pytest.mark.parametrize(
    ("number", "german", "english"),
    [
        (0.0, "0", "0"),
        (0.04, "0", "0"),
        (0.96, "1", "1"),
        (2.85, "2,9", "2.9"),
        (999.95, "1.000", "1,000"),
        (1234.5, "1.234,5", "1,234.5"),
        (1005000.0, "1.005.000", "1,005,000"),
    ],
)
def test_numbers_in_words(number: float, german: str, english: str) -> None:
    found = pl.select(de=number_de(pl.lit(number)), en=number_en(pl.lit(number))).row(0)
    assert found == (german, english)
