"""What Musterstadt is: its districts, age bands and years, before any number is drawn.

A *quarter* is the smallest piece that never changes: every district of both area versions is one
quarter or the sum of a few. That is how the true numbers on either side of the boundary change of
1 January 2020 are known exactly.
"""

from typing import Final, NamedTuple

CITY: Final = "00"
CITY_NAME: Final = "Musterstadt"
CITY_AREAS: Final = {"01": "Mitte", "02": "Nord", "03": "Süd", "04": "West"}
OLD, NEW = "2015", "2020"
FIRST_YEAR: Final = 2015
LAST_YEAR: Final = 2024
YEARS: Final = range(FIRST_YEAR, LAST_YEAR + 1)
# Rates of January 2015 need the residents of 31 December 2014.
STOCK_YEARS: Final = range(FIRST_YEAR - 1, LAST_YEAR + 1)
BOUNDARY_YEAR: Final = 2020


class Quarter(NamedTuple):
    """One unchanging piece of the city.

    `residents` at the end of 2014; `growth` per year; `young` scales the share of minors;
    `need` is the share of people under 65 who receive SGB II benefits at the beginning.
    """

    name: str
    old: str
    new: str
    residents: int
    growth: float
    young: float
    need: float

    @property
    def city_area(self) -> str:
        """The city area it lies in, in both versions."""
        return self.new[:2]


QUARTERS: Final = (
    Quarter("Altstadt", "0101", "0101", 6200, 0.002, 0.70, 0.09),
    Quarter("Marktviertel", "0102", "0102", 5100, 0.004, 0.75, 0.11),
    Quarter("Bahnhofsviertel", "0103", "0103", 8900, 0.006, 0.95, 0.19),
    Quarter("Kiesgrund", "0104", "0104", 10400, 0.003, 1.10, 0.17),
    Quarter("Domwiesen", "0105", "0105", 7300, 0.002, 0.95, 0.06),
    Quarter("Ostwall", "0106", "0106", 9600, 0.003, 0.90, 0.13),
    Quarter("Birkenhain", "0201", "0201", 11800, 0.001, 1.05, 0.05),
    Quarter("Ziegelhof", "0202", "0202", 13400, 0.004, 1.15, 0.20),
    Quarter("Lindenfeld-Nord", "0203", "0203", 9700, 0.002, 1.00, 0.08),
    Quarter("Lindenfeld-Süd", "0203", "0206", 7400, 0.018, 1.25, 0.05),
    Quarter("Heidesiedlung", "0204", "0204", 5600, -0.002, 0.90, 0.07),
    Quarter("Nordkamp", "0205", "0205", 7900, 0.001, 1.05, 0.16),
    Quarter("Rosenhöhe", "0301", "0301", 6900, 0.001, 0.95, 0.03),
    Quarter("Weinberg", "0302", "0302", 4300, 0.000, 0.90, 0.03),
    Quarter("Sonnenbühl", "0303", "0303", 12100, 0.002, 1.05, 0.06),
    Quarter("Auwinkel", "0304", "0304", 8300, 0.003, 1.00, 0.10),
    Quarter("Mühlanger", "0305", "0305", 9000, 0.001, 1.00, 0.08),
    Quarter("Mühlanger-Ost", "0305", "0304", 2500, 0.004, 1.10, 0.15),
    Quarter("Kirchfeld", "0306", "0306", 7600, 0.000, 1.00, 0.07),
    Quarter("Westtor", "0401", "0401", 10900, 0.004, 1.05, 0.15),
    Quarter("Steinbruch", "0402", "0405", 14200, 0.002, 1.10, 0.14),
    Quarter("Eisenwerk", "0403", "0403", 8800, 0.001, 1.15, 0.22),
    Quarter("Glashütte", "0404", "0404", 6100, -0.001, 1.05, 0.17),
    Quarter("Hafenvorstadt", "0405", "0402", 3100, 0.006, 0.90, 0.12),
    Quarter("Hafeninsel", "0406", "0406", 430, 0.002, 0.80, 0.10),
)
TINY: Final = "0406"

# Names of districts that are not simply the name of their only quarter.
_NAMES: Final = {
    (OLD, "0203"): "Lindenfeld",
    (OLD, "0305"): "Mühlanger",
    (NEW, "0304"): "Auwinkel",
}

AGE_BANDS: Final = {
    "u03": "unter 3",
    "03u06": "3 bis unter 6",
    "06u15": "6 bis unter 15",
    "15u18": "15 bis unter 18",
    "18u27": "18 bis unter 27",
    "27u65": "27 bis unter 65",
    "65plus": "65 und älter",
}
SEXES: Final = {"w": "weiblich", "m": "männlich"}


def version_of(year: int) -> str:
    """The area version in which the departments deliver numbers about a year."""
    return OLD if year < BOUNDARY_YEAR else NEW


def code(quarter: Quarter, version: str) -> str:
    """The district a quarter belongs to in a version."""
    return quarter.old if version == OLD else quarter.new


def districts(version: str) -> dict[str, str]:
    """Code and name of every district of a version, in the order of the codes."""
    codes = sorted({code(quarter, version) for quarter in QUARTERS})
    single = {code(quarter, version): quarter.name for quarter in QUARTERS}
    return {one: _NAMES.get((version, one), single[one]) for one in codes}


def members(district: str, version: str) -> list[int]:
    """Positions in QUARTERS of the quarters that make up a district."""
    return [i for i, quarter in enumerate(QUARTERS) if code(quarter, version) == district]
