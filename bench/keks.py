"""A key-encryption key is rotated over many secrets while they are read: `python -m bench.keks [SECRETS]`.

The server, its readers over HTTP with SigV4, and `muniment keys rotate` are three processes, as on a real host. Every answer is
compared with what the secret holds. The server's cache holds 20 000 data keys, so most reads go to the key store.
"""

import json
import os
import random
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

from bench import load, vaults
from bench.signing import signed_request
from tests.muniment_server import MUNIMENT, Muniment

SECRETS = 100_000
CONNECTIONS, EACH = 4, 250
JSON = "application/x-amz-json-1.1"


class Readers:
    """Read random secrets until they are stopped."""

    def __init__(self, server: Muniment, root: dict[str, str], secrets: int) -> None:
        self._server, self._root, self._secrets = server, root, secrets
        self._stop = threading.Event()
        self.seconds: list[float] = []
        self.bad: list[bytes] = []
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Readers":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            lanes = [[self._request() for _ in range(EACH)] for _ in range(CONNECTIONS)]
            found = load.run(self._server.endpoint, lanes)
            self.seconds += found.seconds
            self.bad += found.bad

    def _request(self) -> bytes:
        held = (self._root["access_key_id"], self._root["secret_access_key"])
        name = vaults.name_of(random.randrange(self._secrets))  # noqa: S311 - not a secret
        body = json.dumps({"SecretId": name}).encode()
        target = "secretsmanager.GetSecretValue"
        return signed_request(self._server.endpoint, held, "secretsmanager", "/", JSON, body, target=target)


def main(secrets: int = SECRETS) -> dict[str, object]:
    """Fill, read, rotate, read again with the old key gone."""
    with tempfile.TemporaryDirectory(prefix="muniment-bench-") as name:
        folder = Path(name) / "data"
        root = vaults.fill(folder, secrets)
        with Muniment(folder, "--log-level", "error", patience=600) as server:
            with Readers(server, root, secrets) as before:
                time.sleep(10)
            with Readers(server, root, secrets) as readers:
                began = time.monotonic()
                told = _rotated(folder)
                took = time.monotonic() - began
            resident = _resident(server.process.pid)
            assert "Traceback" not in server.output()
        return {
            "secrets": secrets,
            "data keys wrapped anew": told["rewrapped"],
            "old copies overwritten": told["shredded"],
            "it took, s": round(took),
            "reads meanwhile": len(readers.seconds),
            "of those failed (aim: 0)": len(readers.bad),
            "GetSecretValue before, p50 / p99 ms": _percentiles(before.seconds),
            "GetSecretValue meanwhile, p50 / p99 ms": _percentiles(readers.seconds),
            "the server's resident memory after it, MB": round(resident / 1e6),
        }


def _rotated(folder: Path) -> dict[str, int]:
    words = [MUNIMENT, "keys", "rotate", "--data", str(folder), "--json"]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-2_000:]
    found: dict[str, int] = json.loads(done.stdout)
    return found


def _percentiles(seconds: list[float]) -> str:
    ordered = sorted(seconds)
    return " / ".join(f"{ordered[int(share * (len(ordered) - 1))] * 1_000:.1f}" for share in (0.5, 0.99))


def _resident(process: int) -> int:
    return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


if __name__ == "__main__":
    for label, figure in main(*map(int, sys.argv[1:])).items():
        sys.stdout.write(f"{label:<58} {figure}\n")
