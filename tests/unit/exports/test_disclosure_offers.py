"""What reach, contributions and occasions would tell about a withheld value."""

from datetime import date
from typing import Any

import duckdb
import polars as pl
from hypothesis import given, settings
from hypothesis import strategies as st

from exports.disclosure import REACH_FIGURES, Rule, mask_protected, protect, suppress_reach
from exports.publish import publish
from quality.occasions import OCCASION_SCHEMA
from tests.unit.exports import frames

TEXTS = ("service_id", "programme_id", "target_group_id", "uptake_measure_id")
PLACE = ("area_system", "area_version", "area_id", "period_start", "grain")
REACH_SCHEMA = pl.Schema(
    {
        **dict.fromkeys(TEXTS, pl.String()),
        **{name: pl.Date() if name == "period_start" else pl.String() for name in PLACE},
        **dict.fromkeys(("part", "dimension", "group_id"), pl.String()),
        **dict.fromkeys(REACH_FIGURES, pl.Float64()),
        **dict.fromkeys(("status", "reason", "reason_en"), pl.String()),
    }
)
NOT_SHOWN = ("part", "dimension", "group_id", "population", "value", "low", "high")


def reach(
    area: str, reached: float | None, need: float | None = 100.0, **other: Any
) -> dict[str, Any]:
    """One row of `programme_reach` of people; two in the city have no known area."""
    both = reached is not None and need is not None
    return {
        "service_id": "s",
        "programme_id": "p",
        "target_group_id": "g",
        "uptake_measure_id": "m_asd",
        "area_system": "bezirk",
        "area_version": "2020",
        "area_id": area,
        "period_start": date(2023, 1, 1),
        "grain": "year",
        "part": "area",
        "dimension": None,
        "group_id": "all",
        "reached": reached,
        "need": need,
        "population": 1000.0,
        "not_reached": (need or 0) - (reached or 0) if both else None,
        "not_reached_low": (need or 0) - (reached or 0) - 2 if both else None,
        "not_reached_high": (need or 0) - (reached or 0) if both else None,
        "without_area": 22.0,
        "value": 100 * (reached or 0) / (need or 1) if both else None,
        "low": 1.0,
        "high": 2.0,
        "status": "observed",
        "reason": None,
        "reason_en": None,
    } | other


def marts(*rows: dict[str, Any]) -> dict[str, pl.DataFrame]:
    """The usual marts with a programme, its contribution and an occasion on each value."""
    tables = frames.marts()
    every = pl.DataFrame(rows, schema=REACH_SCHEMA)
    tables["programme_reach"] = every
    shown = every.filter(part="area").drop(NOT_SHOWN).with_columns(does_de=pl.lit("Wir helfen."))
    bare = shown.head(1).with_columns(
        *(pl.lit(None).alias(name) for name in ("period_start", "programme_id")),
        reason=pl.lit("nicht gezählt"),
    )
    tables["contribution"] = pl.concat([shown, bare.cast(shown.schema)])
    tables["target_group"] = pl.DataFrame(
        {"target_group_id": ["g"], "need_measure_id": ["m_asd"], "denominator_measure_id": [None]},
        schema_overrides={"denominator_measure_id": pl.String},
    )
    values = tables["indicator_value"]
    told = values.with_columns(
        occasion_id=pl.lit("bezirk/02"),
        side=pl.lit("concern"),
        item_id=pl.col("indicator_id"),
        reference=pl.col("value") * 2,
        q_value=pl.lit(0.01),
        text_de=pl.format("2023: {}", pl.col("value").fill_null(0)),
        text_en=pl.format("2023: {}", pl.col("value").fill_null(0)),
    )
    missing = [name for name in OCCASION_SCHEMA.names() if name not in told.columns]
    tables["occasion"] = told.with_columns(
        pl.lit(None, OCCASION_SCHEMA[name]).alias(name) for name in missing
    ).select(*OCCASION_SCHEMA)
    tables["measure"] = pl.DataFrame(
        {"measure_id": ["m_asd", "m_melde"], "source_id": ["asd", "melde"]}
    )
    return tables


def figures(row: dict[str, Any]) -> list[float]:
    return [row[name] for name in REACH_FIGURES if row.get(name) is not None]


def test_a_row_with_a_small_count_has_no_figure_left() -> None:
    rows = [
        reach("01", 40.0),
        reach("02", 3.0),
        reach("03", 97.0),
        reach("04", 40.0, 4.0, status="not_comparable"),
        reach("05", 40.0, population=103.0),
        reach("06", 0.0),
        reach("07", None, None, status="missing"),
        reach("08", None, 60.0, status="suppressed", reason="geheim"),
    ]
    tables = marts(*rows)
    for masked in (mask_protected(tables), protect(tables, Rule())):
        after = masked["programme_reach"]
        assert after.select("area_id").equals(tables["programme_reach"].select("area_id"))
        withheld = after.filter(status="suppressed")
        assert set(withheld["area_id"]) == {"02", "03", "04", "05", "08"}
        assert [figures(row) for row in withheld.iter_rows(named=True)] == [[]] * 5
        assert withheld.filter(area_id="08")["reason"].to_list() == ["geheim"]
        rest = after.filter(pl.col("status") != "suppressed")
        assert rest.equals(
            tables["programme_reach"].filter(pl.col("area_id").is_in(["01", "06", "07"]))
        )
        contributions = masked["contribution"]
        assert set(contributions.filter(status="suppressed")["area_id"]) == {
            "02",
            "03",
            "04",
            "05",
            "08",
        }
        hidden = contributions.filter(status="suppressed")
        assert [figures(row) for row in hidden.iter_rows(named=True)] == [[]] * 5
        assert contributions["does_de"].null_count() == 0
        assert contributions.filter(reason="nicht gezählt").height == 1


def test_one_small_part_takes_its_whole_breakdown_along() -> None:
    """12 of all, 9 in one group: the others are 3, and so they would be by subtraction."""
    parts = [
        reach("01", 12.0),
        *(
            reach("01", count, None, part=part, dimension="alter", group_id=group)
            for part, group, count in (
                ("group", "alter=a", 9.0),
                ("group", "alter=b", 0.0),
                ("group_unknown", "all", 3.0),
            )
        ),
        reach("01", 9.0, None, part="group", dimension="geschlecht", group_id="geschlecht=m"),
        reach("02", 9.0, None, part="group", dimension="alter", group_id="alter=a"),
    ]
    after = suppress_reach(pl.DataFrame(parts, schema=REACH_SCHEMA), Rule())
    withheld = after.filter(status="suppressed")
    assert withheld["reached"].to_list() == [None] * 3
    assert set(withheld["dimension"]) == {"alter"}
    assert set(withheld["area_id"]) == {"01"}


def test_few_without_an_area_are_not_told_by_the_span_of_those_not_reached() -> None:
    after = suppress_reach(
        pl.DataFrame([reach("01", 40.0, without_area=2.0)], schema=REACH_SCHEMA), Rule()
    ).row(0, named=True)
    assert (after["without_area"], after["not_reached_low"]) == (None, None)
    assert (after["reached"], after["not_reached_high"], after["status"]) == (
        40.0,
        60.0,
        "observed",
    )


def test_only_what_rests_on_a_protected_measure_is_withheld_inside() -> None:
    tables = marts(reach("01", 3.0), reach("02", 3.0, uptake_measure_id="m_melde"))
    tables["target_group"] = tables["target_group"].with_columns(need_measure_id=pl.lit("m_melde"))
    after = mask_protected(tables)["programme_reach"]
    assert dict(after.select("area_id", "status").rows()) == {"01": "suppressed", "02": "observed"}
    tables["target_group"] = tables["target_group"].clear()
    unknown = mask_protected(tables)["programme_reach"]
    assert unknown.filter(area_id="01")["status"].to_list() == ["suppressed"]


def test_an_occasion_names_no_withheld_value(tmp_path: Any) -> None:
    tables = marts(reach("01", 40.0))
    source, target = tmp_path / "build.duckdb", tmp_path / "published.duckdb"
    with duckdb.connect(str(source)) as connection:
        connection.execute("CREATE SCHEMA marts")
        for name, frame in tables.items():
            connection.register("frame", frame)
            connection.execute(f'CREATE TABLE marts."{name}" AS FROM frame')
    publish(source, target, mask_protected)
    with duckdb.connect(str(target), read_only=True) as connection:
        published = connection.table("marts.occasion").pl()
    for after in (published, protect(tables, Rule())["occasion"]):
        row = after.filter(indicator_id="faelle", area_id="02", period_start=date(2023, 1, 1))
        (told,) = row.iter_rows(named=True)
        assert [told[name] for name in ("value", "low", "high", "reference", "q_value")] == [
            None
        ] * 5
        assert not any(letter.isdigit() for letter in told["text_de"] + told["text_en"])
        free = after.filter(indicator_id="faelle", area_id="01", period_start=date(2023, 1, 1))
        assert free["text_de"].to_list() == ["2023: 44.0"]


@settings(max_examples=100)
@given(
    reached=st.integers(0, 30),
    need=st.integers(0, 30),
    minimum=st.integers(2, 10),
)
def test_no_small_count_leaves_by_way_of_reach(reached: int, need: int, minimum: int) -> None:
    row = reach("01", float(reached), float(need))
    (after,) = suppress_reach(pl.DataFrame([row], schema=REACH_SCHEMA), Rule(minimum)).to_dicts()
    small = any(0 < abs(count) < minimum for count in (reached, need, need - reached))
    assert bool(figures(after)) == (not small)
