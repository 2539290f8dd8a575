"""The NATS that this process works with: the embedded server, or one that somebody else runs (DESIGN §8)."""

from muniment.ops.durability import LOSS, Durability, Monitors
from muniment.ops.jetstream import provision
from muniment.ops.jetstream.embedded import EmbeddedServer
from muniment.ops.jetstream.readers import load_readers
from muniment.ops.jetstream.settings import ConnectionSettings
from muniment.ops.settings import BadSetting, Settings


class LogServer:
    """Opens the log and hands out connections by role. The embedded server is provisioned here, and only here."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self.embedded: EmbeddedServer | None = None
        self._monitors = Monitors(settings.nats_monitors)

    def open(self) -> None:
        """Start and provision the embedded server; an external one must have been provisioned (`muniment provision`).

        Raises DataDirectoryInUse, ServerDidNotStart, Drift.
        """
        settings = self._settings
        if settings.nats:
            return
        self.embedded = EmbeddedServer(settings.data, ephemeral=settings.ephemeral)
        self.embedded.start()
        admin = self.embedded.credentials("provision")
        provision.provision(admin, decision_days=settings.decision_days, ephemeral=settings.ephemeral)
        if load_readers(settings.data):  # their consumers are made anew where the log was
            self.embedded.admit_readers()
        if not settings.ephemeral:  # an ephemeral server keeps the right to reset its streams (DESIGN §8)
            self.embedded.retire("provision")

    def as_role(self, role: str) -> ConnectionSettings:
        """How to connect as `role`."""
        if self.embedded is not None:
            return self.embedded.credentials(role)
        settings = self._settings
        if not settings.nats:
            raise BadSetting("the log is not open")
        return ConnectionSettings.external(
            settings.nats,
            role,
            credentials_file=settings.nats_credentials,
            tls_ca=settings.nats_ca,
            tls_cert=settings.nats_cert,
            tls_key=settings.nats_key,
        )

    def answers(self) -> ConnectionSettings | None:
        """How to connect where decisions are asked for over NATS; None where no credentials for it were given."""
        settings = self._settings
        if self.embedded is not None:
            return self.embedded.credentials("answers")
        if settings.nats_answers is None:
            return None
        return ConnectionSettings.external(
            settings.nats,
            "answers",
            credentials_file=settings.nats_answers,
            tls_ca=settings.nats_ca,
            tls_cert=settings.nats_cert,
            tls_key=settings.nats_key,
        )

    def tls_files(self) -> tuple[str, str, str]:
        """The paths of the authority, the client certificate and its key; empty where there are none."""
        settings = self._settings
        ca, certificate, key = (str(path or "") for path in (settings.nats_ca, settings.nats_cert, settings.nats_key))
        return ca, certificate, key

    def reset(self) -> None:
        """Throw every stream away and make them anew. Ephemeral servers only."""
        assert self.embedded is not None
        provision.reset(self.embedded.credentials("provision"))

    def durability(self) -> Durability:
        """Whether acknowledgements mean the disk has it: the embedded server's own answer, or those of the named monitors."""
        if self.embedded is None:
            return self._monitors.durability()
        try:
            synced = self.embedded.ephemeral or self.embedded.sync_always()
        except OSError:  # it is being restarted, which readiness tells as a lost connection
            return Durability(None)
        return Durability(synced, "" if synced else LOSS)

    def trouble(self) -> str:
        """What is wrong with the embedded server; empty where nothing is, and of a server that is not ours to ask."""
        return self.embedded.trouble() if self.embedded is not None else ""

    @property
    def url(self) -> str:
        """The server's URL."""
        return self.embedded.url if self.embedded is not None else self._settings.nats

    def close(self) -> None:
        """Stop the embedded server."""
        if self.embedded is not None:
            self.embedded.close()
