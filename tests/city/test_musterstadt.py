"""The invented city from deliveries to releases: twice, and as of an earlier day."""

import hashlib
import json
import shutil
from datetime import date
from pathlib import Path

import duckdb
import numpy as np
import pytest

from examples.musterstadt.city import QUARTERS
from examples.musterstadt.world import HOME, simulate
from exports.publish import content_hash
from orchestration.effects.explain import explain_effect
from orchestration.ingest import lake
from orchestration.place import Place
from tests.city.cities import new_musterstadt, wirkraum

pytestmark = [pytest.mark.city, pytest.mark.slow]


def _query(path: Path, sql: str) -> list[tuple[object, ...]]:
    with duckdb.connect(str(path), read_only=True) as connection:
        return connection.sql(sql).fetchall()


def _parquet_of(place: Place) -> dict[str, str]:
    return {
        path.relative_to(place.lake).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(place.lake.rglob("*.parquet"))
    }


def test_nothing_is_lost_and_what_is_set_aside_was_planted(city: Place) -> None:
    truth = json.loads((city.folder / "truth.json").read_text(encoding="utf-8"))
    entries = lake.ledger(city)
    assert all(one.rows_in == one.rows_accepted + one.rows_quarantined for one in entries)
    aside = {one.file_name: one.rows_quarantined for one in entries if one.rows_quarantined}
    assert sum(aside.values()) == 5
    assert "Kita_2023-03-01_Stand_2023-05-31.csv" in aside
    assert truth["totals"]["einwohner"]["2024"] == 202450


def test_a_lowered_target_and_one_met_before_it_was_decided_stay_visible(city: Place) -> None:
    truth = json.loads((city.folder / "truth.json").read_text(encoding="utf-8"))
    planted = {one["sign"]: one for one in truth["planted"] if one["sign"] in ("G16", "G17")}
    lowered = _query(
        city.published_warehouse,
        "select goal_id, cast(version_since as varchar), target_before, target, reason "
        "from marts.goal_change where asks = 'less'",
    )
    assert lowered == [
        (planted["G17"]["goal"], planted["G17"]["periods"]["first"], 20, 23, "kein Grund vermerkt")
    ]
    before = _query(
        city.published_warehouse,
        "select value, distance > 0 from marts.goal_progress where period_in_version = 'before' "
        f"and goal_id = '{planted['G16']['goal']}' and year(period_start) = 2020",
    )
    assert before == [(planted["G16"]["size"], True)]


def test_a_conflict_has_sides_of_equal_standing_and_no_way_out(city: Place) -> None:
    sides = _query(
        city.published_warehouse,
        "select goal_id, count(distinct says_de), min(decided_de) from marts.goal_conflict "
        "group by all order by all",
    )
    assert sides == [
        ("elternkurse_ausbauen", 1, "noch nicht entschieden"),
        ("hze_rate_senken", 1, "noch nicht entschieden"),
    ]
    figures = _query(
        city.published_warehouse,
        "select column_name from duckdb_columns() where table_name = 'goal_conflict' "
        "and data_type not in ('VARCHAR', 'DATE')",
    )
    assert figures == []


def test_access_changes_where_an_advice_centre_closed_and_another_opened(city: Place) -> None:
    """Ziegelhof (Nord) closed in June 2021, Eisenwerk (West) opened in September 2018."""
    rows = _query(
        city.published_warehouse,
        "select area_id, year(period_start), round(value), low <= value and value <= high, status "
        "from marts.indicator_value where indicator_id = 'beratung_in_1000_m' "
        "and area_version = '2020' and ((area_id = '02' and year(period_start) in (2020, 2021)) "
        "or (area_id = '04' and year(period_start) in (2017, 2018))) order by all",
    )
    assert rows == [
        ("02", 2020, 42, True, "estimated"),
        ("02", 2021, 22, True, "estimated"),
        ("04", 2017, 15, True, "estimated"),
        ("04", 2018, 53, True, "estimated"),
    ]
    without = _query(
        city.published_warehouse,
        "select value, status, reason from marts.indicator_value "
        "where indicator_id = 'beratung_in_20_minuten' and area_id = '0406' "
        "and area_version = '2020' and year(period_start) = 2024",
    )
    assert without == [(None, "missing", "das Gebiet steht nicht in der Tabelle der Wegezeiten")]


def test_areas_alike_are_put_together_from_counts_without_withheld_ones(city: Place) -> None:
    """What stands beside a value adds up from the published values of the areas named."""
    ((compared, off),) = _query(
        city.published_warehouse,
        "with pooled as (select any_value(beside.numerator) as numerator, "
        "any_value(beside.denominator) as denominator, sum(part.numerator) as summed, "
        "sum(part.denominator) as below "
        "from marts.indicator_reference as beside "
        "join marts.area_alike as alike using (area_system, area_version, area_id) "
        "join marts.indicator_value as part on part.indicator_id = beside.indicator_id "
        "and part.area_system = alike.area_system and part.area_version = alike.area_version "
        "and part.area_id = alike.alike_area_id and part.period_start = beside.period_start "
        "and part.grain = beside.grain and part.group_id = beside.group_id "
        "and part.value is not null where reference = 'alike' and beside.value is not null "
        "group by beside.indicator_id, beside.area_id, beside.period_start, beside.grain, "
        "beside.group_id) select count(*) > 4000, max(abs(numerator - summed) "
        "+ abs(denominator - below)) < 1e-6 from pooled",
    )
    assert (compared, off) == (True, True)
    said = _query(
        city.published_warehouse,
        "select status, count(*) > 0 from marts.indicator_reference where reference = 'alike' "
        "and indicator_id = 'hze_rate' and status in ('suppressed', 'not_comparable') "
        "group by all order by all",
    )
    assert said == [("not_comparable", True), ("suppressed", True)]


def test_questions_rest_on_published_values_only(city: Place) -> None:
    """One small district is withheld in one year: it must not enter the correlation."""
    asked = _query(
        city.published_warehouse,
        "select areas, comparisons, question_de is null from marts.goal_question "
        "where indicator_id_a = 'elternkurs_anmeldungen' and indicator_id_b = 'hze_rate'",
    )
    known = _query(
        city.published_warehouse,
        "select count(*) from (select area_id from marts.indicator_value join marts.area "
        "using (area_system, area_version, area_id) where level = 'stadtteil' and group_id = 'all' "
        "and indicator_id in ('elternkurs_anmeldungen', 'hze_rate') and area_version = '2020' "
        "and grain = 'year' and year(period_start) >= 2020 and value is not null "
        "group by all having count(*) = 10)",
    )
    assert asked == [(known[0][0], 6, True)]
    assert known[0][0] == 23


def test_reach_differs_between_districts_and_loses_nobody(city: Place) -> None:
    truth = json.loads((city.folder / "truth.json").read_text(encoding="utf-8"))
    (planted,) = (one for one in truth["planted"] if one["kind"] == "difference")
    latest = "from marts.programme_reach where programme_id = 'familienlotsen' and period_start = "
    latest += "'2024-01-01' and group_id = 'all'"
    districts = _query(
        city.published_warehouse,
        f"select area_id, round(value / 100, 4), low <= value and value <= high, "
        f"need - reached = not_reached, not_reached_high - not_reached_low = without_area {latest} "
        "and part = 'area' and offered = 'here' order by 1",
    )
    assert [row[:2] for row in districts] == sorted(planted["realised"].items())
    assert all(all(row[2:]) for row in districts)
    (lost,) = _query(
        city.published_warehouse,
        f"select sum(reached) filter (area_id = '00' and part = 'area') - sum(reached) filter "
        f"(part = 'area_unknown' or len(area_id) = 4 and part = 'area') {latest}",
    )
    assert lost == (0,)
    places = _query(
        city.published_warehouse,
        "select bool_and(value is null), bool_and(reason like '%wo das Angebot liegt%') "
        "from marts.programme_reach where programme_id = 'elternkurse' and len(area_id) = 4",
    )
    assert places == [(True, True)]


def test_planted_effects_get_the_right_word_and_none_is_made_up(city: Place) -> None:
    truth = json.loads((city.folder / "truth.json").read_text(encoding="utf-8"))
    planted = {(one["programme"], one["indicator"]): one for one in truth["planted"]
               if one.get("programme") and one["indicator"]}  # fmt: skip
    found = {
        row[:2]: row[2:]
        for row in _query(
            city.published_warehouse,
            "select programme_id, indicator_id, verdict, low, high, method, judged_from, reason, "
            "reason_en from marts.effect",
        )
    }
    words = {pair: row[0] for pair, row in found.items()}
    assert words == {
        ("radsicher", "fahrraddiebstahl_rate"): "supported",
        ("familienlotsen", "hze_rate"): "not_distinguishable",
        ("familienlotsen", "elternkurs_anmeldungen"): "not_distinguishable",
        ("sprachkita", "sprachfoerderbedarf"): "too_early",
        ("elternkurse", "elternkurs_abschlussquote"): "cannot_be_judged",
        ("elternkurse", "elternkurs_anmeldungen"): "cannot_be_judged",
    }
    real = [pair for pair, one in planted.items() if one["size"]]
    assert [pair for pair, word in words.items() if word == "supported"] == real
    _, low, high, method, *_ = found[real[0]]
    assert isinstance(low, float)
    assert isinstance(high, float)
    assert low < 100 * planted[real[0]]["realised"]["relative"] < high < 0
    assert method == "difference_in_differences"
    assert found["sprachkita", "sprachfoerderbedarf"][4] == date(2028, 1, 1)
    for pair, word in words.items():
        if word == "not_distinguishable":
            assert "Keine Aussage ist nicht keine Wirkung" in str(found[pair][5])
            assert "No statement is not no effect" in str(found[pair][6])


def test_an_effect_is_explained_with_what_was_to_be_expected(city: Place) -> None:
    text = explain_effect(city, "radsicher", "fahrraddiebstahl_rate", "de")
    assert "Wort: gestützt" in text
    assert "Die Polizei kontrolliert Verkaufsplattformen." in text
    drawn = [line for line in text.splitlines() if line.endswith("zählt als nachher")]
    assert [line[:7] for line in drawn] == ["01/2022", "01/2023", "01/2024"]
    assert all(line.index("●") < line.index("○") for line in drawn)
    early = explain_effect(city, "sprachkita", "sprachfoerderbedarf", "en")
    assert "Word: too early" in early
    assert "●" not in early
    with pytest.raises(FileNotFoundError, match="there are elternkurse elternkurs_abschluss"):
        explain_effect(city, "sprachkita", "hze_rate", "de")


def test_contributions_claim_no_effect_and_an_occasion_names_its_reasons(city: Place) -> None:
    told = _query(
        city.published_warehouse,
        "select department_id, service_id, programme_id, reached is null, dialogue_id, "
        "does_not_claim_en like '%no proof of an effect%' from marts.contribution order by all",
    )
    assert told == [
        ("jugend", "familienfoerderung", "elternkurse", False, "kinder_2024", True),
        ("jugend", "familienfoerderung", "familienlotsen", False, "kinder_2024", True),
        ("soziales", "schuldnerberatung", None, False, None, True),
    ]
    items = _query(
        city.published_warehouse, "select occasion_id, side, item_id from marts.occasion order by 2"
    )
    assert {row[0] for row in items} == {"stadtgliederung/0202"}, "where somebody was heard"
    sides = {side for _, side, _ in items}
    assert {"concern", "strength", "supply", "voice", "decision"} <= sides


def test_totals_are_those_of_the_generated_world(city: Place) -> None:
    truth = json.loads((city.folder / "truth.json").read_text(encoding="utf-8"))
    for year, expected in truth["totals"]["einwohner"].items():
        rows = _query(
            city.published_warehouse,
            "select distinct value from marts.indicator_value join marts.area "
            "using (area_system, area_version, area_id) where indicator_id = 'einwohner' "
            f"and level = 'stadt' and group_id = 'all' and year(period_start) = {year} "
            "and grain = 'year'",
        )
        assert rows == [(float(expected),)], year


def test_nowcasts_hold_what_late_reports_add_and_leave_the_values_alone(city: Place) -> None:
    rows = _query(
        city.published_warehouse,
        "pivot (select area_id, level, month(period_start) as month, quantile, forecast.value, "
        "known.numerator as known from marts.forecast join marts.indicator_value as known "
        "using (indicator_id, area_system, area_version, area_id, period_start, grain, group_id) "
        "join marts.area using (area_system, area_version, area_id) "
        "where model = 'nowcast' and indicator_id = 'wohnungseinbruch' "
        "and year(period_start) = 2024) on quantile in (0.1, 0.5, 0.9) using any_value(value) "
        "order by all",
    )
    assert {month for _, _, month, *_ in rows} == set(range(7, 13))
    world = simulate()
    events = world.events
    months = np.array([date.fromordinal(day).replace(day=1).toordinal() for day in events.day])
    home = events.recorded_as == HOME
    inside = []
    for area, level, month, known, low, middle, high in rows:
        true = home & (months == date(2024, int(str(month)), 1).toordinal())
        if level == "stadt":
            written = true & (events.reported <= date(2025, 1, 20).toordinal())
            assert known == written.sum()
            assert float(str(known)) <= float(str(middle))
        else:
            here = [place for place, one in enumerate(QUARTERS) if one.new.startswith(str(area))]
            true &= np.isin(events.quarter, here)
        inside.append(float(str(low)) <= true.sum() <= float(str(high)))
    # Where a few cases are all there is, a range holds more than it says.
    assert 0.8 <= np.mean(inside) <= 0.98


def test_every_value_has_its_line_of_marks(city: Place) -> None:
    rows = _query(
        city.published_warehouse,
        "select count(*), count(marks) from marts.indicator_value "
        "left join marts.indicator_value_mark using (indicator_id, area_system, area_version, "
        "area_id, period_start, grain, group_id)",
    )
    assert rows[0][0] == rows[0][1]


def test_suppressed_or_missing_is_never_a_number(city: Place) -> None:
    rows = _query(
        city.published_warehouse,
        "select count(*) from marts.indicator_value "
        "where status in ('suppressed', 'missing') and value is not null",
    )
    assert rows == [(0,)]


def test_a_public_release_holds_no_small_count(city: Place) -> None:
    (folder,) = (one for one in (city.releases / "public").iterdir() if one.is_dir())
    rows = _query(
        folder / "site" / "sources" / "wirkraum" / "wirkraum.duckdb",
        "select count(*) filter (where numerator > 0 and numerator < 5), count(*) "
        "from indicator_value where status <> 'suppressed' and unit <> 'Jahre'",
    )
    assert rows[0][0] == 0
    assert rows[0][1] != 0


def test_a_second_run_says_that_nothing_is_new(city: Place) -> None:
    before = content_hash(city.published_warehouse)
    done = wirkraum("run", city.folder)
    assert done.returncode == 0, done.stderr
    assert "Nothing new" in done.stdout
    assert content_hash(city.published_warehouse) == before


def test_explain_names_the_rows_behind_a_number(city: Place) -> None:
    asked = ("--area", "0101", "--period", "2020")
    done = wirkraum("explain", "einwohner", "-m", city.folder, *asked)
    assert done.returncode == 0, done.stderr
    assert "Einwohner_2020-12-31_Stand_2021-02-15.csv" in done.stdout
    assert "Formel: einwohner" in done.stdout


def test_a_look_ahead_is_explained_down_to_its_weights(city: Place, tmp_path: Path) -> None:
    chart = tmp_path / "outlook.svg"
    asked = ("forecast", "explain", "einwohner", "0201", "-m", city.folder, "--chart", chart)
    done = wirkraum(*asked, "--language", "en")
    assert "How it is made:\n  The mean of simple methods" in done.stdout, done.stderr
    assert "Used as well, estimated: 6" in done.stdout
    assert f"Chart: {chart}" in done.stdout
    assert chart.stat().st_size > 1000


def test_the_same_input_gives_the_same_bytes_with_or_without_the_truth(
    city: Place, tmp_path: Path
) -> None:
    again = Place(new_musterstadt(tmp_path / "again"))
    (again.folder / "truth.json").unlink()
    done = wirkraum("run", again.folder)
    assert done.returncode == 0, done.stderr
    assert _parquet_of(again) == _parquet_of(city)
    assert content_hash(again.published_warehouse) == content_hash(city.published_warehouse)


def test_as_of_shows_an_earlier_day_and_leaves_today_alone(city: Place, tmp_path: Path) -> None:
    folder = tmp_path / "earlier"
    shutil.copytree(city.folder, folder)
    before = content_hash(Place(folder).published_warehouse)
    done = wirkraum("run", folder, "--as-of", "2020-06-30")
    assert done.returncode == 0, done.stderr
    earlier = folder / "var" / "published" / "as_of" / "2020-06-30" / "warehouse.duckdb"
    newest = _query(
        earlier, "select max(as_of), max(year(period_start)) from marts.indicator_value"
    )
    assert str(newest[0][0]) <= "2020-06-30"
    assert content_hash(Place(folder).published_warehouse) == before
