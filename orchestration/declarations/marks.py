"""`marks.yml`: thresholds of detectors that differ from the defaults."""

from orchestration.declarations.common import Declared


class Marks(Declared):
    """Thresholds by sign, such as `M01: {rse_hinweis: 0.25}`."""

    thresholds: dict[str, dict[str, float]] = {}
