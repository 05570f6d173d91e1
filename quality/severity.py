"""The written rules of how strongly a mark speaks.

1. There are three severities, in this order: `hinweis` (worth knowing), `mittel` (do not decide on
   this number alone), `hoch` (the obvious reading is probably wrong).
2. A severity grows with a figure and declared limits, never with an opinion.
3. Without a reference (another period, another area, a documented fact) no mark goes above
   `hinweis`.
4. Severities are never added up, averaged or turned into a rank of areas, teams or people.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise
from typing import Final

import polars as pl

SEVERITIES: Final = ("hinweis", "mittel", "hoch")
SEVERITY: Final = pl.Enum(SEVERITIES)


def grade(figure: pl.Expr, limits: Mapping[str, float]) -> pl.Expr:
    """Severity of a figure: the strongest whose limit it reaches, null where it reaches none.

    Args:
        figure: the figure that speaks; null gives null.
        limits: lower limit per severity, e.g. `{"hinweis": 0.2, "mittel": 0.3, "hoch": 0.5}`;
            a severity may be left out and is then never given.

    Raises:
        ValueError: a severity is unknown, or a stronger one has a lower limit.
    """
    if unknown := sorted(set(limits) - set(SEVERITIES)):
        raise ValueError(f"unknown severity {', '.join(unknown)}; known: {', '.join(SEVERITIES)}")
    ordered = [(name, limits[name]) for name in SEVERITIES if name in limits]
    if any(low > high for (_, low), (_, high) in pairwise(ordered)):
        raise ValueError(f"limits must rise with severity, found {dict(ordered)}")
    severity = pl.lit(None, dtype=SEVERITY)
    for name, limit in ordered:
        severity = pl.when(figure >= limit).then(pl.lit(name, dtype=SEVERITY)).otherwise(severity)
    return severity


def without_reference(severity: pl.Expr, has_reference: pl.Expr) -> pl.Expr:
    """Rule 3: hold a severity down to `hinweis` where nothing is there to compare with."""
    held = pl.when(severity.is_not_null()).then(pl.lit("hinweis", dtype=SEVERITY))
    return pl.when(has_reference.fill_null(False)).then(severity).otherwise(held)


def highest(severities: Iterable[str]) -> str | None:
    """The strongest of several severities, None of none; unknown words raise ValueError."""
    places = [SEVERITIES.index(severity) for severity in severities]
    return SEVERITIES[max(places)] if places else None
