"""Which version of the areas a table carries, told from its codes alone."""

from datetime import date
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from orchestration.declarations.register import AREA_SCHEMA, CROSSWALK_SCHEMA, AreaRegister
from orchestration.declarations.sources import AreaColumn
from orchestration.ingest.versions import judge_version, outside_validity, version_of

OLD = [f"{n:04}" for n in range(101, 141)]
NEW = [f"{n:04}" for n in range(121, 171)]  # 20 codes in both, 20 only old, 30 only new


def _register(**versions: list[str]) -> AreaRegister:
    rows = [
        {
            "area_system": "raum",
            "area_version": version,
            "area_id": area_id,
            "name": area_id,
            "level": "viertel",
            "level_rank": 0,
            "parent_id": "0",
            "is_unassigned": False,
            "valid_from": date(2000 + index, 1, 1),
        }
        for index, (version, ids) in enumerate(versions.items())
        for area_id in ids
    ]
    return AreaRegister(
        pl.DataFrame(rows, schema=AREA_SCHEMA), pl.DataFrame(schema=CROSSWALK_SCHEMA)
    )


def _column(version: str = "new", **changes: Any) -> AreaColumn:
    fields = {"column": "Viertel", "system": "raum", "version": version, "level": "viertel"}
    return AreaColumn.model_validate({**fields, **changes})


BOTH = _register(old=OLD, new=NEW)


@pytest.mark.parametrize(("version", "codes"), [("old", OLD), ("new", NEW)])
def test_the_declared_areas_raise_no_alarm(version: str, codes: list[str]) -> None:
    verdict = judge_version(codes, _column(version), BOTH)
    assert verdict == (verdict.__class__(version))


def test_a_silent_switch_is_refused_as_a_whole() -> None:
    verdict = judge_version(OLD, _column("new"), BOTH)
    assert verdict.version == "old"
    assert verdict.refusal is not None
    assert "20 codes are areas of version 'old' only (0101, 0102, 0103, 0104, 0105 …)" in (
        verdict.refusal
    )
    assert "0 of 'new' only, 20 of both" in verdict.refusal
    assert "layout with version 'old'" in verdict.refusal


def test_a_mixed_table_is_refused() -> None:
    verdict = judge_version(OLD[:20] + NEW[20:], _column("new"), BOTH)
    assert verdict.refusal is not None
    assert verdict.refusal.startswith("the table mixes area versions: 20 codes")
    assert "30 of 'new' only" in verdict.refusal


def test_a_slip_of_the_pen_is_a_note() -> None:
    verdict = judge_version([*NEW, "0101"], _column("new"), BOTH)
    assert verdict.refusal is None
    assert verdict.note == (
        "1 codes are areas of version 'old' only (0101), 30 of 'new' only, 20 of both: "
        "does the table mix area versions?"
    )


def test_a_table_cut_off_is_no_other_version() -> None:
    assert judge_version(NEW[:35], _column("new"), BOTH).refusal is None
    assert judge_version(NEW[:20], _column("new"), BOTH).note is None


def test_codes_that_both_versions_know_are_told_by_what_is_missing() -> None:
    register = _register(old=OLD, new=[*OLD, "0206", "0207", "0208"])
    verdict = judge_version(OLD, _column("new"), register)
    assert verdict.refusal is not None
    assert "exactly the 40 areas of version 'old'" in verdict.refusal
    assert "(0206, 0207, 0208)" in verdict.refusal
    assert judge_version(OLD, _column("new"), register, complete=False).refusal is None
    assert judge_version(OLD[:-1], _column("new"), register).refusal is None


def test_one_new_area_that_is_missing_is_a_question() -> None:
    verdict = judge_version(OLD, _column("new"), _register(old=OLD, new=[*OLD, "0206"]))
    assert verdict.refusal is None
    assert verdict.note is not None
    assert verdict.note.endswith("(0206): has the department not switched yet?")


def test_codes_are_filled_up_and_mapped_before_they_are_judged() -> None:
    rules = [
        {"pattern": "9999", "level": "stadt", "id": "0"},
        {"pattern": r"(\d\d)00", "unassigned": True},
        {"pattern": r"V(\d{4})"},
    ]
    shortened = [code.lstrip("0") for code in NEW[:-1]]
    codes = [*shortened, "V" + NEW[-1], "9999", "100", "", "Summe"]
    assert judge_version(codes, _column("new", pad=4, rules=rules), BOTH).note is None
    wrong = judge_version(codes, _column("old", pad=4, rules=rules), BOTH)
    assert wrong.refusal is not None
    assert "30 codes are areas of version 'new' only" in wrong.refusal


def test_without_another_version_there_is_nothing_to_say() -> None:
    assert judge_version(NEW, _column("old"), _register(old=OLD)).version == "old"


@given(st.sets(st.sampled_from(NEW)), st.sets(st.text(max_size=6), max_size=5))
def test_any_part_of_the_declared_areas_loads(codes: set[str], strange: set[str]) -> None:
    nobodys = strange - set(OLD)
    verdict = judge_version(codes | nobodys, _column("new"), BOTH, complete=False)
    assert (verdict.version, verdict.note, verdict.refusal) == ("new", None, None)


@given(st.sets(st.sampled_from(OLD[:20]), min_size=3), st.sets(st.sampled_from(NEW)))
def test_a_pattern_of_other_areas_never_loads(old: set[str], new: set[str]) -> None:
    assert judge_version(old | new, _column("new"), BOTH).refusal is not None
    assert judge_version(old | new, _column("new"), BOTH, complete=False).refusal is not None


@given(st.lists(st.text(max_size=8)), st.sampled_from(["old", "new"]), st.integers(0, 9))
def test_any_text_is_judged_without_an_error(codes: list[str], version: str, pad: int) -> None:
    verdict = judge_version(codes, _column(version, pad=pad), BOTH)
    assert verdict.version in ("old", "new")


def test_the_version_depends_on_the_period() -> None:
    earlier = [
        {"version": "2006", "until": date(2014, 12, 31)},
        {"version": "2015", "until": date(2020, 12, 31)},
    ]
    area = _column("2021", earlier=earlier)
    days = [date(2006, 1, 1), date(2014, 12, 31), date(2015, 1, 1), date(2020, 12, 31)]
    assert [version_of(area, day) for day in days] == ["2006", "2006", "2015", "2015"]
    assert version_of(area, date(2021, 1, 1)) == "2021"
    assert version_of(_column("2021"), date(1900, 1, 1)) == "2021"


@pytest.mark.parametrize(
    ("earlier", "said"),
    [
        ([("b", "2020-12-31"), ("a", "2014-12-31")], "must rise"),
        ([("a", "2014-12-31"), ("b", "2014-12-31")], "must rise"),
        ([("new", "2014-12-31")], "named twice"),
    ],
)
def test_earlier_versions_in_disorder_are_refused(
    earlier: list[tuple[str, str]], said: str
) -> None:
    with pytest.raises(ValueError, match=said):
        _column("new", earlier=[{"version": v, "until": day} for v, day in earlier])


def test_an_area_before_and_after_its_time_is_named() -> None:
    areas = BOTH.areas.with_columns(
        valid_from=pl.when(area_id="0150").then(date(2019, 1, 1)).otherwise("valid_from"),
        valid_to=pl.when(area_id="0151").then(date(2020, 12, 31)).otherwise("valid_to"),
    )
    register = AreaRegister(areas, BOTH.crosswalk)
    found = pl.DataFrame(
        {
            "area_id": ["0150", "0150", "0150", "0151", "0151", "0152", "0149"],
            "period_start": [
                date(year, 1, 1) for year in (2017, 2018, 2019, 2020, 2022, 1990, 2023)
            ],
        }
    )
    assert outside_validity(found, "raum", "new", register) == [
        (
            "area 0150 of version 'new' exists from 2019-01-01, but occurs for 2017-01-01: "
            "coded anew afterwards?"
        ),
        "area 0151 of version 'new' exists until 2020-12-31, but still occurs for 2022-01-01",
    ]
