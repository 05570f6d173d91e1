"""Case lists: one row per event becomes counts by month, area and group; cases never travel on."""

from datetime import date, timedelta
from itertools import pairwise

import polars as pl

from orchestration.declarations.sources import Count
from orchestration.ingest import dates
from orchestration.ingest.readers import Unreadable
from orchestration.ingest.tidy import Context, Reasons, expected_areas, find_column, finished

_DAY = timedelta(days=1)


def count_cases(
    frame: pl.DataFrame,
    context: Context,
    columns: dict[str, str],
    refs: pl.DataFrame,
    reasons: Reasons,
) -> pl.DataFrame:
    """Count accepted rows per measure, month, area and group.

    A month the file covers and an area of its level without any row is an observed zero. Cases
    dated outside the span are set aside. A month that is only partly covered is provisional.
    """
    cases = context.layout.cases
    assert cases is not None
    try:
        first, last = dates.span(cases.covers, context.file_name, context.as_of)
    except dates.NoDate as error:
        raise Unreadable(f"covers: {error}") from None
    outside = frame.filter(pl.col("day").is_not_null() & ~pl.col("day").is_between(first, last))
    reasons.add(
        outside["_row"].to_list(),
        [f"{day} lies outside {first} to {last}, which the file covers" for day in outside["day"]],
    )
    sound = frame.filter(~pl.col("_row").is_in(reasons.rows)).join(refs, on="_row", how="left")
    sound = sound.with_columns(period_start=pl.col("day").dt.truncate("1mo"))
    months = dates.months_between(first, last)
    partial = [month for month in months if month < first or _after(month) > last + _DAY]
    counted = pl.concat(
        [_count(sound, count, context, columns, months) for count in cases.counts]
    ).with_columns(grain=pl.lit("month"))
    is_partial = pl.col("period_start").is_in(partial)
    return finished(
        counted.with_columns(
            status=pl.when(is_partial).then(pl.lit("provisional")).otherwise(pl.lit("observed")),
            reason=pl.when(is_partial).then(
                pl.lit(f"Monat nur teilweise erfasst ({first:%d.%m.%Y} bis {last:%d.%m.%Y})")
            ),
            reason_en=pl.when(is_partial).then(
                pl.lit(f"month only partly covered ({first} to {last})")
            ),
        ),
        context,
    )


def _after(month: date) -> date:
    return (month.replace(day=28) + 4 * _DAY).replace(day=1)


def _count(
    sound: pl.DataFrame, count: Count, context: Context, columns: dict[str, str], months: list[date]
) -> pl.DataFrame:
    measure = next(one for one in context.source.measures if one.id == count.measure)
    rows = sound
    for name, wanted in count.where.items():
        rows = rows.filter(pl.col(find_column(name, columns, "where")).is_in(wanted))
    labelled = [rows.with_columns(group_id=pl.lit("all"))]
    groups = ["all"]
    for dimension in count.groups:
        labelled.append(
            rows.filter(pl.col(f"group:{dimension}") != "").with_columns(
                group_id=pl.format(dimension + "={}", pl.col(f"group:{dimension}"))
            )
        )
        groups += [f"{dimension}={entry.code}" for entry in context.declarations.codes[dimension]]
    key = ["area_id", "period_start", "group_id"]
    counts = (
        pl.concat(labelled)
        .group_by(key, maintain_order=True)
        .agg(value=pl.len().cast(pl.Float64), refs=pl.col("row_ref"))
    )
    covered = pl.DataFrame({"period_start": months}, schema={"period_start": pl.Date})
    # An area that occurs is complete even before its time: such files are coded afterwards.
    occurring = covered.join(sound.select("area_id").unique(), how="cross")
    areas = pl.concat([expected_areas(context, covered), occurring]).unique()
    grid = areas.join(pl.DataFrame({"group_id": groups}), how="cross")
    return (
        grid.join(counts, on=key, how="full", coalesce=True)
        .with_columns(
            value=pl.col("value").fill_null(0.0),
            row_ref=pl.col("refs").map_elements(_ranges, return_dtype=pl.String).fill_null(""),
            measure_id=pl.lit(measure.id),
            unit=pl.lit(measure.unit),
        )
        .drop("refs")
        .sort(key)
    )


def _ranges(refs: pl.Series) -> str:
    """Line numbers as short text, such as `12-15, 20`; sheet rows are listed as they are."""
    if not all(ref.isdigit() for ref in refs):
        return ", ".join(refs)
    numbers = sorted(map(int, refs))
    breaks = [0, *(i for i, (a, b) in enumerate(pairwise(numbers), 1) if b != a + 1), len(numbers)]
    parts = ((numbers[a], numbers[b - 1]) for a, b in pairwise(breaks))
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)
