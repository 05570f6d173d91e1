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


def _line(area: str, expected: int, corrected: int, state: str, start: str = "2020-01-01") -> str:
    head = f"fall,faelle,1,{area},{start},year,all,{expected},{corrected}"
    return f"{head},Zahlendreher,digits swapped,Amt A,{state}\n"


def _deliver(folder: Path, day: str, *rows: str) -> None:
    text = "Jahr;Viertel;Fälle\n" + "".join(f"2020;{row}\n" for row in rows)
    (folder / "deliveries" / "fall" / f"fall_{day}.csv").write_text(text, encoding="utf-8")


def _correct(folder: Path, *lines: str) -> None:
    (folder / "corrections.csv").write_text(HEADER + "".join(lines), encoding="utf-8")


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


def test_the_way_of_corrections(tmp_path: Path) -> None:
    """One that upstream has not fixed, one that it has, and one that came later."""
    town = new_town(tmp_path / "town")
    published = Place(town).published_warehouse
    _deliver(town, "2021-01-31", "0101;210", "0102;63", "0201;40")
    _deliver(town, "2021-06-30", "0102;36")
    known = _line("0101", 210, 120, "reported,2021-03-01")
    fixed = _line("0102", 63, 36, "fixed,2021-03-01")
    _correct(town, known, fixed, _line("0201", 40, 4, "reported,2021-05-01"))

    # What is known is corrected, everywhere it goes into; what was fixed holds as delivered.
    said = _run(town)
    assert "Corrections (corrections.csv): 2 applied, 1 fixed upstream" in said
    reason = "berichtigt: Zahlendreher, geliefert war 210"
    reason_en = "corrected: digits swapped, delivered was 210"
    assert _value(published) == (120, "estimated", reason, reason_en, "2021-03-01")
    assert _value(published, "0102")[:3] == (36, "observed", None)
    assert _value(published, "01")[:3] == (156, "estimated", reason)
    assert _value(published, "0")[:2] == (160, "estimated")
    told = wirkraum("explain", "faelle", "-m", town, "--area", "0101", "--period", "2020").stdout
    assert reason in told
    assert "210 → 120 (berichtigt, corrections.csv:2, mitgeteilt an: Amt A)" in told

    # Seen from a day in between: not yet fixed, and one that nobody knew is as delivered.
    parsed = Place(town).dbt / "target" / "partial_parse.msgpack"
    at_first = parsed.stat().st_mtime_ns
    _run(town, "--as-of", "2021-04-01")
    between = town / "var" / "published" / "as_of" / "2021-04-01" / "warehouse.duckdb"
    assert _value(between)[:3] == (120, "estimated", reason)
    assert _value(between, "0102")[:3] == (36, "estimated", reason.replace("210", "63"))
    assert _value(between, "0201")[:2] == (40, "observed")
    # What dbt has parsed serves every day; to parse it anew takes seconds.
    assert parsed.stat().st_mtime_ns == at_first

    # Lines that no longer fit are errors, all together, that say what to do; what is published
    # stays. Upstream fixes one; the old wrong value of another comes back.
    _deliver(town, "2021-09-30", "0101;120", "0102;63")
    open_since = "open,2021-03-01"
    late = _line("0101", 210, 120, open_since, "2020-02-01")
    _correct(town, known, fixed, late, _line("0201", 41, 4, open_since))
    said = _fails(town)
    cell = "2020-01-01, year, all"
    assert f"corrections.csv:2  faelle, area 0101 (1), {cell}: expected 210" in said
    assert "found 120 in fall_2021-09-30.csv. Upstream has fixed it: set state: fixed" in said
    assert "was fixed, but fall_2021-09-30.csv says the old wrong value again" in said
    assert "corrections.csv:4  faelle, area 0101 (1), 2020-02-01, year, all: no delivery" in said
    assert f"corrections.csv:5  faelle, area 0201 (1), {cell}: expected 41" in said
    assert "found 40 in fall_2021-01-31.csv. If upstream has fixed it, set state: fixed" in said
    assert _value(published)[0] == 120
