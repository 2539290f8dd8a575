"""One ephemeral server for these tests; every test gets fresh streams."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from muniment.ops.jetstream.embedded import EmbeddedServer
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.provision import reset
from tests.nats_server import running_server


@pytest.fixture(scope="session")
def server() -> Iterator[EmbeddedServer]:
    with running_server() as running:
        yield running


@pytest.fixture
def streams(server: EmbeddedServer) -> EmbeddedServer:
    """The server with empty streams."""
    reset(server.credentials("provision"))
    return server


@pytest.fixture
def loop(streams: EmbeddedServer) -> Iterator[NatsLoop]:
    """A connection as the role `api`."""
    with NatsLoop(streams.credentials("api")) as connected:
        connected.wait_ready(5)
        yield connected
