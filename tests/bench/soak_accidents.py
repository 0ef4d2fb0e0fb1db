"""Does a first load come to rest whatever goes wrong on the way to Graph? `make soak` runs it.

    python tests/bench/soak_accidents.py [--people 2000] [--hosts 2] [--share 0.05] [--seed 1]

One call in twenty goes wrong, by a seed: 429, 503, 504 after the write was done, an answer that is
lost, a connection that is reset; and every third read sees the directory of five seconds ago. Ends
with 1 when anybody lacks something or has two accounts.
"""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

import virtual  # noqa: E402 - found through the line above
from loading import Load  # noqa: E402 - as above


def main() -> int:
    """Load with accidents, and say what stands in the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=2000)
    parser.add_argument("--hosts", type=int, default=2)
    parser.add_argument("--share", type=float, default=0.05)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    began = time.perf_counter()
    load = Load(
        people=options.people,
        hosts=options.hosts,
        seed=options.seed,
        accidents=options.share,
        lag_seconds=5,
    )
    virtual.run(load.run())
    accidents = ", ".join(f"{kind} {n}" for kind, n in sorted(load.wire.accidents.items()))
    told(f"{options.people} people, {options.hosts} hosts, seed {options.seed}")
    told(f"accidents: {accidents}")
    told(f"{len(load.written_at)} writes in {load.seconds / 60:.1f} minutes of Graph's clock")
    told(f"accounts: {len(load.tenant.users)}, double: {load.doubles()}")
    told(f"people who lack a group or their manager: {len(load.lacking())}")
    told(f"{time.perf_counter() - began:.0f} s on this machine")
    return 1 if load.doubles() or load.lacking() else 0


def told(line: str) -> None:
    """Show a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    raise SystemExit(main())
