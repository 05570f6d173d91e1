"""Hours per department, facts asked for twice, and drafts for what nobody talks about."""

from datetime import date
from pathlib import Path
from typing import Any

import yaml

from orchestration import burden
from orchestration.declarations import Declarations, read_declarations
from orchestration.ingest.lake import Delivery
from tests.unit.ingest.town import found, layout


def _write(folder: Path, kind: str, **content: Any) -> None:
    path = folder / kind / f"{content['id']}.yml"
    path.parent.mkdir(exist_ok=True)
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")


def _source(folder: Path, name: str, measure: dict[str, Any], **more: Any) -> None:
    rules = layout(values=[{"measure": measure["id"], "column": "Fälle"}])
    fields = {"department": "amt", "name": name, "why": "Probe", "layouts": [rules], **more}
    what = {"unit": "Fälle", "kind": "flow", **measure}
    _write(folder, "sources", id=name, measures=[what], **fields)


def _indicator(folder: Path, name: str, measure: str) -> None:
    formula = {"kind": "count", "numerator": [{"measure": measure}]}
    fields = {"department": "amt", "name": name, "meaning": name, "unit": "Fälle"}
    _write(folder, "indicators", id=name, formula=formula, **fields)


def _dialogue(folder: Path, day: str, *topics: str) -> None:
    _write(folder, "dialogues", id=f"am_{day[:4]}", date=day, title="Rat", topics=list(topics))


def _town(folder: Path) -> Declarations:
    found(folder, minutes_per_delivery=90, origin="specialist_system")
    _source(folder, "zaehlung", {"id": "gezaehlt", "name": "Fälle "}, minutes_per_delivery=30)
    _source(
        folder,
        "kontrolle",
        {"id": "kontrolliert", "name": "Fälle laut Register", "control_of": "faelle"},
        deliveries_per_year=4,
    )
    _indicator(folder, "faelle", "faelle")
    _indicator(folder, "gezaehlt", "gezaehlt")
    return read_declarations(folder)


def _delivery(source: str, day: date) -> Delivery:
    words = {name: "" for name, kind in Delivery.__annotations__.items() if kind in (str, "str")}
    numbers = dict.fromkeys(("size", "rows_in", "rows_accepted", "rows_quarantined"), 1)
    lists: dict[str, Any] = {"notes": [], "reasons": []}
    given = words | {"source_id": source, "delivery_id": f"{source}-{day}"}
    return Delivery(**given, **numbers, **lists, observations=1, as_of=day)  # type: ignore[arg-type]


ENTRIES = [
    *(_delivery("fall", date(year, month, 1)) for year in (2020, 2021) for month in (1, 7)),
    _delivery("zaehlung", date(2021, 3, 1)),
    _delivery("kontrolle", date(2021, 3, 1)),
]


def test_hours_are_deliveries_times_minutes_and_unknown_is_never_nothing(tmp_path: Path) -> None:
    declarations = _town(tmp_path)
    fall, control = declarations.sources["fall"], declarations.sources["kontrolle"]
    assert burden.deliveries_by_year(fall, ENTRIES) == {2020: 2, 2021: 2}
    assert burden.yearly_hours(fall, ENTRIES) == 3.0
    assert burden.deliveries_by_year(control, ENTRIES) == {2021: 4}
    assert burden.yearly_hours(control, ENTRIES) is None
    assert burden.yearly_hours(declarations.sources["zaehlung"], []) is None
    report = burden.burden_report(declarations, ENTRIES)
    assert "| Amt | 3.0 | 3.5 + ? |" in report
    assert "| fall | comes out of a specialist system | 2.0 counted | 90 | 3.0 |" in report
    assert "| kontrolle | not stated | 4.0 declared | not stated | unknown |" in report


def test_before_anything_is_delivered_the_report_says_so(tmp_path: Path) -> None:
    report = burden.burden_report(_town(tmp_path), [])
    assert "Nothing has been delivered yet." in report
    assert (
        "| fall | comes out of a specialist system | not delivered yet | 90 | unknown |" in report
    )


def test_one_fact_from_two_sources_is_found_by_control_and_by_name(tmp_path: Path) -> None:
    assert burden.asked_twice(_town(tmp_path)) == [
        ("faelle (fall)", "gezaehlt (zaehlung)", "same name"),
        ("faelle (fall)", "kontrolliert (kontrolle)", "control_of"),
    ]


def test_with_fewer_than_two_dialogues_nothing_is_called_unused(tmp_path: Path) -> None:
    _town(tmp_path)
    _dialogue(tmp_path, "2023-05-01", "faelle")
    declarations = read_declarations(tmp_path)
    assert burden.unused(declarations) == []
    assert "Cannot be said: 1 dialogue in `dialogues/`" in burden.burden_report(declarations, [])


def test_what_was_no_topic_twice_gets_a_draft(tmp_path: Path) -> None:
    _town(tmp_path)
    _dialogue(tmp_path, "2022-05-01", "gezaehlt")
    _dialogue(tmp_path, "2023-05-01", "faelle")
    _dialogue(tmp_path, "2024-05-01", "faelle")
    declarations = read_declarations(tmp_path)
    (one,) = burden.unused(declarations)
    assert one.id == "gezaehlt"
    assert [source.id for source in burden.only_needed_by(one, declarations)] == ["zaehlung"]
    text = " ".join(burden.retirement(one, declarations, ENTRIES))
    assert "Nur dafür geliefert: zaehlung (0,5 Stunden im Jahr)." in text
    report = burden.burden_report(declarations, ENTRIES)
    assert "„Rat“ (01.05.2023) und „Rat“ (01.05.2024)" in report
    assert text in report


def test_what_hangs_on_an_indicator_is_named_in_its_draft(tmp_path: Path) -> None:
    _town(tmp_path)
    service = {"name": "Beratung", "department": "amt", "duty": "voluntary"}
    _write(tmp_path, "services", id="beratung", indicators=["faelle"], **service)
    declarations = read_declarations(tmp_path)
    text = " ".join(burden.retirement(declarations.indicators["faelle"], declarations, ENTRIES))
    assert "Noch verbunden mit: Leistung „Beratung“. Dort zuerst klären." in text
    assert "braucht auch anderes" in text


def test_a_collection_only_for_us_is_named_with_its_end(tmp_path: Path) -> None:
    _town(tmp_path)
    _dialogue(tmp_path, "2020-05-01", "faelle")
    _source(
        tmp_path,
        "umfrage",
        {"id": "umgefragt", "name": "Umfrage"},
        origin="only_for_wirkraum",
        only_here={"owner": "Planung", "dialogue": "am_2020", "ends": "2020-12-31"},
    )
    report = burden.burden_report(read_declarations(tmp_path), ENTRIES)
    assert "made only for Wirkraum until 2020-12-31; answers: Planung" in report
    assert "`umfrage` was to end on 2020-12-31: Planung decides anew in dialogue" in report


def test_measures_of_one_file_are_not_asked_for_twice(tmp_path: Path) -> None:
    measure = {"id": "faelle", "name": "Fälle", "unit": "Fälle", "kind": "flow"}
    declarations = found(tmp_path, measures=[measure, measure | {"id": "fristen"}])
    assert burden.asked_twice(declarations) == []
