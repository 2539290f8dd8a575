"""A real server with a real Ledger on it: what a process of ours writes, for tests of the tools that read it."""

from collections.abc import Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from muniment.commands.activity import Activity, Happening
from muniment.commands.ledger import Ledger
from muniment.domain.activity.requests import CommandRefused
from muniment.domain.ledger import Cause
from muniment.ops.backup.times import with_original_times
from muniment.ops.host import ledger_over
from muniment.ops.jetstream.embedded import EmbeddedServer
from muniment.ops.jetstream.keystore import JetStreamKeyStore
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.provision import provision
from muniment.ops.jetstream.publisher import Publisher
from muniment.ops.jetstream.source import StreamSource
from muniment.ops.keys.kek import KEKs
from muniment.ops.keys.keksource import KEKFile, KEKMemory
from muniment.ops.keys.ring import KeyRing
from muniment.ops.keys.signing import SigningKeys
from muniment.ops.notary import ActivityTrail, HeadsFile, LogTrail, Notary
from muniment.projections.directory import Directory
from muniment.projections.feed import Feed
from muniment.projections.fold import Fold
from muniment.projections.readmodel import IAM, IAM_ACTIVITY
from tests.ops import histories


class Realm:
    """One server, one writing process. With `data` the server keeps its files there, and the key-encryption key too."""

    def __init__(self, closing: ExitStack, data: Path | None, heads: Path, provisioned: bool) -> None:
        self._closing = closing
        self.server = closing.enter_context(EmbeddedServer(data, ephemeral=data is None))
        if provisioned:
            provision(self.server.credentials("provision"), ephemeral=data is None)
        self.loop = self.connect("api")
        self.keks = KEKs(KEKFile(data / "kek") if data is not None else KEKMemory())
        self.store = JetStreamKeyStore(self.loop)
        self.ring = KeyRing(self.store, self.keks)
        self.heads = SigningKeys(self.store, self.keks, "heads")
        self.file = HeadsFile(heads)
        closing.callback(self.file.close)
        self.secret = ""

    def connect(self, role: str) -> NatsLoop:
        loop = NatsLoop(self.server.credentials(role))
        self._closing.callback(loop.close)
        loop.wait_ready(5)
        return loop

    def source(self, stream: str):
        """A stream, with its original times."""
        source = StreamSource(self.server.credentials("decisions"), stream, expires=stream == IAM_ACTIVITY)
        self._closing.callback(source.close)
        return with_original_times(source, self.loop)

    def messages(self, stream: str) -> list[tuple[int, int, str, bytes]]:
        """Everything in a stream: sequence, time, subject, bytes."""
        source = self.source(stream)
        bounds = source.bounds()
        return [
            (message.sequence, message.time_ns, message.subject, message.data)
            for batch in source.batches(max(0, bounds.first - 1), bounds.last)
            for message in batch
        ]

    def ledger(self) -> AbstractContextManager[Ledger]:
        """The writer."""
        return ledger_over(self.loop, self.ring)

    def write(self, history: histories.History = (), refusals: int = 3) -> None:
        """Found the site where there is none, do some commands, refuse some."""
        with self.ledger() as ledger:
            if not ledger.recorder.max_notification_id():
                self.secret = histories.found(ledger)
                histories.more_accounts(ledger, "second")
            histories.run(ledger, list(history) or histories.prelude())
        activity = Activity(Publisher(self.loop, IAM_ACTIVITY), self.ring)
        for number in range(refusals):
            cause = Cause("iam:CreateUser", f"refused-{number}")
            activity.record(
                Happening(histories.NUMBER, histories.ROOT.actor, cause, CommandRefused("AccessDenied", "no"))
            )
        activity.close()

    @contextmanager
    def notary(self) -> Iterator[tuple[Notary, Feed, Directory]]:
        """A feed over the streams with a notary; closing it signs what is not signed yet."""
        fold = Fold()
        directory = Directory(fold)
        trails = (LogTrail(fold), ActivityTrail())
        sources = [self.source(IAM), self.source(IAM_ACTIVITY)]
        feed = Feed(sources, self.ring, [directory, *trails], fold)
        feed.start()
        notary = Notary(trails, feed.between, Publisher(self.loop, "IAM_CHECKPOINTS"), self.heads, self.file)
        try:
            assert feed.wait_loaded(20)
            yield notary, feed, directory
        finally:
            notary.close()
            feed.close()

    def sign(self) -> None:
        """One head of each stream, as of now."""
        with self.notary() as (notary, _, _):
            notary.sign()


@contextmanager
def realm(heads: Path, data: Path | None = None, *, provisioned: bool = True) -> Iterator[Realm]:
    """A realm; everything of it ends here. `heads` is the file of signed heads."""
    with ExitStack() as closing:
        yield Realm(closing, data, heads, provisioned)
