"""The little company whose HR data the rigs play: people, contracts, departments, and stories.

`World` is the state, `Answers` the tricks; `control` puts both on HTTP for the demo.
"""

from sandbox.world.answers import Answers
from sandbox.world.company import NotInWorld, World
from sandbox.world.people import (
    FULL_TIME_HOURS,
    Contract,
    Department,
    Kind,
    Login,
    NameUse,
    Person,
)
from sandbox.world.personal import NotPossible

__all__ = [
    "FULL_TIME_HOURS",
    "Answers",
    "Contract",
    "Department",
    "Kind",
    "Login",
    "NameUse",
    "NotInWorld",
    "NotPossible",
    "Person",
    "World",
]
