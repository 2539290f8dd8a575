"""Processor time by process: what a figure cost us, a child that has ended, and the embedded nats-server.

On a machine with other work this says more than the clock does.
"""

import os
import resource
import time
from pathlib import Path

TICKS = os.sysconf("SC_CLK_TCK")


class Spent:
    """Seconds of processor time since it was made."""

    def __init__(self) -> None:
        self._before = self._now()

    def told(self, entries: int) -> str:
        """Microseconds an entry: all, and of whom."""
        took = {who: (now - self._before[who]) / entries * 1e6 for who, now in self._now().items()}
        parts = ", ".join(f"{who} {took[who]:.1f}" for who in took)
        return f"{sum(took.values()):.1f} ({parts})"

    def _now(self) -> dict[str, float]:
        ended = resource.getrusage(resource.RUSAGE_CHILDREN)
        return {
            "ours": time.process_time(),
            "child": ended.ru_utime + ended.ru_stime,
            "nats-server": sum(_of(stat) for stat in Path("/proc").glob("[0-9]*/stat")),
        }


def _of(stat: Path) -> float:
    """The seconds of one process, where it is a nats-server of ours that runs."""
    try:
        name, _, rest = stat.read_text().partition("(")[2].rpartition(")")
    except OSError:  # it has ended meanwhile
        return 0.0
    fields = rest.split()
    if name != "nats-server" or int(fields[1]) != os.getpid():
        return 0.0
    return (int(fields[11]) + int(fields[12])) / TICKS
