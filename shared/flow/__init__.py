"""The sentences of the service: collect what HR says, decide, provision.

collect.py reads HR and hands each changed person to decide.py; decide.py writes what should be and
wakes the targets; provision.py makes one target agree for one person. sweep.py brings back
whatever is due. matching.py says whose a number is, verdicts.py takes a human's word on it.
stop.py blocks a person at once, exceptions.py gives or denies somebody one right for a while.
first_sign_in.py lets a colleague collect a pass for a joiner, pass_mail.py sends it to a manager.
noticing.py sends mail of what happens, letters.py writes it. forget.py lets go of a card that is
no more, erasing.py of somebody who is gone, roles.py counts who has which right in TOPdesk,
members.py looks through whole groups for members whom no rule explains, checking.py asks whether
groups can be filled at all. upkeep.py looks after things once a day; sealing.py and retention.py
are steps of it, upkept.py says what they saw. drift.py looks what was changed behind our back,
drifted.py at one person of it. service.py holds the rooms they work with.
"""

from shared.flow.approve import NotAsShown, approve, as_shown, reject
from shared.flow.checking import faults
from shared.flow.collect import full_sync, poll, signalled
from shared.flow.decide import decide
from shared.flow.drift import drift
from shared.flow.erasing import erase
from shared.flow.explain import explained
from shared.flow.first_sign_in import collect_pass, first_sign_ins
from shared.flow.forget import forget_card
from shared.flow.members import note, unexplained
from shared.flow.pass_mail import notify
from shared.flow.preview import preview
from shared.flow.provision import provision
from shared.flow.push import pushed
from shared.flow.retelling import tell_again
from shared.flow.rivals import resume
from shared.flow.roles import topdesk_roles
from shared.flow.stop import lift, stop
from shared.flow.sweep import sweep
from shared.flow.upkeep import upkeep
from shared.flow.verdicts import different, same

__all__ = [
    "NotAsShown",
    "approve",
    "as_shown",
    "collect_pass",
    "decide",
    "different",
    "drift",
    "erase",
    "explained",
    "faults",
    "first_sign_ins",
    "forget_card",
    "full_sync",
    "lift",
    "note",
    "notify",
    "poll",
    "preview",
    "provision",
    "pushed",
    "reject",
    "resume",
    "same",
    "signalled",
    "stop",
    "sweep",
    "tell_again",
    "topdesk_roles",
    "unexplained",
    "upkeep",
]
