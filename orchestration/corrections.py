"""Looks whether the corrections a city has declared still fit what is delivered."""

from typing import Any

import duckdb

from orchestration.place import Place
from orchestration.warehouse import WarehouseError

_CHECKED = """
select correction.*, delivery.file_name, source.protection
from core.measure_correction as correction
left join marts.delivery as delivery using (delivery_id)
left join marts.source as source on source.source_id = correction.source_id
where correction.verdict in ('changed', 'came_back', 'no_observation')
order by correction.line
"""


class CorrectionError(WarehouseError):
    """Declared corrections do not fit the deliveries; the message says what to do about each."""


def verify(place: Place) -> list[tuple[str, int]]:
    """How many declared corrections are applied, fixed upstream or not known yet.

    Reads `core.measure_correction` of the warehouse under construction. Raises CorrectionError
    where one does not fit what is known; figures of protected sources stay out of the message.
    """
    with duckdb.connect(str(place.warehouse), read_only=True) as connection:
        rows = connection.sql(_CHECKED).pl().to_dicts()
        verdicts = connection.sql(
            "select verdict, count(*) from core.measure_correction group by 1 order by 1"
        ).fetchall()
    if rows:
        count = f"{len(rows)} correction{'s' if len(rows) != 1 else ''}"
        head = f"{count} in corrections.csv no longer fit what was delivered; nothing is published:"
        if all(row["verdict"] == "no_observation" for row in rows):
            head = f"{count} in corrections.csv fit no delivery; nothing is published:"
        raise CorrectionError("\n".join([head, *(f"  {_said(row)}" for row in rows)]))
    return [(verdict, count) for verdict, count in verdicts]


def _said(row: dict[str, Any]) -> str:
    cell = (
        f"{row['measure_id']}, area {row['area_id']} ({row['area_version']}), "
        f"{row['period_start']}, {row['grain']}, {row['group_id']}"
    )
    at = f"corrections.csv:{row['line']}  {cell}: "

    def shown(number: float | None) -> str:
        if number is None:
            return "no value"
        return f"{number:.15g}" if row["protection"] == "none" else "a protected value"

    if row["verdict"] == "no_observation":
        return at + (
            "no delivery has this cell. Compare area_version, area, period_start (for a flow the "
            "first day of the period, for a stock the reporting date), grain and group with the "
            "deliveries, or remove the line"
        )
    expected, found = f"{row['expected']:.15g}", shown(row["found"])
    if row["verdict"] == "came_back":
        return at + (
            f"was fixed, but {row['file_name']} says the old wrong value again. "
            "Tell the department and set state: reported, or remove the line if the value is right"
        )
    if row["protection"] != "none":
        expected = "the value of this line"
    what = f"expected {expected}, found {found} in {row['file_name']}. "
    if row["found"] == row["corrected"]:
        return at + what + "Upstream has fixed it: set state: fixed"
    return at + (
        what + "If upstream has fixed it, set state: fixed; if it is wrong in another way, set "
        "state: fixed here and add a line that expects the new value"
    )
