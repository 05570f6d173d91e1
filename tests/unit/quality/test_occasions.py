"""Occasions: how often chance makes one, what it takes, and what stands in it."""

from datetime import date
from typing import Any

import numpy as np
import polars as pl
import pytest
from polars.testing import assert_frame_equal
from scipy import stats

from quality.occasions import (
    FALSE_DISCOVERY_RATE,
    ITEM_SCHEMA,
    OCCASION_SCHEMA,
    VOICE_SCHEMA,
    occasions,
)

AS_OF = date(2025, 1, 20)
AREAS = [f"{number:02d}" for number in range(1, 13)]


def _indicator(name: str, department: str, **other: Any) -> dict[str, Any]:
    return {
        "indicator_id": name,
        "department_id": department,
        "name_de": f"Name {name}",
        "name_en": f"name {name}",
        "kind": "rate",
        "interval": "byar",
        "per": 1000.0,
        "polarity": "lower_is_better",
        "retired_on": None,
    } | other


INDICATORS = [
    _indicator("hilfen", "jugend"),
    _indicator("schaden", "ordnung"),
    _indicator("gut", "bildung", polarity="higher_is_better", kind="share", interval="wilson"),
    _indicator("egal", "statistik", polarity="neither"),
    _indicator("ohne", "soziales", interval="none"),
]
USUAL = {"hilfen": 0.02, "schaden": 0.03, "gut": 0.6, "egal": 0.1, "ohne": 0.2}


def _values(
    special: dict[tuple[str, str], float] | None = None,
    rng: np.random.Generator | None = None,
    years: tuple[int, ...] = (2023, 2024),
) -> pl.DataFrame:
    """Twelve areas of 2,000 people and their city, as usual unless said otherwise."""
    rows: list[dict[str, Any]] = []
    for name, usual in USUAL.items():
        scale = 100.0 if name == "gut" else 1000.0
        for year in years:
            counts = []
            for area in AREAS:
                mean = (special or {}).get((name, area), usual)
                cases = rng.binomial(2000, mean) if rng else round(2000 * mean)
                counts.append((area, float(cases), 2000.0))
            counts.append(("0", sum(cases for _, cases, _ in counts), 24000.0))
            rows += [
                {"indicator_id": name, "area_system": "s", "area_version": "1", "area_id": area}
                | {"area_name": f"Gebiet {area}", "level_rank": 1 if area == "0" else 0}
                | {"group_id": "all", "grain": "year", "period_start": date(year, 1, 1)}
                | {"numerator": cases, "denominator": base, "value": scale * cases / base}
                | {"low": scale * cases / base * 0.8, "high": scale * cases / base * 1.2}
                | {"unit": "u", "status": "observed"}
                for area, cases, base in counts
            ]
    return pl.DataFrame(rows)


def _voice(name: str, *areas: str, **other: Any) -> dict[str, Any]:
    texts = {
        field: f"{field} {name}" for field in VOICE_SCHEMA.names() if field.endswith(("_de", "_en"))
    }
    return (
        texts
        | {"voice_id": name, "heard_on": date(2024, 11, 2), "areas": list(areas)}
        | {"group_id": "all", "consent": "council", "indicator_id": None}
        | other
    )


def _found(
    values: pl.DataFrame,
    voices: list[dict[str, Any]],
    items: list[dict[str, Any]] | None = None,
    counted: dict[str, str] | None = None,
) -> pl.DataFrame:
    behind = {name: name for name in USUAL} | (counted or {})
    return occasions(
        values,
        pl.DataFrame(INDICATORS, schema_overrides={"retired_on": pl.Date}),
        pl.DataFrame({"indicator_id": list(behind), "measure_id": list(behind.values())}),
        pl.DataFrame(voices, schema=VOICE_SCHEMA),
        pl.DataFrame(items or [], schema=ITEM_SCHEMA),
        as_of=AS_OF,
    )


TWO = {("hilfen", "03"): 0.06, ("schaden", "03"): 0.07}


def test_without_a_voice_there_is_no_occasion() -> None:
    assert _found(_values(TWO), []).is_empty()
    assert _found(_values(TWO), [_voice("v", "04")]).is_empty()
    assert _found(_values(TWO), [_voice("v")]).is_empty(), "of the whole city, not of this place"
    found = _found(_values(TWO), [_voice("v", "03")])
    assert found.schema == OCCASION_SCHEMA
    assert set(found["occasion_id"]) == {"s/03"}
    assert set(found.filter(side="concern")["item_id"]) == {"hilfen", "schaden"}


def test_one_department_is_no_occasion() -> None:
    assert _found(_values({("hilfen", "03"): 0.06}), [_voice("v", "03")]).is_empty()


def test_two_departments_with_one_count_are_not_two() -> None:
    same = {"schaden": "hilfen"}
    assert _found(_values(TWO), [_voice("v", "03")], counted=same).is_empty()


def test_what_has_no_interval_is_not_compared() -> None:
    special = {("hilfen", "03"): 0.06, ("ohne", "03"): 0.9}
    assert _found(_values(special), [_voice("v", "03")]).is_empty()


def test_strengths_supply_and_decisions_stand_beside_in_the_order_of_the_alphabet() -> None:
    special = TWO | {("gut", "03"): 0.8, ("egal", "03"): 0.2, ("hilfen", "01"): 0.07}
    shared = {"text_de": "t", "text_en": "t", "department_id": "jugend", "group_id": "all"}
    items = [
        {"side": side, "item_id": f"{side}_{area}", "name_de": "n", "name_en": "n"}
        | shared
        | {"areas": [area]}
        for side in ("supply", "decision")
        for area in ("03", "04")
    ]
    found = _found(_values(special | {("schaden", "01"): 0.01}), [_voice("v", "03", "01")], items)
    assert found["area_id"].unique(maintain_order=True).to_list() == ["01", "03"]
    assert dict(found.filter(area_id="03").select("item_id", "side").rows()) == {
        "hilfen": "concern",
        "schaden": "concern",
        "decision_03": "decision",
        "egal": "difference",
        "gut": "strength",
        "supply_03": "supply",
        "v": "voice",
    }
    assert dict(found.filter(area_id="01").select("item_id", "side").rows()) == {
        "hilfen": "concern",
        "schaden": "strength",
        "v": "voice",
    }
    order = found.select("area_name", "group_id", "side", "name_de", "item_id")
    assert order.equals(order.sort(pl.all()))
    forbidden = {"rank", "score", "count", "signals", "priority", "colour"}
    assert not forbidden & set(found.columns)


def test_the_figures_are_those_of_a_hand_calculation() -> None:
    """120 and 140 of 2,000 here, 440 and 660 of 22,000 elsewhere; 48 values are compared."""
    found = _found(_values(TWO), [_voice("v", "03")])
    row = found.filter(item_id="hilfen").row(0, named=True)
    assert (row["value"], row["reference"], row["comparisons"]) == (60.0, 20.0, 48)
    assert (row["since"], row["period_start"]) == (date(2023, 1, 1), date(2024, 1, 1))
    share = 2000 / 24000
    help_alone = 2 * float(stats.binom.sf(119, 560, share))
    harm_alone = 2 * float(stats.binom.sf(139, 800, share))
    assert help_alone < harm_alone
    adjusted = dict(found.filter(side="concern").select("item_id", "q_value").rows())
    assert adjusted["schaden"] == pytest.approx(harm_alone * 48 / 2, rel=1e-6, abs=0)
    assert adjusted["hilfen"] == pytest.approx(
        min(help_alone * 48, harm_alone * 48 / 2), rel=1e-6, abs=0
    )
    assert row["text_de"].startswith("2024: 60,0 (95-%-Bereich 48,0 bis 72,0); alle übrigen")
    assert "Seit 2023 ohne Unterbrechung darüber. Verglichen wurden 48 Werte." in row["text_de"]
    assert "48 values were compared. The figure does not say why." in row["text_en"]


def test_a_part_of_the_city_is_not_the_rest_of_it() -> None:
    """Where the city's value is not known, no city area stands in for it, in whatever order."""
    values = _values(TWO)
    city = pl.col("area_id") == "0"
    unknown = values.with_columns(status=pl.when(~city).then("status").otherwise(pl.lit("missing")))
    part = values.filter(city).with_columns(
        area_id=pl.lit("a"), level_rank=1, denominator=pl.lit(12000.0)
    )
    whole = unknown.with_columns(level_rank=pl.when(city).then(2).otherwise("level_rank"))
    voices = [_voice("v", "03")]
    assert _found(pl.concat([whole, part], how="vertical_relaxed"), voices).is_empty()
    late = whole.with_columns(
        status=pl.when(pl.col("period_start") < date(2024, 1, 1))
        .then(pl.lit("observed"))
        .otherwise("status")
    )
    found = _found(late.sample(fraction=1, shuffle=True, seed=1), voices)
    assert set(found.filter(side="concern")["period_start"]) == {date(2023, 1, 1)}
    assert_frame_equal(found, _found(late, voices))


def test_since_ends_where_the_side_changed() -> None:
    early = _values(TWO | {("hilfen", "03"): 0.01}, years=(2021,))
    found = _found(pl.concat([early, _values(TWO)]), [_voice("v", "03")])
    assert dict(found.filter(side="concern").select("item_id", "since").rows()) == {
        "hilfen": date(2023, 1, 1),
        "schaden": date(2021, 1, 1),
    }


def test_a_voice_that_no_number_supports_says_so() -> None:
    heard = [
        _voice("a", "03", indicator_id="gut"),
        _voice("b", "03", indicator_id="hilfen"),
        _voice("c", "03", indicator_id="ohne"),
    ]
    said = dict(
        _found(_values(TWO), heard).filter(side="voice").select("item_id", "text_de").rows()
    )
    assert said["a"].endswith("„Name gut“ unterscheidet sich hier nicht über den Zufall hinaus "
                              "von den übrigen.")  # fmt: skip
    assert said["b"].endswith("Reichweite: reach_de b")
    assert said["c"].endswith("„Name ohne“ ließ sich hier nicht prüfen.")


def test_a_group_is_held_against_everybody_else() -> None:
    values = _values()
    city = values.filter(area_id="0", period_start=date(2024, 1, 1))
    group = city.filter(pl.col("indicator_id").is_in(["hilfen", "schaden"])).with_columns(
        group_id=pl.lit("geschlecht=m"),
        numerator=pl.col("numerator") * 0.75,
        denominator=pl.lit(12000.0),
    )
    found = _found(pl.concat([values, group]), [_voice("v", group_id="geschlecht=m")])
    assert set(found["occasion_id"]) == {"s/0/geschlecht=m"}
    assert found.filter(side="concern").height == 2
    assert "alle übrigen zusammen: 10,0" in found.filter(item_id="hilfen")["text_de"][0]
    assert _found(pl.concat([values, group]), [_voice("v", "0")]).is_empty()


def test_where_all_are_alike_chance_makes_no_more_occasions_than_said() -> None:
    """With no difference any one found is false: rarely, however many voices are heard."""
    rng = np.random.default_rng(20254)
    cities, alarms = 25, 0
    voices = [_voice("v", *AREAS)]
    for _ in range(cities):
        alarms += not _found(_values(rng=rng, years=(2024,)), voices).is_empty()
    assert alarms <= stats.binom.isf(0.001, cities, FALSE_DISCOVERY_RATE)


def test_withheld_and_unknown_values_are_neither_compared_nor_named() -> None:
    secret = (pl.col("indicator_id") == "schaden") & (pl.col("area_id") == "03")
    values = _values(TWO).with_columns(
        *(
            pl.when(~secret).then(pl.col(name)).alias(name)
            for name in ("numerator", "denominator", "value", "low", "high")
        ),
        status=pl.when(secret).then(pl.lit("suppressed")).otherwise("status"),
    )
    assert _found(values, [_voice("v", "03")]).is_empty()
