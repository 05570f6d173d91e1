"""`groups/*.yml`: target groups — who is meant, measured against whom, named with respect."""

from typing import Literal

from orchestration.declarations.common import Declared, GroupId, Identifier, Words


class TargetGroup(Declared):
    """A group of people a goal, service or programme is for."""

    id: Identifier
    group: GroupId
    name: Words
    definition: Words
    denominator: Identifier | None = None
    need_measure: Identifier | None = None
    sensitivity: Literal["none", "sensitive"] = "none"
