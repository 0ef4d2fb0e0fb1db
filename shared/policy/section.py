"""What is every part of policy.yaml? Closed to unknown keys, and documented by its docstrings."""

from __future__ import annotations

from collections.abc import Collection, Iterable

from pydantic import ConfigDict

from shared.model.frozen import Frozen


class Section(Frozen):
    """A part of the policy; its docstring and field descriptions are the documentation."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)


def refuse_keys[S](section: S, keys: Iterable[str], ours: Collection[str]) -> S:
    """The section. Raises ValueError when one of its keys is a field that Instroom sets."""
    for key in keys:
        if key in ours:
            raise ValueError(f"'{key}' is set by Instroom itself and cannot have a template")
    return section
