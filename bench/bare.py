"""The yardstick: bare guarded publishes with nats-py, on a nats-server of its own with the same sync setting."""

import asyncio
import json
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import nats

from muniment.ops.jetstream.child import find_binary

GUARD = "Nats-Expected-Last-Subject-Sequence"
GUARD_SUBJECT = "Nats-Expected-Last-Subject-Sequence-Subject"
MESSAGE_BYTES = 700  # about what a CreateUser entry has


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """A plain nats-server that syncs always; its URL."""
    with tempfile.TemporaryDirectory(dir=folder) as name:
        place = Path(name)
        config = place / "nats.conf"
        config.write_text(
            f'listen: "127.0.0.1:-1"\nports_file_dir: "{place}"\n'
            f'jetstream {{ store_dir: "{place}/store", sync_interval: always }}\n'
        )
        process = subprocess.Popen([find_binary(), "-c", config], stderr=subprocess.DEVNULL)
        try:
            while not (files := list(place.glob("*.ports"))) or not files[0].read_text().strip():
                time.sleep(0.01)
            yield json.loads(files[0].read_text())["nats"][0]
        finally:
            process.terminate()
            process.wait()


async def publish(url: str, writers: int, each: int) -> tuple[list[float], float]:
    """Seconds of every publish, and of the whole: `writers` at once, each on a boundary of its own."""
    client = await nats.connect(url)
    stream = client.jetstream()
    name = f"BARE{writers}"
    await stream.add_stream(name=name, subjects=[f"bare{writers}.>"])
    payload, seconds = b"x" * MESSAGE_BYTES, []

    async def writer(number: int) -> None:
        last, boundary = 0, f"bare{writers}.account.{number}"
        for _ in range(each):
            headers = {GUARD: str(last), GUARD_SUBJECT: f"{boundary}.>"}
            began = time.perf_counter()
            last = (await stream.publish(f"{boundary}.UserCreated", payload, headers=headers)).seq
            seconds.append(time.perf_counter() - began)

    began = time.perf_counter()
    await asyncio.gather(*(writer(number) for number in range(writers)))
    elapsed = time.perf_counter() - began
    await client.close()
    return seconds, elapsed
