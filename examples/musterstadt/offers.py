"""Where families find advice in Musterstadt, and how long the way by bus takes.

The list is as carriers keep one: eastings and northings in a German CSV, a mobile team without any
place, a line that stands twice, an advice centre that closed and one that opened. Access differs
between districts, and changes, for known reasons.
"""

import math
from typing import Final, NamedTuple

import numpy as np

from examples.musterstadt.city import NEW, QUARTERS, code, districts
from examples.musterstadt.outlines import cells_of_quarters, corners

SEED: Final = 1985
# The bus table knows nothing of this district: no line goes there.
WITHOUT_BUS: Final = "0406"
LONGEST_WAY: Final = 60


class Offer(NamedTuple):
    """An advice centre with longitude and latitude, and the days it opened and closed."""

    id: str
    name: str
    lon: float
    lat: float
    opened: str
    closed: str


OFFERS: Final = (
    Offer("FB-01", "Familienberatung Altstadt", 10.0362, 51.0268, "01.04.1998", ""),
    Offer("FB-02", "Beratungsstelle Ziegelhof", 10.0290, 51.0368, "01.09.2006", "30.06.2021"),
    Offer("FB-03", "Erziehungsberatung Sonnenbühl", 10.0640, 51.0190, "15.01.2011", ""),
    Offer("FB-04", "Familienbüro Eisenwerk", 10.0210, 51.0265, "01.09.2018", ""),
    Offer("FB-05", "Beratung im Kiesgrund", 10.0632, 51.0370, "01.02.2014", ""),
)


def offer_files() -> dict[str, bytes]:
    """File name and bytes of the list and of the table of ways; the same every time."""
    return {"familienberatung.csv": _list(), "wege_mit_bus.csv": _ways()}


def _list() -> bytes:
    lines = ["Nr;Beratungsstelle;Ostwert;Nordwert;eröffnet;geschlossen"]
    for offer in OFFERS:
        east, north = utm32(offer.lon, offer.lat)
        numbers = f"{east:.1f};{north:.1f}".replace(".", ",")
        lines.append(f"{offer.id};{offer.name};{numbers};{offer.opened};{offer.closed}")
    lines.insert(3, lines[1])
    lines.append("FB-06;Aufsuchende Beratung (mobil);;;01.01.2020;")
    return ("\r\n".join(lines) + "\r\n").encode("cp1252")


def _ways() -> bytes:
    """Minutes from the middle of each district of today: walking, waiting and riding."""
    waiting = np.random.default_rng(SEED)
    where = corners()
    cells = cells_of_quarters()
    lines = ["Stadtteil;Beratungsstelle;Minuten"]
    for district in districts(NEW):
        inside = [one.name for one in QUARTERS if code(one, NEW) == district]
        points = [where[row][column] for name in inside for row, column in cells[name]]
        lon, lat = (sum(values) / len(values) for values in zip(*points, strict=True))
        for offer in OFFERS:
            narrower = math.cos(math.radians(lat))
            metres = 111_200 * math.hypot((offer.lon - lon) * narrower, offer.lat - lat)
            minutes = round(6 + metres / 130 + float(waiting.uniform(1, 9)))
            if district != WITHOUT_BUS and minutes <= LONGEST_WAY:
                lines.append(f"{district};{offer.id};{minutes}")
    return ("\n".join(lines) + "\n").encode()


def utm32(lon: float, lat: float) -> tuple[float, float]:
    """Easting and northing in zone 32 on GRS 80 (Krüger's series), to a centimetre."""
    n = (1 / 298.257222101) / (2 - 1 / 298.257222101)
    radius = 6378137 / (1 + n) * (1 + n**2 / 4 + n**4 / 64)
    alpha = (n / 2 - 2 * n**2 / 3 + 5 * n**3 / 16, 13 * n**2 / 48 - 3 * n**3 / 5, 61 * n**3 / 240)
    phi, lam = math.radians(lat), math.radians(lon - 9)
    e = 2 * math.sqrt(n) / (1 + n)
    t = math.sinh(math.atanh(math.sin(phi)) - e * math.atanh(e * math.sin(phi)))
    xi, eta = math.atan(t / math.cos(lam)), math.atanh(math.sin(lam) / math.sqrt(1 + t * t))
    series = list(enumerate(alpha, start=1))
    east = eta + sum(a * math.cos(2 * j * xi) * math.sinh(2 * j * eta) for j, a in series)
    north = xi + sum(a * math.sin(2 * j * xi) * math.cosh(2 * j * eta) for j, a in series)
    return 500_000 + 0.9996 * radius * east, 0.9996 * radius * north
