"""What is every part of policy.yaml? Closed to unknown keys, and documented by its docstrings."""

from __future__ import annotations

from pydantic import ConfigDict

from shared.model.frozen import Frozen


class Section(Frozen):
    """A part of the policy; its docstring and field descriptions are the documentation."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)
