"""What a check of a delivery is: its severity, its words, and what a source has promised.

Everything here is plain data, so that a suite can be read, listed and tested without Great
Expectations. Tables are polars frames shaped like observations.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final, Literal

import polars as pl

Severity = Literal["critical", "warning", "info"]

SEVERITY_WORDS: Final[dict[Severity, tuple[str, str]]] = {
    "critical": (
        "schwer: die Lieferung wird als Ganzes beiseitegelegt, der frühere Stand bleibt",
        "critical: the delivery is set aside as a whole, the earlier state stays",
    ),
    "warning": (
        "Hinweis: die Lieferung gilt, jemand sollte hinsehen",
        "warning: the delivery counts, somebody should have a look",
    ),
    "info": ("zur Kenntnis", "for information"),
}
REQUIRED: Final = (
    "source_id",
    "measure_id",
    "area_system",
    "area_version",
    "area_id",
    "period_start",
    "grain",
    "group_id",
    "value",
    "unit",
    "status",
    "as_of",
)
CELL: Final = (
    "measure_id",
    "area_system",
    "area_version",
    "area_id",
    "period_start",
    "grain",
    "group_id",
)
STATUSES: Final = (
    "observed",
    "provisional",
    "estimated",
    "suppressed",
    "missing",
    "not_collected",
    "not_comparable",
)
WITHOUT_VALUE: Final = ("suppressed", "missing", "not_collected")
REGISTER_SCHEMA: Final = pl.Schema(
    {
        "area_system": pl.String(),
        "area_version": pl.String(),
        "area_id": pl.String(),
        "level": pl.String(),
        "level_rank": pl.Int64(),
        "parent_id": pl.String(),
        "is_unassigned": pl.Boolean(),
        "valid_from": pl.Date(),
    }
)
VERDICT_SCHEMA: Final = pl.Schema(
    {
        "delivery_id": pl.String(),
        "check_id": pl.String(),
        "severity": pl.String(),
        "passed": pl.Boolean(),
        "observed": pl.Float64(),
        "expected": pl.Float64(),
        "description": pl.String(),
        "description_en": pl.String(),
    }
)


@dataclass(frozen=True)
class Tolerance:
    """How far two figures may lie apart: the larger of `absolute` and `share` of the total."""

    absolute: float = 0.0
    share: float = 0.0

    def exceeded(self, difference: pl.Expr, total: pl.Expr) -> pl.Expr:
        """Whether a difference is too large; sums of decimals may miss by a billionth."""
        allowed = pl.max_horizontal(pl.lit(self.absolute), total.abs() * self.share)
        return difference > allowed + 1e-9 * pl.max_horizontal(pl.lit(1.0), total.abs())


@dataclass(frozen=True)
class MeasureSpec:
    """What values of a measure may look like; `minimum` None allows any number."""

    measure_id: str
    unit: str
    minimum: float | None = 0.0
    whole: bool = True
    additive_over_areas: bool = True
    additive_over_groups: bool = True


@dataclass(frozen=True)
class SumRule:
    """The codes of a dimension add up to the group without it, per area and period."""

    measure_id: str
    dimension: str
    codes: tuple[str, ...]
    tolerance: Tolerance = Tolerance()
    severity: Severity = "warning"


@dataclass(frozen=True)
class AreaSumRule:
    """Finer areas of a measure add up to a coarser one."""

    tolerance: Tolerance = Tolerance(absolute=0.5)
    severity: Severity = "warning"


@dataclass(frozen=True)
class RowsRule:
    """Row counts against earlier deliveries of the same layout.

    `tolerance` is the share of their median that is always allowed; the usual spread, if larger,
    widens it. Below `at_least` earlier deliveries nothing is judged.
    """

    tolerance: float = 0.3
    at_least: int = 4
    severity: Severity = "warning"


@dataclass(frozen=True)
class PastRule:
    """Values against the changes they used to make from one year to the next.

    A change is unusual when it lies more than `spread` robust standard deviations off and changes
    the value by at least `change` (0.25: a quarter). Below `at_least` known changes a series is
    compared with all series of its measure, below 20 of those it is not judged.
    """

    spread: float = 6.0
    change: float = 0.25
    at_least: int = 5
    severity: Severity = "warning"


@dataclass(frozen=True)
class RegisterRule:
    """How much of a level must be there in each period.

    `missing` is the share of areas that may be absent altogether, `empty` the share for which a
    single measure may be without a figure.
    """

    missing: float = 0.0
    empty: float = 0.25
    severity: Severity = "warning"


@dataclass(frozen=True)
class SourceSpec:
    """What a source has promised, as plain data.

    Attributes:
        source_id: the source; every row has to carry it.
        measures: the measures it owns.
        register: all areas of the versions it uses (REGISTER_SCHEMA).
        protected: whether its values must not show in the words of a check.
        earliest: no period may begin before.
        latest: no period may begin after.
        sums: parts that have to add up to their total.
        areas: rules of single measures; all other additive measures follow the default.
        severities: severities of checks that always run, where they differ from the default.
    """

    source_id: str
    measures: tuple[MeasureSpec, ...]
    register: pl.DataFrame
    protected: bool = False
    earliest: date = date(1900, 1, 1)
    latest: date = date(2100, 1, 1)
    statuses: tuple[str, ...] = STATUSES
    sums: tuple[SumRule, ...] = ()
    areas: Mapping[str, AreaSumRule] = field(default_factory=dict)
    rows: RowsRule = RowsRule()
    past: PastRule = PastRule()
    registers: RegisterRule = RegisterRule()
    severities: Mapping[str, Severity] = field(default_factory=dict)


@dataclass(frozen=True)
class Delivered:
    """One delivery to be judged.

    Attributes:
        delivery_id: its id.
        observations: its observations (REQUIRED columns at least).
        rows: lines of the file.
        earlier_rows: lines of the earlier deliveries of the same layout, oldest first.
        complete: (area system, version, level) of which a period holds every area.
        before: observations told since the delivery judged before this one, oldest first.
    """

    delivery_id: str
    observations: pl.LazyFrame
    rows: int
    earlier_rows: tuple[int, ...] = ()
    complete: tuple[tuple[str, str, str], ...] = ()
    before: Sequence[pl.LazyFrame] = ()


@dataclass(frozen=True)
class Finding:
    """What a check measured on a delivery, before the suite says whether that is good enough.

    `figure` is what the suite compares with `limit`; None means that the check could not be
    judged, and the words say why. `de` and `en` tell what was found where the figure is too high;
    `rule_de` and `rule_en` the promise. None of them shows values of protected sources.
    """

    check_id: str
    severity: Severity
    figure: float | None
    rule_de: str
    rule_en: str
    de: str = ""
    en: str = ""
    limit: float = 0.0


def number_de(value: float, digits: int = 1) -> str:
    """Text such as `1.234,5`; whole numbers carry no decimals."""
    return number_en(value, digits).replace(",", ";").replace(".", ",").replace(";", ".")


def number_en(value: float, digits: int = 1) -> str:
    """Text such as `1,234.5`; whole numbers carry no decimals."""
    text = f"{value:,.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def place(row: Mapping[str, object]) -> str:
    """Where a cell lies, such as `0202, 2021-12, geschlecht=w`; the same in both languages."""
    start = row["period_start"]
    assert isinstance(start, date)
    when = f"{start:%Y}" if row["grain"] == "year" else f"{start:%Y-%m}"
    if row["grain"] == "day":
        when = start.isoformat()
    group = row.get("group_id")
    return f"{row['area_id']}, {when}" + ("" if group in (None, "all") else f", {group}")
