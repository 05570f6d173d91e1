"""Which texts of a file are codes of a declared dimension, or the total over it."""

import difflib
import re
from collections import Counter
from dataclasses import dataclass, field

from orchestration.declarations.tree import Declarations
from orchestration.propose.table import TOTAL, Found, valueish

_TOTALS = re.compile(r"(?i)(insgesamt|gesamt|zusammen|zus\.?|alle|total|summe|beide)")
_FILLERS = re.compile(r"(?i)\b(jahren?|jahre|tagen?|years?|days?|of age|alter)\b")


@dataclass
class GroupGuess:
    """A column read as a dimension; `map` holds the texts that are no codes."""

    dimension: str
    column: str
    map: dict[str, str]
    doubts: list[str] = field(default_factory=list)


class Dimensions:
    """All texts the municipality knows for its codes: codes, names, and maps of other contracts."""

    def __init__(self, declarations: Declarations) -> None:
        self.words: dict[str, dict[str, str]] = {}
        self.codes: dict[str, set[str]] = {}
        for dimension, entries in declarations.codes.items():
            words = self.words.setdefault(dimension, {})
            self.codes[dimension] = {entry.code for entry in entries}
            for entry in entries:
                for text in (entry.code, entry.name_de, entry.name_en):
                    words.setdefault(_normal(text), entry.code)
        for source in declarations.sources.values():
            for layout in source.layouts:
                for group in layout.groups:
                    words = self.words.setdefault(group.dimension, {})
                    for text, code in group.map.items():
                        words.setdefault(_normal(text), code)

    def code(self, dimension: str, text: str) -> str | None:
        """The code a text stands for, '' for the total, None if unknown."""
        if text in self.codes.get(dimension, ()):
            return text
        code = self.words[dimension].get(_normal(text))
        if code is None and _TOTALS.fullmatch(text.strip()):
            return ""
        return code

    def of_text(self, text: str) -> tuple[str, str] | None:
        """The dimension and code of a text that only one dimension knows; None otherwise."""
        if text.strip().isdigit() or not text.strip():
            return None
        hits = [
            (dimension, code)
            for dimension in sorted(self.words)
            if (code := self.code(dimension, text)) and not _TOTALS.fullmatch(text.strip())
        ]
        return hits[0] if len(hits) == 1 else None


def is_total(text: str) -> bool:
    """Means everybody: insgesamt, zusammen."""
    return bool(_TOTALS.fullmatch(text.strip()))


def _normal(text: str) -> str:
    return re.sub(r"\s+", " ", _FILLERS.sub(" ", text.replace("\xad", ""))).strip().casefold()


def find_groups(
    tables: list[Found], free: list[str], dimensions: Dimensions
) -> tuple[list[GroupGuess], list[str]]:
    """Columns whose texts are codes of a dimension, and doubts about columns that nearly are."""
    guesses: dict[str, tuple[float, GroupGuess]] = {}
    doubts = []
    for column in free:
        texts = Counter(cell for table in tables for cell in table.cells(column))
        if not texts or len(texts) > 150:
            continue
        numeric = all(valueish(text) for text in texts if text)
        for dimension in dimensions.words:
            codes = {text: dimensions.code(dimension, text) for text in texts}
            known = {text: code for text, code in codes.items() if code is not None}
            real = {code for code in known.values() if code}
            share = sum(texts[text] for text in known) / sum(texts.values())
            alike = _alike(column, dimension)
            if len(real) < 2 and not (real and alike):
                continue
            if share < 0.8 or (numeric and not alike):
                if share >= 0.5 and not numeric:
                    doubts.append(
                        f"{column!r} looks like {dimension}, but {share:.0%} of its texts are known"
                    )
                continue
            codes_ = dimensions.codes.get(dimension, set())
            mapped = {text: code for text, code in sorted(known.items()) if text not in codes_}
            guess = GroupGuess(dimension, column, mapped)
            strange = sorted(set(texts) - set(known))
            if strange:
                guess.doubts.append(f"unknown: {', '.join(map(repr, strange[:8]))}")
            if len(mapped) != len({code for code in mapped.values() if code}) + (
                "" in mapped.values()
            ):
                guess.doubts.append("several texts stand for one code")
            score = share + 0.5 * alike + 0.01 * len(real)
            if column not in guesses or score > guesses[column][0]:
                guesses[column] = (score, guess)
    best: dict[str, tuple[float, GroupGuess]] = {}
    for score, guess in guesses.values():
        if guess.dimension not in best or score > best[guess.dimension][0]:
            best[guess.dimension] = (score, guess)
    return [guess for _, guess in best.values()], doubts


def _alike(column: str, dimension: str) -> bool:
    plain = re.sub(r"[^a-zäöüß]", "", column.casefold())
    for old, new in (("ä", "ae"), ("ö", "oe"), ("ü", "ue"), ("ß", "ss")):
        plain = plain.replace(old, new)
    name = dimension.replace("_", "")
    matcher = difflib.SequenceMatcher(None, plain, name)
    longest = matcher.find_longest_match(0, len(plain), 0, len(name)).size
    return longest >= max(4, int(len(name) * 0.55))


def total_rows(table: Found, column: str) -> set[str]:
    """First words of the last rows whose cell in `column` says that they are totals."""
    index = table.columns.index(column)
    found = set()
    for row in reversed(table.rows):
        cell = row[index]
        if not TOTAL.match(cell):
            break
        found.add(cell)
    return found
