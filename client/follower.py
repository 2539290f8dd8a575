"""The follower: one thread that reads the log through the credential's consumer, verifies every entry, and applies it."""

import asyncio
import contextlib
import threading
import time
from collections.abc import Sequence
from typing import Final

import msgspec

from muniment.client.model import Following
from muniment.domain import stored
from muniment.ops.jetstream.api import Stored
from muniment.ops.jetstream.durable import Durable, TakenOver
from muniment.ops.jetstream.errors import LogDamaged, NatsError
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.reader.credential import OwnSignature, ReaderCredential, ReaderKeys
from muniment.projections.fold import Fold, Spoiled
from muniment.projections.generation import Generation
from muniment.projections.keeper import Keeper
from muniment.projections.readmodel import BEGINNING, IAM, Condition
from muniment.projections.snapshots import Discarded, Snapshots
from muniment.projections.verify import Broken, Chains, first_unsigned, links_of

PAUSE_SECONDS_MIN: Final = 0.02
PAUSE_SECONDS_MAX: Final = 1.0
CONNECT_SECONDS: Final = 5.0
EVERY_SIGNATURE_MAX: Final = 256  # more at once are a backlog: then each chain's last signature vouches
CLOSE_SECONDS_MAX: Final = 5.0
YOUNG_SECONDS: Final = 1.0  # of two processes on one consumer the one that was level for longer steps back
DOUBTS_MAX: Final = 4  # readings that begin with a break before it is believed


class SomeChains(Chains):
    """The chains of a reader that is not given every boundary: sequences are missing, versions and hashes never are."""

    def _cross(self, sequence: int) -> None:
        if sequence <= self.position:
            raise Broken(self.stream, sequence, f"sequence {sequence} came again after {self.position}")


class Stalled(NatsError):
    """What came cannot be believed yet."""


class Follower:
    """Keeps `model` level with the log. All of its work happens on one thread; readers see whole states only."""

    def __init__(
        self,
        credential: ReaderCredential,
        keys: ReaderKeys,
        loop: NatsLoop,
        consumer: str,
        snapshots: Snapshots | None,
        own: OwnSignature,
    ) -> None:
        self._fold = Fold()
        self.model = Following(self._fold, whole=not credential.boundaries)
        self.broken = ""  # why nothing more is believed, for good
        self.lost = ""  # why the log cannot be read at this moment
        self.taken = 0  # entries applied
        self._credential, self._keys, self._loop, self._consumer, self._own = credential, keys, loop, consumer, own
        self._generation = Generation(self._fold, [self.model])
        self._snapshots = snapshots
        self._keeper = Keeper(snapshots, self._generation) if snapshots is not None else None
        self._chains: Chains = self._new_chains()
        self._durable: Durable | None = None
        self._heard = 0.0  # while nothing is open
        self._stopped_at = 0.0
        self._level_at = 0.0
        self._doubts = 0
        self._settled = threading.Event()
        self._careful = False  # an entry failed in a fold that works in place: take copies from the start
        self._to_prove = b""  # the digest of the entry that has to come first
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, from the snapshot where there is one of ours."""
        self._load_snapshot()

        async def begin() -> None:
            self._task = asyncio.get_running_loop().create_task(self._run())

        self._loop.run(begin())

    def wait_loaded(self, seconds: float) -> bool:
        """Whether the log's end was reached, or the log found broken, within so many seconds."""
        return self._settled.wait(seconds)

    def close(self) -> None:
        """Stop, and keep a snapshot where one is wanted."""

        async def end() -> None:
            if self._task is not None:
                self._task.cancel()
                await asyncio.wait((self._task,))

        with contextlib.suppress(NatsError, TimeoutError):
            self._loop.run(end(), time.monotonic() + CLOSE_SECONDS_MAX)
        if self._keeper is not None and not self.broken:
            self._keeper.close()

    def age(self) -> float:
        """Seconds since the state was last known to be the log's end."""
        if self._stopped_at:
            return time.monotonic() - self._stopped_at
        durable = self._durable
        return time.monotonic() - max(self._heard, durable.heard if durable is not None else 0.0)

    # ---------------------------------------------------------------- the thread

    async def _run(self) -> None:
        pause = PAUSE_SECONDS_MIN
        while True:
            before = self.taken
            try:
                await self._read()
            except TakenOver as other:
                self.lost = str(other)
                if self._level_at and time.monotonic() - self._level_at > YOUNG_SECONDS:
                    self._stopped_at = time.monotonic()  # the newer process goes on; ours grows old, visibly
                    return
            except (Broken, LogDamaged) as broken:
                self._doubts = self._doubts + 1 if self.taken == before else DOUBTS_MAX
                if self._doubts >= DOUBTS_MAX:
                    self._break(str(broken))
                    return
                self.lost = str(
                    broken
                )  # it was the first that came: another process may have set the consumer elsewhere
            except Spoiled:
                self._careful = True
                self._generation.reset()
            except NatsError as lost:
                self.lost = str(lost)
            except Exception as fault:  # ours: what follows is not to be believed
                self._break(f"the follower failed: {type(fault).__name__}: {fault}")
                return
            pause = PAUSE_SECONDS_MIN if self.taken > before else min(pause * 2, PAUSE_SECONDS_MAX)
            await asyncio.sleep(pause)

    async def _read(self) -> None:
        """One reading, from the last entry that was taken: it must come again, the same to the last bit."""
        link = self._loop.link
        await link.wait_up(CONNECT_SECONDS)
        checkpoint = self.model.checkpoints.get(IAM, BEGINNING)
        self._chains = self._new_chains()
        self._to_prove = checkpoint.digest
        durable = Durable(link, IAM, self._consumer, checkpoint.sequence, self._take, self._looked)
        try:
            pending = await durable.open(self._credential.epoch)
            self._durable, self.lost = durable, ""
            if pending == 0:
                self._level()
            while not durable.ended.done():
                await asyncio.wait((durable.ended,), timeout=CONNECT_SECONDS)
                if durable.silent():
                    raise Stalled("the log has not been heard of for too long")
            durable.ended.result()
        finally:
            self._heard = max(self._heard, durable.heard if self._durable is durable else 0.0)
            self._durable = None
            durable.close()

    def _new_chains(self) -> Chains:
        position = self.model.checkpoints.get(IAM, BEGINNING).sequence
        chains = (SomeChains if self._credential.boundaries else Chains)(IAM, self._keys, position)
        chains.links = links_of(self._fold.states.values())
        return chains

    def _take(self, messages: list[Stored], pending: int) -> None:
        """A batch from the consumer; whatever is wrong with it ends this reading."""
        try:
            if pending:
                self.model.head_seen(IAM, messages[-1].sequence + pending)
            self._believe(self._proved(messages))
            if pending == 0:
                self._level()
        except Exception as error:  # it is told to whoever awaits the reading
            assert self._durable is not None
            self._durable.fail(error)

    def _proved(self, messages: list[Stored]) -> Sequence[Stored]:
        if not self._to_prove:
            return messages
        first, digest, self._to_prove = messages[0], self._to_prove, b""
        position = self._chains.position
        if first.sequence != position or stored.digest(first.data) != digest:
            raise Broken(IAM, position, "the entry that was read last is no longer there, or is another one")
        return messages[1:]

    def _believe(self, messages: Sequence[Stored]) -> None:
        if not messages:
            return
        chains, loading = self._chains, self.model.status.condition is Condition.LOADING
        self._keys.unknown = ""
        opened, broken = chains.open(messages, every=not loading and len(messages) <= EVERY_SIGNATURE_MAX)
        if not chains.confirm():
            if self._keys.unknown:
                raise Stalled(
                    f"entries are signed by key `{self._keys.unknown}`, which this credential does not know: was the signing key "
                    "rotated? renew the credential's file with `muniment readers renew`"
                )
            forged = first_unsigned(self._keys, messages)
            opened = [one for one in opened if forged is not None and one.sequence < forged.sequence]
            broken = forged or broken
        if opened:
            self._generation.in_place(IAM, loading and not self._careful)
            self._generation.take(opened, self._credential.epoch)
            self.taken += len(opened)
            if self._keeper is not None:
                self._keeper.consider()
        if broken is not None:
            raise broken
        self._mind_a_stop()

    def _mind_a_stop(self) -> None:
        """An entry that this release cannot apply stops the model; from then on its state grows old."""
        if self.model.stopped and not self._stopped_at:
            self._stopped_at = time.monotonic()
            self._settled.set()

    def _level(self) -> None:
        """Everything that was there has been taken."""
        if self._to_prove or self.model.status.condition is not Condition.LOADING:
            return
        self._generation.end_bulk(IAM)
        self.model.live()
        self._level_at = time.monotonic()
        self._settled.set()
        if self._keeper is not None:
            self._keeper.loaded()

    def _looked(self, sequence: int) -> None:
        """The consumer has looked through the stream up to `sequence`, and holds nothing more for us."""
        if self._to_prove:
            position = self._chains.position
            if self._durable is not None:
                self._durable.fail(Broken(IAM, position, "the entry that was read last is no longer there"))
            return
        self._level()
        self.model.looked_up_to(sequence)

    def _break(self, reason: str) -> None:
        self.broken = reason
        self.model.stop(reason, IAM, self.model.position() + 1)
        self._settled.set()

    def _load_snapshot(self) -> None:
        if self._snapshots is None:
            return
        try:
            picture = self._snapshots.read()
        except (Discarded, OSError, msgspec.MsgspecError):
            return  # none of ours, or of another release: the log has everything
        if picture.checkpoint.epoch != self._credential.epoch or not self._is_ours(picture.states):
            return
        self._fold.states = dict(picture.states)
        self._fold.position = picture.checkpoint.sequence
        self.model.load(picture.checkpoint)
        if self._keeper is not None:
            self._keeper.saved = picture.checkpoint.sequence

    def _is_ours(self, boundaries: object) -> bool:
        """Whether a snapshot holds what this credential follows, no less and no more."""
        wanted = self._credential.boundaries
        return not wanted or (isinstance(boundaries, dict) and set(boundaries) <= set(wanted))
