"""A small share of `make fuzz`, so that every test run tries some broken deliveries."""

import os
import tempfile
from copy import deepcopy
from pathlib import Path

import pytest

from fuzz.bases import Base, bases, written
from fuzz.ingest import Tally, mutants, verdict
from fuzz.mutations import HARMFUL, HARMLESS
from fuzz.trial import EQUAL, PAST_TELLS, SILENT, City
from orchestration.ingest.deliver import Intake

SEED = 11


@pytest.fixture(scope="module")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    return City(tmp_path_factory.mktemp("fuzz") / "watched", bases(SEED))


@pytest.mark.parametrize("kind", sorted(HARMFUL.keys() - {"zip_bombs", "giant_cells"}))
def test_harm_never_goes_unseen(city: City, kind: str) -> None:
    for number, base, mutant in mutants(kind, SEED, 0, 2):
        found = city.try_out(base, mutant)
        assert found.problems == [], f"{kind} {number} on {base.id} ({mutant.told})"


@pytest.mark.parametrize("kind", sorted(HARMLESS))
def test_harmless_differences_load_equal(city: City, kind: str) -> None:
    for number, base, mutant in mutants(kind, SEED, 0, 2):
        found = city.try_out(base, mutant)
        assert (found.outcome, found.problems) == (EQUAL, []), f"{kind} {number} on {base.id}"


def test_the_same_seed_gives_the_same_files() -> None:
    one, two = ([m.data for *_, m in mutants("flipped_bits", SEED, 0, 3)] for _ in range(2))
    assert one == two


def test_a_value_that_the_file_does_not_say_is_a_fault(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The second reading is what judges: where it differs from the lake, somebody has erred."""
    monkeypatch.setattr("fuzz.oracle.figure", lambda *_, **__: (1.0, "observed"))
    _, base, mutant = next(iter(mutants("row_order", SEED, 0, 1)))
    assert "the lake holds what the file does not say" in city.try_out(base, mutant).silent


def test_what_a_library_prints_to_the_terminal_is_a_fault(
    city: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    usual = City._take_in

    def shouting(town: City, base: Base) -> Intake:
        os.write(2, b"thread 'reader' panicked")
        return usual(town, base)

    monkeypatch.setattr(City, "_take_in", shouting)
    _, base, mutant = next(iter(mutants("row_order", SEED, 0, 1)))
    assert "thread 'reader' panicked" in city.try_out(base, mutant).traceback


@pytest.mark.parametrize("where", ["entpackt.csv", "~/entpackt.csv", "TMP/entpackt.csv", "IN/../x"])
def test_a_file_written_elsewhere_is_a_fault(
    city: City, monkeypatch: pytest.MonkeyPatch, where: str
) -> None:
    usual = City._take_in

    def careless(town: City, base: Base) -> Intake:
        path = where.replace("TMP", tempfile.gettempdir()).replace("IN", str(town.place.inbox))
        Path(path).expanduser().write_text("Fälle")
        return usual(town, base)

    monkeypatch.setattr(City, "_take_in", careless)
    _, base, mutant = next(iter(mutants("row_order", SEED, 0, 1)))
    assert "outside the store" in city.try_out(base, mutant).outside
    for path in city.watched.rglob("*"):
        if path.name in ("entpackt.csv", "x"):
            path.unlink()


def test_a_doubled_column_can_be_written_in_every_kind_of_file() -> None:
    for base in bases(SEED).values():
        tables = deepcopy(base.tables)
        for grid in tables.values():
            grid[base.head - 1][1] = grid[base.head - 1][0]
        assert written(base, tables) != written(base)


def test_a_fault_makes_the_verdict_fall_short() -> None:
    good, bad = Tally("cut_file"), Tally("cut_file")
    good.outcomes[PAST_TELLS] += 1
    bad.outcomes[SILENT] += 1
    bad.faults["silent"] += 1
    assert verdict({"cut_file": good})[0]
    assert not verdict({"cut_file": bad})[0]
    fat = Tally("cut_file", peak=2000)
    assert "FALLS SHORT" in verdict({"cut_file": fat})[1]
