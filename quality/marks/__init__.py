"""Marks: what is unusual about a number, what could explain it, and a question to ask.

Adding a sign takes a detector in the file of its family, its entry in `catalogue.json`, and its
name in `DETECTORS` below.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from datetime import date
from functools import cache
from importlib import resources
from typing import Final

import polars as pl

from quality.marks import boundary_change, small_numbers
from quality.marks.contract import KEY, Detector, Frames

__all__ = ["DETECTORS", "MARK_SCHEMA", "Frames", "catalogue", "find_marks"]

DETECTORS: Final[tuple[Detector, ...]] = (small_numbers.DETECTOR, boundary_change.DETECTOR)

MARK_SCHEMA: Final = pl.Schema(
    {
        "mark_id": pl.String(),
        "sign": pl.String(),
        "indicator_id": pl.String(),
        "area_system": pl.String(),
        "area_version": pl.String(),
        "area_id": pl.String(),
        "period_start": pl.Date(),
        "grain": pl.String(),
        "group_id": pl.String(),
        "severity": pl.String(),
        "evidence": pl.String(),
        "text_de": pl.String(),
        "text_en": pl.String(),
        "question_de": pl.String(),
        "question_en": pl.String(),
        "first_seen": pl.Date(),
        "state": pl.String(),
        "as_of": pl.Date(),
    }
)


@cache
def catalogue() -> dict[str, dict[str, str]]:
    """Names, mechanism, source, texts and questions of every sign that has a detector, by sign."""
    text = resources.files(__package__).joinpath("catalogue.json").read_text(encoding="utf-8")
    return {entry["id"]: entry for entry in json.loads(text)}


def find_marks(
    frames: Frames, thresholds: Mapping[str, Mapping[str, float]], *, as_of: date
) -> pl.DataFrame:
    """Look at all values with all detectors.

    Args:
        frames: the tables to look at; nothing has to be filtered before.
        thresholds: limits that differ from the defaults, by sign and name, e.g.
            `{"M01": {"hinweis": 0.25}}`.
        as_of: the day whose knowledge the frames hold; written into every mark.

    Returns:
        The columns of `mark`, sorted by sign and key. `mark_id` is the same for the same sign and
        key in every run; `first_seen` is the as_of of the value; `state` is `open`.

    Raises:
        ValueError: a sign or a limit is unknown, or limits contradict each other.
    """
    limits = _limits(thresholds)
    found = [_as_marks(detector, frames, limits[detector.sign], as_of) for detector in DETECTORS]
    return pl.concat(found).sort("sign", *KEY, maintain_order=True)


def _limits(thresholds: Mapping[str, Mapping[str, float]]) -> dict[str, dict[str, float]]:
    limits = {detector.sign: dict(detector.defaults) for detector in DETECTORS}
    for sign, changed in thresholds.items():
        if sign not in limits:
            raise ValueError(f"unknown sign {sign!r} in thresholds; known: {', '.join(limits)}")
        for name, number in changed.items():
            if name not in limits[sign]:
                known = ", ".join(limits[sign])
                raise ValueError(f"unknown threshold {name!r} of sign {sign}; known: {known}")
            limits[sign][name] = float(number)
    return limits


def _as_marks(
    detector: Detector, frames: Frames, limits: Mapping[str, float], as_of: date
) -> pl.DataFrame:
    entry = catalogue()[detector.sign]
    found = detector.find(frames, limits)
    keys = found.select(pl.concat_str(pl.lit(detector.sign), *KEY, separator="\x1f"))
    identifiers = [
        hashlib.sha1(key.encode(), usedforsecurity=False).hexdigest()[:12]
        for key in keys.to_series()
    ]
    return found.with_columns(
        pl.Series("mark_id", identifiers, dtype=pl.String),
        pl.col("severity").cast(pl.String),
        sign=pl.lit(detector.sign),
        question_de=pl.lit(entry["question_de"]),
        question_en=pl.lit(entry["question_en"]),
        state=pl.lit("open"),
        as_of=pl.lit(as_of),
    ).select(pl.col(name).cast(dtype) for name, dtype in MARK_SCHEMA.items())
