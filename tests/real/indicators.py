"""Which indicators of Berlin have values, and how fine: a table for the tests and the README.

`python -m tests.real.indicators WAREHOUSE` writes it anew from a published warehouse.
"""

import sys
from pathlib import Path

import duckdb

README = Path(__file__).parents[2] / "examples" / "berlin" / "README.md"
BEGIN, END = "<!-- indicators: begin -->\n", "<!-- indicators: end -->\n"

Found = tuple[str, str, str, str, int]

# An access is estimated by its nature: nobody's address is known.
_COUNTS = "(value.status = 'observed' or (indicator.kind = 'access' and value.value is not null))"
_FINEST = f"""
select
    indicator.department_id,
    indicator_id,
    indicator.kind,
    arg_min(area.level, area.level_rank),
    max(year(value.period_start))
from marts.indicator_value as value
join marts.indicator as indicator using (indicator_id)
join marts.area as area using (area_system, area_version, area_id)
join (
    select value.indicator_id, min(area.level_rank) as level_rank
    from marts.indicator_value as value
    join marts.area as area using (area_system, area_version, area_id)
    join marts.indicator as indicator using (indicator_id)
    where {_COUNTS} and not area.is_unassigned
    group by all
) as finest using (indicator_id)
where {_COUNTS} and area.level_rank = finest.level_rank
group by all
order by all
"""


def finest(warehouse: Path) -> list[Found]:
    """Department, indicator, kind, finest level with observed values, last year there."""
    with duckdb.connect(str(warehouse), read_only=True) as connection:
        return connection.sql(_FINEST).fetchall()


def as_text(found: list[Found]) -> str:
    """The README's part."""
    lines = ["| department | indicator | kind | finest level | up to |", "|---|---|---|---|---|"]
    lines += [f"| {' | '.join(map(str, one))} |" for one in found]
    return "\n".join(lines) + "\n"


def in_readme() -> str:
    """What the README says now."""
    return README.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    before, after = text.split(BEGIN)[0], text.split(END)[1]
    part = as_text(finest(Path(sys.argv[1])))
    README.write_text(before + BEGIN + part + END + after, encoding="utf-8")
