"""How does TOPdesk say no? The texts of its specification, and the four shapes they come in.

Most answers are an array of `{"message"}`; a v2 person read has an array of
`{"errorCode", "appliesTo", "errorMessage"}`, budget holders and extra fields one such object, and
the `/lookup` endpoints wrap it in `{"errors": [...]}` (Supporting Files 2.7.11, responses).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

type Json = dict[str, Any]
type Shape = Literal["messages", "descriptions", "one description", "errors", "patch"]


@dataclass(frozen=True)
class Problem:
    """One thing that is wrong; `code` is for the shapes that carry one."""

    text: str
    code: str = "invalid_value"
    applies_to: tuple[str, ...] = ()


class Refused(Exception):
    """A call that is answered with an error; without problems the body is empty."""

    def __init__(self, status: int, *problems: Problem) -> None:
        super().__init__(status, *problems)
        self.status = status
        self.problems = problems


class Bad(Exception):
    """One field of a body is not acceptable; collected into a 400 by whoever reads the body."""

    def __init__(self, problem: Problem) -> None:
        super().__init__(problem.text)
        self.problem = problem


def body(refused: Refused, shape: Shape, *, all_at_once: bool = True) -> Any:
    """The error body in the shape of that endpoint, or None for an empty one."""
    problems = refused.problems if all_at_once else refused.problems[:1]
    if not problems or (shape == "patch" and refused.status == 404):  # noqa: PLR2004 - HTTP
        return None
    described = [_described(problem) for problem in problems]
    match shape:
        case "descriptions":
            return described
        case "one description":
            return described[0]
        case "errors":
            return {"errors": described}
        case "messages" | "patch":
            return [{"message": problem.text} for problem in problems]


def _described(problem: Problem) -> Json:
    return {
        "errorCode": problem.code,
        "appliesTo": list(problem.applies_to),
        "errorMessage": problem.text,
    }


def bad_request(text: str, code: str = "invalid_value") -> Refused:
    """A 400 with one message."""
    return Refused(400, Problem(text, code))


def malformed() -> Refused:
    """The 400 for a body, a query or a number that cannot be read."""
    return bad_request("Input parameters malformed", "malformed")


def forbidden(text: str = "No permission to access the entity") -> Refused:
    """A 403; the text is the only hint which right is missing."""
    return Refused(403, Problem(text, "forbidden"))


def not_found(text: str = "Entity not found") -> Refused:
    """A 404: gone, or hidden by a filter."""
    return Refused(404, Problem(text, "entity_not_found"))


def branch_not_found(branch_id: str) -> Refused:
    """The 404 of a v1 person create and of an operator create for an unknown branch."""
    return not_found(f'The branch "{branch_id}" cannot be found')


def missing(field: str) -> Problem:
    """A mandatory field that the body does not have."""
    return Problem(f"Mandatory field '{field}' is missing.", "value_mandatory", (field,))


def unknown_field(field: str) -> Problem:
    """A field that this endpoint does not know."""
    return Problem(f'The field "{field}" does not exist.', "unknown_field", (field,))


def not_parsed(field: str) -> Problem:
    """A value of the wrong type or form."""
    text = f'The value for the field "{field}" cannot be parsed'
    return Problem(text, "invalid_value", (field,))


def too_long(field: str, limit: int) -> Problem:
    """A text over the limit of its field."""
    text = f'The value for the field "{field}" can only be {limit} characters long.'
    return Problem(text, "value_too_long", (field,))


def unknown_value(field: str) -> Problem:
    """An id that the database does not have."""
    text = f'The value for the field "{field}" cannot be found.'
    return Problem(text, "value_not_found", (field,))


def unknown_reason() -> Problem:
    """An archiving reason that does not exist; this text has no full stop."""
    return Problem('The value for the field "archiving-reason" cannot be found')
