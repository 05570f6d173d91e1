"""What a detector gets and what it gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Final

import polars as pl

KEY: Final = [
    "indicator_id",
    "area_system",
    "area_version",
    "area_id",
    "period_start",
    "grain",
    "group_id",
]
"""The key of an indicator value, which is also the key of a mark within its sign."""

FINDING: Final = [*KEY, "severity", "evidence", "text_de", "text_en", "first_seen"]
"""Columns a detector gives: at most one row per key, `first_seen` is the as_of of the value."""


@dataclass(frozen=True)
class Frames:
    """The tables a detector may look at, with the columns of the marts of the same name."""

    indicator_value: pl.DataFrame
    indicator: pl.DataFrame
    area: pl.DataFrame
    area_crosswalk: pl.DataFrame


@dataclass(frozen=True)
class Detector:
    """One sign: how it is found and the limits a city may change in `marks.yml`."""

    sign: str
    find: Callable[[Frames, Mapping[str, float]], pl.DataFrame]
    defaults: Mapping[str, float]
