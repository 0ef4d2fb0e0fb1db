"""Is this text a policy, and if not: which line is wrong and how is it mended?

Called when a policy file is seen and when a stored one is read back. Knows no file system: the
name of the file is only for the message.
"""

from __future__ import annotations

import difflib
import hashlib
import re
from collections.abc import Hashable, Iterator, Mapping, Sequence
from functools import lru_cache
from typing import Annotated, Any, TypeAliasType, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

from shared.errors import Misconfigured
from shared.policy.document import Policy
from shared.policy.sso import unfilled

MAX_CHARACTERS = 300_000  # ten properties of a ledger row
_MEND = "Mend these lines; until then the last good policy is used"


@lru_cache(maxsize=8)
def load(text: str, *, name: str = "policy.yaml") -> Policy:
    """The policy that `text` states. Raises Misconfigured with file, line and a suggestion.

    Remembered, for the same text is read at each activation, sweep and check.
    """
    if any("\ud800" <= c <= "\udfff" for c in text) or re.search(r"\\u[dD][89a-fA-F]", text):
        raise _wrong(name, 1, "holds half a character", "Save the file as UTF-8 text")
    if len(text) > MAX_CHARACTERS:
        raise _wrong(name, 1, f"is longer than {MAX_CHARACTERS} characters", "Split the rules")
    root = _compose(text, name)
    try:
        policy = Policy.model_validate(_data(root, name))
    except ValidationError as error:
        problems = [_problem(detail, root) for detail in error.errors()]
        raise Misconfigured(name, "; ".join(problems), _MEND) from None
    rules = {rule.group for rule in policy.entra.groups}
    if lost := [
        f"line {_found(root, place)[0]}: {'.'.join(map(str, place))}: {told}"
        for place, told in unfilled(policy.sso, rules)
    ]:
        raise Misconfigured(name, "; ".join(lost), _MEND)
    return policy


def policy_hash(text: str) -> str:
    """What identifies this policy: the same text, the same hash."""
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def line_of(text: str, place: Sequence[str | int]) -> int:
    """The line at which a policy that could be read says what is at this place."""
    return _found(_compose(text, "policy"), place)[0]


class _Loader(yaml.SafeLoader):
    """Safe YAML that guesses less: `0145`, `NO`, `12:30` and `2026-11-30` stay the text they are.

    Truth is true or false and numbers are plain, as in YAML 1.2 (10.3, "Core Schema"): a job code
    read as an octal number would match nobody, silently.
    """


_Loader.yaml_implicit_resolvers = {}
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), ["t", "f"]
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:null", re.compile(r"^(?:~|null|)$"), ["~", "n", ""]
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:int", re.compile(r"^-?(?:0|[1-9][0-9]{0,17})$"), list("-0123456789")
)
_Loader.add_implicit_resolver(
    "tag:yaml.org,2002:float", re.compile(r"^-?[0-9]{1,17}\.[0-9]{1,17}$"), list("-0123456789")
)


def _compose(text: str, name: str) -> yaml.MappingNode:
    try:
        _refuse_aliases(text, name)
        root = yaml.compose(text, _Loader)
    except RecursionError:
        raise _wrong(name, 1, "is nested too deep", "Write fewer levels") from None
    except yaml.MarkedYAMLError as error:
        line = (error.problem_mark.line if error.problem_mark else 0) + 1
        raise _wrong(
            name, line, f"bad YAML: {error.problem}", "Check indentation and quotes"
        ) from None
    except yaml.YAMLError as error:
        raise _wrong(name, 1, f"bad YAML: {error}", "Save the file as UTF-8 text") from None
    if not isinstance(root, yaml.MappingNode):
        raise _wrong(name, 1, "is empty or no mapping", "Start from the example policy.yaml")
    for node in _mappings(root):
        _refuse_odd_keys(node, name)
    return root


def _refuse_aliases(text: str, name: str) -> None:
    """An alias can stand for itself, or for a million others: a rule is written out instead."""
    for event in yaml.parse(text, _Loader):
        if isinstance(event, yaml.AliasEvent):
            line = event.start_mark.line + 1 if event.start_mark else 1
            raise _wrong(name, line, "an alias (*) is not read here", "Write it out")


def _mappings(node: yaml.Node) -> Iterator[yaml.MappingNode]:
    if isinstance(node, yaml.MappingNode):
        yield node
        for _, value in node.value:
            yield from _mappings(value)
    elif isinstance(node, yaml.SequenceNode):
        for value in node.value:
            yield from _mappings(value)


def _refuse_odd_keys(node: yaml.MappingNode, name: str) -> None:
    """Of a key that is written twice the second would silently win."""
    seen: set[str] = set()
    for key, _ in node.value:
        line = key.start_mark.line + 1
        if not isinstance(key, yaml.ScalarNode):
            raise _wrong(name, line, "a key is a list or a mapping", "Write plain text")
        if key.value in seen:
            raise _wrong(name, line, f"'{key.value}' stands here twice", "Keep one of them")
        seen.add(key.value)


def _data(root: yaml.MappingNode, name: str) -> dict[Hashable, Any]:
    loader = _Loader("")
    try:
        data = loader.construct_document(root)
    except yaml.MarkedYAMLError as error:
        line = (error.problem_mark.line if error.problem_mark else 0) + 1
        raise _wrong(
            name, line, f"bad YAML: {error.problem}", "Write plain text or numbers"
        ) from None
    except (ValueError, TypeError, AttributeError) as error:
        # A tag (!!int, !!timestamp) on text that is none.
        raise _wrong(name, 1, f"bad value: {error}", "Leave out the !! tag") from None
    assert isinstance(data, dict)  # noqa: S101 - the root is a mapping
    return data


def _wrong(name: str, line: int, problem: str, mend: str) -> Misconfigured:
    return Misconfigured(f"{name}, line {line}", problem, mend)


def _problem(detail: Any, root: yaml.Node) -> str:
    place: tuple[str | int, ...] = tuple(detail["loc"])
    line, known = _found(root, place)
    if detail["type"] == "missing":
        known = (*known, place[-1])
    where = ".".join(map(str, known)) or "the file"
    match detail["type"]:
        case "extra_forbidden":
            return f"line {line}: unknown key '{where}'{_suggestion(place)}"
        case "missing":
            return f"line {line}: '{where}' is missing"
        case "value_error":
            return f"line {line}: {where}: {detail['ctx']['error']}"
        case _:
            return f"line {line}: {where}: {detail['msg']}"


def _found(node: yaml.Node, place: Sequence[str | int]) -> tuple[int, tuple[str | int, ...]]:
    """The line of the deepest part of `place` that the file really has, and that part.

    Pydantic's place also names what only the model has: the forms of a union, a list around one.
    """
    line = node.start_mark.line + 1
    known: list[str | int] = []
    for step in place:
        if isinstance(node, yaml.SequenceNode) and isinstance(step, int):
            if step >= len(node.value):
                break
            node = node.value[step]
            line = node.start_mark.line + 1
        elif isinstance(node, yaml.MappingNode):
            found = next(((k, v) for k, v in node.value if k.value == str(step)), None)
            if found is None:
                continue
            line, node = found[0].start_mark.line + 1, found[1]
        else:
            break
        known.append(step)
    return line, tuple(known)


def _suggestion(place: Sequence[str | int]) -> str:
    known = _keys(place[:-1])
    near = difflib.get_close_matches(str(place[-1]), known, n=1, cutoff=0.5)
    if near:
        return f"; did you mean '{near[0]}'?"
    return f"; known here are {', '.join(known)}" if known else ""


def _keys(place: Sequence[str | int]) -> list[str]:
    """The keys that the format knows at this place."""
    annotation: Any = Policy
    for step in place:
        annotation = _inside(annotation, step)
    section = _section_of(annotation)
    return sorted(section.model_fields) if section else []


def _inside(annotation: Any, step: str | int) -> Any:
    """What the format says of `step` of a section, a mapping or a list; None for nothing."""
    annotation = _plain(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        field = annotation.model_fields.get(str(step))
        return field.annotation if field else None
    parts = get_args(annotation)
    if get_origin(annotation) is Mapping:
        return parts[-1]
    return next((part for part in parts if _section_of(part)), None)


def _plain(annotation: Any) -> Any:
    """The type behind an alias (`type Choices[C] = ...`), its parameters filled in, and notes."""
    origin: Any = get_origin(annotation) or annotation
    if isinstance(origin, TypeAliasType):
        arguments = get_args(annotation)
        return _plain(origin.__value__[arguments] if arguments else origin.__value__)
    return _plain(annotation.__origin__) if origin is Annotated else annotation


def _section_of(annotation: Any) -> type[BaseModel] | None:
    """The section inside an annotation such as `tuple[GroupRule, ...]`."""
    annotation = _plain(annotation)
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_section_of(part) for part in get_args(annotation))
    return next((section for section in inner if section), None)
