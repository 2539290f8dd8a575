"""The notary of a process, put together: its trails, its signer, its file off the store (SECURITY 15)."""

from collections.abc import Sequence

from muniment.ops.connection import LogServer
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.publisher import Publisher
from muniment.ops.jetstream.source import StreamSource
from muniment.ops.keys.kek import KEKs
from muniment.ops.keys.signing import SigningKeys
from muniment.ops.keys.store import KeyStore
from muniment.ops.notary import ActivityTrail, HeadsFile, LogTrail, Notary, resume_from
from muniment.ops.notary.file import FILE
from muniment.ops.notary.head import CHECKPOINTS
from muniment.ops.settings import Settings
from muniment.projections.feed import Feed
from muniment.projections.fold import Fold
from muniment.projections.readmodel import IAM_ACTIVITY, ReadModel
from muniment.projections.source import Source
from muniment.projections.verify import Verifier


class Notarized:
    """Made before the feed, because its trails are read models; opened once the feed has loaded."""

    def __init__(self, settings: Settings, store: KeyStore, keks: KEKs, fold: Fold) -> None:
        self._signer = SigningKeys(store, keks, "heads")
        self._file = None if settings.ephemeral else HeadsFile(settings.data / FILE)
        self._trails = (LogTrail(fold), ActivityTrail(resume_from(self._file, self._signer, IAM_ACTIVITY)))
        self._notary: Notary | None = None

    @property
    def models(self) -> Sequence[ReadModel]:
        """The trails, for the feed."""
        return self._trails

    @property
    def failure(self) -> str:
        """Why the last head could not be kept."""
        return self._notary.failure if self._notary is not None else ""

    def open(self, feed: Feed, loop: NatsLoop, log: LogServer, verifier: Verifier, sources: Sequence[Source]) -> None:
        """Compare the loaded log with its last signed heads, and sign from now on. Raises LogDiffers, SourceLost."""
        notary = Notary(self._trails, feed.between, Publisher(loop, CHECKPOINTS), self._signer, self._file)
        checkpoints = StreamSource(log.as_role("api"), CHECKPOINTS)
        try:
            notary.check(sources, checkpoints, verifier)
        finally:
            checkpoints.close()
        self._notary = notary
        notary.start()

    def close(self) -> None:
        """Sign what came since the last head."""
        if self._notary is not None:
            self._notary.close()
