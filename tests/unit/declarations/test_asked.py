"""Which groups of a measure anything is computed from."""

from typing import Any

from orchestration.declarations.tables import asked_groups


def rows(**tables: list[dict[str, Any]]) -> dict[str, list[dict[str, Any]]]:
    names = ("indicator_term", "indicator_band", "indicator_dimension", "indicator_read")
    others = ("reach_term", "reach_dimension", "measure")
    return {name: [] for name in (*names, *others)} | tables


def term(measure_id: str, group_id: str = "all", **key: str) -> dict[str, Any]:
    return {"measure_id": measure_id, "group_id": group_id, **key}


def asked(**tables: list[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in asked_groups(rows(**tables))]


def test_terms_ask_for_their_group_and_for_the_groups_of_what_they_are_split_by() -> None:
    terms = [
        term("births", indicator_id="rate"),
        term("people", "age=young", indicator_id="rate"),
        term("births", indicator_id="count"),
    ]
    by = [{"indicator_id": "rate", "dimension": "sex"}]
    assert asked(indicator_term=terms, indicator_dimension=by) == [
        ("births", "all", None),
        ("people", "age=young", None),
        ("births", None, "sex"),
    ]
    terms = [term("courses", reach_id="parents"), term("people", "age=young", reach_id="parents")]
    by = [{"reach_id": "parents", "dimension": "sex"}]
    assert asked(reach_term=terms, reach_dimension=by) == [
        ("courses", "all", None),
        ("people", "age=young", None),
        ("courses", None, "sex"),
    ]


def test_bands_a_citys_own_models_and_controls_ask_too() -> None:
    read = {"kind": "measure", "read_id": "thefts"}
    indicator = {"kind": "indicator", "read_id": "rate"}
    controlled = {"measure_id": "births_clinic", "control_of": "births"}
    assert asked(
        indicator_band=[term("people", "age=young", indicator_id="standardised")],
        indicator_read=[read, indicator],
        measure=[controlled, {"measure_id": "births", "control_of": None}],
    ) == [
        ("people", "age=young", None),
        ("thefts", None, None),
        ("births_clinic", "all", None),
        ("births", "all", None),
    ]
