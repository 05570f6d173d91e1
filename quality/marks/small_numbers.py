"""M01: the number rests on few cases.

Counts and rates: relative standard error `1 / sqrt(cases)`; shares: `sqrt((1 - p) / cases)`. Limits
of 30 and 50 percent follow NM-IBIS, the limit of 20 percent the rule of about 20 cases of the CDC.
Indicators without an interval (`interval: none`, as residents on a date) are complete counts of
what is there, not cases that happen, and get no such mark. Zero cases are never above `hinweis`:
nothing is there to measure a spread by.
"""

from __future__ import annotations

from collections.abc import Mapping

import polars as pl

from quality.intervals import RULE_OF_THREE, byar, relative_standard_error, wilson
from quality.marks.contract import FINDING, KEY, Detector, Frames
from quality.marks.wording import number_de, number_en
from quality.severity import SEVERITY, grade

CASES = pl.col("cases")
BASE = pl.col("denominator")
IS_SHARE = pl.col("kind") == "share"


def find(frames: Frames, limits: Mapping[str, float]) -> pl.DataFrame:
    """Findings for every value, new or old, whose relative standard error reaches a limit."""
    counted = (
        frames.indicator_value.join(
            frames.indicator.select("indicator_id", "kind", "interval"), on="indicator_id"
        )
        .filter(
            pl.col("kind").is_in(["count", "rate", "share"]),
            pl.col("interval") != "none",
            pl.col("value").is_finite(),
        )
        .with_columns(
            cases=pl.coalesce("numerator", pl.when(pl.col("kind") == "count").then(pl.col("value")))
        )
        .filter(CASES >= 0, ~IS_SHARE | (BASE >= CASES) & (BASE > 0))
        .with_columns(
            relative_error=pl.when(IS_SHARE)
            .then(relative_standard_error(CASES, BASE))
            .otherwise(relative_standard_error(CASES)),
        )
        .with_columns(
            severity=pl.when(CASES > 0)
            .then(grade(pl.col("relative_error"), limits))
            .otherwise(pl.lit("hinweis", dtype=SEVERITY))
        )
        .filter(pl.col("severity").is_not_null())
    )
    return pl.concat([_few(counted.filter(CASES > 0)), _none(counted.filter(CASES == 0))])


def _few(counted: pl.DataFrame) -> pl.DataFrame:
    (byar_low, byar_high), (wilson_low, wilson_high) = byar(CASES), wilson(CASES, BASE)
    low, high, error = pl.col("range_low"), pl.col("range_high"), pl.col("relative_error")
    percent = (error * 100).round(0)
    one = CASES == 1
    return (
        counted.with_columns(
            range_low=pl.when(IS_SHARE).then(wilson_low * 100).otherwise(byar_low),
            range_high=pl.when(IS_SHARE).then(wilson_high * 100).otherwise(byar_high),
        )
        .select(
            *KEY,
            "severity",
            evidence=pl.struct(
                cases=CASES,
                denominator=BASE,
                relative_standard_error=error.round(4),
                range_low=low.round(4),
                range_high=high.round(4),
                range_of=pl.when(IS_SHARE).then(pl.lit("percent")).otherwise(pl.lit("cases")),
            ).struct.json_encode(),
            text_de=pl.when(IS_SHARE)
            .then(
                pl.format(
                    "Der Anteil beruht auf {} von {} und kann allein durch Zufall stark schwanken "
                    "(95-%-Bereich {} bis {} %, Standardfehler {} % des Werts).",
                    number_de(CASES),
                    number_de(BASE),
                    number_de(low),
                    number_de(high),
                    number_de(percent),
                )
            )
            .otherwise(
                pl.format(
                    "Der Wert beruht auf {} {} und kann allein durch Zufall stark schwanken "
                    "(95-%-Bereich {} bis {} Fälle, Standardfehler {} % des Werts).",
                    number_de(CASES),
                    pl.when(one).then(pl.lit("Fall")).otherwise(pl.lit("Fällen")),
                    number_de(low),
                    number_de(high),
                    number_de(percent),
                )
            ),
            text_en=pl.when(IS_SHARE)
            .then(
                pl.format(
                    "The share rests on {} of {} and can swing strongly by chance alone "
                    "(95% range {} to {}%, standard error {}% of the value).",
                    number_en(CASES),
                    number_en(BASE),
                    number_en(low),
                    number_en(high),
                    number_en(percent),
                )
            )
            .otherwise(
                pl.format(
                    "The value rests on {} {} and can swing strongly by chance alone "
                    "(95% range {} to {} cases, standard error {}% of the value).",
                    number_en(CASES),
                    pl.when(one).then(pl.lit("case")).otherwise(pl.lit("cases")),
                    number_en(low),
                    number_en(high),
                    number_en(percent),
                )
            ),
            first_seen=pl.col("as_of"),
        )
        .select(FINDING)
    )


def _none(counted: pl.DataFrame) -> pl.DataFrame:
    share_limit = (RULE_OF_THREE / BASE).clip(upper_bound=1.0) * 100
    return counted.select(
        *KEY,
        "severity",
        evidence=pl.struct(
            cases=CASES,
            denominator=BASE,
            upper_limit=pl.when(IS_SHARE).then(share_limit.round(4)).otherwise(RULE_OF_THREE),
            range_of=pl.when(IS_SHARE).then(pl.lit("percent")).otherwise(pl.lit("cases")),
        ).struct.json_encode(),
        text_de=pl.when(IS_SHARE)
        .then(
            pl.format(
                "0 von {} heißt nicht, dass es das nicht gibt: auch ein Anteil von bis zu {} % "
                "passt dazu (Dreierregel, obere 95-%-Grenze).",
                number_de(BASE),
                number_de(share_limit),
            )
        )
        .otherwise(
            pl.lit(
                "Kein Fall heißt nicht, dass es das nicht gibt: auch wo im Mittel bis zu 3 Fälle"
                " zu "
                "erwarten sind, kann ein Zeitraum ohne Fall bleiben (Dreierregel, obere "
                "95-%-Grenze)."
            )
        ),
        text_en=pl.when(IS_SHARE)
        .then(
            pl.format(
                "0 of {} does not mean that it does not happen: a share of up to {}% fits as well "
                "(rule of three, upper 95% limit).",
                number_en(BASE),
                number_en(share_limit),
            )
        )
        .otherwise(
            pl.lit(
                "No case does not mean that it does not happen: even where up to 3 cases are "
                "expected on average, a period may pass without one (rule of three, upper 95% "
                "limit)."
            )
        ),
        first_seen=pl.col("as_of"),
    ).select(FINDING)


DETECTOR = Detector("M01", find, {"hinweis": 0.2, "mittel": 0.3, "hoch": 0.5})
