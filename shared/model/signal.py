"""What does HR tell in passing? That something about a number changed, and nothing else."""

from __future__ import annotations

from shared.model.frozen import Frozen


class Signal(Frozen):
    """Read this number of this source again. The only message that carries an HR number."""

    source: str
    number: str
