"""Rules about a row, in polars over all rows of a delivery: each gives a number of broken rows.

What a row may be is already enforced where deliveries are read; these rules are the net below,
and the place where a contract's promise about single values is counted.
"""

from __future__ import annotations

import polars as pl

from quality.checks import (
    CELL,
    REQUIRED,
    WITHOUT_VALUE,
    Finding,
    Severity,
    SourceSpec,
    number_de,
    number_en,
)

_WORDS: dict[str, tuple[Severity, str, str]] = {
    "source_known": ("critical", "Jede Zeile gehört zu dieser Quelle",
                     "Every row belongs to this source"),
    "measure_known": ("critical", "Jede Größe ist im Vertrag vereinbart",
                      "Every measure is declared by the source"),
    "area_known": ("critical", "Jedes Gebiet steht im Verzeichnis seines Gebietsstands",
                   "Every area is in the register of its version"),
    "status_known": ("critical", "Jeder Status ist ein vereinbartes Wort",
                     "Every status is in the vocabulary"),
    "value_fits_status": ("critical", "Ein Wert fehlt genau dort, wo der Status es sagt",
                          "A value is empty exactly where the status says that there is none"),
    "key_unique": ("critical", "Größe, Gebiet, Zeitraum und Gruppe kommen zusammen nur einmal vor",
                   "No measure, area, period and group comes twice"),
    "unit_as_declared": ("critical", "Jede Einheit ist die vereinbarte Einheit ihrer Größe",
                         "Every unit is the declared unit of its measure"),
    "period_plausible": ("warning", "Jeder Zeitraum liegt in einer plausiblen Zeit",
                         "Every period lies in a plausible time"),
    "minimum": ("warning", "Kein Wert liegt unter dem kleinsten möglichen Wert seiner Größe",
                "No value lies below the minimum of its measure"),
    "whole_numbers": ("warning", "Gezähltes ist ganzzahlig",
                      "What is counted comes in whole numbers"),
}  # fmt: skip

RULES: tuple[str, ...] = tuple(_WORDS)


def columns_found(observations: pl.LazyFrame) -> Finding:
    """How many required columns are absent; without them nothing else can be judged."""
    present = set(observations.collect_schema().names())
    absent = [column for column in REQUIRED if column not in present]
    return Finding(
        "columns",
        "critical",
        float(len(absent)),
        "Alle nötigen Spalten sind da",
        "All required columns are there",
        f"Es fehlen Spalten: {', '.join(absent)}",
        f"Columns are missing: {', '.join(absent)}",
    )


def row_rules(observations: pl.LazyFrame, spec: SourceSpec) -> list[Finding]:
    """Count the rows that break each rule; for `key_unique` all rows that share their key."""
    counts = (
        _flagged(observations, spec)
        .select((~pl.col(name)).sum().alias(name) for name in RULES)
        .collect()
        .row(0, named=True)
    )
    found = []
    for name, (severity, de, en) in _WORDS.items():
        broken = counts[name]
        rows_de = f"{number_de(broken)} {'Zeile' if broken == 1 else 'Zeilen'}"
        rows_en = f"{number_en(broken)} {'row' if broken == 1 else 'rows'}"
        found.append(
            Finding(
                name,
                spec.severities.get(name, severity),
                float(broken),
                de,
                en,
                f"{de}: das gilt nicht für {rows_de}",
                f"{en}: not so for {rows_en}",
            )
        )
    return found


def _flagged(observations: pl.LazyFrame, spec: SourceSpec) -> pl.LazyFrame:
    """One flag per rule and row, true where the row is sound."""
    known = spec.register.lazy().select(
        "area_system", "area_version", "area_id", in_register=pl.lit(True)
    )
    declared = pl.LazyFrame(
        [(one.measure_id, one.unit, one.minimum, one.whole) for one in spec.measures],
        schema={
            "measure_id": pl.String,
            "declared_unit": pl.String,
            "declared_minimum": pl.Float64,
            "whole": pl.Boolean,
        },
        orient="row",
    )
    value = pl.col("value").cast(pl.Float64)
    says_empty = pl.col("status").is_in(WITHOUT_VALUE)
    flags = {
        "source_known": pl.col("source_id") == spec.source_id,
        "measure_known": pl.col("declared_unit").is_not_null(),
        "area_known": pl.col("in_register"),
        "status_known": pl.col("status").is_in(spec.statuses),
        "value_fits_status": (value.is_null() == says_empty) & value.is_finite().fill_null(True),
        "key_unique": pl.struct(CELL).is_unique(),
        "unit_as_declared": (pl.col("unit") == pl.col("declared_unit"))
        | pl.col("declared_unit").is_null(),
        "period_plausible": pl.col("period_start").is_between(spec.earliest, spec.latest),
        "minimum": (value >= pl.col("declared_minimum")).fill_null(True),
        "whole_numbers": (value == value.round(0)).fill_null(True)
        | ~pl.col("whole").fill_null(False),
    }
    return (
        observations.join(known, on=["area_system", "area_version", "area_id"], how="left")
        .join(declared, on="measure_id", how="left")
        .select(flag.fill_null(False).alias(name) for name, flag in flags.items())
    )
