"""Can the app work, and does every system answer? What health and doctor say, and how to mend it.

health is open to everybody: it names settings and states, never a value or a person.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import partial

from shared import flow, settings_check, wiring
from shared.apply.first_sign_in import Terms
from shared.errors import InstroomError, Misconfigured, Permanent
from shared.flow import noticing, upkept, waiting
from shared.flow.service import Service
from shared.permissions.claims import roles
from shared.permissions.compare import Comparison, compared
from shared.permissions.wanted import wanted
from shared.policy.document import Policy
from shared.policy.first_sign_in import By
from shared.policy.load import load
from shared.policy.topdesk import Topdesk
from shared.policy.write_back import WriteBack
from shared.secret import Secret
from shared.settings import WEBHOOK_SECRET
from shared.vendors.graph.permissions import DANGEROUS

SHOWN = 5
"""So many groups that cannot be filled are told; the rest are counted."""


@dataclass(frozen=True)
class Report:
    """What health and doctor say: the parts with what is wrong with each, or nothing."""

    parts: tuple[tuple[str, str | None], ...]
    held: str | None = None
    """What waits for a human: nothing is wrong, and somebody should know."""

    unsent: str | None = None
    """Mail of which nobody knows whether it arrived."""
    upkeep: str | None = None
    """What the daily upkeep found, or that it does not run."""
    rollout: str | None = None
    """Where the policy lets nothing be written yet, or not of everybody."""
    resting: str | None = None
    """Timers that look after things and have no schedule."""

    @property
    def ready(self) -> bool:
        """Can the app work?"""
        return all(problem is None for _, problem in self.parts)

    def as_json(self) -> dict[str, object]:
        """The report as an answer over HTTP."""
        told = {name: problem or "ok" for name, problem in self.parts}
        held = {} if self.held is None else {"held": self.held}
        unsent = {} if self.unsent is None else {"notices": self.unsent}
        upkeep = {} if self.upkeep is None else {"upkeep": self.upkeep}
        rollout = {} if self.rollout is None else {"rollout": self.rollout}
        resting = {} if self.resting is None else {"resting": self.resting}
        said = {**held, **unsent, **upkeep, **rollout, **resting}
        return {"ready": self.ready, "parts": told, **said}


async def health() -> Report:
    """Whether the app can work: settings, policy, ledger and the last read of each source."""
    try:
        told = wiring.settings()
        wrong = list(settings_check.problems(told))
    except Misconfigured as error:
        return Report(((error.what, str(error)),))
    idle = [(problem.what, str(problem)) for problem in settings_check.idle(told)]
    resting = "; ".join(map(str, settings_check.resting(told))) or None
    if wrong:
        found = [(problem.what, str(problem)) for problem in wrong]
        return Report((*found, *idle), resting=resting)
    parts: list[tuple[str, str | None]] = [*idle] if idle else [("settings", None)]
    parts.append(("policy", await _problem(_check_policy_file)))
    parts.append(("ledger", await _problem(_check_ledger)))
    if parts[-1][1] is not None:
        return Report(tuple(parts))
    parts += await _vaulted()
    parts += await _permissions()
    service = await wiring.service()
    if service.post:
        parts.append(("notices", await _notices_problem(service)))
    parts += [(f"source {name}", await _source_problem(name)) for name in service.sources]
    unsent = await noticing.unsent(service) if service.post else None
    held, seen = await waiting.longest(service), await upkept.summary(service)
    active, _ = await service.ledger.policies.active()
    steps = (await service.policy(active.policy)).targets.told if active else None
    return Report(
        tuple(parts), held=held, unsent=unsent, upkeep=seen, rollout=steps, resting=resting
    )


async def doctor() -> Report:
    """What health says, and whether every outside system answers this app as it should."""
    report = await health()
    if not report.ready and "ledger" not in dict(report.parts):
        return report
    reached = [(name, await _problem(probe)) for name, probe in (await _probes()).items()]
    read = [
        (f"last read of {name}", await _last_read(name))
        for name in (await wiring.service()).sources
    ]
    return replace(report, parts=(*report.parts, *reached, *read))


async def _probes() -> dict[str, Callable[[], Awaitable[None]]]:
    built = await wiring.service()
    by_scim = wiring.settings().topdesk_interface == "scim"
    in_topdesks_place = "the SCIM service" if by_scim else "TOPdesk"
    probes: dict[str, Callable[[], Awaitable[None]]] = {
        "Entra answers": built.entra.probe,
        f"{in_topdesks_place} answers": built.topdesk.probe,
    }
    active, _ = await built.ledger.policies.active()
    if active:
        probes["groups of the policy"] = partial(
            _fillable, built, await built.policy(active.policy)
        )
        if by_scim:
            section = (await built.policy(active.policy)).topdesk
            probes["topdesk in the policy, over SCIM"] = partial(_has_words_for, section)
    rules = (await built.policy(active.policy)).first_sign_in if active else None
    if rules and rules.is_on:
        terms = Terms(minutes=rules.lifetime_minutes, once=rules.once)
        probes["passes for a first sign-in"] = partial(built.passes.probe, terms)
        if rules.by is By.MAIL:
            probes["a mailbox for passes"] = partial(_can_mail, built)
    for name, source in built.sources.items():
        probes[f"source {name} answers"] = source.probe
    back = (await built.policy(active.policy)).write_back if active else WriteBack()
    for name, fields in back.fields.items():
        # A policy may speak of a source that is not read here, or not yet.
        if writer := built.writers.get(name):
            probes[f"{name} may be written back to"] = partial(writer.probe, fields)
    return probes


async def _can_mail(built: Service) -> None:
    """Raise when passes are to be mailed and there is no mailbox."""
    if built.post is None:
        told = "first_sign_in.by is mail, and there is no mailbox to send from: set MAIL_SENDER"
        raise Permanent(told, mender="settings")


async def _has_words_for(section: Topdesk) -> None:
    """Raise when the policy wants something that no SCIM service can be told."""
    if beyond := section.beyond_scim:
        problem = f"rules for {', '.join(beyond)} are not served: SCIM has no word for them"
        mend = "Take them out, or set TOPDESK_INTERFACE to rest; the rest of the section is served"
        raise Misconfigured("topdesk", problem, mend)


async def _fillable(built: Service, rules: Policy) -> None:
    """Raise when Entra lacks a group of the policy, or lets nobody but itself fill it."""
    found = await flow.faults(built, rules)
    if found:
        told = "; ".join(fault.why for fault in found[:SHOWN])
        more = f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else ""
        raise Permanent(f"{told}{more}. `instroom policy check` names the lines", mender="policy")


async def _problem(check: Callable[[], Awaitable[None]]) -> str | None:
    try:
        await check()
    except InstroomError as error:
        return str(error)
    return None


async def _check_policy_file() -> None:
    name = wiring.settings().policy_file
    load(wiring.text_of(name), name=name)


async def _check_ledger() -> None:
    await (await wiring.service()).ledger.policies.active()


async def _vaulted() -> list[tuple[str, str | None]]:
    """Can each secret that lies in Key Vault be had? Told by setting, never with a value."""
    secrets = await wiring.secrets()
    found = {name: secret for name, secret in secrets.items() if not isinstance(secret, str)}
    return [
        (f"secret {name}", await _problem(partial(_check, name, s))) for name, s in found.items()
    ]


async def _check(name: str, secret: Secret) -> None:
    value = await secret.value()
    source = name.removeprefix(WEBHOOK_SECRET)
    if source != name and (problem := settings_check.webhook_problem(source.casefold(), value)):
        raise problem


async def _notices_problem(service: Service) -> str | None:
    """A mistake in a template, or mail that did not get out."""
    wrong = next(service.post.templates.problems(), None) if service.post else None
    return str(wrong) if wrong else await noticing.refusal(service)


async def _permissions() -> list[tuple[str, str | None]]:
    """Does the app's own token let it do what the policy wants? Nothing where it has none."""
    try:
        token = await wiring.graph_token()
    except InstroomError as error:
        return [("Graph permissions", str(error))]
    held = roles(token) if token else None
    name = wiring.settings().policy_file
    try:
        rules = load(wiring.text_of(name), name=name)
    except InstroomError:
        return []  # told as `policy`
    return [] if held is None else [("Graph permissions", _lack(compared(wanted(rules), held)))]


def _lack(found: Comparison) -> str | None:
    if found.missing:
        names = ", ".join(each.value for each in found.missing)
        return (
            f"the app's token lacks {names}. An administrator grants it with `instroom "
            "permissions grant`; if that was done, wait: a token lives for up to a day"
        )
    if found.dangerous:
        worst = ", ".join(f"{name} ({DANGEROUS[name]})" for name in found.dangerous)
        return f"the app holds {worst}. Take it away: `instroom permissions check` says how"
    return None


async def _source_problem(source: str) -> str | None:
    # health is open to everybody, and HR's own words may hold anything: doctor shows them.
    return "the last read failed; `instroom doctor` says why" if await _last_read(source) else None


async def _last_read(source: str) -> str | None:
    cursor, _ = await (await wiring.service()).ledger.cursors.read(source)
    return cursor.problem
