"""Cross-checks: whatever one declaration names, another must declare."""

import difflib
from collections.abc import Callable, Collection
from itertools import pairwise

from orchestration.declarations.corrections import Correction, systems_of
from orchestration.declarations.goals import Goal
from orchestration.declarations.groups import TargetGroup
from orchestration.declarations.indicators import (
    PARTS_OF_AN_INDEX,
    Access,
    ForecastRule,
    Index,
    Indicator,
    NowcastRule,
    Term,
    measures_behind,
)
from orchestration.declarations.outlines import BadOutline
from orchestration.declarations.reach import Reach
from orchestration.declarations.reference_values import ONLY_ABOVE, POOLED, ReferenceValues
from orchestration.declarations.register import read_land
from orchestration.declarations.scenarios import Scenario, wrong_within
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
        self.renamed: dict[tuple[str, str], str] = {}

    def run(self) -> None:
        self._former_ids()
        for source in self.all.sources.values():
            self._source(source)
        self._owners()
        for indicator in self.all.indicators.values():
            self._indicator(indicator)
        self._facilities()
        for one in self.all.reference_values.values():
            self._reference_values(one)
        for goal in self.all.goals.values():
            self._goal(goal)
        self._conflicts()
        self._services()
        self._programmes()
        self._models()
        self._view_names()
        for group in self.all.groups.values():
            self._target_group(group)
        self._voices()
        for profile in self.all.releases.values():
            at = ("releases", profile.id)
            for index, name in enumerate(profile.indicators or []):
                where = ("indicators", index)
                self._named(at, where, name, self.all.indicators, "indicator")
            for index, name in enumerate(profile.levels or []):
                self._named(at, ("levels", index), name, self._levels(), "level")
        self._dialogues()
        for scenario in self.all.scenarios.values():
            self._scenario(scenario)
        self._corrections()
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
        new = self.renamed.get((what.split(maxsplit=1)[0], name))
        if new is not None:
            hint = f"it is called {new!r} now"
        self.report(*at, where, f"found {what} {name!r}, which nobody declares; {hint}")
        return False

    def _former_ids(self) -> None:
        """Nobody uses an earlier id any more, and only one thing had it."""
        one: Indicator | Source
        for one in self.all.indicators.values():
            at, known = ("indicators", one.id), self.all.indicators
            self._was(at, ("was",), "indicator", one.id, one.was, known)
        for one in self.all.sources.values():
            at = ("sources", one.id)
            self._was(at, ("was",), "source", one.id, one.was, self.all.sources)
            for index, measure in enumerate(one.measures):
                where = ("measures", index, "was")
                self._was(at, where, "measure", measure.id, measure.was, self.all.measures)

    def _was(
        self,
        at: tuple[str, str],
        where: Location,
        kind: str,
        name: str,
        former: list[str],
        known: Collection[str],
    ) -> None:
        for index, old in enumerate(former):
            here = (*where, index)
            if old in known:
                self.report(*at, here, f"found {old!r}, but that {kind} is still declared")
            elif (kind, old) in self.renamed:
                other = self.renamed[(kind, old)]
                self.report(*at, here, f"found {old!r}, but {other!r} says it was that, too")
            else:
                self.renamed[(kind, old)] = name

    def _department(self, at: tuple[str, str], name: str) -> None:
        self._named(at, ("department",), name, self.departments, "department")

    def _levels(self) -> set[str]:
        return {level.id for system in self.all.area_systems.values() for level in system.levels}

    def _areas_of_today(self, at: tuple[str, str], where: Location, areas: Collection[str]) -> None:
        current = {one.current.version for one in self.all.area_systems.values()}
        every = self.all.register.areas
        known = set(every["area_id"])
        today = set(every.filter(every["area_version"].is_in(sorted(current)))["area_id"])
        for index, area in enumerate(areas):
            here = (*where, index)
            if self._named(at, here, area, known, "area") and area not in today:
                found = f"{area!r} is an area of older borders only; name areas of today"
                self.report(*at, here, found)

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
        self._carried_by(at, source)
        self._checks(at, source, own)
        if source.only_here is not None:
            where = ("only_here", "dialogue")
            self._named(at, where, source.only_here.dialogue, self.all.dialogues, "dialogue")

    def _checks(self, at: tuple[str, str], source: Source, own: set[str]) -> None:
        what = "measure of this source"
        for index, areas in enumerate(source.checks.areas):
            self._named(at, ("checks", "areas", index), areas.measure, own, what)
        for index, one in enumerate(source.checks.sums):
            where: Location = ("checks", "sums", index)
            self._named(at, where, one.measure, own, what)
            if self._named(at, where, one.dimension, self.all.codes, "dimension (codes/*.csv)"):
                codes = {entry.code for entry in self.all.codes[one.dimension]}
                for code in one.codes:
                    self._named(at, where, code, codes, f"code of {one.dimension}")

    def _carried_by(self, at: tuple[str, str], source: Source) -> None:
        """Wherever older counts can be carried over, the basis a measure asks for is declared."""
        used = {layout.area.system for layout in source.layouts} & self.all.area_systems.keys()
        ways = [way for name in sorted(used) for way in self.all.area_systems[name].crosswalks]
        by_version: dict[str, set[str]] = {}
        for way in ways:
            by_version.setdefault(way.from_version, set()).add(way.basis)
        declared = set.intersection(*by_version.values()) if by_version else set()
        for index, measure in enumerate(source.measures):
            if measure.carried_by is not None:
                where = ("measures", index, "carried_by")
                self._named(at, where, measure.carried_by, declared, "basis of a crosswalk")

    def _layout(self, at: tuple[str, str], here: Location, layout: Layout, own: set[str]) -> None:
        for name in layout.measures:
            self._named(at, here, name, own, "measure of this source")
        area = layout.area
        if self._named(at, (*here, "area"), area.system, self.all.area_systems, "area system"):
            system = self.all.area_systems[area.system]
            versions = {version.version for version in system.versions}
            for version in (area.version, *(one.version for one in area.earlier)):
                if not self._named(at, (*here, "area"), version, versions, "area version"):
                    continue
                known = set(self.all.register.of(area.system, version)["area_id"])
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

    def _goal(self, goal: Goal) -> None:
        at = ("goals", goal.id)
        self._named(at, ("indicator",), goal.indicator, self.all.indicators, "indicator")
        self._group(at, ("group",), goal.group)
        self._areas_of_today(at, ("areas",), goal.areas)
        since = [version.since for version in goal.versions]
        if since != sorted(since):
            self.report(*at, ("versions",), "versions must be in the order of their dates")
        for index in range(1, len(since)):
            if since[index] == since[index - 1]:
                found = f"two versions since {since[index]}; each needs a day of its own"
                self.report(*at, ("versions", index, "since"), found)
        if goal.direction is None and goal.indicator in self.all.indicators:
            self._target_against_polarity(goal)

    def _target_against_polarity(self, goal: Goal) -> None:
        """It may be a limit or a mistake: ask instead of guessing."""
        polarity = self.all.indicators[goal.indicator].polarity
        for index, version in enumerate(goal.versions):
            if version.baseline is None or version.target is None:
                continue
            rises = version.target - version.baseline
            against = {"higher_is_better": rises < 0, "lower_is_better": rises > 0}
            if against.get(polarity, False):
                self.report(
                    "goals",
                    goal.id,
                    ("versions", index, "target"),
                    f"found {version.target:g} after a baseline of {version.baseline:g}, but the "
                    f"indicator is {polarity}; say `direction: at_most` or `direction: at_least`",
                )

    def _models(self) -> None:
        """Each model belongs to the one indicator that names it, and reads what may be read."""
        named: dict[str, str] = {}
        for indicator in self.all.indicators.values():
            at = ("indicators", indicator.id)
            model, reads = indicator.formula.model, indicator.formula.reads
            if model is None or reads is None:
                continue
            self._named(at, ("formula", "model"), model, self.all.models, "model (models/*.sql)")
            if model in named:
                found = f"found {model!r}, which is that of {named[model]!r} already"
                self.report(*at, ("formula", "model"), f"{found}; one model, one indicator")
            named.setdefault(model, indicator.id)
            for index, name in enumerate(reads.measures):
                where: Location = ("formula", "reads", "measures", index)
                self._named(at, where, name, self.all.measures, "measure")
            for index, name in enumerate(reads.indicators):
                where = ("formula", "reads", "indicators", index)
                if self._named(at, where, name, self.all.indicators, "indicator"):
                    kind = self.all.indicators[name].formula.kind
                    if kind not in PARTS_OF_AN_INDEX:
                        fitting = ", ".join(PARTS_OF_AN_INDEX)
                        message = f"found {name!r}, a {kind}; a model reads one of {fitting}"
                        self.report(*at, where, message)
        for name in self.all.models:
            if name not in named:
                self.report(
                    "models",
                    name,
                    (),
                    "no indicator is made of it; declare one with "
                    f"`formula: {{kind: model, model: {name}, reads: …}}`",
                )

    def _view_names(self) -> None:
        """A level has a view `<area system>_<level>`, an indicator columns `<id>__<part>`."""
        named = {"latest_value": "the view of all latest values"}
        for system in self.all.area_systems.values():
            for index, level in enumerate(system.levels):
                view = f"{system.area_system}_{level.id}"
                if view in named:
                    self.report(
                        "areas",
                        system.area_system,
                        ("levels", index, "id"),
                        f"found {level.id!r}: its view would be {view!r}, as is that of "
                        f"{named[view]}; give the level another id",
                    )
                named.setdefault(view, f"level {level.id!r} of {system.area_system!r}")
        for indicator in self.all.indicators.values():
            if "__" in indicator.id:
                self.report(
                    "indicators",
                    indicator.id,
                    ("id",),
                    f"found {indicator.id!r}; two underscores part an indicator from its limits, "
                    "status and marks in the wide views, so write one",
                )

    def _conflicts(self) -> None:
        for conflict in self.all.conflicts.values():
            at = ("conflicts", conflict.id)
            for index, side in enumerate(conflict.sides):
                self._named(at, ("sides", index, "goal"), side.goal, self.all.goals, "goal")

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

    def _services(self) -> None:
        for service in self.all.services.values():
            at = ("services", service.id)
            self._department(at, service.department)
            for index, name in enumerate(service.indicators):
                where = ("indicators", index)
                self._named(at, where, name, self.all.indicators, "indicator")
            if service.reach is not None:
                self._reach(at, service.reach)
            if service.contribution is not None and service.contribution.indicator is not None:
                name = service.contribution.indicator
                known = self.all.indicators
                self._named(at, ("contribution", "indicator"), name, known, "indicator")

    def _programmes(self) -> None:
        for programme in self.all.programmes.values():
            at = ("programmes", programme.id)
            self._department(at, programme.department)
            self._group(at, ("group",), programme.group)
            self._areas(at, programme.areas)
            for index, name in enumerate(programme.indicators):
                where = ("indicators", index)
                self._named(at, where, name, self.all.indicators, "indicator")
            if programme.reach is not None:
                self._reach(at, programme.reach)
            if programme.service is not None:
                known = self.all.services
                if self._named(at, ("service",), programme.service, known, "service"):
                    department = known[programme.service].department
                    if department != programme.department:
                        found = f"found {programme.service!r}, a service of {department!r}"
                        self.report(*at, ("service",), f"{found}, not of {programme.department!r}")

    def _reach(self, at: tuple[str, str], reach: Reach) -> None:
        self._named(at, ("reach", "target_group"), reach.target_group, self.all.groups, "group")
        where: Location = ("reach", "uptake")
        self._added_up(at, where, reach.uptake, reach.groups)
        if reach.counts == "people" and reach.uptake in self.all.measures:
            measure = self.all.measures[reach.uptake][1]
            if measure.kind == "flow" and measure.additive.time:
                self.report(
                    *at,
                    ("reach", "counts"),
                    f"found people, but {measure.id!r} is summed over time: one counts again "
                    "and again; say `additive: {time: false}` in its contract, or count cases",
                )
        for group_id in reach.groups:
            self._group(at, ("reach", "groups"), group_id)
        for index, name in enumerate(reach.by):
            self._named(at, ("reach", "by", index), name, self.all.codes, "dimension")

    def _target_group(self, group: TargetGroup) -> None:
        at = ("groups", group.id)
        if group.group is not None:
            self._group(at, ("group",), group.group)
        for field, groups in (
            ("denominator", group.denominator_groups),
            ("need_measure", group.need_groups),
        ):
            name = getattr(group, field)
            if name is not None:
                self._added_up(at, (field,), name, groups)
            for group_id in groups:
                self._group(at, (field.replace("_measure", "") + "_groups",), group_id)

    def _added_up(
        self, at: tuple[str, str], where: Location, name: str, groups: Collection[str]
    ) -> None:
        """People are held against people: what is added up must be a count that may be."""
        if not self._named(at, where, name, self.all.measures, "measure"):
            return
        measure = self.all.measures[name][1]
        if not measure.additive.areas:
            self.report(*at, where, f"{name!r} may not be summed over areas; take a count")
        if len(groups) > 1 and not measure.additive.groups:
            self.report(*at, where, f"{name!r} may not be summed over groups")

    def _voices(self) -> None:
        hypotheses = {
            one.id for dialogue in self.all.dialogues.values() for one in dialogue.hypotheses
        }
        for voice in self.all.voices.values():
            at = ("voices", voice.id)
            self._areas_of_today(at, ("areas",), voice.areas)
            self._group(at, ("group",), voice.group)
            if voice.indicator is not None:
                self._named(at, ("indicator",), voice.indicator, self.all.indicators, "indicator")
            if voice.hypothesis is not None:
                self._named(at, ("hypothesis",), voice.hypothesis, hypotheses, "hypothesis")

    def _dialogues(self) -> None:
        owners: dict[tuple[str, str], str] = {}
        for dialogue in self.all.dialogues.values():
            at = ("dialogues", dialogue.id)
            for index, name in enumerate(dialogue.topics):
                self._named(at, ("topics", index), name, self.all.indicators, "indicator")
            for index, change in enumerate(dialogue.changes):
                where: Location = ("changes", index, "service")
                self._named(at, where, change.service, self.all.services, "service")
            for index, decision in enumerate(dialogue.decisions):
                self._areas_of_today(at, ("decisions", index, "areas"), decision.areas)
                self._group(at, ("decisions", index, "group"), decision.group)
            named: list[tuple[str, int, str]] = [
                *(("hypotheses", index, one.id) for index, one in enumerate(dialogue.hypotheses)),
                *(("decisions", index, one.id) for index, one in enumerate(dialogue.decisions)),
            ]
            for field, index, name in named:
                if (field, name) in owners:
                    found = f"{name!r} stands in {owners[(field, name)]!r} already"
                    self.report(*at, (field, index, "id"), f"{found}; ids are used once")
                owners[(field, name)] = dialogue.id

    def _scenario(self, one: Scenario) -> None:
        """Whatever it names is there, and no effect shows sooner than its indicator allows."""
        at = ("scenarios", one.id)
        for location, message in wrong_within(one):
            self.report(*at, location, message)
        acting: list[tuple[str, int, str, list[str]]] = [
            *(("effects", n, each.indicator, []) for n, each in enumerate(one.effects)),
            *(
                ("population", n, each.indicator, each.areas)
                for n, each in enumerate(one.population)
            ),
            *(("shocks", n, each.indicator, each.areas) for n, each in enumerate(one.shocks)),
        ]
        for field, index, name, areas in acting:
            where: Location = (field, index)
            self._named(at, (*where, "indicator"), name, self.all.indicators, "indicator")
            self._areas_of_today(at, (*where, "areas"), areas)
        for index, refutation in enumerate(one.refuted_by):
            where = ("refuted_by", index)
            known = self.all.indicators
            self._named(at, (*where, "indicator"), refutation.indicator, known, "indicator")
            self._areas_of_today(at, (*where, "area"), [refutation.area])
            self._group(at, (*where, "group"), refutation.group)
        if one.programme is None:
            return
        if self._named(at, ("programme",), one.programme, self.all.programmes, "programme"):
            self._doses(one, self.all.programmes[one.programme].areas)
            self._lags(one)

    def _doses(self, one: Scenario, areas: Collection[str]) -> None:
        """A dose is where the programme is, and none is counted twice."""
        at = ("scenarios", one.id)
        today = {} if one.dose is None else one.dose.today
        self._areas_of_today(at, ("dose", "today"), today)
        for area in areas:
            if area not in today:
                found = f"programme {one.programme!r} is in {area!r}, which has no dose here"
                self.report(*at, ("dose", "today"), found)
        for area in today:
            if areas and area not in areas:
                found = f"found {area!r}, where programme {one.programme!r} is not"
                self.report(*at, ("dose", "today", area), found)
        every = self.all.register.areas
        parents = dict(every.select("area_id", "parent_id").iter_rows())
        for index, alternative in enumerate(one.alternatives):
            where: Location = ("alternatives", index, "dose")
            self._areas_of_today(at, where, alternative.dose)
            named = {**today, **alternative.dose}
            for area in named:
                above = parents.get(area)
                while above is not None:
                    if above in named:
                        found = f"{area!r} lies in {above!r}; a dose of both counts twice"
                        self.report(*at, where, found)
                    above = parents.get(above)

    def _lags(self, one: Scenario) -> None:
        """An outcome does not show sooner than the indicator or the programme says."""
        at = ("scenarios", one.id)
        programme = self.all.programmes[one.programme or ""]
        for index, effect in enumerate(one.effects):
            if effect.role != "outcome" or effect.indicator not in self.all.indicators:
                continue
            indicator = self.all.indicators[effect.indicator]
            for name, years in (
                (f"indicator {indicator.id!r}", indicator.lag_years),
                (f"programme {programme.id!r}", programme.logic.lag_years),
            ):
                if years is not None and effect.lag_months.high < 12 * years:
                    self.report(
                        *at,
                        ("effects", index, "lag_months"),
                        f"found at most {effect.lag_months.high:g} months, but {name} says an "
                        f"effect shows after {years:g} years; make one of them right",
                    )

    def _corrections(self) -> None:
        for correction in self.all.corrections:
            self._correction(correction)

    def _correction(self, correction: Correction) -> None:
        at = ("corrections", str(correction.line))
        if not self._named(at, ("source",), correction.source, self.all.sources, "source"):
            return
        source = self.all.sources[correction.source]
        own = {measure.id for measure in source.measures}
        if not self._named(at, ("measure",), correction.measure, own, "measure of this source"):
            return
        self._group(at, ("group",), correction.group)
        systems = systems_of(correction, source)
        if len(systems) != 1:
            found = f"found {correction.area_version!r}; the source delivers {correction.measure!r}"
            how = f"in {len(systems)} area systems of it" if systems else "by other area versions"
            self.report(*at, ("area_version",), f"{found} {how}")
            return
        known = set(self.all.register.of(systems[0], correction.area_version)["area_id"])
        self._named(at, ("area",), correction.area, known, "area")

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
        if formula.index is not None:
            self._index(at, formula.index)
        if formula.access is not None:
            self._access(at, formula.access, formula.denominator[0])
        for index, name in enumerate(formula.by):
            self._named(at, ("formula", "by", index), name, self.all.codes, "dimension")
        if formula.of is not None:
            self._computed_from(at, indicator)
        if formula.over is not None and self._named(
            at, ("formula", "over"), formula.over, self.all.codes, "dimension"
        ):
            self._by_bands(at, indicator, formula.over)
        self._looked_ahead(at, indicator)

    def _looked_ahead(self, at: tuple[str, str], indicator: Indicator) -> None:
        for role in ("forecast", "nowcast"):
            rule: ForecastRule | NowcastRule | None = getattr(indicator, role)
            for index, name in enumerate([] if rule is None else rule.levels):
                self._named(at, (role, "levels", index), name, self._levels(), "level")
        for term in [] if indicator.nowcast is None else indicator.formula.numerator:
            if term.measure in self.all.measures:
                _, measure = self.all.measures[term.measure]
                if measure.kind != "flow":
                    found = f"found the {measure.kind} {measure.id!r}"
                    self.report(*at, ("nowcast",), f"{found}; only flows grow by late reports")

    def _computed_from(self, at: tuple[str, str], indicator: Indicator) -> None:
        """What an indicator is computed from exists, may be used and ends in measures."""
        where: Location = ("formula", "of")
        path, base = [indicator.id], indicator
        while base.formula.of is not None:
            name = base.formula.of
            if len(path) == 1:
                if not self._named(at, where, name, self.all.indicators, "indicator"):
                    return
            elif name not in self.all.indicators:
                return
            path.append(name)
            if name in path[:-1]:
                if name == indicator.id:
                    circle = " → ".join(path)
                    self.report(*at, where, f"found a circle: {circle}; start from a measure")
                return
            base = self.all.indicators[name]
        base = self.all.indicators[path[1]]
        kind, found = indicator.formula.kind, f"found {base.id!r}, a {base.formula.kind}"
        if kind == "change" and base.formula.kind == "change":
            self.report(*at, where, f"{found}; take the change of {base.formula.of!r} itself")
        if base.formula.kind == "access":
            self.report(*at, where, f"{found}; lists of offers differ too much for a {kind}")
        if kind == "cumulative":
            self._may_accumulate(at, where, found, base)

    def _may_accumulate(
        self, at: tuple[str, str], where: Location, found: str, base: Indicator
    ) -> None:
        if base.formula.kind != "count":
            self.report(*at, where, f"{found}; only a count is added up over the year")
            return
        for term in base.formula.numerator:
            if term.measure in self.all.measures:
                _, measure = self.all.measures[term.measure]
                if measure.kind != "flow" or not measure.additive.time:
                    what = (
                        "is a stock" if measure.kind == "stock" else "may not be summed over time"
                    )
                    self.report(*at, where, f"found {base.id!r}; its measure {measure.id!r} {what}")

    def _by_bands(self, at: tuple[str, str], indicator: Indicator, over: str) -> None:
        """The code list says what the bands weigh, or where the bins begin and end."""
        formula, entries = indicator.formula, self.all.codes[over]
        if formula.standard is not None:
            where: Location = ("formula", "standard")
            known = {name for entry in entries for name, _ in entry.standards}
            what = f"standard population (columns standard_… of codes/{over}.csv)"
            if self._named(at, where, formula.standard, known, what):
                weighed = [one for one in entries if one.weight(formula.standard) is not None]
                if len(weighed) < 2:
                    self.report(*at, where, "only one code has a number; a rate needs two bands")
            measure = self.all.measures.get(formula.denominator[0].measure)
            if measure is not None and measure[1].kind != "stock":
                self.report(
                    *at,
                    ("formula", "denominator"),
                    f"found {measure[1].id!r}, a flow; the denominator is the residents, a stock",
                )
            return
        where = ("formula", "over")
        if any(entry.low is None for entry in entries):
            code = next(entry.code for entry in entries if entry.low is None)
            self.report(
                *at,
                where,
                f"codes/{over}.csv must say where each bin begins (column from) and ends (column "
                f"to, empty for an open one); {code!r} has no from",
            )
            return
        bins = sorted(entries, key=lambda entry: entry.low or 0)
        for first, second in pairwise(bins):
            if first.high is None or first.high >= (second.low or 0):
                self.report(
                    *at, where, f"the bins {first.code!r} and {second.code!r} of {over} overlap"
                )

    def _index(self, at: tuple[str, str], index: Index) -> None:
        here: Location = ("formula", "index")
        for number, part in enumerate(index.parts):
            where = (*here, "parts", number, "indicator")
            if self._named(at, where, part.indicator, self.all.indicators, "indicator"):
                kind = self.all.indicators[part.indicator].formula.kind
                if kind == "composite":
                    self.report(
                        *at,
                        where,
                        f"found {part.indicator!r}, an index itself; add up its parts instead",
                    )
                elif kind not in PARTS_OF_AN_INDEX:
                    self.report(
                        *at,
                        where,
                        f"found {part.indicator!r}, a {kind}; a part of an index is one of "
                        + ", ".join(PARTS_OF_AN_INDEX),
                    )
        minimum = index.minimum
        where = (*here, "minimum", "measure")
        if self._named(at, where, minimum.measure, self.all.measures, "measure"):
            measure = self.all.measures[minimum.measure][1]
            if measure.kind != "stock":
                self.report(*at, where, f"found {measure.id!r}, a flow; a minimum is of a stock")
            if len(minimum.groups) > 1 and not measure.additive.groups:
                self.report(*at, where, f"{measure.id!r} may not be summed over groups")
        for group_id in minimum.groups:
            self._group(at, (*here, "minimum", "groups"), group_id)
        for number, name in enumerate(index.levels):
            self._named(at, (*here, "levels", number), name, self._levels(), "level")
        self._named(at, (*here, "public_level"), index.public_level, self._levels(), "level")
        areas = self.all.register.areas
        for number, one in enumerate(index.without):
            where = (*here, "without", number)
            versions = set(areas["area_version"])
            if self._named(
                at, (*where, "area_version"), one.area_version, versions, "area version"
            ):
                known = set(areas.filter(area_version=one.area_version)["area_id"])
                for area in one.areas:
                    self._named(at, (*where, "areas"), area, known, "area")

    def _access(self, at: tuple[str, str], access: Access, people: Term) -> None:
        """The list, the table and outlines are there, and the people are a stock."""
        here: Location = ("formula", "access")
        if people.measure in self.all.measures:
            source, measure = self.all.measures[people.measure]
            where: Location = ("formula", "denominator", 0)
            if measure.kind != "stock":
                self.report(*at, where, f"found {measure.id!r}, a flow; people are a stock")
            if access.within_metres is not None:
                self._outlined(at, (*here, "within_metres"), source)
        if not self._named(
            at, (*here, "facilities"), access.facilities, self.all.facilities, "facility list"
        ):
            return
        offers = self.all.facilities[access.facilities]
        lacking = [one for one in offers.editions if one.capacity is None]
        if access.counts == "places" and lacking:
            found = f"the list of {lacking[0].valid_on} has no column `capacity` to count places"
            self.report(*at, (*here, "counts"), found)
        if access.inhabited_land is not None:
            try:
                read_land(self.all.folder / "areas", access.inhabited_land)
            except BadOutline as error:
                self.report(*at, (*here, "inhabited_land"), str(error))
        if access.travel_times is None or access.within_minutes is None:
            return
        tables = {one.id: one for one in offers.travel_times}
        where = (*here, "travel_times")
        if self._named(at, where, access.travel_times, tables, "travel-time table of the list"):
            known = tables[access.travel_times].complete_up_to
            if access.within_minutes > known:
                found = f"found {access.within_minutes:g} minutes; the table is complete up to"
                self.report(*at, (*here, "within_minutes"), f"{found} {known:g}")

    def _outlined(self, at: tuple[str, str], where: Location, source: Source) -> None:
        """Where people are counted today, areas have outlines."""
        outlines = self.all.register.outlines
        for name in sorted({layout.area.system for layout in source.layouts}):
            system = self.all.area_systems.get(name)
            if system is None:
                continue
            version = system.current.version
            if outlines.filter(area_system=name, area_version=version).is_empty():
                self.report(
                    *at,
                    where,
                    f"the areas of {name!r}, version {version!r}, have no outlines; a distance "
                    f"needs them (`geometry` in areas/{name}.yml)",
                )

    def _facilities(self) -> None:
        for one in self.all.facilities.values():
            at = ("facilities", one.id)
            self._department(at, one.department)
            if one.id in self.all.sources:
                self.report(*at, ("id",), f"found {one.id!r}, which is a source; take another id")
            days = [edition.valid_on for edition in one.editions]
            if days != sorted(set(days)):
                self.report(*at, ("editions",), "editions must be in the order of their days")
            names = [table.id for table in one.travel_times]
            if len(set(names)) < len(names):
                self.report(*at, ("travel_times",), "two tables have the same id")

    def _reference_values(self, one: ReferenceValues) -> None:
        """Level and indicators are there, and the context gives nobody away."""
        at = ("reference_values", one.id)
        known = self.all.indicators
        if self._named(at, ("area_system",), one.area_system, self.all.area_systems, "area system"):
            levels = {level.id for level in self.all.area_systems[one.area_system].levels}
            self._named(at, ("level",), one.level, levels, "level")
        taken = {
            name
            for other in self.all.reference_values.values()
            if other.id < one.id
            and (other.area_system, other.level) == (one.area_system, one.level)
            for name in other.indicators
        }
        for index, name in enumerate(one.indicators):
            where: Location = ("indicators", index)
            if not self._named(at, where, name, known, "indicator"):
                continue
            kind = known[name].formula.kind
            if kind not in (*POOLED, *ONLY_ABOVE):
                found = f"found {name!r}, a {kind}; beside it a larger area would say nothing"
                self.report(*at, where, f"{found}. Take a share, a rate or a ratio")
            if name in taken or name in one.indicators[:index]:
                self.report(*at, where, f"{name!r} has reference values of this level already")
        for index, name in enumerate(one.alike.context if one.alike else []):
            where = ("alike", "context", index)
            if not self._named(at, where, name, known, "indicator"):
                continue
            protected = sorted(
                source.id
                for measure in measures_behind(known[name], known)
                if measure in self.all.measures
                for source, _ in [self.all.measures[measure]]
                if source.protection != "none"
            )
            if protected:
                found = f"found {name!r}, which rests on the protected source {protected[0]!r}"
                self.report(*at, where, f"{found}; which areas are alike would give it away")

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
