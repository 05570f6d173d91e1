"""M09: the boundaries of the area have changed.

What the frames allow to know:

- A value is *carried over* if its status is `estimated`, a crosswalk leads to its area, and its
  period begins before the area's version was valid (where `valid_from` is unknown, status and
  crosswalk decide). It is marked only if a source area is really divided: a share of at least
  `smallest_part` goes to this area and at least as much elsewhere. An area that was renamed or put
  together from whole areas is converted exactly. `hinweis`; `mittel` if a source is divided near
  the middle (`even_split`), where the assumed distribution decides about the value, or if the raw
  weights of a source miss 1 by more than `raw_deviation`.
- The *first value after the change* is marked once per series. If earlier values were converted:
  `hinweis`, for divided areas only. If earlier values exist under the same area_id in an older
  version only: `hoch` where the crosswalk shows that the place is not the same; `hinweis` where no
  crosswalk tells (no reference); nothing where the crosswalk shows one whole source of the same id.

Several bases (residents, surface) and several older versions are looked at together and named in
the evidence: the frames do not say which of them a value used.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from quality.marks.contract import FINDING, KEY, Detector, Frames
from quality.marks.wording import number_de, number_en
from quality.severity import SEVERITY, without_reference

AREA = ["area_system", "area_version", "area_id"]
SERIES = [column for column in KEY if column != "period_start"]


def find(frames: Frames, limits: Mapping[str, float]) -> pl.DataFrame:
    """Findings for values carried over and for the first value after a change."""
    values = (
        frames.indicator_value.filter(pl.col("value").is_finite())
        .join(frames.area.select(*AREA, "valid_from").unique(AREA), on=AREA, how="left")
        .join(_sources(frames.area_crosswalk, limits), on=AREA, how="left")
        .with_columns(
            carried_over=(
                (pl.col("status") == "estimated")
                & pl.col("sources").is_not_null()
                & (pl.col("period_start") < pl.col("valid_from")).fill_null(True)
            )
        )
    )
    return pl.concat([_carried_over(values, limits), _first_after(values)])


def _sources(crosswalk: pl.DataFrame, limits: Mapping[str, float]) -> pl.DataFrame:
    """Per target area: how many sources it has, how they are divided, how well weights add up."""
    part = limits["smallest_part"]
    weight = pl.col("weight")
    divided = (weight > part) & (weight < 1.0 - part)
    counts = crosswalk.filter(
        weight > part, pl.col("from_version") != pl.col("to_version"), "is_default"
    ).with_columns(
        divided=divided,
        raw_off=(pl.col("raw_sum") - 1.0).abs(),
    )
    return counts.group_by(
        "area_system",
        pl.col("to_version").alias("area_version"),
        pl.col("to_area_id").alias("area_id"),
    ).agg(
        pl.col("from_area_id").n_unique().cast(pl.Int64).alias("sources"),
        divided_sources=pl.col("from_area_id").filter(divided).n_unique().cast(pl.Int64),
        largest_weight=weight.max(),
        smallest_weight=weight.min(),
        evenness=pl.min_horizontal(weight, 1.0 - weight).max(),
        raw_off=pl.col("raw_off").max(),
        from_versions=pl.col("from_version").unique().sort().str.join(", "),
        bases=pl.col("basis").cast(pl.String).unique().sort().drop_nulls().str.join(", "),
        one_and_the_same=(pl.col("from_area_id") == pl.col("to_area_id")).all() & ~divided.any(),
    )


def _carried_over(values: pl.DataFrame, limits: Mapping[str, float]) -> pl.DataFrame:
    doubtful = (pl.col("evenness") >= limits["even_split"]) | (
        pl.col("raw_off").fill_null(0.0) > limits["raw_deviation_mittel"]
    )
    off = pl.col("raw_off") > limits["raw_deviation"]
    raw_percent = pl.col("raw_off") * 100
    return (
        values.filter("carried_over", pl.col("divided_sources") > 0)
        .with_columns(
            severity=pl.when(doubtful)
            .then(pl.lit("mittel", dtype=SEVERITY))
            .otherwise(pl.lit("hinweis", dtype=SEVERITY)),
            evidence=_evidence("carried_over"),
            text_de=pl.concat_str(
                _divided_de("Der Wert ist aus dem Gebietsstand {} umgerechnet"),
                pl.when(off)
                .then(
                    pl.format(
                        " Die Gewichte eines Herkunftsgebiets weichen in der Summe um {} % von 100 "
                        "% ab; sie wurden auf 100 % gebracht.",
                        number_de(raw_percent),
                    )
                )
                .otherwise(pl.lit("")),
            ),
            text_en=pl.concat_str(
                _divided_en("The value was converted from the boundaries of {}"),
                pl.when(off)
                .then(
                    pl.format(
                        " The weights of a source area miss 100% by {}% in sum; they were brought "
                        "to 100%.",
                        number_en(raw_percent),
                    )
                )
                .otherwise(pl.lit("")),
            ),
            first_seen=pl.col("as_of"),
        )
        .select(FINDING)
    )


def _first_after(values: pl.DataFrame) -> pl.DataFrame:
    """The first value of each series that was reported within its own version."""
    first = (
        values.filter(~pl.col("carried_over"))
        .sort("period_start")
        .unique(SERIES, keep="first", maintain_order=True)
    )
    converted = (
        values.filter("carried_over")
        .group_by(SERIES)
        .agg(converted_until=pl.col("period_start").max())
    )
    series_of_any_version = [column for column in SERIES if column != "area_version"]
    reported_ends = (
        values.filter(~pl.col("carried_over"))
        .group_by(SERIES)
        .agg(starts=pl.col("period_start").min())
    )
    older = (
        first.select(*SERIES, "period_start")
        .join(reported_ends, on=series_of_any_version, suffix="_older")
        .filter(
            pl.col("area_version_older") != pl.col("area_version"),
            pl.col("starts") < pl.col("period_start"),
        )
        .group_by(SERIES)
        .agg(older_version=pl.col("area_version_older").sort_by("starts").last())
    )
    is_converted = pl.col("converted_until") < pl.col("period_start")
    has_reference = pl.col("sources").is_not_null()
    return (
        first.join(converted, on=SERIES, how="left")
        .join(older, on=SERIES, how="left")
        .with_columns(is_converted=is_converted.fill_null(False))
        .filter(
            pl.when(pl.col("is_converted"))
            .then(pl.col("divided_sources") > 0)
            .otherwise(
                pl.col("older_version").is_not_null() & ~pl.col("one_and_the_same").fill_null(False)
            )
        )
        .with_columns(
            severity=pl.when("is_converted")
            .then(pl.lit("hinweis", dtype=SEVERITY))
            .otherwise(without_reference(pl.lit("hoch", dtype=SEVERITY), has_reference)),
            evidence=_evidence("first_after_change"),
            text_de=_first_text_de(has_reference),
            text_en=_first_text_en(has_reference),
            first_seen=pl.col("as_of"),
        )
        .select(FINDING)
    )


def _evidence(case: str) -> pl.Expr:
    return pl.struct(
        pl.lit(case).alias("case"),
        "from_versions",
        "bases",
        "sources",
        "divided_sources",
        pl.col("largest_weight").round(4),
        pl.col("smallest_weight").round(4),
        pl.col("raw_off").round(4).alias("raw_sum_deviation"),
    ).struct.json_encode()


def _divided_de(opening: str) -> pl.Expr:
    return pl.format(
        opening + ": {} von {} früheren Gebieten wurden geteilt (Anteile von {} bis {} %).",
        pl.col("from_versions"),
        pl.col("divided_sources"),
        pl.col("sources"),
        number_de(pl.col("smallest_weight") * 100),
        number_de(pl.col("largest_weight") * 100),
    )


def _divided_en(opening: str) -> pl.Expr:
    return pl.format(
        opening + ": {} of {} former areas were divided (parts of {} to {}%).",
        pl.col("from_versions"),
        pl.col("divided_sources"),
        pl.col("sources"),
        number_en(pl.col("smallest_weight") * 100),
        number_en(pl.col("largest_weight") * 100),
    )


def _first_text_de(has_reference: pl.Expr) -> pl.Expr:
    version, older = pl.col("area_version"), pl.col("older_version")
    return (
        pl.when("is_converted")
        .then(
            pl.format(
                "Ab hier gilt der Gebietsstand {}. {}",
                version,
                _divided_de("Frühere Werte sind aus dem Gebietsstand {} umgerechnet"),
            )
        )
        .when(has_reference)
        .then(
            pl.format(
                "Ab hier gilt der Gebietsstand {}. Unter derselben Nummer lag im Gebietsstand {}"
                " ein "
                "anders geschnittenes Gebiet; frühere Werte sind nicht umgerechnet und nicht "
                "vergleichbar.",
                version,
                older,
            )
        )
        .otherwise(
            pl.format(
                "Ab hier gilt der Gebietsstand {}, davor {}. Ob der Zuschnitt gleich blieb, ist "
                "nicht hinterlegt; eine Umrechnung liegt nicht vor.",
                version,
                older,
            )
        )
    )


def _first_text_en(has_reference: pl.Expr) -> pl.Expr:
    version, older = pl.col("area_version"), pl.col("older_version")
    return (
        pl.when("is_converted")
        .then(
            pl.format(
                "From here on the boundaries of {} apply. {}",
                version,
                _divided_en("Earlier values were converted from the boundaries of {}"),
            )
        )
        .when(has_reference)
        .then(
            pl.format(
                "From here on the boundaries of {} apply. In the boundaries of {} the same number "
                "stood for a differently cut area; earlier values are not converted and not "
                "comparable.",
                version,
                older,
            )
        )
        .otherwise(
            pl.format(
                "From here on the boundaries of {} apply, before that {}. Whether the cut stayed"
                " the "
                "same is not on record; no conversion is available.",
                version,
                older,
            )
        )
    )


DETECTOR = Detector(
    "M09",
    find,
    {
        "smallest_part": 0.05,
        "even_split": 0.2,
        "raw_deviation": 0.001,
        "raw_deviation_mittel": 0.05,
    },
)
