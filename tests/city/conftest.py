"""Musterstadt after one run, for all tests that only look at it."""

from pathlib import Path

import pytest
from filelock import FileLock

from orchestration.place import Place
from tests.city.cities import new_musterstadt, wirkraum


@pytest.fixture(scope="session")
def city(shared_folder: Path) -> Place:
    """Musterstadt after one run; tests may read it, not change it."""
    folder, ready = shared_folder / "musterstadt", shared_folder / "musterstadt.ready"
    with FileLock(shared_folder / "musterstadt.lock"):
        if not ready.exists():
            done = wirkraum("run", new_musterstadt(folder))
            assert done.returncode == 0, done.stdout + done.stderr
            assert "Warehouse for analysts" in done.stdout
            ready.touch()
    return Place(folder)
