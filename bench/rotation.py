"""How soon the rotations begin, and end, that are due in one moment: `python -m bench.rotation [SECRETS [ENDS]]`.

The windows opened while no process ran, so all of them are due when the server starts. Times are those at which the log took the
entries. ENDS is how many ends are waited for, which takes far longer than the beginnings.
"""

import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from bench import vaults
from muniment.ops.host import on_host
from muniment.ops.jetstream.source import StreamSource
from muniment.projections.readmodel import IAM
from tests.muniment_server import Muniment

SECRETS = 10_000
SECOND = 1_000_000  # microseconds
PATIENCE_SECONDS = 900
STARTED, FINISHED = "SecretRotationStarted", "SecretRotationFinished"


def main(secrets: int = SECRETS, ends: int = SECRETS) -> dict[str, object]:
    """Every secret must have begun once, and so many have ended."""
    ends = min(secrets, ends)
    with tempfile.TemporaryDirectory(prefix="muniment-bench-") as name:
        folder = Path(name) / "data"
        vaults.fill(folder, secrets, due=time.time_ns() // 1_000 - 60 * SECOND)
        with Muniment(folder, "--log-level", "error") as server:
            opened = time.time_ns() // 1_000
            with on_host(folder) as host:
                source = StreamSource(host.as_role("api"), IAM)
                try:
                    started, finished = _followed(source, secrets, ends)
                finally:
                    source.close()
            assert "rotation failed" not in server.output()
    first = min(started)
    return {
        "rotations due at once": secrets,
        "from ready to the first beginning, s": round((first - opened) / SECOND, 2),
        "from the first beginning to the last, s (aim: at most 60)": round((max(started) - first) / SECOND, 1),
        "half of them have begun after, s": round((sorted(started)[secrets // 2] - first) / SECOND, 1),
        f"{ends} have ended after, s": round((sorted(finished)[ends - 1] - first) / SECOND, 1),
    }


def _followed(source: StreamSource, secrets: int, ends: int) -> tuple[list[int], list[int]]:
    """The times of all beginnings and ends."""
    began: dict[str, int] = {}
    ended: dict[str, int] = {}
    after, give_up = 0, time.monotonic() + PATIENCE_SECONDS
    while len(began) < secrets or len(ended) < ends:
        assert time.monotonic() < give_up, f"{len(began)} began and {len(ended)} ended in {PATIENCE_SECONDS} s"
        last = source.bounds().last
        for subject, moment in _told(source, after, last):
            boundary, fact = subject.rsplit(".", 1)
            if fact == STARTED:
                assert boundary not in began, f"{boundary} began twice"
                began[boundary] = moment
            elif fact == FINISHED:
                ended[boundary] = moment
        after = last
        time.sleep(1)
    return list(began.values()), list(ended.values())


def _told(source: StreamSource, after: int, until: int) -> Iterator[tuple[str, int]]:
    for batch in source.batches(after, until):
        for stored in batch:
            yield stored.subject, stored.time_ns // 1_000


if __name__ == "__main__":
    for label, figure in main(*map(int, sys.argv[1:])).items():
        sys.stdout.write(f"{label:<62} {figure}\n")
