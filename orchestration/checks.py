"""What the checks of a contract need and what they said: built from declarations, kept in records.

Results are kept per delivery and contract in `store/records/checks`, append only: check, severity,
figures and words, never a value of a protected source.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import polars as pl

from orchestration.declarations.checks import TolerancePair
from orchestration.declarations.sources import Layout, Source
from orchestration.declarations.tree import Declarations
from orchestration.ingest import lake
from orchestration.ingest.lake import Delivery
from orchestration.place import Place
from quality.checks import (
    REGISTER_SCHEMA,
    VERDICT_SCHEMA,
    AreaSumRule,
    Delivered,
    MeasureSpec,
    PastRule,
    RegisterRule,
    RowsRule,
    SourceSpec,
    SumRule,
    Tolerance,
)

_RESULT_SCHEMA = pl.Schema({"source_id": pl.String(), **VERDICT_SCHEMA})


def expectation_spec(declarations: Declarations, source: Source) -> SourceSpec:
    """The contract as the plain data the suite is built from."""
    used = {(one.area.system, version) for one in source.layouts for version in _versions(one)}
    of = pl.struct("area_system", "area_version")
    pairs = [{"area_system": system, "area_version": version} for system, version in sorted(used)]
    checks = source.checks
    return SourceSpec(
        source_id=source.id,
        measures=tuple(
            MeasureSpec(
                one.id, one.unit, one.minimum, one.whole, one.additive.areas, one.additive.groups
            )
            for one in source.measures
        ),
        register=declarations.register.areas.filter(of.is_in(pairs)).select(
            REGISTER_SCHEMA.names()
        ),
        protected=source.protection != "none",
        sums=tuple(
            SumRule(
                one.measure,
                one.dimension,
                tuple(one.codes or (entry.code for entry in declarations.codes[one.dimension])),
                _tolerance(one.tolerance),
                one.severity,
            )
            for one in checks.sums
        ),
        areas={
            one.measure: AreaSumRule(_tolerance(one.tolerance), one.severity)
            for one in checks.areas
        },
        rows=RowsRule(**checks.rows.model_dump()),
        past=PastRule(**checks.past.model_dump()),
        registers=RegisterRule(**checks.registers.model_dump()),
        severities={str(name): severity for name, severity in checks.severities.items()},
    )


def _tolerance(pair: TolerancePair) -> Tolerance:
    return Tolerance(pair.absolute, pair.share)


def _versions(layout: Layout) -> list[str]:
    return [*(one.version for one in layout.area.earlier), layout.area.version]


def not_judged(place: Place, deliveries: Sequence[Delivery]) -> list[Delivery]:
    """Deliveries with observations that nobody has judged by their present contract."""
    return [one for one in deliveries if one.observations and not _record(place, one).exists()]


def to_judge(
    place: Place, source: Source, deliveries: Sequence[Delivery], waiting: Sequence[Delivery]
) -> Iterator[Delivered]:
    """The waiting deliveries, each with what came before it (`deliveries`: the whole ledger).

    Case lists and tables in which absence means zero are full by construction, so that nothing
    can be absent from them.
    """
    layouts = {layout.name: layout for layout in source.layouts}
    open_ids = {one.delivery_id for one in waiting}
    before: list[pl.LazyFrame] = []
    rows: dict[str, list[int]] = {}
    for one in deliveries:
        observations = lake.observations(place, one)
        earlier = rows.setdefault(one.layout, [])
        if one.delivery_id in open_ids:
            layout = layouts.get(one.layout)
            complete = [] if layout is None else _complete(layout)
            yield Delivered(
                one.delivery_id,
                observations,
                one.rows_in,
                tuple(earlier),
                tuple(complete),
                tuple(before),
            )
            before = []
        elif one.observations:
            before.append(observations)
        if one.state != "rejected":
            earlier.append(one.rows_in)


def _complete(layout: Layout) -> list[tuple[str, str, str]]:
    area = layout.area
    if layout.cases is not None or area.absent == "zero" or area.column is None:
        return []
    return [(area.system, version, area.level) for version in _versions(layout)]


def record(place: Place, delivery: Delivery, verdicts: pl.DataFrame) -> None:
    """Keep what the checks said of a delivery (VERDICT_SCHEMA)."""
    results = verdicts.with_columns(source_id=pl.lit(delivery.source_id)).select(
        _RESULT_SCHEMA.names()
    )
    lake.write_parquet(results, _record(place, delivery))


def check_table(place: Place, deliveries: Sequence[Delivery]) -> pl.DataFrame:
    """What the checks said of all deliveries by their present contracts, for the warehouse."""
    paths = [path for one in deliveries if (path := _record(place, one)).exists()]
    return pl.read_parquet(paths) if paths else pl.DataFrame(schema=_RESULT_SCHEMA)


def _record(place: Place, one: Delivery) -> Path:
    return place.judged / one.source_id / f"{one.delivery_id}.{one.fingerprint}.parquet"
