"""Configuration of the nats-servers we start ourselves: the embedded one, and the nodes of a cluster.

Only the client listener (and routes, in a cluster) are opened. MQTT, WebSocket and leafnode listeners are never
configured; monitoring listens on loopback alone (SECURITY, regression row 29).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from muniment.ops.jetstream.permissions import render_users

PAYLOAD_BYTES_MAX = 1 << 20
CLIENT_CONNECTIONS_MAX = 1024
LOOPBACK = "127.0.0.1"


@dataclass(frozen=True)
class TLSFiles:
    """Certificate, key and authority of one node; clients and routes are verified against the authority."""

    cert: Path
    key: Path
    ca: Path

    def render(self, *, verify: bool) -> str:
        """A `tls` block."""
        return (
            f'tls {{ cert_file: "{self.cert}", key_file: "{self.key}", ca_file: "{self.ca}", '
            f'verify: {str(verify).lower()}, min_version: "1.3" }}'
        )


@dataclass(frozen=True)
class ServerConfig:
    """One nats-server. Port -1 means: any free port, named in a file below `ports_dir`.

    `users` maps role names to public nkeys; there are no passwords and no anonymous users.
    """

    name: str
    store: Path
    users: dict[str, str]
    host: str = LOOPBACK
    port: int = -1
    monitor_port: int = -1
    ports_dir: Path | None = None
    sync_always: bool = True
    tls: TLSFiles | None = None
    cluster_name: str = ""
    cluster_host: str = LOOPBACK
    cluster_port: int = 0
    routes: tuple[str, ...] = field(default=())
    route_tls: TLSFiles | None = None

    def render(self) -> str:
        """The file's text in nats-server's configuration language."""
        sync = "always" if self.sync_always else '"2m"'
        lines = [
            f'server_name: "{self.name}"',
            f'listen: "{self.host}:{self.port}"',
            f'http: "{LOOPBACK}:{self.monitor_port}"',
            f"max_payload: {PAYLOAD_BYTES_MAX}",
            f"max_connections: {CLIENT_CONNECTIONS_MAX}",
            'write_deadline: "10s"',
            f'jetstream {{ store_dir: "{self.store}", sync_interval: {sync} }}',
            f"authorization {{\n  {render_users(self.users)}\n}}",
        ]
        if self.ports_dir is not None:
            lines.append(f'ports_file_dir: "{self.ports_dir}"')
        if self.tls is not None:
            lines.append(self.tls.render(verify=False))
        if self.cluster_name:
            lines.append(self._cluster())
        return "\n".join(lines) + "\n"

    def _cluster(self) -> str:
        routes = ", ".join(f'"{route}"' for route in self.routes)
        tls = f"\n  {self.route_tls.render(verify=True)}" if self.route_tls else ""
        return (
            f'cluster {{\n  name: "{self.cluster_name}"\n  listen: "{self.cluster_host}:{self.cluster_port}"\n'
            f"  routes: [{routes}]{tls}\n}}"
        )
