"""Does Graph answer this filter? Properties, operators and the advanced query parameters.

Source: Graph, "Advanced query capabilities on Microsoft Entra ID objects", and the operator lists
of the user and group resource types. Pure; called by `queries` before a filter is played.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sandbox.graph import refusals
from sandbox.graph.filters import NAMES, And, AnyOf, Compare, Literal, Node, Not, Or
from sandbox.graph.schema import Property, Schema

ALWAYS_ADVANCED = frozenset({"ne", "endswith"})
MOST_ALTERNATIVES = 15


def check_size(node: Node) -> None:
    """Raise when `or` and `in` name more alternatives than a plain query takes.

    Graph, "Use the $filter query parameter": 15 by default, no such limit on advanced queries.
    """
    number = _alternatives(node)
    if number > MOST_ALTERNATIVES:
        raise refusals.unsupported_query(
            "Too many child clauses specified in search filter expression containing 'OR'"
            f" operators: {number}. Max allowed: {MOST_ALTERNATIVES}."
        )


def check(node: Node, schema: Schema, *, advanced: bool) -> None:
    """Raise the refusal this filter meets, if any; `advanced` = header and `$count=true`."""
    match node:
        case And() | Or():
            check(node.left, schema, advanced=advanced)
            check(node.right, schema, advanced=advanced)
        case Not():
            if not advanced:
                raise refusals.missing_advanced("not")
            check(node.inner, schema, advanced=advanced)
        case AnyOf():
            prop = _declared(node.path, schema)
            if prop.kind not in {"strings", "objects"}:
                raise refusals.unsupported_clause(prop.name, schema.resource)
            for leaf in leaves(node.inner):
                if prop.kind == "strings":
                    _check_leaf(leaf, prop, schema, advanced=advanced)
        case Compare():
            _check_compare(node, schema, advanced=advanced)


def leaves(node: Node) -> Iterator[Compare]:
    """Every comparison in the tree."""
    match node:
        case And() | Or():
            yield from leaves(node.left)
            yield from leaves(node.right)
        case Not() | AnyOf():
            yield from leaves(node.inner)
        case Compare():
            yield node


def _alternatives(node: Node) -> int:
    match node:
        case Or():
            return _alternatives(node.left) + _alternatives(node.right)
        case And():
            return max(_alternatives(node.left), _alternatives(node.right))
        case Not() | AnyOf():
            return _alternatives(node.inner)
        case Compare(value=tuple(values)):
            return len(values)
    return 1


def _check_compare(node: Compare, schema: Schema, *, advanced: bool) -> None:
    prop = _declared(node.path, schema)
    if node.path[-1] == "$count":
        if not advanced:
            raise refusals.missing_advanced("$count")
        if node.operator not in {"eq", "ne"} or not isinstance(node.value, int):
            raise refusals.unsupported_clause(prop.name, schema.resource)
        return
    if prop.kind == "complex" and (len(node.path) != 2 or node.path[1] not in prop.members):  # noqa: PLR2004 - property/member
        raise refusals.unsupported_clause(prop.name, schema.resource)
    if prop.kind == "objects" or (prop.kind == "strings" and prop.name != "otherMails"):
        raise refusals.unsupported_clause(prop.name, schema.resource)
    _check_leaf(node, prop, schema, advanced=advanced)


def _check_leaf(node: Compare, prop: Property, schema: Schema, *, advanced: bool) -> None:
    if node.operator not in prop.operators:
        raise refusals.unsupported_clause(prop.name, schema.resource)
    if node.operator in ALWAYS_ADVANCED and not advanced:
        raise refusals.missing_advanced(NAMES.get(node.operator, node.operator))
    if (prop.needs_advanced or node.value is None) and not advanced:
        raise refusals.unsupported_clause(prop.name, schema.resource)
    values = node.value if isinstance(node.value, tuple) else (node.value,)
    for value in values:
        _check_type(value, prop)


def _declared(path: tuple[str, ...], schema: Schema) -> Property:
    prop = schema.properties.get(path[0])
    if prop is None:
        raise refusals.unknown_query_property(path[0])
    return prop


def _check_type(value: Literal, prop: Property) -> None:
    wanted = {"boolean": bool, "datetime": datetime}.get(prop.kind, str)
    if value is None or isinstance(value, wanted):
        return
    edm = {bool: "Edm.Boolean", datetime: "Edm.DateTimeOffset", str: "Edm.String"}
    raise refusals.bad_request(
        "Invalid filter clause: A binary operator with incompatible types was detected. Found"
        f" operand types '{edm[wanted]}' and '{edm.get(type(value), 'Edm.Int32')}' for operator"
        " kind 'Equal'."
    )
