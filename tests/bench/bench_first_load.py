"""How much of Graph's quota does a first load use? Figures; nothing is asserted.

    python tests/bench/bench_first_load.py [--people 1000] [--hosts 1,2]

Flow, binder, governor and the SDK's client against the Graph rig with the documented quota of
3,000 writes in 150 seconds; eight groups and a manager for each person; in the middle somebody
leaves. The clock jumps over every wait, so that ten thousand people take as long as their work,
not as the quota. TOPdesk, HR and the bus are fakes.
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

QUOTA = 20.0
"""Writes a second, in the long run."""
SAVED = 3000
"""So many a tenant that was quiet takes at once; what is measured begins after them."""


def main() -> None:
    """Load, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1000)
    parser.add_argument("--hosts", default="1,2")
    options = parser.parse_args()
    told(
        "people  hosts  writes  minutes  writes/s  later  of 20/s  refused  failed  leaver  real s"
    )
    for hosts in map(int, options.hosts.split(",")):
        told(row(options.people, hosts))


def row(people: int, hosts: int) -> str:
    """One load, as a line."""
    began = time.perf_counter()
    load = Load(people=people, hosts=hosts, leaver=True)
    virtual.run(load.run())
    rate, later = len(load.written_at) / load.seconds, 0.0
    if len(load.written_at) > 2 * SAVED:
        after = load.written_at[SAVED:]
        later = len(after) / (after[-1] - after[0])
    failed = len(load.lacking()) + load.doubles()
    return (
        f"{people:6}  {hosts:5}  {len(load.written_at):6}  {load.seconds / 60:7.1f}  {rate:8.1f}"
        f"  {later:5.1f}  {later / QUOTA:7.0%}  {load.refused:7}  {failed:6}"
        f"  {load.blocked_after or 0:4.1f} s  {time.perf_counter() - began:6.0f}"
    )


def told(line: str) -> None:
    """Show a line at once."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
