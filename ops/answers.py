"""Decisions for programs on NATS: the connection, and what answers behind it (docs/decisions/0019)."""

from muniment.api.authzen.remote import Remote
from muniment.api.services import Services
from muniment.ops.jetstream.answering import Answering
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.settings import ConnectionSettings

AGENT = "nats"  # what stands where HTTP has a user agent


class Answers:
    """Answers until it is closed. It has a connection of its own, whose user may write to nobody but who asks."""

    def __init__(self, connection: ConnectionSettings, services: Services) -> None:
        remote, secure = Remote(services, AGENT), connection.tls is not None

        def answer(account: str, unique_id: str, operation: str, body: bytes) -> tuple[int, bytes]:
            reply = remote.answer(account, unique_id, operation, body, secure=secure)
            return reply.status, reply.body

        self._loop = NatsLoop(connection)
        self._answering = Answering(self._loop, answer)

    def close(self) -> None:
        """Stop listening, and disconnect."""
        self._answering.close()
        self._loop.close()
