"""A wrong value upstream: corrected, seen as it was then, and loud once it no longer fits."""

from pathlib import Path
from typing import Any

import duckdb
import pytest

from orchestration.place import Place
from tests.city.cities import new_town, wirkraum

pytestmark = [pytest.mark.city, pytest.mark.slow]

HEADER = (
    "source,measure,area_version,area,period_start,grain,group,expected,corrected,"
    "why_de,why_en,told,state,as_of\n"
)
LINE = "fall,faelle,1,0101,2020-01-01,year,all,210,120,Zahlendreher,digits swapped,Amt A,"


def _deliver(folder: Path, day: str, first: int) -> None:
    text = f"Jahr;Viertel;Fälle\n2020;0101;{first}\n2020;0102;30\n2020;0201;40\n"
    (folder / "deliveries" / "fall" / f"fall_{day}.csv").write_text(text, encoding="utf-8")


def _correct(folder: Path, *lines: str) -> None:
    (folder / "corrections.csv").write_text(HEADER + "".join(lines), encoding="utf-8")


@pytest.fixture
def town(tmp_path: Path) -> Path:
    folder = new_town(tmp_path / "town")
    _deliver(folder, "2021-01-31", 210)
    return folder


def _run(folder: Path, *arguments: str) -> str:
    done = wirkraum("run", folder, *arguments)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def _fails(folder: Path) -> str:
    done = wirkraum("run", folder)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    return done.stderr


def _value(path: Path, area: str = "0101") -> tuple[Any, ...]:
    with duckdb.connect(str(path), read_only=True) as connection:
        row = connection.sql(
            "select value, status, reason, reason_en, as_of::varchar from marts.indicator_value "
            f"where area_id = '{area}' and grain = 'year'"
        ).fetchone()
    assert row is not None
    return row


def test_the_way_of_a_correction(town: Path) -> None:
    published = Place(town).published_warehouse

    # Lines that fit nothing are errors, all together; nothing is published.
    late = LINE.replace("2020-01-01", "2020-02-01")
    _correct(town, late + "open,2021-03-01\n", LINE.replace(",210,", ",201,") + "open,2021-03-01\n")
    said = _fails(town)
    assert "corrections.csv:2  faelle, area 0101 (1), 2020-02-01, year, all: no delivery" in said
    assert "corrections.csv:3  faelle, area 0101 (1), 2020-01-01, year, all: expected 201" in said
    assert "found 210 in fall_2021-01-31.csv. If upstream has fixed it, set state: fixed" in said
    assert not published.exists()

    # Known: the value is corrected, everywhere it goes into.
    _correct(town, LINE + "reported,2021-03-01\n")
    assert "Corrections (corrections.csv): 1 applied" in _run(town)
    reason = "berichtigt: Zahlendreher, geliefert war 210"
    reason_en = "corrected: digits swapped, delivered was 210"
    assert _value(published) == (120, "estimated", reason, reason_en, "2021-03-01")
    assert _value(published, "0102")[:2] == (30, "observed")
    assert _value(published, "0")[:3] == (190, "estimated", reason)
    told = wirkraum("explain", "faelle", "-m", town, "--area", "0101", "--period", "2020").stdout
    assert reason in told
    assert "210 → 120 (berichtigt, corrections.csv:2, mitgeteilt an: Amt A)" in told

    # Seen from a day on which nobody knew: as delivered.
    _run(town, "--as-of", "2021-02-28")
    earlier = Place(town).folder / "var" / "published" / "as_of" / "2021-02-28"
    assert _value(earlier / "warehouse.duckdb")[:2] == (210, "observed")

    # Upstream fixes it: the run fails and says what to do; what is published stays.
    _deliver(town, "2021-06-30", 120)
    said = _fails(town)
    assert "corrections.csv:2  faelle, area 0101 (1), 2020-01-01, year, all: expected 210" in said
    assert "found 120 in fall_2021-06-30.csv. Upstream has fixed it: set state: fixed" in said
    assert _value(published)[0] == 120

    # Noted as fixed: the delivered value holds; of a day in between the correction still does.
    _correct(town, LINE + "fixed,2021-03-01\n")
    assert "Corrections (corrections.csv): 1 fixed upstream" in _run(town)
    assert _value(published)[:3] == (120, "observed", None)
    _run(town, "--as-of", "2021-04-01")
    between = Place(town).folder / "var" / "published" / "as_of" / "2021-04-01"
    assert _value(between / "warehouse.duckdb")[:3] == (120, "estimated", reason)

    # The old wrong value comes back: the run says so.
    _deliver(town, "2021-09-30", 210)
    said = _fails(town)
    assert "was fixed, but fall_2021-09-30.csv says the old wrong value again" in said
