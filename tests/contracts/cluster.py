"""Three nats-servers on loopback with the deployed configuration `ops/deploy/nats/node.conf`, TLS and permissions included."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import nkeys
import trustme

from muniment.ops.jetstream.child import die_with, find_binary, tail
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.monitor import health, sync_always
from muniment.ops.jetstream.permissions import ROLES
from muniment.ops.jetstream.settings import ConnectionSettings

CONFIG = Path(__file__).parents[2] / "ops" / "deploy" / "nats" / "node.conf"
NODES = 3
START_SECONDS_MAX = 30.0


def free_ports(count: int) -> list[int]:
    """Ports that are free now, all different."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]


class Cluster:
    """`start` and `kill` nodes by number; `settings(role)` connects to all of them."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        ports = free_ports(3 * NODES)
        self.clients, self.routes, self.monitors = ports[:NODES], ports[NODES : 2 * NODES], ports[2 * NODES :]
        self.processes: list[subprocess.Popen[bytes] | None] = [None] * NODES
        self._seeds = {}
        self._environment = dict(os.environ)
        for role in ROLES:
            seed = nkeys.encode_seed(secrets.token_bytes(32), nkeys.PREFIX_BYTE_USER)
            seed_file = folder / f"{role}.nk"
            seed_file.touch(mode=0o600)
            seed_file.write_bytes(seed)
            self._seeds[role] = seed_file
            self._environment[f"MUNIMENT_NKEY_{role.upper()}"] = nkeys.from_seed(bytearray(seed)).public_key.decode()
        authority = trustme.CA()
        node = authority.issue_cert("127.0.0.1", "localhost")
        self.ca = folder / "ca.pem"
        authority.cert_pem.write_to_path(str(self.ca))
        node.cert_chain_pems[0].write_to_path(str(folder / "node.pem"))
        node.private_key_pem.write_to_path(str(folder / "node.key"))

    def settings(self, role: str) -> ConnectionSettings:
        urls = ",".join(f"tls://127.0.0.1:{port}" for port in self.clients)
        return ConnectionSettings.external(urls, role, credentials_file=self._seeds[role], tls_ca=self.ca)

    def start(self, number: int) -> None:
        others = [f"tls://127.0.0.1:{port}" for other, port in enumerate(self.routes) if other != number]
        environment = {
            **self._environment,
            "MUNIMENT_NATS_NAME": f"nats-{number}",
            "MUNIMENT_NATS_LISTEN": f"127.0.0.1:{self.clients[number]}",
            "MUNIMENT_NATS_MONITOR": f"127.0.0.1:{self.monitors[number]}",
            "MUNIMENT_NATS_ROUTES_AT": f"127.0.0.1:{self.routes[number]}",
            "MUNIMENT_NATS_ROUTES": json.dumps(others),
            "MUNIMENT_NATS_STORE": str(self.folder / f"store-{number}"),
            "MUNIMENT_NATS_CERT": str(self.folder / "node.pem"),
            "MUNIMENT_NATS_KEY": str(self.folder / "node.key"),
            "MUNIMENT_NATS_CA": str(self.ca),
        }
        with (self.folder / f"nats-{number}.log").open("ab") as log:
            self.processes[number] = subprocess.Popen(
                [str(find_binary()), "-c", str(CONFIG)],
                env=environment,
                stdout=log,
                stderr=log,
                preexec_fn=die_with(os.getpid()),
            )

    def kill(self, number: int) -> None:
        process = self.processes[number]
        assert process is not None
        process.send_signal(signal.SIGKILL)
        process.wait()
        self.processes[number] = None

    def wait_healthy(self) -> None:
        give_up = time.monotonic() + START_SECONDS_MAX
        for number, process in enumerate(self.processes):
            while process is not None and (wrong := health(f"http://127.0.0.1:{self.monitors[number]}")):
                log = self.folder / f"nats-{number}.log"
                assert process.poll() is None, tail(log)
                assert time.monotonic() < give_up, f"nats-{number}: {wrong}\n{tail(log)}"
                time.sleep(0.05)

    def syncs(self) -> list[bool]:
        return [sync_always(f"http://127.0.0.1:{port}") for port in self.monitors]

    def leader(self, loop: NatsLoop, stream: str) -> int:
        """The number of the node that leads a stream."""
        from muniment.ops.jetstream.api import info

        cluster = loop.run(info(loop.link, stream, time.monotonic() + 10)).cluster
        assert cluster is not None
        return int(cluster.leader.removeprefix("nats-"))


@contextlib.contextmanager
def running_cluster(folder: Path) -> Iterator[Cluster]:
    cluster = Cluster(folder)
    try:
        for number in range(NODES):
            cluster.start(number)
        cluster.wait_healthy()
        yield cluster
    finally:
        for number, process in enumerate(cluster.processes):
            if process is not None:
                cluster.kill(number)
