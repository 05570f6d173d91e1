"""The figures of Berlin's files, as a table for the tests and as text for the README.

`python -m tests.real.tables` takes in every file and writes both anew.
"""

import csv
import os
import tempfile
from collections.abc import Iterable
from itertools import groupby
from pathlib import Path

from orchestration.ingest.lake import Delivery
from tests.real.taken import take_all_in

REPO = Path(__file__).parents[2]
FIGURES = Path(__file__).with_name("berlin_rows.csv")
README = REPO / "examples" / "berlin" / "README.md"
BEGIN, END = "<!-- rows: begin -->\n", "<!-- rows: end -->\n"
HEAD = ("source", "file", "known as of", "rows in", "accepted", "quarantined", "observations")

Figures = tuple[str, str, str, int, int, int, int]


def figures(deliveries: Iterable[Delivery]) -> list[Figures]:
    """One tuple per delivery, in the order of HEAD, sorted by source and file."""
    return sorted(
        (
            one.source_id,
            one.file_name,
            one.as_of.isoformat(),
            one.rows_in,
            one.rows_accepted,
            one.rows_quarantined,
            one.observations,
        )
        for one in deliveries
    )


def declared() -> list[Figures]:
    """The figures the tests hold."""
    with FIGURES.open(encoding="utf-8", newline="") as handle:
        rows = list(csv.reader(handle))[1:]
    return [(a, b, c, int(d), int(e), int(f), int(g)) for a, b, c, d, e, f, g in rows]


def as_text(rows: list[Figures]) -> str:
    """The README's part: all sources together, then each with its files folded below it."""
    parts = ["| source | files | rows in | accepted | quarantined | observations |"]
    parts.append("|---|---:|---:|---:|---:|---:|")
    by_source = {name: list(group) for name, group in groupby(rows, lambda row: row[0])}
    for name, group in [*by_source.items(), ("**all**", rows)]:
        parts.append(f"| {name} | {len(group)} | {_sums(group)} |")
    for name, group in by_source.items():
        parts += ["", f"<details><summary>{name}: {_files(len(group))}</summary>", ""]
        parts.append("| file | known as of | rows in | accepted | quarantined | observations |")
        parts.append("|---|---|---:|---:|---:|---:|")
        for _, file, as_of, *numbers in group:
            parts.append(f"| `{file}` | {as_of} | {_cells(numbers)} |")
        parts += ["", "</details>"]
    return "\n".join(parts) + "\n"


def _sums(rows: list[Figures]) -> str:
    return _cells([sum(row[index] for row in rows) for index in (3, 4, 5, 6)])  # type: ignore[misc]


def _cells(numbers: Iterable[int]) -> str:
    return " | ".join(f"{number:,}" for number in numbers)


def _files(count: int) -> str:
    return f"{count} file" + ("s" if count != 1 else "")


def in_readme() -> str:
    """What the README says."""
    return README.read_text(encoding="utf-8").split(BEGIN)[1].split(END)[0]


def write() -> None:
    """Take in every file and write table and README anew."""
    data = Path(os.environ.get("WIRKRAUM_DATA", REPO.parent / "shared" / "data" / "berlin"))
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "berlin"
        taken = take_all_in(REPO / "examples" / "berlin", place, "WIRKRAUM_DATA", data)
    rows = figures(taken.deliveries)
    with FIGURES.open("w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerows([HEAD, *rows])
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    text = before + BEGIN + as_text(rows) + END + rest.split(END)[1]
    README.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    write()
