"""How does a trace look to people? A tree of steps, each with what it took and what came of it.

Pure. The host's own steps are not told here, so a function stands beside the step that sent its
message, in the order of time.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sandbox.collector.heard import Step

QUIET = frozenset({"health", "due"})
"""What begins all the time, and is no story unless something comes of it."""
_SHOWN = ("target", "source", "system", "queue", "kind", "event", "ending", "outcome")


def tree(steps: Sequence[Step]) -> str:
    """One trace; the earliest step comes first."""
    ordered = sorted(steps, key=lambda step: step.began)
    known = {step.span for step in ordered}
    first, last = ordered[0], max(step.ended for step in ordered)
    head = f"trace {first.trace[:16]}  {len(ordered)} steps, {_span(first.began, last)}"
    roots = [step for step in ordered if step.parent not in known]
    return "\n".join([head, *(line for root in roots for line in _lines(root, ordered, 1))])


def is_story(steps: Sequence[Step]) -> bool:
    """Is it worth showing?"""
    return len(steps) > 1 or steps[0].name not in QUIET


def _lines(step: Step, steps: Sequence[Step], depth: int) -> Iterator[str]:
    name = f"{'  ' * depth}{step.name}"
    yield f"{name:<64} {_span(step.began, step.ended):>9}  {_facts(step)}".rstrip()
    for child in steps:
        if child.parent == step.span:
            yield from _lines(child, steps, depth + 1)


def _facts(step: Step) -> str:
    told = [step.attributes.get(f"instroom.{key}") for key in _SHOWN]
    status = step.attributes.get("http.response.status_code")
    words = [str(word) for word in (*told, status) if word is not None]
    return " ".join(words) + (" !" if step.failed else "")


def _span(began: int, ended: int) -> str:
    milliseconds = (ended - began) / 1e6
    return f"{milliseconds:.0f} ms" if milliseconds < 1000 else f"{milliseconds / 1000:.1f} s"  # noqa: PLR2004 - a second
