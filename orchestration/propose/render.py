"""A contract written in one way only, so that two of them can be compared line by line."""

import yaml

from orchestration.declarations.sources import Source


def render(source: Source) -> str:
    """YAML without what is default, anchors resolved, fields in the order of the model."""
    data = source.model_dump(mode="json", by_alias=True, exclude_defaults=True)
    return yaml.dump(data, Dumper=_NoAliases, allow_unicode=True, sort_keys=False, width=100)


class _NoAliases(yaml.SafeDumper):
    def ignore_aliases(self, data: object) -> bool:  # noqa: ARG002
        return True
