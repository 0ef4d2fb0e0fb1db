"""The little company whose HR data the rigs play: people, contracts, departments, and stories.

`World` is the state, `Answers` the tricks; `control` puts both on HTTP for the demo.
"""

from sandbox.world.answers import Answers
from sandbox.world.company import NotInWorld, NotPossible, World
from sandbox.world.people import Contract, Department, Kind, NameUse, Person

__all__ = [
    "Answers",
    "Contract",
    "Department",
    "Kind",
    "NameUse",
    "NotInWorld",
    "NotPossible",
    "Person",
    "World",
]
