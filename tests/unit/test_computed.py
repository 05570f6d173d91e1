"""Every table that a run computes is named and has columns."""

from orchestration.computed import COMPUTED, schemas


def test_every_table_named_has_columns_and_no_other_has() -> None:
    assert tuple(schemas()) == COMPUTED
    assert all(len(columns) > 0 for columns in schemas().values())
