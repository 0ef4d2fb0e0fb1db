"""Is every call to Graph that the code makes covered by a permission of whoever makes it?

Read from the code itself: who calls a function of vendors/graph, and which calls it makes.
"""

from __future__ import annotations

import ast
import importlib
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import pytest
from repo.checkout import ROOT

from shared.permissions.wanted import WHEN
from shared.vendors.graph.permissions import (
    DANGEROUS,
    OF_AN_ADMINISTRATOR,
    OF_EXCHANGE,
    OF_THE_APP,
    Call,
    Permission,
)

GRAPH = ROOT / "shared" / "vendors" / "graph"
PACKAGE = "shared.vendors.graph"
WIRE = frozenset({"client", "governor", "pace", "permissions", "refusals", "sdk"})
"""Modules of it that make no call of their own."""
ADMINISTRATORS = ("shared/sso/", "shared/permissions/")
"""Rooms that work under an administrator's sign-in; everything else is the app."""
BOTH = ("shared/sso/bare.py", "shared/sso/look.py")
"""What the app's daily upkeep looks with too."""
type Spoken = tuple[str, str, Call]
"""Module, function and a call that it makes."""


# --- what the code does ----------------------------------------------------------------------


def calls_in(text: str, module: str) -> Iterator[Spoken]:
    """The calls of each function; refuses one whose method or path cannot be read."""
    tree = ast.parse(text)
    modules = dict(_imported(tree))
    for function in _functions(tree):
        for node in ast.walk(function):
            if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
                continue
            if node.func.attr not in {"call", "pages", "page"}:
                continue
            made = node.args if node.func.attr == "call" else [ast.Constant("GET"), *node.args]
            method, path = made[0], made[1]
            wrong = f"{module}.{function.name}: write the method, and a path of paths.py"
            assert isinstance(method, ast.Constant), wrong
            assert isinstance(path, ast.Attribute), wrong
            assert isinstance(path.value, ast.Name), wrong
            template = getattr(importlib.import_module(modules[path.value.id]), path.attr)
            yield module, function.name, (str(method.value), str(template))


def _functions(tree: ast.Module) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def _imported(tree: ast.Module) -> Iterator[tuple[str, str]]:
    """Each module of vendors/graph that is imported, by the name it has here."""
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module == PACKAGE:
            yield from (
                (each.asname or each.name, f"{PACKAGE}.{each.name}") for each in node.names
            )
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith(f"{PACKAGE}."):
            name = str(node.module).removeprefix(f"{PACKAGE}.")
            assert name in WIRE, f"import the module: from {PACKAGE} import {name}"


def _spoken() -> frozenset[Spoken]:
    return frozenset(
        spoken
        for file in GRAPH.glob("*.py")
        if file.stem not in WIRE
        for spoken in calls_in(file.read_text(encoding="utf-8"), file.stem)
    )


def _used() -> Mapping[bool, frozenset[tuple[str, str]]]:
    """The functions of vendors/graph that administrators use (True), and that the app does."""
    used: dict[bool, set[tuple[str, str]]] = {True: set(), False: set()}
    for file in sorted((ROOT / "shared").rglob("*.py")):
        if file.is_relative_to(GRAPH):
            continue
        name = file.relative_to(ROOT).as_posix()
        theirs = name.startswith(ADMINISTRATORS)
        used[theirs].update(_uses(file))
        if name in BOTH:
            used[False].update(_uses(file))
    return {who: frozenset(_with_helpers(names)) for who, names in used.items()}


def _uses(file: Path) -> Iterator[tuple[str, str]]:
    tree = ast.parse(file.read_text(encoding="utf-8"))
    modules = dict(_imported(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name):
            module = modules.get(node.value.id, "").removeprefix(f"{PACKAGE}.")
            if module and module not in WIRE:
                yield module, node.attr


def _with_helpers(names: Iterable[tuple[str, str]]) -> Iterator[tuple[str, str]]:
    """These, and what they call in their own module."""
    seen: set[tuple[str, str]] = set()
    open_ = list(names)
    while open_:
        module, name = open_.pop()
        if (module, name) in seen:
            continue
        seen.add((module, name))
        tree = ast.parse((GRAPH / f"{module}.py").read_text(encoding="utf-8"))
        for function in (each for each in _functions(tree) if each.name == name):
            inside = (n.id for n in ast.walk(function) if isinstance(n, ast.Name))
            open_ += [(module, each) for each in inside]
    yield from seen


def _covered(permissions: Iterable[Permission]) -> frozenset[Call]:
    return frozenset(call for each in permissions for call in each.calls)


# --- the rules -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("administrators", "table"), [(False, OF_THE_APP), (True, OF_AN_ADMINISTRATOR)]
)
def test_no_call_is_made_without_a_permission(
    administrators: bool,  # noqa: FBT001 - a parameter of the test
    table: tuple[Permission, ...],
) -> None:
    """A new call wants a line in shared/vendors/graph/permissions.py, and in its document."""
    used = _used()[administrators]
    made = {call for module, name, call in _spoken() if (module, name) in used}
    exchange = set() if administrators else set(OF_EXCHANGE)

    assert len(made) > 10
    assert sorted(made - _covered(table) - exchange) == []
    assert sorted((_covered(table) | exchange) - made) == []


def test_every_function_of_graph_is_somebodys() -> None:
    """One that nobody uses would be covered by nobody."""
    used = frozenset().union(*_used().values())

    assert sorted({(module, name) for module, name, _ in _spoken()} - used) == []


def test_paths_of_graph_are_used_in_its_room_only() -> None:
    outside = [
        file.relative_to(ROOT).as_posix()
        for file in (ROOT / "shared").rglob("*.py")
        if not file.is_relative_to(GRAPH)
        for _, module in _imported(ast.parse(file.read_text(encoding="utf-8")))
        if module.startswith(f"{PACKAGE}.paths")
    ]

    assert outside == []


def test_call_without_a_readable_path_is_refused() -> None:
    text = "async def sly(graph, where):\n    await graph.call('GET', where)\n"

    with pytest.raises(AssertionError, match="write the method"):
        list(calls_in(text, "sly"))


def test_every_permission_covers_a_call() -> None:
    empty = [each.value for each in (*OF_THE_APP, *OF_AN_ADMINISTRATOR) if not each.calls]

    assert empty == []


def test_the_app_never_needs_what_is_dangerous() -> None:
    assert {each.value for each in OF_THE_APP} & DANGEROUS.keys() == set()
    assert {"AppRoleAssignment.ReadWrite.All", "RoleManagement.ReadWrite.Directory"} <= (
        DANGEROUS.keys()
    )


# --- the document ----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("title", "table"),
    [
        ("The app's identity", OF_THE_APP),
        ("An administrator at the command line", OF_AN_ADMINISTRATOR),
    ],
)
def test_document_is_the_table(title: str, table: tuple[Permission, ...]) -> None:
    """`.venv/bin/python -m repo.test_permissions` in tests/ prints the rows."""
    text = (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8")
    section = text.partition(f"\n## {title}\n")[2].partition("\n## ")[0]
    said = [line for line in section.splitlines() if line.startswith("| `")]

    assert said == [row(each) for each in table]


def test_document_names_what_is_never_granted() -> None:
    text = (ROOT / "docs" / "permissions.md").read_text(encoding="utf-8")
    section = text.partition("\n## Never\n")[2].partition("\n## ")[0]

    assert dict(re.findall(r"^\| `([^`]+)` \| (.+) \|$", section, re.MULTILINE)) == DANGEROUS


def test_template_grants_what_the_table_says() -> None:
    text = (ROOT / "infra" / "graph" / "main.bicep").read_text(encoding="utf-8")
    allowed = re.search(r"type Permission =((?:\s+\| '[^']+')+)", text)
    listed = re.search(r"param permissions Permission\[\] = \[([^\]]*)\]", text)
    always = [each.value for each in OF_THE_APP if WHEN[each.feature] == "always"]

    assert allowed
    assert listed
    assert re.findall(r"'([^']+)'", allowed[1]) == [each.value for each in OF_THE_APP]
    assert re.findall(r"'([^']+)'", listed[1]) == always


def row(permission: Permission) -> str:
    """Its line in docs/permissions.md."""
    calls = ", ".join(f"`{method} {path}`" for method, path in permission.calls)
    cells = (f"`{permission.value}`", permission.feature, WHEN[permission.feature])
    return f"| {' | '.join(cells)} | {permission.why} | {calls} |"


if __name__ == "__main__":
    for each in (*OF_THE_APP, *OF_AN_ADMINISTRATOR):
        print(row(each))  # noqa: T201 - a command
    for name, why in DANGEROUS.items():
        print(f"| `{name}` | {why} |")  # noqa: T201 - as above
