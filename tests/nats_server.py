"""A real nats-server for tests: `running_server()` gives an ephemeral one that is up in milliseconds."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from muniment.ops.jetstream.embedded import EmbeddedServer
from muniment.ops.jetstream.provision import provision


@contextmanager
def running_server(*, provisioned: bool = True) -> Iterator[EmbeddedServer]:
    """An ephemeral embedded server with our streams (unless not `provisioned`); gone at the end."""
    server = EmbeddedServer(ephemeral=True)
    server.start()
    try:
        if provisioned:
            provision(server.credentials("provision"), ephemeral=True)
        yield server
    finally:
        server.close()
