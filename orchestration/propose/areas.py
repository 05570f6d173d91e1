"""Which column of a table names areas, of which system, version and level, and in which form."""

import re
from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from orchestration.declarations.register import UNASSIGNED_LEVEL
from orchestration.declarations.tree import Declarations
from orchestration.propose.table import TOTAL, Found

HINT = re.compile(
    r"(?i)stadtteil|bezirk|gebiet|quartier|viertel|raum|ortsteil|gemeinde|area|district|lor\b|plr|"
    r"bzr|schlüssel|kennziffer|^id$|\bid\b"
)
_CODE_AND_NAME = re.compile(r"(\d{2,12})\s+\D.*")
_NO_AREA = re.compile(r"(?i)nicht zuzuordnen|unbekannt|ohne angabe|keine angabe|not assignable")
MOST_NAMES = 200


@dataclass
class AreaGuess:
    """A column read as areas; `rules` and `doubts` as the contract's area section takes them."""

    column: str | None
    system: str
    version: str
    level: str
    pad: int = 0
    rules: list[dict[str, object]] = field(default_factory=list)
    within: dict[str, object] | None = None
    doubts: list[str] = field(default_factory=list)
    others: list[str] = field(default_factory=list)
    score: tuple[float, ...] = ()


@dataclass(frozen=True)
class _Version:
    system: str
    version: str
    valid_from: date
    valid_to: date | None
    level_of: dict[str, str]
    rank_of: dict[str, int]
    names: dict[str, str]


def find_area(
    table: Found, declarations: Declarations, days: tuple[date, date] | None
) -> AreaGuess:
    """The best column, or the whole municipality with a doubt where no column fits.

    `days` is the span the file is about, if known: it decides between versions that both fit.
    """
    versions = list(_versions(declarations))
    guesses: list[AreaGuess] = []
    for column in table.columns:
        cells = [cell for cell in table.cells(column) if cell and not TOTAL.match(cell)]
        if not column or not cells:
            continue
        for version in versions:
            guess = _by_code(table, column, cells, version, days)
            guess = guess or _by_name(column, cells, version, days)
            if guess is not None:
                guesses.append(guess)
    if not guesses:
        return _whole(versions)
    best = max(guesses, key=lambda one: one.score)
    best.others = list(
        dict.fromkeys(one.column for one in guesses if one.column and one.column != best.column)
    )
    rivals = [
        f"{one.system} {one.version}"
        for one in guesses
        if one.column == best.column
        and (one.system, one.version) != (best.system, best.version)
        and one.score[3] >= best.score[3]
    ]
    if rivals:
        best.doubts.append(f"the codes fit {', '.join(dict.fromkeys(rivals))} as well")
    chosen = next(
        one for one in versions if (one.system, one.version) == (best.system, best.version)
    )
    _within(table, best, chosen)
    return best


def _versions(declarations: Declarations) -> list[_Version]:
    found = []
    for system in declarations.area_systems.values():
        for version in system.versions:
            areas = declarations.register.of(system.area_system, version.version)
            known = areas.filter(areas["level"] != UNASSIGNED_LEVEL)
            columns = known.select("area_id", "level", "level_rank", "name").rows()
            found.append(
                _Version(
                    system.area_system,
                    version.version,
                    version.valid_from,
                    version.valid_to,
                    {area: level for area, level, _, _ in columns},
                    {level: rank for _, level, rank, _ in columns},
                    {area: name for area, _, _, name in columns},
                )
            )
    return found


def _whole(versions: list[_Version]) -> AreaGuess:
    newest = max(versions, key=lambda one: one.valid_from)
    top = max(newest.level_of, key=lambda area: newest.rank_of[newest.level_of[area]])
    return AreaGuess(
        None,
        newest.system,
        newest.version,
        newest.level_of[top],
        doubts=[
            "no column with codes or names of areas was found: all rows count for "
            + newest.names[top]
        ],
        rules=[{"is": top}],
    )


def _by_code(
    table: Found,
    column: str,
    cells: list[str],
    version: _Version,
    days: tuple[date, date] | None,
) -> AreaGuess | None:
    count = Counter(cells)
    lengths = Counter(len(area) for area in version.level_of)
    best: tuple[float, int, dict[str, str]] | None = None
    digits = all(area.isdigit() for area in version.level_of)
    shapes = [0, *(length for length in sorted(lengths) if digits and length > 1)]
    both = sum(n for cell, n in count.items() if _CODE_AND_NAME.fullmatch(cell)) > len(cells) * 0.9
    for pad in shapes:
        areas = {}
        for cell in count:
            code = cell.split()[0] if both else cell
            if pad and not (code.isdigit() and len(code) <= pad):
                continue
            area = code.zfill(pad) if pad else code
            if area in version.level_of:
                areas[cell] = area
        share = sum(count[cell] for cell in areas) / len(cells)
        if areas and (best is None or share > best[0] + 1e-9):
            best = (share, pad, areas)
    if best is None:
        return None
    share, pad, areas = best
    levels = Counter(version.level_of[area] for area in areas.values())
    level = max(levels, key=lambda one: (levels[one], -version.rank_of[one]))
    main = [area for area in areas.values() if version.level_of[area] == level]
    rules, solved = _rules(table, column, count, pad, level, version, both=both)
    solved_share = sum(count[cell] for cell in count if cell in areas or cell in solved) / len(
        cells
    )
    hinted = bool(HINT.search(column))
    if solved_share < (0.8 if hinted else 0.9):
        return None
    if max(map(len, main)) <= 2 and not hinted:
        return None
    doubts = []
    if pad and any(cell != area for cell, area in areas.items() if not both):
        doubts.append(f"codes have lost leading zeros; filled up to {pad} digits")
    else:
        pad = 0
    strange = [cell for cell in count if cell not in areas and cell not in solved]
    if strange:
        shown = ", ".join(map(repr, sorted(strange)[:5]))
        doubts.append(f"{len(strange)} code(s) are no areas of this version, such as {shown}")
    agreement = _agreement(table, column, areas, version)
    # A few unknown codes do not make a coarser column the better one; among versions they decide.
    score = (
        1.0 if solved_share >= 0.95 else round(solved_share, 3),
        float(hinted),
        float(-version.rank_of[level]),
        round(solved_share, 3),
        agreement,
        float(len(set(areas.values()))),
        _fits(version, days),
        float(version.valid_from.toordinal()),
    )
    return AreaGuess(
        column, version.system, version.version, level, pad, rules, None, doubts, [], score
    )


def _rules(
    table: Found,
    column: str,
    count: Counter[str],
    pad: int,
    level: str,
    version: _Version,
    *,
    both: bool,
) -> tuple[list[dict[str, object]], set[str]]:
    """Rules for codes of other levels: shorter codes, codes filled up with zeros, 'unknown'."""
    rules: dict[str, dict[str, object]] = {}
    solved: set[str] = set()
    named: dict[str, str] = {}
    for row in table.rows:
        cell = row[table.columns.index(column)]
        named.setdefault(cell, " ".join(row))
    if both:
        length = len(next(iter(count)).split()[0])
        rules[f"(\\d{{{length}}}) .+"] = {"pattern": f"(\\d{{{length}}}) .+"}
        return list(rules.values()), set()
    by_length: dict[int, Counter[str]] = {}
    for area, its in version.level_of.items():
        by_length.setdefault(len(area), Counter())[its] += 1
    for cell in count:
        code = cell.zfill(pad) if pad else cell
        known = version.level_of.get(code)
        if known == level:
            continue
        if known is not None:
            # most areas of one length share a rule; those of other levels are named one by one
            usual = by_length[len(code)].most_common(1)[0][0] == known and code.isdigit()
            pattern = f"\\d{{{len(code)}}}" if usual else re.escape(code)
            rules.setdefault(pattern, {"pattern": pattern, "level": known})
            continue
        for length in sorted(by_length, reverse=True):
            head, tail = code[:length], code[length:]
            if not tail or not code.isdigit() or head not in version.level_of:
                continue
            kind = version.level_of[head]
            if version.rank_of[kind] == 0:
                continue
            if re.fullmatch("9+0*", tail) and _NO_AREA.search(named[cell]):
                pattern = f"(\\d{{{length}}}){tail}"
                rules.setdefault(pattern, {"pattern": pattern, "unassigned": True})
                solved.add(cell)
            elif not tail.strip("0"):
                pattern = f"(\\d{{{length}}}){tail}"
                rules.setdefault(pattern, {"pattern": pattern, "level": kind})
                solved.add(cell)
            break
    ordered = sorted(
        rules.values(), key=lambda rule: ("\\d" in str(rule["pattern"]), str(rule["pattern"]))
    )
    return ordered, solved


def _by_name(
    column: str,
    cells: list[str],
    version: _Version,
    days: tuple[date, date] | None,
) -> AreaGuess | None:
    """Areas given by name alone: one rule per name, where names are unambiguous within a level."""
    count = Counter(cells)
    if len(count) > MOST_NAMES or all(cell.isdigit() for cell in count):
        return None
    by_level: dict[str, dict[str, str]] = {}
    for area, name in version.names.items():
        by_level.setdefault(version.level_of[area], {})[name.casefold()] = area
    best: tuple[float, str, dict[str, str]] | None = None
    for level, names in by_level.items():
        found = {cell: names[cell.casefold()] for cell in count if cell.casefold() in names}
        share = sum(count[cell] for cell in found) / len(cells)
        if len(found) > 1 and (best is None or share > best[0]):
            best = (share, level, found)
    if best is None or best[0] < 0.8:
        return None
    share, level, found = best
    rules: list[dict[str, object]] = [
        {"pattern": re.escape(cell).replace("\\ ", " ").replace("\\-", "-"), "id": area}
        for cell, area in sorted(found.items(), key=lambda one: one[1])
    ]
    doubts = ["areas are given by name, one rule each: ask for the codes"]
    strange = sorted(set(count) - set(found))
    if strange:
        doubts.append(f"unknown names: {', '.join(map(repr, strange[:5]))}")
    score = (
        round(share - 0.05, 3),
        float(bool(HINT.search(column))),
        float(-version.rank_of[level]),
        round(share, 3),
        0.0,
        float(len(found)),
        _fits(version, days),
        float(version.valid_from.toordinal()),
    )
    return AreaGuess(
        column, version.system, version.version, level, 0, rules, None, doubts, [], score
    )


def _agreement(table: Found, column: str, areas: dict[str, str], version: _Version) -> float:
    """Share of rows where some other column holds the area's name as the register has it."""
    index = table.columns.index(column)
    best = 0
    wanted = [
        (row, version.names[areas[row[index]]].casefold())
        for row in table.rows
        if row[index] in areas
    ]
    for other in range(len(table.columns)):
        hits = sum(name in row[other].casefold() for row, name in wanted if row[other])
        best = max(best, hits)
    return round(best / len(wanted), 2) if wanted else 0.0


def _fits(version: _Version, days: tuple[date, date] | None) -> float:
    if days is None:
        return 0.0
    return float(
        version.valid_from <= days[1] and (version.valid_to is None or days[1] <= version.valid_to)
    )


def _within(table: Found, guess: AreaGuess, version: _Version) -> None:
    """Where the area is empty in some rows: the column that still tells the area above."""
    cells = table.cells(guess.column or "")
    if all(cells) or not any(cells):
        return
    empty = sum(not cell for cell in cells)
    for column in table.columns:
        if column == guess.column or not column:
            continue
        others = {cell for cell in table.cells(column) if cell}
        hinted = HINT.search(column) or column.upper().startswith("BEZ")
        if not others or not hinted:
            continue
        for level, rank in version.rank_of.items():
            if rank <= version.rank_of[guess.level]:
                continue
            ids = {area for area, its in version.level_of.items() if its == level}
            pad = max(map(len, ids))
            if len(ids) > 1 and all(cell.zfill(pad) in ids for cell in others):
                guess.within = {"column": column, "level": level}
                if any(len(cell) < pad for cell in others):
                    guess.within["pad"] = pad
                guess.doubts.append(f"{empty} rows have no area; {column!r} says which one above")
                return
    guess.doubts.append(f"{empty} rows have no area: counted for the municipality as a whole")
