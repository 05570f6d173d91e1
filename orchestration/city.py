"""One municipality during a run: its declarations, its place and whoever watches the progress."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path

from orchestration.computed import COMPUTED
from orchestration.declarations.tree import Declarations, read_declarations
from orchestration.ingest import lake
from orchestration.ingest.deliver import Intake
from orchestration.place import Place
from orchestration.warehouse import project_fingerprint

# What dbt reads that is not an input of a run but comes of it.
_LATER = ("release", *COMPUTED)


def _silent(_step: str) -> None:
    """Nobody watches."""


@dataclass
class City:
    """What every asset gets: the checked declarations, the folders, and `tell` for progress.

    `intakes` collects what came in during this run, by source.
    """

    declarations: Declarations
    place: Place
    tell: Callable[[str], None] = _silent
    intakes: dict[str, Intake] = field(default_factory=dict)
    failed_checks: list[tuple[str, str, str, str]] = field(default_factory=list)
    released: list[tuple[str, str, bool, int]] = field(default_factory=list)
    corrected: list[tuple[str, int]] = field(default_factory=list)

    @classmethod
    def open(
        cls,
        folder: Path,
        as_of: date | None = None,
        tell: Callable[[str], None] = _silent,
    ) -> "City":
        """Read and check a municipality; raises DeclarationError with everything that is wrong."""
        return cls(read_declarations(folder), Place(folder, as_of), tell)

    @property
    def known_on(self) -> date:
        """The day whose knowledge a run holds: asked for, or that of the newest delivery."""
        days = [entry.as_of for entry in lake.ledger(self.place)]
        return self.place.as_of or max(days, default=date.min)

    def fingerprint(self) -> str:
        """Changes when deliveries, declarations, code or the day asked for change."""
        digest = hashlib.sha256(project_fingerprint().encode())
        for entry in lake.ledger(self.place):
            digest.update(f"{entry.delivery_id} {entry.fingerprint} {entry.state}\n".encode())
        for path in sorted(self.place.inputs.glob("*.parquet")):
            if path.stem not in _LATER:
                digest.update(path.stem.encode() + path.read_bytes())
        for model in self.declarations.models.values():
            digest.update(f"{model.name}\n{model.sql}".encode())
        for profile in self.declarations.releases.values():
            digest.update(profile.model_dump_json().encode())
        digest.update(self.declarations.municipality.model_dump_json().encode())
        digest.update(self.declarations.marks.model_dump_json().encode())
        for programme in self.declarations.programmes.values():
            digest.update(programme.model_dump_json().encode())
        for indicator in self.declarations.indicators.values():
            digest.update(indicator.model_dump_json().encode())
        for scenario in self.declarations.scenarios.values():
            digest.update(scenario.model_dump_json().encode())
        for outline in self.declarations.register.outlines["geometry"]:
            digest.update(outline)
        for package in ("orchestration", "forecasting", "quality", "exports"):
            for path in sorted((Path(__file__).parent.parent / package).rglob("*.py")):
                digest.update(path.read_bytes())
        return digest.hexdigest()

    def is_current(self) -> bool:
        """Whether the published state already shows exactly this."""
        state = self.place.build / "state.json"
        if self.place.dirty.exists() or not self.place.published_warehouse.exists():
            return False
        return state.exists() and json.loads(state.read_text()) == self.fingerprint()

    def remember(self) -> None:
        """Note that the published state shows what is known now."""
        with lake.replacing(self.place.build / "state.json") as temporary:
            temporary.write_text(json.dumps(self.fingerprint()))
