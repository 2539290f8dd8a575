"""Wires the process that rotates secrets, from the parts of a server."""

import hashlib
import socket
import threading
from collections.abc import Callable

from muniment.commands.activity import Activity
from muniment.commands.drawn import clock
from muniment.commands.ledger import Ledger
from muniment.domain.boundary import State
from muniment.domain.secret.state import Secret
from muniment.ops.federation.fetch import Fetcher
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.settings import ConnectionSettings
from muniment.ops.keys.ring import KeyRing
from muniment.ops.rotation.claims import Claims
from muniment.ops.rotation.process import Rotations
from muniment.ops.rotation.reading import SecretReading
from muniment.ops.rotation.registry import rotators
from muniment.ops.rotation.steps import Steps
from muniment.ops.settings import Settings
from muniment.projections.credentials import Credential
from muniment.projections.directory import Directory


class Functions:
    """The connection to rotation functions: made when the first is asked, ended with the server."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._making = threading.Lock()
        self._loop: NatsLoop | None = None

    def connection(self) -> NatsLoop | None:
        """The connection; None where the operator named no server."""
        if not self._settings.rotation_nats:
            return None
        with self._making:
            if self._loop is None:
                made = ConnectionSettings.external(
                    self._settings.rotation_nats,
                    "rotation",
                    credentials_file=self._settings.rotation_nats_credentials,
                    tls_ca=self._settings.rotation_ca if self._settings.rotation_nats.startswith("tls://") else None,
                )
                self._loop = NatsLoop(made)
            return self._loop

    def close(self) -> None:
        """End it."""
        if self._loop is not None:
            self._loop.close()


class Rotating:
    """The process and what it stands on."""

    def __init__(
        self,
        settings: Settings,
        ledger: Ledger,
        activity: Activity,
        ring: KeyRing,
        directory: Directory,
        credential: Callable[[str], Credential | None],
        wait: Callable[[int], None],
        loop: NatsLoop,
    ) -> None:
        self._functions = Functions(settings)
        state: Callable[[str], State] = directory.state
        known = rotators(
            ledger,
            credential,
            ring,
            ring.sign,
            SecretReading(state, ring, activity).read,
            Fetcher(settings.rotation_allow, settings.rotation_ca),
            settings.rotation_allow,
            settings.rotation_ca,
            self._functions.connection,
        )
        self.process = Rotations(
            Steps(ledger, ring, known, clock),
            state,
            lambda: directory.boundaries(Secret.kind),
            wait,
            Claims(loop, node(settings)),
        )

    def close(self) -> None:
        """Wait for what is under way."""
        self.process.close()
        self._functions.close()


def node(settings: Settings) -> str:
    """This node's name: that of the host and the data directory, so that a node that comes back has its own claims again."""
    return hashlib.sha256(f"{socket.gethostname()}:{settings.data.resolve()}".encode()).hexdigest()[:24]
