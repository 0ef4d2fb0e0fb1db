"""What the documents say is so: settings, functions, commands, keys, fields, paths and links."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, get_origin

import pytest
import typer.main
import yaml
from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

import dev
import function_app
from sandbox.demo.story import SCENES
from shared import errors
from shared.cli import app as cli
from shared.errors import InstroomError, Misconfigured
from shared.policy.choices import Choices
from shared.policy.document import Policy
from shared.policy.fields import ACCOUNT_FIELDS, FIELDS
from shared.policy.load import load
from shared.settings import WEBHOOK_SECRET, Settings
from shared.telemetry.measures import TABLE
from shared.vendors.graph import paths
from shared.vendors.graph.paths import DELETABLE

ROOT = Path(__file__).resolve().parents[2]
DOCUMENTS = sorted(
    path.relative_to(ROOT).as_posix()
    for place in ("*.md", "docs/**/*.md", "infra/*.md", "sandbox/*/*.md")
    for path in ROOT.glob(place)
)
_PARTS_OF_THE_ADDRESS = ("/tas/api", "/tas", "/api")
type Cells = tuple[str, ...]


# --- the README ------------------------------------------------------------------------------


def test_settings_table_is_the_settings() -> None:
    said = _table("README.md", "Settings")

    assert said == [_setting(field) for field in Settings.model_fields.values()]


def test_functions_table_is_the_function_app() -> None:
    said = {row[0].strip("`") for row in _table("README.md", "The functions")}

    assert said == {function.get_function_name() for function in function_app.app.get_functions()}


def test_every_scene_of_the_demo_is_shown() -> None:
    shown = _section("README.md", "What the demo shows").splitlines()

    assert [title for title, _ in SCENES if title not in shown] == []


def test_rooms_table_names_what_is_there() -> None:
    said = {name for row in _table("README.md", "The rooms") for name in _code(row[0])}
    rooms = {f"shared/{path.name}/" for path in (ROOT / "shared").iterdir() if _is_room(path)}

    assert rooms <= said
    assert [name for name in said if not _exists(name)] == []


def test_commands_table_is_the_command_line() -> None:
    said = {row[0].split()[1].strip("`") for row in _table("README.md", "The command line")}

    assert said == set(_commands())


# --- every document --------------------------------------------------------------------------


@pytest.mark.parametrize("document", DOCUMENTS)
def test_links_lead_somewhere(document: str) -> None:
    here = (ROOT / document).parent
    links = re.findall(r"\]\(([^)\s]+)\)", _without_blocks(_text(document)))
    broken = [link for link in links if not link.startswith("http") and not _leads(here, link)]

    assert broken == []


@pytest.mark.parametrize("document", DOCUMENTS)
def test_commands_exist_with_their_options(document: str) -> None:
    known = _commands()
    for command, rest in re.findall(r"\binstroom ([a-z][a-z-]*)((?: +\S+)*)", _as_code(document)):
        assert command in known, f"instroom {command}"
        assert set(re.findall(r" (--[a-z][a-z-]*)", rest)) <= known[command], (
            f"instroom {command}{rest}"
        )


@pytest.mark.parametrize("document", DOCUMENTS)
def test_targets_of_make_exist(document: str) -> None:
    said = set(re.findall(r"(?:make|dev\.py) ([a-z]+)", _as_code(document)))

    assert said <= dev.TARGETS.keys()


def test_documents_speak_of_functions_that_exist() -> None:
    """In docs/flow.md each step names its function as `file.py: name`."""
    named = re.findall(r"`([a-z_/]+\.py): ([A-Za-z_.]+)`", _text("docs/flow.md"))

    assert len(named) > 20
    assert [f"{file}: {name}" for file, name in named if not _defines(file, name)] == []


# --- the policy ------------------------------------------------------------------------------


def test_every_policy_key_is_documented_with_its_sentence() -> None:
    said = {row[0].strip("`"): row[-1] for row in _rows("docs/policy.md")}
    wanted = dict(_keys(Policy, ""))

    assert {key: said.get(key) for key in wanted} == wanted


def test_every_policy_field_is_documented() -> None:
    said = [row[0].strip("`") for row in _table("docs/policy.md", "All fields")]

    assert sorted(said) == sorted(FIELDS | ACCOUNT_FIELDS)


def test_mistakes_are_told_as_the_document_says() -> None:
    section = _section("docs/policy.md", "How a mistake is told")
    policy, told = re.findall(r"```(?:yaml|text)\n(.*?)```", section, re.DOTALL)[:2]

    with pytest.raises(Misconfigured) as refused:
        load(policy)
    assert _plain(told) == _plain(str(refused.value))


def test_examples_of_the_document_are_good_yaml() -> None:
    blocks = re.findall(r"```yaml\n(.*?)```", _text("docs/policy.md"), re.DOTALL)

    assert len(blocks) > 3
    assert all(yaml.safe_load(block) for block in blocks)


# --- errors and vendors ----------------------------------------------------------------------


def test_every_error_is_documented() -> None:
    known = {
        name
        for name, value in vars(errors).items()
        if isinstance(value, type) and issubclass(value, InstroomError)
    }

    assert {row[0].strip("`") for row in _table("docs/errors.md", "What each does next")} == known


def test_every_measurement_is_documented_with_its_sentence() -> None:
    row = r"^\| `(instroom\.[a-z.]+)` \| (.+) \| (.+) \|$"
    said = re.findall(row, _text("docs/telemetry.md"), re.MULTILINE)

    assert said == [(name, told.says, told.unit) for name, told in TABLE.items()]


def test_every_path_of_graph_is_documented() -> None:
    said = _text("docs/vendors/graph.md")
    spoken = {
        path for name, path in vars(paths).items() if name.isupper() and path is not DELETABLE
    }

    assert len(spoken) > 5
    assert [path for path in spoken if f"`{path}`" not in said] == []


@pytest.mark.parametrize("vendor", ["afas", "topdesk"])
def test_every_path_of_a_vendor_is_documented(vendor: str) -> None:
    said = _text(f"docs/vendors/{vendor}.md")
    spoken = set(_spoken(vendor))

    assert spoken
    assert [path for path in spoken if f"{path}`" not in said] == []


# --- reading documents -----------------------------------------------------------------------


def _text(document: str) -> str:
    return (ROOT / document).read_text(encoding="utf-8")


def _section(document: str, title: str) -> str:
    """What stands below this heading, up to the next of the same depth."""
    _, _, rest = _text(document).partition(f"\n## {title}\n")
    assert rest, f"{document} has no section '{title}'"
    return rest.partition("\n## ")[0]


def _table(document: str, title: str) -> list[Cells]:
    """The rows of the first table of a section."""
    table = re.search(r"(?:^\|.*\n)+", _section(document, title), re.MULTILINE)
    assert table, f"section '{title}' of {document} has no table"
    return _cells(table[0])[1:]


def _rows(document: str) -> list[Cells]:
    """The rows of all tables."""
    return _cells(_text(document))


def _cells(text: str) -> list[Cells]:
    lines = re.findall(r"^\| (.*) \|$", text, re.MULTILINE)
    return [tuple(line.split(" | ")) for line in lines if not re.fullmatch(r"[-| ]+", line)]


def _code(text: str) -> list[str]:
    return re.findall(r"`([^`]+)`", text)


def _as_code(document: str) -> str:
    """What stands in code blocks and between backticks, a line each."""
    text = _text(document)
    blocks = re.findall(r"```\w*\n(.*?)```", text, re.DOTALL)
    return "\n".join([*blocks, *_code(_without_blocks(text))])


def _without_blocks(text: str) -> str:
    return re.sub(r"```.*?```", "", text, flags=re.DOTALL)


def _plain(text: str) -> str:
    return " ".join(text.split())


def _leads(here: Path, link: str) -> bool:
    path, _, anchor = link.partition("#")
    target = (here / path) if path else None
    if target is not None and not target.exists():
        return False
    if not anchor:
        return True
    assert target is not None, "write the file before an anchor"
    headings = re.findall(r"^#+ (.+)$", target.read_text(encoding="utf-8"), re.MULTILINE)
    return anchor in {
        re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings
    }


# --- reading the product ---------------------------------------------------------------------


def _setting(field: FieldInfo) -> Cells:
    default = field.default
    if isinstance(default, SecretStr):
        default = default.get_secret_value()
    name = f"{field.alias}<SOURCE>" if field.alias == WEBHOOK_SECRET else field.alias
    shown = f"`{default}`" if isinstance(default, str) and default else "-"
    return (f"`{name}`", shown, _plain(field.description or ""))


def _is_room(path: Path) -> bool:
    return path.is_dir() and not path.name.startswith("__")


def _exists(name: str) -> bool:
    return any((ROOT / place / name).exists() for place in ("", "shared", "tests"))


def _commands() -> dict[str, set[str]]:
    """The commands of the command line with their options; a group's are its commands'."""
    group: Any = typer.main.get_command(cli)
    return {name: set(_options(command)) for name, command in group.commands.items()}


def _options(command: Any) -> Iterator[str]:
    yield from (option for parameter in command.params for option in parameter.opts)
    for inner in getattr(command, "commands", {}).values():
        yield from _options(inner)


_MANY: Mapping[Any, str] = {tuple: "[]", Choices: "[]", Mapping: ".*[]"}


def _keys(section: type[BaseModel], place: str) -> Iterator[tuple[str, str]]:
    """Every key of the policy, dotted, with its sentence; a list's keys behind `[]`, `*` for one
    that the organisation chooses."""
    for name, field in section.model_fields.items():
        inner = _section_in(field.annotation)
        if inner is None or field.description:
            yield f"{place}{name}", _plain(field.description or "")
        if inner:
            many = _MANY.get(get_origin(field.annotation), "")
            yield from _keys(inner, f"{place}{name}{many}.")


def _section_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation if annotation.__name__ != "Condition" else None
    inner = (_section_in(part) for part in getattr(annotation, "__args__", ()))
    return next((found for found in inner if found), None)


def _defines(file: str, name: str) -> bool:
    """Does this file define the function, class or method (`Class.method`)?"""
    source = ROOT / "shared" / file if (ROOT / "shared" / file).exists() else ROOT / file
    tree: ast.AST = ast.parse(source.read_text(encoding="utf-8"))
    for part in name.split("."):
        found = [
            node
            for node in ast.iter_child_nodes(tree)
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
            and node.name == part
        ]
        if not found:
            return False
        tree = found[0]
    return True


def _spoken(vendor: str) -> Iterator[str]:
    """Every path that a vendor's files call, as they write it; not those that are composed."""
    place = ROOT / "shared" / "vendors"
    for file in [*place.glob(f"{vendor}.py"), *place.glob(f"{vendor}/*.py")]:
        tree = ast.parse(file.read_text(encoding="utf-8"))
        composed = {
            part
            for node in ast.walk(tree)
            if isinstance(node, ast.JoinedStr)
            for part in node.values
        }
        texts = (node for node in ast.walk(tree) if isinstance(node, ast.Constant))
        for node in texts:
            is_path = isinstance(node.value, str) and re.fullmatch(
                r"/[a-zA-Z][\w/{}-]+", node.value
            )
            if is_path and node not in composed and node.value not in _PARTS_OF_THE_ADDRESS:
                yield str(node.value)
