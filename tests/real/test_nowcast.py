"""Nowcasts of RSV beside those that were published at the time, on the same weeks."""

import os
from datetime import date
from pathlib import Path

import polars as pl
import pytest

from bench.nowcast import SETTLED_AFTER, run, states
from forecasting.nowcast import nowcast
from tests.real.conftest import SHARED


@pytest.fixture(scope="module")
def hub() -> Path:
    folder = Path(os.environ.get("WIRKRAUM_RKI", SHARED / "rki")) / "respinow_hub"
    if not folder.is_dir():
        pytest.skip(f"needs the reporting triangles in {folder} (or WIRKRAUM_RKI)")
    return folder


def test_no_worse_than_what_was_published_and_with_ranges_that_hold(hub: Path) -> None:
    ours, theirs = run(hub, quick=True)
    assert (ours.tasks, ours.dates) == (theirs.tasks, theirs.dates) == (1_216, 16)
    # Scored by a script of its own when the nowcast was written; theirs depends on no code of ours.
    assert theirs.wis == pytest.approx(0.61346, abs=1e-5)
    assert ours.wis <= theirs.wis
    assert 0.72 <= ours.coverage <= 0.88


def test_weeks_after_the_cut_change_nothing(hub: Path) -> None:
    known, day = states(hub, "rsv"), date(2025, 1, 9)
    seen = known.filter(pl.col("as_of") <= day)
    assert 0 < seen.height < known.height
    cut = nowcast(seen, known_on=day, settled_after=SETTLED_AFTER)
    assert cut.equals(nowcast(known, known_on=day, settled_after=SETTLED_AFTER))
    assert cut["quantile"].null_count() == 0
