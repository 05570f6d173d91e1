"""Where everything of a municipality lies: the tree of a municipality's folder, in one place."""

from dataclasses import dataclass
from datetime import date
from pathlib import Path


@dataclass(frozen=True)
class Place:
    """The folders and files of one municipality.

    `store/` is irreplaceable and never cleaned; `var/` can be thrown away and is built again.
    With `as_of` the published side is that of an earlier day and never touches today's.
    """

    folder: Path
    as_of: date | None = None

    @property
    def inbox(self) -> Path:
        """Where departments drop files, one folder per source."""
        return self.folder / "deliveries"

    @property
    def originals(self) -> Path:
        """Delivered bytes, by checksum; readable by the owner alone."""
        return self.folder / "store" / "originals"

    @property
    def quarantined(self) -> Path:
        """Quarantined lines with their contents; as protected as the originals."""
        return self.originals / "quarantine"

    @property
    def lake(self) -> Path:
        """Tidy observations and the ledger of deliveries."""
        return self.folder / "store" / "lake"

    @property
    def records(self) -> Path:
        """Append-only records: arrivals, releases, published forecasts."""
        return self.folder / "store" / "records"

    @property
    def release_ledger(self) -> Path:
        """What was ever released, one line each."""
        return self.records / "releases.jsonl"

    @property
    def judged(self) -> Path:
        """What the checks said of each delivery, one file per delivery and contract."""
        return self.records / "checks"

    @property
    def kept_forecasts(self) -> Path:
        """Every forecast that was published, one file per publishing that had new ones."""
        return self.records / "forecasts"

    @property
    def build(self) -> Path:
        """The incremental state of the warehouse; never opened by analysts."""
        base = self.folder / "var" / "build"
        return base if self.as_of is None else base / "as_of" / self.as_of.isoformat()

    @property
    def inputs(self) -> Path:
        """Parquet that dbt reads besides the lake: declarations, ledgers, Python results."""
        return self.build / "inputs"

    @property
    def warehouse(self) -> Path:
        """The warehouse under construction."""
        return self.build / "warehouse.duckdb"

    @property
    def dirty(self) -> Path:
        """Present while a run writes the warehouse; if it survives, the warehouse is rebuilt."""
        return self.build / "warehouse.dirty"

    @property
    def fingerprints(self) -> Path:
        """What the warehouse under construction was built from, by measure and indicator."""
        return self.build / "fingerprints.json"

    @property
    def touched(self) -> Path:
        """What the run at work, or the last one, computes anew; empty where it is everything."""
        return self.build / "touched.json"

    @property
    def batches(self) -> Path:
        """Which measures that run computes at once; empty where it is all of them."""
        return self.build / "batches.json"

    @property
    def dbt(self) -> Path:
        """The copy of the dbt project that runs, one for all days."""
        return self.folder / "var" / "build" / "dbt"

    @property
    def docs(self) -> Path:
        """One page about all tables, as dbt draws it."""
        return self.build / "docs.html"

    @property
    def published(self) -> Path:
        """What readers may open."""
        base = self.folder / "var" / "published"
        return base if self.as_of is None else base / "as_of" / self.as_of.isoformat()

    @property
    def published_warehouse(self) -> Path:
        """The warehouse analysts open."""
        return self.published / "warehouse.duckdb"

    @property
    def published_areas(self) -> Path:
        """The areas with their outlines, for maps (GeoParquet)."""
        return self.published / "areas.parquet"

    @property
    def releases(self) -> Path:
        """Dated, immutable releases, one folder per audience."""
        return self.published / "releases"

    @property
    def dagster_home(self) -> Path:
        """Dagster's own records of runs."""
        return self.folder / "var" / "dagster"

    @property
    def lock(self) -> Path:
        """Held by the one run that may write."""
        return self.folder / "var" / "run.lock"
