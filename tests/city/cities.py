"""Cities for the end-to-end tests, and the command as a user types it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import yaml

from examples.musterstadt.generate import generate
from tests.unit.ingest.town import found

REPO = Path(__file__).parents[2]
CASES = {
    "id": "faelle",
    "department": "amt",
    "name": "Fälle",
    "meaning": "Fälle",
    "unit": "Fälle",
    "formula": {"kind": "count", "numerator": [{"measure": "faelle"}]},
}


def wirkraum(
    *arguments: str | Path, environment: Mapping[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    """Run the command as a user would."""
    return subprocess.run(
        [Path(sys.executable).with_name("wirkraum"), *arguments],
        env={**os.environ, **(environment or {}), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    )


def new_musterstadt(folder: Path) -> Path:
    """Copy the declarations of Musterstadt and generate its deliveries."""
    ignore = shutil.ignore_patterns(
        "var", "store", "deliveries", "truth.json", "__pycache__", "*.py"
    )
    shutil.copytree(REPO / "examples" / "musterstadt", folder, ignore=ignore)
    generate(folder)
    return folder


def new_town(folder: Path) -> Path:
    """The smallest city with an indicator: the town of the ingest tests and its cases."""
    folder.mkdir()
    found(folder)
    (folder / "indicators").mkdir()
    (folder / "indicators" / "faelle.yml").write_text(yaml.safe_dump(CASES), encoding="utf-8")
    return folder
