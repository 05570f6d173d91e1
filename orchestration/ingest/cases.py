"""Case lists: one row per event becomes counts by month, area and group; cases never travel on."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import pairwise

import polars as pl
import polars.selectors as cs

from orchestration.declarations.sources import names
from orchestration.ingest import dates
from orchestration.ingest.plan import Plan
from orchestration.ingest.table import Unreadable, normalised
from orchestration.ingest.tidy import Marked, Resolver, expected_areas, finished, note_bad

_DAY = timedelta(days=1)
_CELL = ["area_id", "period_start", "group_id"]


@dataclass
class _Item:
    """One measure made from the rows: how many, what sum, how many open, how long."""

    measure: str
    where: dict[str, list[str]]
    groups: list[str]
    day: str
    value: str | None = None
    closed: str | None = None
    dimension: str | None = None


class CaseTally:
    """Counts the rows of a case list batch by batch.

    A month the file covers and an area of its level without any row is an observed zero. Cases
    outside the window the file covers are set aside. A month that is only partly covered is
    provisional; one whose cases may lie before the window is not counted at all.
    """

    def __init__(self, plan: Plan, resolver: Resolver, prefix: str) -> None:
        cases = plan.layout.cases
        assert cases is not None
        self.plan, self.resolver, self.prefix = plan, resolver, prefix
        self.cases = cases
        try:
            self.window = dates.span(cases.covers, plan.context.file_name, plan.context.as_of)
        except dates.NoDate as error:
            raise Unreadable(f"covers: {error}") from None
        self.items = list(self._items())
        self._counts: list[list[pl.DataFrame]] = [[] for _ in self.items]
        self._known: list[list[pl.DataFrame]] = [[] for _ in self.items]
        reported = cases.reported
        self._reported = None if reported is None else plan.column(reported, "reported")
        self._areas: list[pl.DataFrame] = []
        self._first: date | None = None
        self._outside = 0
        self._rows: list[pl.DataFrame] = []
        self.notes: list[str] = []

    def _items(self) -> Iterator[_Item]:
        column = self.plan.column
        for count in self.cases.counts:
            day = "day" if count.date is None else f"date:{column(count.date, 'date')}"
            value = None if count.sum is None else column(count.sum, "sum")
            where = {column(name, "where"): list(want) for name, want in count.where.items()}
            yield _Item(count.measure, where, count.groups, day, value)
        for stock in self.cases.stocks:
            where = {column(name, "where"): list(want) for name, want in stock.where.items()}
            opened, closed = column(stock.opened, "opened"), column(stock.closed, "closed")
            yield _Item(
                stock.measure, where, stock.groups, f"date:{opened}", closed=f"date:{closed}"
            )
        for one in self.cases.durations:
            where = {column(name, "where"): list(want) for name, want in one.where.items()}
            start, end = column(one.start, "start"), column(one.end, "end")
            yield _Item(
                one.measure,
                where,
                [],
                f"date:{end}",
                closed=f"date:{start}",
                dimension=one.dimension,
            )

    def add(self, marked: Marked) -> None:
        """Count the rows of a batch; rows outside the window are set aside."""
        for column in self._date_columns():
            self._read_dates(marked, column)
        window = "day" if self.cases.covers.column is None else self._window_column()
        first, last = self.window
        if self.cases.covers.since == "all":
            first = date.min
        found = marked.frame.filter(
            pl.col(window).is_not_null() & ~pl.col(window).is_between(first, last)
        )
        span = f"{first} to {last}" if first > date.min else f"the time until {last}"
        why = pl.format("{} lies outside {}, which the file covers", window, pl.lit(span))
        marked.reasons.add(found["_row"], found.select(why).to_series())
        for item in self.items:
            if item.value is not None:
                self._read_numbers(marked, item.value)
        sound = marked.sound.with_columns(
            cs.enum().cast(pl.String), row_ref=self.prefix + pl.col("_row").cast(pl.String)
        )
        earliest = sound[window].min()
        if isinstance(earliest, date):
            self._first = min(earliest, self._first or earliest)
        self._areas.append(sound.select("area_id").unique())
        read = sound.select(self.plan.needed).hash_rows()
        self._rows.append(sound.select("_row", read=read))
        for item, counts, known in zip(self.items, self._counts, self._known, strict=True):
            long = self._labelled(item, sound)
            counts.append(
                long.group_by(_CELL, maintain_order=True).agg(
                    value=pl.col("amount").sum(), refs=pl.col("row_ref")
                )
            )
            if self._reported is not None and item.closed is None:
                month = pl.col(f"date:{self._reported}").dt.month_end()
                known.append(
                    long.drop_nulls(f"date:{self._reported}")
                    .group_by([*_CELL, month.alias("as_of")], maintain_order=True)
                    .agg(value=pl.col("amount").sum())
                )

    def _date_columns(self) -> list[str]:
        days = [day for item in self.items for day in (item.day, item.closed) if day is not None]
        if self.cases.covers.column is not None:
            days.append(self._window_column())
        if self._reported is not None:
            days.append(f"date:{self._reported}")
        return sorted({day.removeprefix("date:") for day in days if day != "day"})

    def _window_column(self) -> str:
        column = self.plan.column(self.cases.covers.column or [], "covers")
        own = [normalised(name) for name in names(self.plan.layout.period.columns or [])]
        return "day" if own == [column] else f"date:{column}"

    def _read_dates(self, marked: Marked, column: str) -> None:
        """Dates beside that of the period; an empty one is no error: not closed, not known."""
        rule = self.plan.layout.period

        def resolve(text: str) -> tuple[object, str | None]:
            if not text:
                return None, None
            try:
                return dates.parse(text, rule), None
            except dates.NoDate as error:
                return None, f"{column}: {error}"

        self.resolver.add(marked, f"date:{column}", [column], resolve, pl.Date)

    def _read_numbers(self, marked: Marked, column: str) -> None:
        how = self.plan.layout.format
        plain = pl.col(column)
        if how.thousands:
            plain = plain.str.replace_all(how.thousands, "", literal=True)
        number = plain.str.replace(how.decimal, ".", literal=True).cast(pl.Float64, strict=False)
        text = pl.col(column)
        bad = pl.when((text != "") & ~number.is_finite().fill_null(value=False)).then(
            pl.format("{}: found '{}', expected a number", pl.lit(column), text.str.slice(0, 40))
        )
        marked.frame = marked.frame.with_columns(
            number.fill_null(0.0).alias(f"number:{column}"), bad.alias("_bad")
        )
        note_bad(marked)

    def _labelled(self, item: _Item, sound: pl.DataFrame) -> pl.DataFrame:
        """The rows that count, once for everybody and once per group, with month and amount."""
        rows = sound.filter(pl.col(item.day).is_not_null())
        for name, wanted in item.where.items():
            rows = rows.filter(pl.col(name).is_in(wanted))
        if item.dimension is not None:
            rows = self._binned(item, rows)
        parts = [rows.with_columns(group_id=pl.lit("all"))]
        for dimension in [*item.groups, *([item.dimension] if item.dimension else [])]:
            name = f"group:{dimension}"
            labelled = rows.filter(pl.col(name) != "")
            parts.append(labelled.with_columns(group_id=pl.format(dimension + "={}", pl.col(name))))
        amount = pl.lit(1.0) if item.value is None else pl.col(f"number:{item.value}")
        long = pl.concat(parts).with_columns(
            period_start=pl.col(item.day).dt.truncate("1mo"), amount=amount
        )
        if item.closed is not None and item.dimension is None:
            ended = long.filter(pl.col(item.closed).is_not_null()).with_columns(
                period_start=pl.col(item.closed).dt.truncate("1mo"), amount=pl.lit(-1.0)
            )
            long = pl.concat([long, ended])
        return long

    def _binned(self, item: _Item, rows: pl.DataFrame) -> pl.DataFrame:
        """Closed cases with the bin of days between start and end; impossible ones are noted."""
        codes = self.plan.context.declarations.codes[item.dimension or ""]
        days = (pl.col(item.day) - pl.col(item.closed or "")).dt.total_days()
        code = pl.lit(None, dtype=pl.String)
        for entry in reversed(codes):
            low, high = entry.low or 0, entry.high
            inside = (days >= low) if high is None else days.is_between(low, high)
            code = pl.when(inside).then(pl.lit(entry.code)).otherwise(code)
        found = rows.filter(pl.col(item.closed or "").is_not_null()).with_columns(
            code.alias(f"group:{item.dimension}")
        )
        self._outside += found[f"group:{item.dimension}"].null_count()
        return found.drop_nulls(f"group:{item.dimension}")

    def observations(self) -> pl.DataFrame:
        """What the rows add up to (OBSERVATION_SCHEMA)."""
        first, last = self.window
        if self.cases.covers.since == "all":
            first = (self._first or last).replace(day=1)
        complete = first + self.cases.covers.complete_after_days * _DAY
        months = [
            month
            for month in dates.months_between(first, last)
            if not self.cases.covers.complete_after_days or month >= complete
        ]
        areas = pl.concat(self._areas).unique() if self._areas else pl.DataFrame()
        parts = [
            self._filled(item, pl.concat(counts), areas, months, first, last)
            for item, counts in zip(self.items, self._counts, strict=True)
            if counts
        ]
        parts += [
            self._as_known_then(item, pl.concat(known), months)
            for item, known in zip(self.items, self._known, strict=True)
            if known
        ]
        if self._outside:
            self.notes.append(f"{self._outside} case(s) end before they begin; in no duration")
        return pl.concat(parts) if parts else pl.DataFrame()

    @property
    def alike(self) -> pl.Series:
        """Numbers of the rows that equal another one in all columns the contract reads."""
        rows = pl.concat(self._rows) if self._rows else pl.DataFrame({"_row": [], "read": []})
        return rows.filter(pl.col("read").is_duplicated())["_row"]

    def _filled(
        self,
        item: _Item,
        counted: pl.DataFrame,
        occurring: pl.DataFrame,
        months: list[date],
        first: date,
        last: date,
    ) -> pl.DataFrame:
        context = self.plan.context
        measure = next(one for one in context.source.measures if one.id == item.measure)
        counts = counted.group_by(_CELL, maintain_order=True).agg(
            pl.col("value").sum(), pl.col("refs").explode()
        )
        covered = pl.DataFrame({"period_start": months}, schema={"period_start": pl.Date})
        groups = ["all"]
        for dimension in [*item.groups, *([item.dimension] if item.dimension else [])]:
            entries = context.declarations.codes[dimension]
            groups += [f"{dimension}={entry.code}" for entry in entries]
        # An area that occurs is complete even before its time: such files are coded afterwards.
        there = covered.join(occurring, how="cross")
        areas = pl.concat([expected_areas(context, covered), there]).unique()
        grid = areas.join(pl.DataFrame({"group_id": groups}), how="cross")
        is_stock = item.closed is not None and item.dimension is None
        if is_stock:
            counts = self._running(counts, grid)
        uncounted = counts.join(covered, on="period_start", how="anti")
        left_out = int(uncounted.filter(group_id="all")["value"].sum())
        if left_out and not is_stock:
            self.notes.append(
                f"{item.measure}: {left_out} in months the file does not cover completely, "
                "not counted"
            )
        partial = [month for month in months if month < first or _after(month) > last + _DAY]
        is_partial = pl.col("period_start").is_in(partial)
        end = pl.col("period_start").dt.month_end()
        return finished(
            grid.join(counts, on=_CELL, how="left")
            .with_columns(
                value=pl.col("value").fill_null(0.0),
                row_ref=pl.col("refs").map_elements(_ranges, return_dtype=pl.String).fill_null(""),
                measure_id=pl.lit(measure.id),
                unit=pl.lit(measure.unit),
                grain=pl.lit("month"),
                status=pl.when(is_partial)
                .then(pl.lit("provisional"))
                .otherwise(pl.lit("observed")),
                reason=pl.when(is_partial).then(
                    pl.lit(f"Monat nur teilweise erfasst ({first:%d.%m.%Y} bis {last:%d.%m.%Y})")
                ),
                reason_en=pl.when(is_partial).then(
                    pl.lit(f"month only partly covered ({first} to {last})")
                ),
            )
            .sort(_CELL)
            .with_columns(
                period_start=pl.min_horizontal(end, pl.lit(last))
                if is_stock
                else end.dt.truncate("1mo")
            ),
            context,
        )

    def _as_known_then(self, item: _Item, known: pl.DataFrame, months: list[date]) -> pl.DataFrame:
        """What the counts were at the end of each earlier month, by the day cases were reported."""
        context = self.plan.context
        measure = next(one for one in context.source.measures if one.id == item.measure)
        states = (
            known.group_by([*_CELL, "as_of"], maintain_order=True)
            .agg(pl.col("value").sum())
            .sort([*_CELL, "as_of"])
            .with_columns(value=pl.col("value").cum_sum().over(_CELL))
            .filter(pl.col("as_of") < context.as_of, pl.col("period_start").is_in(months))
        )
        return finished(
            states.with_columns(
                row_ref=pl.lit(""),
                measure_id=pl.lit(measure.id),
                unit=pl.lit(measure.unit),
                grain=pl.lit("month"),
                status=pl.lit("provisional"),
                reason=pl.lit("nach Meldedatum, wie damals bekannt"),
                reason_en=pl.lit("by date of report, as known then"),
            ),
            context,
        )

    def _running(self, counts: pl.DataFrame, grid: pl.DataFrame) -> pl.DataFrame:
        """Open cases at the end of each month: all that were opened less all that were closed."""
        months = pl.concat([grid.select(_CELL), counts.select(_CELL)]).unique()
        every = months.join(counts, on=_CELL, how="left").sort(_CELL)
        return every.with_columns(
            value=pl.col("value").fill_null(0.0).cum_sum().over(["area_id", "group_id"])
        )


def _after(month: date) -> date:
    return (month.replace(day=28) + 4 * _DAY).replace(day=1)


def _ranges(refs: pl.Series) -> str:
    """Line numbers as short text, such as `12-15, 20`; sheet rows are listed as they are."""
    if not all(ref.isdigit() for ref in refs):
        return ", ".join(refs)
    numbers = sorted(set(map(int, refs)))
    breaks = [0, *(i for i, (a, b) in enumerate(pairwise(numbers), 1) if b != a + 1), len(numbers)]
    parts = ((numbers[a], numbers[b - 1]) for a, b in pairwise(breaks))
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in parts)
