"""Parts against their totals: groups against everybody, finer areas against coarser ones.

A total is judged only where every part has a value; parts that are suppressed or missing make it
impossible to say, and the words say how often. Frames in, findings out.
"""

from __future__ import annotations

import polars as pl

from quality.checks import (
    AreaSumRule,
    Finding,
    Severity,
    SourceSpec,
    SumRule,
    Tolerance,
    number_de,
    number_en,
    place,
)

AREA = ("area_system", "area_version", "area_id")
_CELL_OF_TOTAL = ("measure_id", *AREA, "period_start", "grain")


def part_sums(observations: pl.DataFrame, spec: SourceSpec) -> list[Finding]:
    """Single parts against their total for every additive measure, and each declared sum."""
    additive = [one.measure_id for one in spec.measures if one.additive_over_groups]
    parts = _parts(observations.filter(pl.col("measure_id").is_in(additive)))
    compared = parts.filter(pl.col("value").is_not_null() & pl.col("total").is_not_null())
    larger = Tolerance().exceeded(pl.col("value") - pl.col("total"), pl.col("total"))
    found = [
        _finding(
            "parts",
            spec.severities.get("parts", "warning"),
            compared.filter(larger).rename({"value": "parts"}),
            compared.height,
            0,
            ("Keine Gruppe ist größer als alle zusammen", "No group is larger than everybody"),
            ("Gruppe", "group"),
            spec,
        )
    ]
    return found + [_declared_sum(parts, rule, spec) for rule in spec.sums]


def _parts(observations: pl.DataFrame) -> pl.DataFrame:
    """Every value of a group beside the value of the group with one dimension less."""
    rows = [
        (group_id, dimension, code, "|".join(p for p in parts if p != part) or "all")
        for group_id in observations["group_id"].unique().drop_nulls().sort()
        if group_id != "all"
        for parts in [group_id.split("|")]
        for part in parts
        for dimension, code in [part.split("=", 1)]
    ]
    names = ("group_id", "dimension", "code", "rest")
    groups = pl.DataFrame(rows, schema=dict.fromkeys(names, pl.String), orient="row")
    cells = observations.select(*_CELL_OF_TOTAL, "group_id", "value")
    totals = cells.rename({"group_id": "rest", "value": "total"})
    return cells.join(groups, on="group_id").join(totals, on=[*_CELL_OF_TOTAL, "rest"])


def _declared_sum(parts: pl.DataFrame, rule: SumRule, spec: SourceSpec) -> Finding:
    sums = (
        parts.filter(
            pl.col("code").is_in(rule.codes), measure_id=rule.measure_id, dimension=rule.dimension
        )
        .group_by(*_CELL_OF_TOTAL, "rest")
        .agg(known=pl.col("value").count(), parts=pl.col("value").sum(), total=pl.first("total"))
        .rename({"rest": "group_id"})
    )
    complete = (pl.col("known") == len(rule.codes)) & pl.col("total").is_not_null()
    judged = sums.filter(complete)
    off = rule.tolerance.exceeded((pl.col("parts") - pl.col("total")).abs(), pl.col("total"))
    return _finding(
        f"sums:{rule.measure_id}:{rule.dimension}",
        rule.severity,
        judged.filter(off),
        judged.height,
        sums.height - judged.height,
        (
            f"{rule.measure_id}: die Teile nach {rule.dimension} ergeben den Gesamtwert",
            f"{rule.measure_id}: the parts by {rule.dimension} add up to the total",
        ),
        ("Teile", "parts"),
        spec,
    )


def area_sums(observations: pl.DataFrame, spec: SourceSpec) -> list[Finding]:
    """Finer areas, with those not assigned, against each coarser area of the same delivery."""
    additive = [one.measure_id for one in spec.measures if one.additive_over_areas]
    sums = _area_sums(observations.filter(pl.col("measure_id").is_in(additive)), spec.register)
    default = AreaSumRule(severity=spec.severities.get("areas", "warning"))
    rest = [one for one in additive if one not in spec.areas]
    rules = [("areas", rest, default)] if rest else []
    rules += [(f"areas:{one}", [one], rule) for one, rule in spec.areas.items() if one in additive]
    found = []
    for check_id, measures, rule in rules:
        mine = sums.filter(pl.col("measure_id").is_in(measures))
        judged = mine.filter("complete")
        off = rule.tolerance.exceeded((pl.col("parts") - pl.col("total")).abs(), pl.col("total"))
        found.append(
            _finding(
                check_id,
                rule.severity,
                judged.filter(off),
                judged.height,
                mine.height - judged.height,
                (
                    "Die Teilgebiete ergeben zusammen das größere Gebiet",
                    "Finer areas add up to the coarser one",
                ),
                ("Teilgebiete", "finer areas"),
                spec,
            )
        )
    return found


def lineage(register: pl.DataFrame) -> pl.DataFrame:
    """Every area below each of its ancestors, with both ranks (REGISTER_SCHEMA in).

    A member for rows without an area counts as fine as the level below its parent.
    """
    of = ["area_system", "area_version"]
    up = register.select(*of, area_id="area_id", parent_id="parent_id")
    rank = register.select(*of, ancestor_id="area_id", ancestor_rank="level_rank")
    step = up.filter(pl.col("parent_id").is_not_null()).rename({"parent_id": "ancestor_id"})
    found = [step]
    while step.height:
        step = (
            step.join(up.rename({"area_id": "ancestor_id"}), on=[*of, "ancestor_id"], how="inner")
            .filter(pl.col("parent_id").is_not_null())
            .select(*of, "area_id", ancestor_id="parent_id")
        )
        found.append(step)
    own = register.select(
        *of, "area_id", "level_rank", "is_unassigned", "valid_from", "parent_id"
    ).join(
        rank.rename({"ancestor_id": "parent_id", "ancestor_rank": "parent_rank"}),
        on=[*of, "parent_id"],
        how="left",
    )
    return pl.concat(found).join(own, on=[*of, "area_id"]).join(rank, on=[*of, "ancestor_id"])


def _area_sums(observations: pl.DataFrame, register: pl.DataFrame) -> pl.DataFrame:
    """Per coarser cell: its value, the sum of the next finer level delivered, and completeness."""
    of = ["area_system", "area_version"]
    cell = ["measure_id", *of, "period_start", "grain", "group_id"]
    used = register.join(observations.select(AREA).unique(), on=list(AREA), how="semi")
    levels = used.filter(~pl.col("is_unassigned")).select(*of, "level_rank").unique()
    pairs = (
        levels.join(levels.rename({"level_rank": "finer"}), on=of)
        .filter(pl.col("finer") < pl.col("level_rank"))
        .group_by(*of, ancestor_rank="level_rank")
        .agg(pl.col("finer").max())
    )
    if pairs.is_empty():
        return pl.DataFrame(
            schema=dict.fromkeys((*cell, "area_id"), pl.String)
            | {"period_start": pl.Date, "parts": pl.Float64, "total": pl.Float64}
            | {"complete": pl.Boolean}
        )
    below = lineage(register).join(pairs, on=[*of, "ancestor_rank"])
    begins = register["valid_from"].min()
    is_part = ~pl.col("is_unassigned") & (pl.col("level_rank") == pl.col("finer"))
    is_rest = pl.col("is_unassigned") & (pl.col("parent_rank") > pl.col("finer"))
    below = below.filter(is_part | is_rest).select(
        *of, "area_id", "ancestor_id", "is_unassigned", "valid_from"
    )
    values = observations.select(*cell, "area_id", "value")
    totals = values.filter(pl.col("value").is_not_null()).rename(
        {"area_id": "ancestor_id", "value": "total"}
    )
    return (
        totals.join(below, on=[*of, "ancestor_id"])
        .join(values, on=[*cell, "area_id"], how="left", coalesce=True)
        .with_columns(
            wanted=~pl.col("is_unassigned")
            & (
                pl.col("valid_from").is_null()
                | (pl.col("valid_from") <= begins)
                | (pl.col("valid_from") <= pl.col("period_start"))
            )
        )
        .group_by(*cell, "ancestor_id")
        .agg(
            total=pl.first("total"),
            parts=pl.col("value").sum(),
            complete=(~pl.col("wanted") | pl.col("value").is_not_null()).all(),
        )
        .rename({"ancestor_id": "area_id"})
    )


def _finding(
    check_id: str,
    severity: Severity,
    off: pl.DataFrame,
    judged: int,
    unjudged: int,
    rule: tuple[str, str],
    parts: tuple[str, str],
    spec: SourceSpec,
) -> Finding:
    """Words of a comparison of parts and totals; figures only where nothing protects them."""
    if judged == 0:
        why = (
            ("nicht beurteilt, weil Teile oder Gesamtwerte fehlen oder geschützt sind",
             "not judged, because parts or totals are missing or suppressed")
            if unjudged
            else ("nicht beurteilt, weil die Lieferung nicht beides enthält",
                  "not judged, because the delivery does not hold both")
        )  # fmt: skip
        return Finding(
            check_id, "info", None, *rule, f"{rule[0]}: {why[0]}", f"{rule[1]}: {why[1]}"
        )
    left = (
        f"; {number_de(unjudged)} nicht beurteilbar" if unjudged else "",
        f"; {number_en(unjudged)} could not be judged" if unjudged else "",
    )
    if off.is_empty():
        return Finding(check_id, severity, 0.0, rule[0] + left[0], rule[1] + left[1])
    widest = (
        off.with_columns(gap=(pl.col("parts") - pl.col("total")).abs())
        .sort("gap", "measure_id", "period_start", *AREA, "group_id",
              descending=[True, *[False] * 6])
        .row(0, named=True)
    )  # fmt: skip
    where_de = where_en = place(widest)
    if not spec.protected:
        where_de += (
            f": {parts[0]} {number_de(widest['parts'])}, gesamt {number_de(widest['total'])}"
        )
        where_en += f": {parts[1]} {number_en(widest['parts'])}, total {number_en(widest['total'])}"
    count_de = f"{number_de(off.height)} von {number_de(judged)}"
    count_en = f"{number_en(off.height)} of {number_en(judged)}"
    return Finding(
        check_id,
        severity,
        float(off.height),
        *rule,
        f"{rule[0]}: bei {count_de} stimmt das nicht (am weitesten {where_de}){left[0]}. "
        "Fehlt etwas, oder wird etwas doppelt gezählt?",
        f"{rule[1]}: not so for {count_en} (widest {where_en}){left[1]}. "
        "Is something missing, or counted twice?",
    )
