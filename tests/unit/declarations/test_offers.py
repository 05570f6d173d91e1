"""Services, programmes, target groups, voices and dialogues as people write them."""

from datetime import date
from pathlib import Path
from typing import Any

import polars as pl
import pytest
import yaml

from orchestration.declarations import DeclarationError, read_declarations
from orchestration.declarations.offers import item_rows, voice_rows
from orchestration.declarations.people import FEWEST_POSTS, named_person
from orchestration.declarations.tables import declared_tables
from tests.unit.ingest.town import found

GROUP: dict[str, Any] = {
    "id": "leute",
    "name": "Leute",
    "definition": "Alle, die Rat brauchen.",
    "need_measure": "bedarf",
}
CONTRIBUTION: dict[str, Any] = {
    "does": "Wir beraten.",
    "reaches": "Wer kommt.",
    "misses": "Wer nicht kommt.",
    "outcome": "Sorgen werden kleiner.",
    "also_acting": ["Die Nachbarschaft"],
}
SERVICE: dict[str, Any] = {
    "id": "beratung",
    "name": "Beratung",
    "department": "amt",
    "duty": "voluntary",
    "staff": FEWEST_POSTS,
    "contribution": CONTRIBUTION,
}
PROGRAMME: dict[str, Any] = {
    "id": "lotsen",
    "name": {"de": "Lotsen", "en": "Guides"},
    "department": "amt",
    "service": "beratung",
    "areas": ["0101"],
    "start": "2020-01-01",
    "logic": {"input": "Geld", "output": "Besuche", "outcome": "Rat", "impact": "Ruhe"},
    "reach": {
        "target_group": "leute",
        "uptake": "faelle",
        "counts": "people",
        "only_target_group": True,
        "place": "home",
        "by": ["geschlecht"],
    },
}
DIALOGUE: dict[str, Any] = {
    "id": "runde",
    "date": "2024-05-01",
    "title": "Runde",
    "topics": ["faelle"],
    "hypotheses": [{"id": "zu_weit", "says": "Der Weg ist zu weit."}],
    "decisions": [
        {"id": "hafen", "on": "2024-06-01", "decided_by": "Rat", "what": "Erst der Hafen."}
        | {"areas": ["0101"]}
    ],
    "changes": [{"service": "beratung", "since": "2024-06-02", "what": "Abends offen."}],
    "look_next": ["Kommen andere?", "Woher?"],
}
VOICE: dict[str, Any] = {
    "id": "hafen",
    "role": "Eltern aus dem Hafen",
    "says": "Wir kommen da nicht hin.",
    "heard_on": "2024-04-01",
    "areas": ["0101"],
    "method": "Runde im Café.",
    "reach": "Zwölf Menschen.",
    "consent": "council",
    "hypothesis": "zu_weit",
}


def _write(folder: Path, kind: str, content: dict[str, Any]) -> None:
    (folder / kind).mkdir(exist_ok=True)
    text = yaml.safe_dump(content, allow_unicode=True, sort_keys=False)
    (folder / kind / f"{content['id']}.yml").write_text(text, encoding="utf-8")


@pytest.fixture
def town(tmp_path: Path) -> Path:
    """Every kind once, all of it right."""
    measure = {"id": "faelle", "name": "Fälle", "unit": "Fälle", "kind": "flow"}
    reported = {"areas": False, "groups": False, "time": False}
    quota = measure | {"id": "quote", "kind": "stock", "additive": reported}
    once = measure | {"additive": {"time": False}}
    found(tmp_path, measures=[once, measure | {"id": "bedarf", "kind": "stock"}, quota])
    indicator = {"id": "faelle", "department": "amt", "name": "Fälle", "meaning": "Fälle"}
    formula = {"kind": "count", "numerator": [{"measure": "faelle"}]}
    _write(tmp_path, "indicators", indicator | {"unit": "Fälle", "formula": formula})
    for kind, content in (
        ("groups", GROUP),
        ("services", SERVICE),
        ("programmes", PROGRAMME),
        ("dialogues", DIALOGUE),
        ("voices", VOICE),
    ):
        _write(tmp_path, kind, content)
    return tmp_path


def _said(folder: Path) -> str:
    with pytest.raises(DeclarationError) as caught:
        read_declarations(folder)
    return str(caught.value)


def test_what_is_declared_stands_in_the_tables(town: Path) -> None:
    tables = declared_tables(read_declarations(town))
    reach = tables["reach"].row(0, named=True)
    assert (reach["reach_id"], reach["service_id"], reach["programme_id"]) == (
        "programme/lotsen",
        "beratung",
        "lotsen",
    )
    assert tables["reach_term"].rows() == [
        ("programme/lotsen", "uptake", "faelle", "all"),
        ("programme/lotsen", "need", "bedarf", "all"),
    ]
    offered = dict(tables["reach_area"].select("area_id", "offered").rows())
    assert {area: offered[area] for area in ("0", "01", "0101", "0102", "02", "0201")} == {
        "0": "in_parts",
        "01": "in_parts",
        "0101": "here",
        "0102": "elsewhere",
        "02": "elsewhere",
        "0201": "elsewhere",
    }
    assert tables["voice"].select("areas", "hypothesis_de").row(0) == (
        "0101",
        "Der Weg ist zu weit.",
    )
    assert tables["dialogue"]["look_next_de"].to_list() == ["Kommen andere?\nWoher?"]
    assert tables["programme"]["also_acting_de"].to_list() == [None]


def test_occasions_get_voices_what_runs_and_what_was_decided(town: Path) -> None:
    declarations = read_declarations(town)
    assert voice_rows(declarations).select("voice_id", "areas").rows() == [("hafen", ["0101"])]
    known = item_rows(declarations, date(2024, 6, 1)).select("side", "item_id", "text_de").rows()
    assert known == [
        ("supply", "lotsen", "Besuche"),
        ("decision", "hafen", "Beschlossen am 01.06.2024: Erst der Hafen."),
    ]
    before = item_rows(declarations, date(2019, 12, 31))
    assert before["side"].to_list() == ["decision"], "not yet running; decided is decided"
    assert before.schema["areas"] == pl.List(pl.String)


@pytest.mark.parametrize(
    "text",
    [
        "Frau Beispiel hat gefragt",
        "mit Herrn Dr. Muster",
        "Dr. med. Muster sagt",
        "Prof. Muster",
        "Mrs Example said",
        "schreibt an a.muster@stadt.example",
        "erreichbar unter 0711/1234567",
    ],
)
def test_a_person_is_found(text: str) -> None:
    assert named_person(text)


@pytest.mark.parametrize(
    "text",
    [
        "Frauen und Kinder aus Ziegelhof",
        "eine Frau und ein Mann",
        "die Dr.-Muster-Straße",
        "Stadtteile 0103, 0202 und 0404 seit 2019",
        "§ 16 Abs. 2 SGB VIII",
    ],
)
def test_a_role_or_a_place_is_no_person(text: str) -> None:
    assert named_person(text) is None


@pytest.mark.parametrize(
    ("kind", "content", "message"),
    [
        ("voices", VOICE | {"role": "Frau Muster"}, "found 'Frau Muster'; name a role or a body"),
        (
            "voices",
            VOICE | {"says": {"de": "So.", "en": "Mr Example is late."}},
            "found 'Mr Example'; name a role",
        ),
        (
            "services",
            SERVICE | {"contribution": CONTRIBUTION | {"does": "Frau Muster berät."}},
            "services/beratung.yml",
        ),
        (
            "dialogues",
            DIALOGUE | {"decisions": [DIALOGUE["decisions"][0] | {"decided_by": "Herr Rat"}]},
            "found 'Herr Rat'",
        ),
    ],
)
def test_nobody_is_named(town: Path, kind: str, content: dict[str, Any], message: str) -> None:
    _write(town, kind, content)
    assert message in _said(town)


@pytest.mark.parametrize(
    ("staff", "message"),
    [
        (FEWEST_POSTS - 0.5, "found a contribution of a service with 4.5 posts; below 5 posts"),
        (None, "found a contribution of a service with no number of posts (`staff`)"),
    ],
)
def test_a_contribution_is_of_no_small_team(town: Path, staff: float | None, message: str) -> None:
    _write(town, "services", SERVICE | {"staff": staff})
    assert message in _said(town)
    _write(town, "services", SERVICE | {"staff": staff, "contribution": None})
    read_declarations(town)


@pytest.mark.parametrize("field", ["team", "person", "staff", "effect"])
def test_a_contribution_has_no_finer_grain_and_claims_no_effect(town: Path, field: str) -> None:
    _write(town, "services", SERVICE | {"contribution": CONTRIBUTION | {field: "x"}})
    assert f"unknown field {field!r}" in _said(town)


@pytest.mark.parametrize("field", list(CONTRIBUTION))
def test_a_contribution_says_all_of_it(town: Path, field: str) -> None:
    said = {key: words for key, words in CONTRIBUTION.items() if key != field}
    _write(town, "services", SERVICE | {"contribution": said})
    assert f"contribution.{field}: is missing and needed" in _said(town)


@pytest.mark.parametrize(
    ("kind", "content", "message"),
    [
        ("voices", VOICE | {"hypothesis": None}, "link it to an `indicator` or to a `hypothesis`"),
        (
            "voices",
            VOICE | {"hypothesis": "zu_wei"},
            "found hypothesis 'zu_wei', which nobody declares; did you mean 'zu_weit'?",
        ),
        ("voices", VOICE | {"areas": ["0199"]}, "found area '0199', which nobody declares"),
        ("voices", {k: v for k, v in VOICE.items() if k != "consent"}, "consent: is missing"),
        (
            "dialogues",
            DIALOGUE | {"changes": [DIALOGUE["changes"][0] | {"since": "2024-04-30"}]},
            "changes: found 2024-04-30, before the dialogue of 2024-05-01",
        ),
        (
            "dialogues",
            DIALOGUE | {"changes": [DIALOGUE["changes"][0] | {"service": "beratun"}]},
            "found service 'beratun', which nobody declares; did you mean 'beratung'?",
        ),
        (
            "dialogues",
            DIALOGUE | {"hypotheses": DIALOGUE["hypotheses"] * 2},
            "hypotheses[1].id: 'zu_weit' stands in 'runde' already; ids are used once",
        ),
        (
            "programmes",
            PROGRAMME | {"reach": PROGRAMME["reach"] | {"uptake": "quote"}},
            "reach.uptake: 'quote' may not be summed over areas; take a count",
        ),
        (
            "programmes",
            PROGRAMME | {"reach": PROGRAMME["reach"] | {"groups": ["geschlecht=w"]}},
            "`by` splits the count of everybody",
        ),
        (
            "programmes",
            PROGRAMME | {"began": {"0102": "2021-01-01"}},
            "`began` names 0102; name areas of `areas`",
        ),
        (
            "programmes",
            PROGRAMME | {"areas": ["0101", "0102"], "strength": {"0101": 2.5}},
            "`strength` leaves out 0102; say it for all `areas`",
        ),
        (
            "groups",
            GROUP | {"denominator": "bedarf"},
            "without `group`, say with `denominator_groups` whom to count",
        ),
        (
            "services",
            SERVICE | {"costs": [{"year": 2024}, {"year": 2023}]},
            "costs must be in the order of their years",
        ),
        (
            "services",
            SERVICE | {"contract": {"since": "2024-01-01", "until": "2023-01-01"}},
            "until is 2023-01-01, but since is 2024-01-01",
        ),
    ],
)
def test_what_cannot_be_is_said(
    town: Path, kind: str, content: dict[str, Any], message: str
) -> None:
    _write(town, kind, content)
    assert message in _said(town)


def test_people_are_not_added_up_over_time(town: Path) -> None:
    contract = town / "sources" / "fall.yml"
    text = contract.read_text(encoding="utf-8")
    contract.write_text(text.replace("time: false", "time: true", 1), encoding="utf-8")
    assert "reach.counts: found people, but 'faelle' is summed over time" in _said(town)
    cases = PROGRAMME | {"reach": PROGRAMME["reach"] | {"counts": "cases"}}
    _write(town, "programmes", cases)
    read_declarations(town)


def test_a_programme_is_part_of_a_service_of_its_department(town: Path) -> None:
    head = town / "municipality.yml"
    text = head.read_text(encoding="utf-8")
    head.write_text(text.replace("departments:", "departments:\n- {id: amt2, name: Zwei}"), "utf-8")
    _write(town, "programmes", PROGRAMME | {"department": "amt2"})
    assert "service: found 'beratung', a service of 'amt', not of 'amt2'" in _said(town)
