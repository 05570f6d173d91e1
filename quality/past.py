"""A delivery against what came before: its row count, the areas it holds, and its values.

Robust throughout: medians and median absolute deviations, so that an earlier slip does not hide
the next one. What is unusual is put as a question; a change may have a good reason.
"""

from __future__ import annotations

from collections.abc import Sequence
from math import log1p
from statistics import NormalDist, median
from typing import Final

import polars as pl

from quality.checks import (
    CELL,
    Delivered,
    Finding,
    SourceSpec,
    number_de,
    number_en,
    place,
)
from quality.totals import lineage

SPREAD_OF_MAD: Final = 1.4826
"""Makes the median absolute deviation of normal data its standard deviation."""

POOLED_AT_LEAST: Final = 20
SMALLEST_SPREAD: Final = 0.02

_SERIES: Final = ("measure_id", "area_system", "area_version", "area_id", "grain", "group_id")
_KNOWN: Final = ("observed", "estimated")


def row_count(delivered: Delivered, spec: SourceSpec) -> Finding:
    """Lines of the file against earlier deliveries of the same layout; the figure is a share."""
    rule_de, rule_en = "Die Zeilenzahl ist die übliche", "The number of rows is the usual one"
    rule, earlier = spec.rows, delivered.earlier_rows
    if len(earlier) < rule.at_least:
        return Finding(
            "rows", "info", None, rule_de, rule_en,
            f"{number_de(delivered.rows)} Zeilen; zu wenig Geschichte für einen Vergleich "
            f"({len(earlier)} von {rule.at_least} früheren Lieferungen)",
            f"{number_en(delivered.rows)} rows; too little history to compare "
            f"({len(earlier)} of {rule.at_least} earlier deliveries)",
        )  # fmt: skip
    usual = median(earlier)
    spread = SPREAD_OF_MAD * median(abs(rows - usual) for rows in earlier)
    allowed = max(rule.tolerance, 4 * spread / usual if usual else 0.0)
    off = abs(delivered.rows - usual) / usual if usual else float(delivered.rows)
    return Finding(
        "rows", rule.severity, off, rule_de, rule_en,
        f"{number_de(delivered.rows)} Zeilen; sonst waren es um {number_de(usual)} (Median von "
        f"{len(earlier)} früheren Lieferungen). Fehlt etwas, oder ist etwas dazugekommen?",
        f"{number_en(delivered.rows)} rows; usually there were about {number_en(usual)} (median of "
        f"{len(earlier)} earlier deliveries). Is something missing, or new?",
        allowed,
    )  # fmt: skip


def coverage(
    observations: pl.DataFrame, before: pl.DataFrame, delivered: Delivered, spec: SourceSpec
) -> list[Finding]:
    """Areas of the level that are absent, and measures that have no figures in them.

    An area exists from the beginning of its version, or from its own later date. Suppressed
    figures and those that would make no sense were delivered. A delivery whose areas all lie in one
    part of the city is taken to be about that part. An area that no delivery before has told
    anything of (`before`, as `latest_state` gives it) has been asked about already. The figure is
    the worst period's share of areas.
    """
    parts = [_wanted(observations, one, spec) for one in delivered.complete]
    if not parts or all(wanted.is_empty() for wanted in parts):
        return []
    wanted = pl.concat(parts)
    period, area = ["period_start", "grain"], ["area_system", "area_version", "area_id"]
    mine = observations.join(wanted, on=[*period, *area], how="semi")
    there = mine.select(*period, *area, there=pl.lit(True)).unique()
    earlier = before.select(area).join(wanted, on=area, how="semi")
    seen = pl.concat([earlier, mine.select(area)]).unique()
    never_told = wanted.join(earlier, on=area[:2], how="semi").join(seen, on=area, how="anti")
    absent = (
        wanted.join(never_told, on=[*period, *area], how="anti")
        .join(there, on=[*period, *area], how="left")
        .group_by(period)
        .agg(areas=pl.len(), lacking=pl.col("there").is_null().sum())
    )
    is_total = pl.col("group_id") == "all"
    told = pl.col("value").is_not_null() | pl.col("status").is_in(["suppressed", "not_collected"])
    figures = (
        mine.filter(is_total | ~is_total.any().over("measure_id"))
        .group_by(*period, "measure_id", *area)
        .agg(told=told.any())
        .group_by(*period, "measure_id")
        .agg(areas=pl.len(), lacking=(~pl.col("told")).sum())
    )
    severity = spec.registers.severity
    return [
        _share("areas_there", spec.severities.get("areas_there", severity), absent,
               spec.registers.missing,
               ("Jeder Zeitraum enthält alle Gebiete", "Every period holds all areas"),
               ("Gebieten ohne jede Zeile", "areas without any row")),
        _share("figures_there", spec.severities.get("figures_there", severity), figures,
               spec.registers.empty,
               ("Die Größen haben in den Gebieten Werte", "Measures have figures in the areas"),
               ("Gebieten ohne Wert", "areas without a figure")),
    ]  # fmt: skip


def _wanted(
    observations: pl.DataFrame, level: tuple[str, str, str], spec: SourceSpec
) -> pl.DataFrame:
    """Every area of a level in every period the delivery tells of it; none where it tells none."""
    system, version, name = level
    areas = spec.register.filter(area_system=system, area_version=version)
    later = pl.when(pl.col("valid_from") > areas["valid_from"].min()).then("valid_from")
    areas = areas.filter(level=name).select("area_system", "area_version", "area_id", begins=later)
    told = observations.join(areas, on=["area_system", "area_version", "area_id"], how="semi")
    areas = _within_one_part(areas, told, spec)
    periods = told.select("period_start", "grain").drop_nulls().unique()
    exists = pl.col("begins").is_null() | (pl.col("begins") <= pl.col("period_start"))
    return periods.join(areas, how="cross").filter(exists).drop("begins")


def _within_one_part(areas: pl.DataFrame, told: pl.DataFrame, spec: SourceSpec) -> pl.DataFrame:
    """Areas of the part below the whole city that holds all that was told, if there is one."""
    above = lineage(spec.register).join(areas, on=["area_system", "area_version", "area_id"])
    ranks = above["ancestor_rank"].unique().sort(descending=True)
    tops = above.filter(pl.col("ancestor_rank") == ranks[1]) if ranks.len() > 1 else above.clear()
    touched = tops.filter(pl.col("area_id").is_in(told["area_id"].unique().implode()))
    if touched["ancestor_id"].n_unique() != 1:
        return areas
    part = tops.filter(ancestor_id=touched["ancestor_id"][0])
    return areas.filter(pl.col("area_id").is_in(part["area_id"].implode()))


def _share(
    check_id: str,
    severity: str,
    found: pl.DataFrame,
    allowed: float,
    rule: tuple[str, str],
    words: tuple[str, str],
) -> Finding:
    order = [one for one in ("period_start", "grain", "measure_id") if one in found.columns]
    shares = found.with_columns(share=pl.col("lacking") / pl.col("areas"))
    worst = shares.sort("share", *order, descending=[True, *[False] * len(order)]).row(
        0, named=True
    )
    periods = shares.filter(pl.col("share") > allowed)["period_start"].n_unique()
    of = shares["period_start"].n_unique()
    measure = f"{worst['measure_id']}, " if "measure_id" in worst else ""
    when = place({**worst, "area_id": ""}).removeprefix(", ")
    return Finding(
        check_id,
        "warning" if severity == "warning" else "critical" if severity == "critical" else "info",
        float(worst["share"]),
        *rule,
        f"{rule[0]}: nicht in {periods} von {of} Zeiträumen, am wenigsten {measure}{when} mit "
        f"{worst['lacking']} von {worst['areas']} {words[0]}. Kommt noch etwas nach?",
        f"{rule[1]}: not in {periods} of {of} periods, least in {measure}{when} with "
        f"{worst['lacking']} of {worst['areas']} {words[1]}. Is more to follow?",
        allowed,
    )


def latest_state(frames: Sequence[pl.LazyFrame]) -> pl.DataFrame:
    """What was known of each cell: of several deliveries, oldest first, the last word counts."""
    columns = [*CELL, "value", "status"]
    if not frames:
        return pl.DataFrame(
            schema=dict.fromkeys(columns, pl.String)
            | {"period_start": pl.Date, "value": pl.Float64}
        )
    whole = pl.concat([frame.select(columns) for frame in frames]).collect()
    return whole.unique(CELL, keep="last", maintain_order=True)


def unusual_changes(observations: pl.DataFrame, before: pl.DataFrame, spec: SourceSpec) -> Finding:
    """Newly told values whose change from the year before is far off the changes made so far.

    Changes are those of log(1 + value). The spread is the largest of: the series' own, that of
    all series of the measure (with the tail, where some jump and most stand still), what chance
    alone does to counts of this size, and 2 %. Values that
    are provisional, or that were known before as they are now, are not asked about again.
    """
    rule = spec.past
    rule_de = "Die Werte ändern sich wie bisher"
    rule_en = "Values change as they used to"
    pools = ["measure_id", "grain", "group_id"]
    touched = before.join(observations.select(pools).unique(), on=pools, how="semi")
    changes = _changes(latest_state([touched.lazy(), observations.lazy()]), spec)
    own = pl.col("known") >= rule.at_least
    changes = changes.filter(own | (pl.col("pooled") >= POOLED_AT_LEAST))
    mine = observations.select(*CELL, "value").join(
        before.select(*CELL, earlier="value", seen=pl.lit(True)), on=list(CELL), how="left",
        nulls_equal=False,
    )  # fmt: skip
    fresh = mine.filter(pl.col("seen").is_null() | ~pl.col("value").eq_missing(pl.col("earlier")))
    judged = changes.join(fresh.select(CELL), on=list(CELL), how="semi")
    if judged.is_empty():
        return Finding(
            "past", "info", None, rule_de, rule_en,
            f"{rule_de}: zu wenig Geschichte für einen Vergleich",
            f"{rule_en}: too little history to compare",
        )  # fmt: skip
    # Two or three changes say nothing about their spread: one slip among them would hide itself.
    own_spread = pl.when(own).then("own_spread")
    spread = pl.max_horizontal(own_spread, "pooled_spread", "chance", pl.lit(SMALLEST_SPREAD))
    centre = pl.when(own).then("own_centre").otherwise("pooled_centre")
    asked = judged.with_columns(z=(pl.col("change") - centre).abs() / spread).filter(
        pl.col("z") > rule.spread, pl.col("change").abs() >= log1p(rule.change)
    )
    if asked.is_empty():
        return Finding("past", spec.past.severity, 0.0, rule_de, rule_en)
    examples = asked.sort("z", *CELL, descending=[True, *[False] * len(CELL)]).head(3)
    de = [_example(row, "vorher", "jetzt", spec) for row in examples.iter_rows(named=True)]
    en = [_example(row, "before", "now", spec) for row in examples.iter_rows(named=True)]
    return Finding(
        "past",
        rule.severity,
        float(asked.height),
        rule_de,
        rule_en,
        f"{number_de(asked.height)} von {number_de(judged.height)} Werten ändern sich anders als "
        f"bisher, am weitesten {'; '.join(de)}. Was war dort der Anlass?",
        f"{number_en(asked.height)} of {number_en(judged.height)} values change unlike before, "
        f"most of all {'; '.join(en)}. What was the occasion there?",
    )


def _example(row: dict[str, object], before: str, now: str, spec: SourceSpec) -> str:
    text = f"{row['measure_id']} {place(row)}"
    if spec.protected:
        return text
    number = number_de if before == "vorher" else number_en
    earlier, value = row["earlier"], row["value"]
    assert isinstance(earlier, float)
    assert isinstance(value, float)
    return f"{text} ({before} {number(earlier)}, {now} {number(value)})"


def _changes(state: pl.DataFrame, spec: SourceSpec) -> pl.DataFrame:
    """Every change from the year before, beside the usual changes of its series and its measure."""
    counts = [one.measure_id for one in spec.measures if one.whole]
    value = pl.col("value")
    known = state.filter(
        value.is_not_null(), pl.col("status").is_in(_KNOWN), pl.col("grain") != "day"
    ).with_columns(
        month=pl.col("period_start").dt.year().cast(pl.Int32) * 12
        + pl.col("period_start").dt.month(),
        size=value.sign() * value.abs().log1p(),
    )
    year_before = known.select(
        *_SERIES, month=pl.col("month") + 12, earlier="value", earlier_size="size"
    ).unique([*_SERIES, "month"], keep="last", maintain_order=True)
    changes = known.join(year_before, on=[*_SERIES, "month"]).with_columns(
        change=pl.col("size") - pl.col("earlier_size"),
        chance=pl.when(pl.col("measure_id").is_in(counts))
        .then((1 / (value.abs() + 1) + 1 / (pl.col("earlier").abs() + 1)).sqrt())
        .otherwise(0.0),
    )
    pool = ["measure_id", "grain", "group_id"]
    return changes.with_columns(
        known=pl.len().over(_SERIES),
        own_centre=pl.col("change").median().over(_SERIES),
        pooled=pl.len().over(pool),
        pooled_centre=pl.col("change").median().over(pool),
    ).with_columns(
        own_spread=_mad("own_centre").over(_SERIES),
        pooled_spread=pl.max_horizontal(
            _mad("pooled_centre").over(pool), _tail("pooled_centre").over(pool)
        ),
    )


def _tail(centre: str) -> pl.Expr:
    """The spread that normal data with this 95th percentile of absolute deviations would have."""
    off = (pl.col("change") - pl.col(centre)).abs()
    return off.quantile(0.95, "linear") / NormalDist().inv_cdf(0.975)


def _mad(centre: str) -> pl.Expr:
    return SPREAD_OF_MAD * (pl.col("change") - pl.col(centre)).abs().median()
