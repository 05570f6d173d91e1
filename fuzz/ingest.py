"""What ingest makes of broken deliveries: thousands of seeded mutations, counted by kind.

    python -m fuzz.ingest                          5,000 mutations
    python -m fuzz.ingest --count 300 --seed 7     fewer, others
    python -m fuzz.ingest --only cut_file          one kind; prints every problem in full

Every mutation goes into a city that has had the good file before. What lies in the lake afterwards
has to be exactly what a second, independent reading of the broken file finds in the rows that were
not set aside, whatever else is said. Then each mutation counts once, under the first that fits:

- equal: the lake holds the same cells as the good file makes
- refused: nothing of the file was taken in, with the reason
- set aside: all that differs was left out with rows in quarantine, each with its reason
- noted: the ledger's entry says something that it does not say of the good file
- past tells: the broken file is a good file with other contents (a digit within its range, a row
  that is not there, one case more), so that nobody can notice from the file alone; the comparison
  with what the source delivered before says what differs. It cannot for cells never delivered.
- silent: none of these, or the lake holds what the file does not say; must be 0

Exits 1 where a bar falls short: a traceback, a lost row, a silent change, something written outside
the city's store, memory over 1 GB, or less than 95 % of harmless differences loaded equal.
"""

import argparse
import multiprocessing
import os
import resource
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table

from fuzz.bases import Base, bases
from fuzz.mutations import HARMFUL, HARMLESS, Mutant
from fuzz.trial import ASIDE, EQUAL, NOTED, PAST_TELLS, REFUSED, SILENT, City

MEMORY_BAR = 1024
EQUAL_BAR = 0.95
OUTCOMES = (EQUAL, REFUSED, ASIDE, NOTED, PAST_TELLS, SILENT)
ROUND = 200


@dataclass
class Tally:
    """What came of the mutations of one kind; `peak` is the memory of the process in MB."""

    kind: str
    outcomes: Counter[str] = field(default_factory=Counter)
    quarantined: int = 0
    faults: Counter[str] = field(default_factory=Counter)
    problems: list[str] = field(default_factory=list)
    peak: int = 0

    @property
    def tried(self) -> int:
        """How many mutations there were."""
        return self.outcomes.total()

    def add(self, other: "Tally") -> None:
        """Take in what another process counted."""
        self.outcomes += other.outcomes
        self.faults += other.faults
        self.quarantined += other.quarantined
        self.problems += other.problems
        self.peak = max(self.peak, other.peak)


def mutants(kind: str, seed: int, begin: int, count: int) -> Iterator[tuple[int, Base, Mutant]]:
    """Mutations of one kind by number; the same seed and number always give the same file."""
    known = bases(seed)
    names = sorted(known)
    mutation = (HARMFUL | HARMLESS)[kind]
    order = sorted(HARMFUL | HARMLESS).index(kind)
    for number in range(begin, begin + count):
        rng = np.random.default_rng([seed, order, number])
        for base in rng.permutation(names).tolist():
            found = mutation(known[base], rng)
            if found is not None:
                yield number, known[base], found
                break


def tried_out(kind: str, seed: int, begin: int, count: int, folder: Path) -> Tally:
    """Try some mutations of one kind in a city of its own below `folder`."""
    tally = Tally(kind)
    watched = Path(tempfile.mkdtemp(dir=folder)) / "watched"
    city = City(watched, bases(seed))
    for number, base, mutant in mutants(kind, seed, begin, count):
        verdict = city.try_out(base, mutant)
        tally.outcomes[verdict.outcome] += 1
        tally.quarantined += verdict.quarantined
        for fault in ("traceback", "lost", "outside", "silent"):
            if getattr(verdict, fault):
                tally.faults[fault] += 1
        if verdict.problems:
            tally.problems.append(
                f"{kind} {number} on {base.id} ({mutant.told}): {' | '.join(verdict.problems)}"
            )
    shutil.rmtree(watched.parent, ignore_errors=True)
    tally.peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // (
        1024 * 1024 if sys.platform == "darwin" else 1024
    )
    return tally


def run(kinds: list[str], count: int, seed: int, console: Console) -> dict[str, Tally]:
    """Share the mutations among kinds and try them in processes that live for one round each."""
    tallies = {kind: Tally(kind) for kind in kinds}
    shares = {kind: count // len(kinds) + (n < count % len(kinds)) for n, kind in enumerate(kinds)}
    rounds = [
        (kind, begin, min(ROUND, share - begin))
        for kind, share in shares.items()
        for begin in range(0, share, ROUND)
    ]
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with (
        tempfile.TemporaryDirectory(prefix="fuzz-") as name,
        ProcessPoolExecutor(
            min(2, os.cpu_count() or 1),
            mp_context=multiprocessing.get_context("spawn"),
            max_tasks_per_child=1,
        ) as pool,
        Progress(*columns, TimeRemainingColumn(), console=console, transient=True) as progress,
    ):
        bar = progress.add_task("mutations", total=count)
        jobs = {
            pool.submit(tried_out, kind, seed, begin, share, Path(name)): share
            for kind, begin, share in rounds
        }
        for job in as_completed(jobs):
            tally = job.result()
            tallies[tally.kind].add(tally)
            progress.update(bar, advance=jobs[job], description=tally.kind)
    return tallies


def shown(tallies: dict[str, Tally]) -> Table:
    """The counts as a table, harmful kinds first."""
    table = Table(title="Ingest under fuzzing", title_justify="left")
    table.add_column("kind")
    heads = ("tried", *OUTCOMES, "rows aside", "tracebacks", "lost rows", "outside", "peak MB")
    for head in heads:
        table.add_column(head, justify="right")
    for kinds in (HARMFUL, HARMLESS):
        there = [tallies[kind] for kind in kinds if kind in tallies]
        for tally in there:
            table.add_row(*_cells(tally.kind, tally))
        total = Tally("")
        for tally in there:
            total.add(tally)
        if there:
            name = "all harmful" if kinds is HARMFUL else "all harmless"
            table.add_row(*_cells(name, total), style="bold", end_section=True)
    return table


def _cells(name: str, tally: Tally) -> list[str]:
    outcomes = [tally.outcomes[outcome] for outcome in OUTCOMES[:-1]]
    numbers = [tally.tried, *outcomes, tally.faults["silent"], tally.quarantined]
    numbers += [tally.faults[fault] for fault in ("traceback", "lost", "outside")]
    return [name, *(f"{number:,}" for number in [*numbers, tally.peak])]


def verdict(tallies: dict[str, Tally]) -> tuple[bool, str]:
    """Whether all bars are held, and that in one line."""
    faults: Counter[str] = Counter()
    for tally in tallies.values():
        faults += tally.faults
    peak = max(tally.peak for tally in tallies.values())
    harmless = [tallies[kind] for kind in HARMLESS if kind in tallies]
    tried = sum(tally.tried for tally in harmless)
    same = sum(tally.outcomes[EQUAL] for tally in harmless)
    told = sum(tallies[kind].outcomes[PAST_TELLS] for kind in HARMFUL if kind in tallies)
    held = not faults.total() and peak < MEMORY_BAR and same >= EQUAL_BAR * tried
    line = (
        f"{'held' if held else 'FALLS SHORT'}: {sum(t.tried for t in tallies.values()):,} "
        f"mutations, {faults['traceback']} tracebacks, {faults['lost']} with lost rows, "
        f"{faults['silent']} silently changed, {faults['outside']} wrote outside, peak {peak} MB "
        f"(bar {MEMORY_BAR}); harmless loaded equal {same:,} of {tried:,} "
        f"(bar {EQUAL_BAR:.0%}); {told:,} not detectable from the file alone, told by the past"
    )
    return held, line


def main() -> int:
    """Run from the command line; 1 where a bar falls short."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--count", type=int, default=5000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", choices=sorted(HARMFUL | HARMLESS), action="append")
    asked = parser.parse_args()
    console = Console(width=None if sys.stdout.isatty() else 170)
    tallies = run(asked.only or [*HARMFUL, *HARMLESS], asked.count, asked.seed, console)
    console.print(shown(tallies))
    problems = [problem for tally in tallies.values() for problem in tally.problems]
    for problem in problems[: len(problems) if asked.only else 20]:
        console.print(escape(problem))
    held, line = verdict(tallies)
    console.print(line)
    return 0 if held else 1


if __name__ == "__main__":
    sys.exit(main())
