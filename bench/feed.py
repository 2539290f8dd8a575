"""Reading a big log: decoding, rebuilding `access` and `timeline`, memory, and the restart from snapshots (section 6)."""

import json
import resource
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

from bench import biglog
from bench.spent import Spent
from muniment.ops.host import Host, on_host
from muniment.ops.jetstream.source import StreamSource
from muniment.projections.access.model import Access
from muniment.projections.filling import Filling
from muniment.projections.fold import Fold
from muniment.projections.generation import Generation
from muniment.projections.readmodel import IAM
from muniment.projections.rebuild import uncollected
from muniment.projections.timeline.places import database_at
from muniment.projections.timeline.timeline import Timeline
from muniment.projections.verify import Chains
from tests.muniment_server import Muniment


def main() -> dict[str, object]:
    """All figures, or those named by the arguments; the log is written first where it is not there yet."""
    folder = biglog.folder()
    if not (folder / "nats").is_dir():
        with Muniment(folder, "--log-level", "error"):
            pass  # founds the site: the keys and the streams
        with on_host(folder) as host:
            biglog.write(host)
    figures: dict[str, object] = {}
    wanted = sys.argv[1:] or [*PARTS, "restart"]
    with on_host(folder) as host:
        for part in (part for name, part in PARTS.items() if name in wanted):
            with uncollected():  # as the feed and every rebuild read
                figures |= told(part(host))
    return {**figures, **told(_restart(folder))} if "restart" in wanted else figures


def told(figures: dict[str, object]) -> dict[str, object]:
    """Print figures as soon as they are there."""
    for label, figure in figures.items():
        sys.stdout.write(f"{label:<62} {figure}\n")
    sys.stdout.flush()
    return figures


def _source(host: Host) -> StreamSource:
    return StreamSource(host.as_role("decisions"), IAM)


def _decode(host: Host) -> dict[str, object]:
    source = _source(host)
    last = source.bounds().last
    chains = Chains(IAM, host.ring)
    began, entries, spent = time.perf_counter(), 0, Spent()
    for batch in source.batches(0, last):
        opened, broken = chains.open(batch, every=False)
        assert broken is None, broken
        entries += len(opened)
    assert chains.confirm(), "a chain's last signature is not valid"
    seconds = time.perf_counter() - began
    source.close()
    assert entries == last
    return {
        "entries": entries,
        "decoded and checked, entries/s (aim: 150 000)": round(entries / seconds),
        "processor time of it, µs an entry": spent.told(entries),
    }


def _access(host: Host) -> dict[str, object]:
    source, fold = _source(host), Fold()
    access = Access(fold)
    began, spent = time.perf_counter(), Spent()
    filling = Filling(source, host.ring, Generation(fold, (access,)))
    filling.run()
    seconds = time.perf_counter() - began
    source.close()
    assert filling.broken is None, filling.broken
    account = access.table["account.200000000000"]
    assert len(account.users) > 0  # type: ignore[attr-defined]
    return {
        "rebuild of access, entries/s (aim: 100 000)": round(access.position() / seconds),
        "processor time of that rebuild, µs an entry": spent.told(access.position()),
    }


def _timeline(host: Host) -> dict[str, object]:
    source = _source(host)
    with tempfile.TemporaryDirectory(dir=biglog.folder()) as name:
        timeline = Timeline(database_at(Path(name)))
        began, spent = time.perf_counter(), Spent()
        filling = Filling(source, host.ring, Generation(None, (timeline,)))
        filling.run()
        timeline.live()
        seconds = time.perf_counter() - began
        entries = timeline.position()
        cost = spent.told(entries)
        assert filling.broken is None, filling.broken
        timeline.close()
    source.close()
    return {
        "rebuild of timeline into SQLite, entries/s (aim: 40 000)": round(entries / seconds),
        "processor time of that filling, µs an entry": cost,
    }


def _restart(folder: Path) -> dict[str, object]:
    first = Muniment(folder, "--log-level", "error", patience=600)
    began = time.perf_counter()
    with first:
        loaded = time.perf_counter() - began
        time.sleep(30)  # snapshots and the timeline are written
    began = time.perf_counter()
    with Muniment(folder, "--log-level", "error") as server:
        seconds = time.perf_counter() - began
        status = Path(f"/proc/{server.process.pid}/status").read_text()
        peak = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmHWM"))
        now = next(int(line.split()[1]) for line in status.splitlines() if line.startswith("VmRSS"))
        report = json.load(urllib.request.urlopen(f"{server.endpoint}/readyz"))
        assert report["ready"]
        assert report["models"]["access"]["positions"]["IAM"] > biglog.ENTRIES
    return {
        "first start, nothing but the log, s": round(loaded, 1),
        "restart to ready from snapshots, s (aim: 10)": round(seconds, 1),
        "resident memory after restart, MiB (aim: 1 024)": now // 1_024,
        "peak of it, MiB": peak // 1_024,
    }


PARTS = {"decode": _decode, "access": _access, "timeline": _timeline}


if __name__ == "__main__":
    main()
    sys.stdout.write(
        f"{'peak memory of this process, MiB':<62} {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1_024}\n"
    )
