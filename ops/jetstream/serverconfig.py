"""Configuration of the embedded nats-server; a cluster's nodes use `ops/deploy/nats/node.conf`.

Only the client listener is opened. MQTT, WebSocket and leafnode listeners are never
configured; monitoring listens on loopback alone (SECURITY, regression row 29).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from muniment.ops.jetstream.permissions import Role, render_accounts

PAYLOAD_BYTES_MAX = 1 << 20
CLIENT_CONNECTIONS_MAX = 1024
# The disk is the limit. nats-server's own default, three quarters of what is free when it starts, would refuse writes
# after a restart beside a large store.
STORE_BYTES_MAX = 1 << 50
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class ServerConfig:
    """One nats-server. Port -1 means: any free port, named in a file below `ports_dir`.

    `users` maps role names to public nkeys; there are no passwords and no anonymous users.
    """

    name: str
    store: Path
    users: dict[str, str]
    port: int = -1
    ports_dir: Path | None = None
    sync_always: bool = True
    readers: tuple[tuple[Role, str], ...] = ()
    askers: Mapping[str, str] = field(default_factory=dict)  # account → how `permissions.render_asker` writes it

    def _accounts(self) -> str:
        if not self.readers and not self.askers:
            return render_accounts(self.users)
        return render_accounts(self.users, self.readers, self.askers)

    def render(self) -> str:
        """The file's text in nats-server's configuration language."""
        sync = "always" if self.sync_always else '"2m"'
        lines = [
            f'server_name: "{self.name}"',
            f'listen: "{LOOPBACK}:{self.port}"',
            f'http: "{LOOPBACK}:-1"',
            f"max_payload: {PAYLOAD_BYTES_MAX}",
            f"max_connections: {CLIENT_CONNECTIONS_MAX}",
            'write_deadline: "10s"',
            f"jetstream {{ store_dir: {_quoted(self.store)}, max_file: {STORE_BYTES_MAX}, sync_interval: {sync} }}",
            self._accounts(),
        ]
        if self.ports_dir is not None:
            lines.append(f"ports_file_dir: {_quoted(self.ports_dir)}")
        return "\n".join(lines) + "\n"


def _quoted(path: Path) -> str:
    """A path as a quoted value. Raises ValueError for one that would end its quotes."""
    text = str(path)
    if any(c in text for c in '"\\\r\n'):
        raise ValueError(f"data directory {text!r} cannot be written into a configuration: no quotes or backslashes")
    return f'"{text}"'
