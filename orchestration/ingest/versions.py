"""Notices when a table carries the areas of another version than its contract says.

In a city each department switches to new areas in another year, some tables of one edition are
not switched at all, and the same digits can mean another place before and after. A row with a code
nobody knows goes to quarantine by itself; a row whose code exists in both versions would load as
the wrong place. So the codes of a table are judged together, before any row is read.

Here stands, too, what else is odd about when areas and periods occur.
"""

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

import polars as pl

from orchestration.declarations.register import AreaRegister
from orchestration.declarations.sources import AreaColumn

# A few codes may be slips of the pen; from here on they are a pattern.
FEW = 3
SMALL_PART = 0.02


@dataclass(frozen=True)
class Verdict:
    """What the codes of a table say about the version of its areas.

    `version` fits best; `note` is for the ledger; `refusal` says why the table must not be loaded
    as declared. Both are None where nothing is odd.
    """

    version: str
    note: str | None = None
    refusal: str | None = None


def version_of(area: AreaColumn, day: date) -> str:
    """The version that holds for a period that begins (for stocks: is reported) on `day`."""
    for one in area.earlier:
        if day <= one.until:
            return one.version
    return area.version


def judge_version(
    codes: Collection[str],
    area: AreaColumn,
    register: AreaRegister,
    version: str | None = None,
    *,
    complete: bool = True,
) -> Verdict:
    """Judge the distinct codes of a table's area column, as they stand in the file.

    `version` is the one the contract says for these rows (see `version_of`), by default
    `area.version`. `complete` says that an area without a row is remarkable: true for tables,
    false for case lists. Codes that no version knows are left to the rows' own quarantine; codes
    of other levels and of unassigned members do not count.
    """
    declared = version or area.version
    known = _known(register, area)
    if declared not in known or len(known) < 2:
        return Verdict(declared)
    anywhere = frozenset().union(*known.values())
    found = _area_ids(codes, area) & anywhere
    if not found:
        return Verdict(declared)
    others = sorted(known.keys() - {declared})
    rival = min(others, key=lambda other: (len(found - known[other]), len(known[other] - found)))
    return _compare(found, declared, known[declared], rival, known[rival], complete=complete)


def _compare(
    found: frozenset[str],
    declared: str,
    ours: frozenset[str],
    rival: str,
    theirs: frozenset[str],
    *,
    complete: bool,
) -> Verdict:
    only_ours, only_theirs = found & (ours - theirs), found & (theirs - ours)
    both = len(found) - len(only_ours) - len(only_theirs)
    pattern = max(FEW, SMALL_PART * len(found))
    counted = (
        f"{len(only_theirs)} codes are areas of version {rival!r} only ({_some(only_theirs)}), "
        f"{len(only_ours)} of {declared!r} only, {both} of both"
    )
    whole = found == theirs
    if only_theirs and not only_ours and (whole or len(only_theirs) >= pattern):
        return Verdict(
            rival,
            refusal=f"these are the areas of version {rival!r}, not of {declared!r} as the "
            f"contract says: {counted}; give these files a layout with version {rival!r}",
        )
    if len(only_theirs) >= pattern and len(only_ours) < pattern:
        return Verdict(
            rival,
            refusal=f"nearly all areas are those of version {rival!r}, not of {declared!r} as the "
            f"contract says: {counted}; give these files a layout with version {rival!r}",
        )
    if len(only_theirs) >= pattern:
        return Verdict(
            declared if len(only_ours) >= len(only_theirs) else rival,
            refusal=f"the table mixes area versions: {counted}; where the same code exists in "
            f"both, nobody can tell which place is meant; ask the department for one version",
        )
    if only_theirs:
        return Verdict(
            declared,
            note=f"{counted}: does the table mix area versions?",
        )
    new = ours - theirs
    if complete and whole and new and not only_ours:
        said = (
            f"the codes are exactly the {len(theirs)} areas of version {rival!r}; of {declared!r}, "
            f"which the contract says, just the {len(new)} that came with it are missing "
            f"({_some(new)})"
        )
        if len(new) >= FEW:
            hint = f"give these files a layout with version {rival!r}"
            return Verdict(rival, refusal=f"{said}; {hint}")
        return Verdict(declared, note=f"{said}: has the department not switched yet?")
    return Verdict(declared)


def outside_validity(
    found: pl.DataFrame, system: str, version: str, register: AreaRegister
) -> list[str]:
    """Words for areas that occur before they came into being or after they ceased to exist.

    `found` holds `area_id` and `period_start`, one row per combination that occurs. Only areas
    with dates of their own count: that a whole version is used for earlier periods is common,
    departments code their past anew.
    """
    areas = register.of(system, version)
    begin, end = areas["valid_from"].min(), areas["valid_to"].max()
    unlimited = areas["valid_to"].null_count() > 0
    own = areas.with_columns(
        begins=pl.when(pl.col("valid_from") > begin).then("valid_from"),
        ends=pl.when(pl.col("valid_to").is_not_null() & (unlimited | (pl.col("valid_to") < end)))
        .then("valid_to"),
    )  # fmt: skip
    strange = (
        found.select("area_id", "period_start")
        .unique()
        .join(own.select("area_id", "begins", "ends"), on="area_id")
        .with_columns(
            early=pl.col("period_start") < pl.col("begins"),
            late=pl.col("period_start") > pl.col("ends"),
        )
        .group_by("area_id")
        .agg(
            pl.col("begins", "ends").first(),
            first=pl.col("period_start").filter("early").min(),
            last=pl.col("period_start").filter("late").max(),
        )
        .sort("area_id")
    )
    said = []
    for row in strange.iter_rows(named=True):
        if row["first"] is not None:
            said.append(
                f"area {row['area_id']} of version {version!r} exists from {row['begins']}, but "
                f"occurs for {row['first']}: coded anew afterwards?"
            )
        if row["last"] is not None:
            said.append(
                f"area {row['area_id']} of version {version!r} exists until {row['ends']}, but "
                f"still occurs for {row['last']}"
            )
    return said


def not_yet_begun(late: pl.DataFrame, as_of: date) -> list[str]:
    """Words for figures of periods that begin after the day on which they were known.

    `late` holds their `_row` and `period_start`. What people plan may be right so.
    """
    if late.is_empty():
        return []
    days = late["period_start"].unique().sort()
    shown = ", ".join(map(str, days[:3])) + (" …" if days.len() > 3 else "")
    rows = late["_row"].n_unique()
    when = f"a time after {as_of}, when this was known ({shown})"
    return [f"{rows} row(s) are about {when}: a plan, or a wrong year?"]


def _known(register: AreaRegister, area: AreaColumn) -> dict[str, frozenset[str]]:
    """The codes of the contract's level in every version of its area system."""
    rows = (
        register.areas.filter(area_system=area.system, level=area.level)
        .group_by("area_version")
        .agg("area_id")
    )
    return {name: frozenset(ids) for name, ids in rows.iter_rows()}


def known_somewhere(
    codes: Collection[str], area: AreaColumn, register: AreaRegister
) -> frozenset[str]:
    """Those codes that are areas of the contract's level in any version."""
    anywhere: frozenset[str] = frozenset().union(*_known(register, area).values())
    return frozenset(code for code in codes if _area_ids([code], area) & anywhere)


def _area_ids(codes: Collection[str], area: AreaColumn) -> frozenset[str]:
    """The codes of the contract's level, filled up and mapped as its rules say."""
    found = set()
    for code in codes:
        area_id = code.strip().zfill(area.pad) if code.strip() else ""
        for rule in area.rules:
            match = re.fullmatch(rule.pattern, area_id)
            if match:
                skipped = rule.id or rule.unassigned or (rule.level or area.level) != area.level
                area_id = "" if skipped else (match[1] if match.re.groups else area_id)
                break
        found.add(area_id)
    return frozenset(found - {""})


def _some(codes: Collection[str]) -> str:
    shown = sorted(codes)
    return ", ".join(shown[:5]) + (" …" if len(shown) > 5 else "") if shown else "none"
