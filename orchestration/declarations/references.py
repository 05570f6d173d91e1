"""Cross-checks: whatever one declaration names, another must declare."""

import difflib
from collections.abc import Callable, Collection

from orchestration.declarations.indicators import Indicator, Term
from orchestration.declarations.sources import Layout, Source
from orchestration.declarations.tree import Declarations
from orchestration.declarations.yaml_lines import Location

Report = Callable[[str, str, Location, str], None]


def check_references(declarations: Declarations, report: Report) -> None:
    """Report every name that nobody declared, with a suggestion where one is close."""
    _Check(declarations, report).run()


class _Check:
    def __init__(self, declarations: Declarations, report: Report) -> None:
        self.all = declarations
        self.report = report
        self.departments = {one.id for one in declarations.municipality.departments}

    def run(self) -> None:
        for source in self.all.sources.values():
            self._source(source)
        self._owners()
        for indicator in self.all.indicators.values():
            self._indicator(indicator)
        for goal in self.all.goals.values():
            at = ("goals", goal.id)
            self._named(at, ("indicator",), goal.indicator, self.all.indicators, "indicator")
            self._group(at, ("group",), goal.group)
            self._areas(at, goal.areas)
            dates = [version.since for version in goal.versions]
            if dates != sorted(dates):
                self.report(*at, ("versions",), "versions must be in the order of their dates")
        for service in self.all.services.values():
            at = ("services", service.id)
            self._department(at, service.department)
            for index, name in enumerate(service.indicators):
                where = ("indicators", index)
                self._named(at, where, name, self.all.indicators, "indicator")
        for programme in self.all.programmes.values():
            at = ("programmes", programme.id)
            self._department(at, programme.department)
            self._group(at, ("group",), programme.group)
            self._areas(at, programme.areas)
            for index, name in enumerate(programme.indicators):
                where = ("indicators", index)
                self._named(at, where, name, self.all.indicators, "indicator")
        for group in self.all.groups.values():
            at = ("groups", group.id)
            self._group(at, ("group",), group.group)
            for field in ("denominator", "need_measure"):
                name = getattr(group, field)
                if name is not None:
                    self._named(at, (field,), name, self.all.measures, "measure")
        for profile in self.all.releases.values():
            at = ("releases", profile.id)
            for index, name in enumerate(profile.indicators or []):
                where = ("indicators", index)
                self._named(at, where, name, self.all.indicators, "indicator")
            for index, name in enumerate(profile.levels or []):
                self._named(at, ("levels", index), name, self._levels(), "level")
        self._thresholds()

    def _named(
        self,
        at: tuple[str, str],
        where: Location,
        name: str,
        known: Collection[str],
        what: str,
    ) -> bool:
        if name in known:
            return True
        close = difflib.get_close_matches(name, sorted(known), n=1)
        hint = f"did you mean {close[0]!r}?" if close else f"declared are {_list(known)}"
        self.report(*at, where, f"found {what} {name!r}, which nobody declares; {hint}")
        return False

    def _department(self, at: tuple[str, str], name: str) -> None:
        self._named(at, ("department",), name, self.departments, "department")

    def _levels(self) -> set[str]:
        return {level.id for system in self.all.area_systems.values() for level in system.levels}

    def _areas(self, at: tuple[str, str], areas: Collection[str]) -> None:
        known = set(self.all.register.areas["area_id"])
        for index, area in enumerate(areas):
            self._named(at, ("areas", index), area, known, "area")

    def _group(self, at: tuple[str, str], where: Location, group_id: str) -> None:
        if group_id == "all":
            return
        dimensions = [part.split("=", 1) for part in group_id.split("|")]
        if [name for name, _ in dimensions] != sorted({name for name, _ in dimensions}):
            self.report(*at, where, f"found {group_id!r}; sort the dimensions, each one once")
        for dimension, code in dimensions:
            if self._named(at, where, dimension, self.all.codes, "dimension (codes/*.csv)"):
                codes = {entry.code for entry in self.all.codes[dimension]}
                self._named(at, where, code, codes, f"code of {dimension}")

    def _source(self, source: Source) -> None:
        at = ("sources", source.id)
        self._department(at, source.department)
        own = {measure.id for measure in source.measures}
        names = [layout.name for layout in source.layouts]
        if len(set(names)) != len(names):
            self.report(*at, ("layouts",), "two layouts have the same name")
        for index, layout in enumerate(source.layouts):
            self._layout(at, ("layouts", index), layout, own)

    def _layout(self, at: tuple[str, str], here: Location, layout: Layout, own: set[str]) -> None:
        for name in layout.measures:
            self._named(at, here, name, own, "measure of this source")
        area = layout.area
        if self._named(at, (*here, "area"), area.system, self.all.area_systems, "area system"):
            system = self.all.area_systems[area.system]
            versions = {version.version for version in system.versions}
            if self._named(at, (*here, "area"), area.version, versions, "area version"):
                known = set(self.all.register.of(area.system, area.version)["area_id"])
                for name in filter(None, (area.is_, *(rule.id for rule in area.rules))):
                    self._named(at, (*here, "area"), name, known, "area")
            levels = {level.id for level in system.levels}
            named = [area.level, *(rule.level for rule in area.rules if rule.level)]
            for name in named + ([area.within.level] if area.within else []):
                self._named(at, (*here, "area"), name, levels, "level")
        dimensions = {group.dimension for group in layout.groups}
        for number, group in enumerate(layout.groups):
            where = (*here, "groups", number)
            if self._named(at, where, group.dimension, self.all.codes, "dimension (codes/*.csv)"):
                codes = {entry.code for entry in self.all.codes[group.dimension]} | {""}
                for code in group.map.values():
                    self._named(at, where, code, codes, f"code of {group.dimension}")
        for number, value in enumerate(layout.values):
            self._group(at, (*here, "values", number, "group"), value.group)
        for number, count in enumerate(layout.cases.counts if layout.cases else []):
            for name in count.groups:
                where = (*here, "cases", "counts", number, "groups")
                self._named(at, where, name, dimensions, "group column of this layout")

    def _owners(self) -> None:
        owners: dict[str, str] = {}
        for source in self.all.sources.values():
            for index, measure in enumerate(source.measures):
                here: Location = ("measures", index)
                if measure.id in owners:
                    self.report(
                        "sources",
                        source.id,
                        here,
                        f"measure {measure.id!r} is owned by {owners[measure.id]!r} already; "
                        f"give it another id and say `control_of: {measure.id}`",
                    )
                owners.setdefault(measure.id, source.id)
                if measure.control_of is not None:
                    at = ("sources", source.id)
                    self._named(at, here, measure.control_of, self.all.measures, "measure")

    def _indicator(self, indicator: Indicator) -> None:
        at = ("indicators", indicator.id)
        self._department(at, indicator.department)
        formula = indicator.formula
        for role in ("numerator", "denominator"):
            terms: list[Term] = getattr(formula, role)
            for index, term in enumerate(terms):
                here = ("formula", role, index)
                if self._named(at, (*here, "measure"), term.measure, self.all.measures, "measure"):
                    self._summed(at, here, indicator, term)
                for group_id in term.groups:
                    self._group(at, (*here, "groups"), group_id)
        for index, name in enumerate(formula.by):
            self._named(at, ("formula", "by", index), name, self.all.codes, "dimension")
        if indicator.forecast is not None:
            for index, name in enumerate(indicator.forecast.levels):
                where = ("forecast", "levels", index)
                self._named(at, where, name, self._levels(), "level")

    def _summed(
        self, at: tuple[str, str], here: Location, indicator: Indicator, term: Term
    ) -> None:
        _, measure = self.all.measures[term.measure]
        if len(term.groups) > 1 and not measure.additive.groups:
            self.report(*at, here, f"{measure.id!r} may not be summed over groups")
        if indicator.formula.kind != "reported" and not measure.additive.areas:
            self.report(
                *at,
                here,
                f"{measure.id!r} may not be summed over areas; use `kind: reported`",
            )

    def _thresholds(self) -> None:
        from quality.marks import DETECTORS

        known = {detector.sign: set(detector.defaults) for detector in DETECTORS}
        for sign, values in self.all.marks.thresholds.items():
            where: Location = ("thresholds", sign)
            if self._named(("marks", ""), where, sign, known, "sign"):
                for name in values:
                    place = (*where, name)
                    self._named(("marks", ""), place, name, known[sign], f"threshold of {sign}")


def _list(names: Collection[str]) -> str:
    shown = sorted(names)
    more = f" and {len(shown) - 8} more" if len(shown) > 8 else ""
    return ", ".join(map(repr, shown[:8])) + more if shown else "none"
