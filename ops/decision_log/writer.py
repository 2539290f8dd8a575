"""Writes the decision log: a decision costs its thread an append to a list; the rest happens on a thread of the writer's own.

Memory is bounded. What finds no room is counted, in a metric and in the next message, never silent.
"""

import enum
import random
import threading
import time
from collections import Counter, OrderedDict, deque
from collections.abc import Callable, Sequence
from typing import Final, Protocol

import msgspec
import structlog

from muniment.commands.drawn import Clock, clock, uuid7
from muniment.domain import logged, stored
from muniment.domain.ids import NOBODY
from muniment.domain.ledger import Sealed
from muniment.domain.logged import Asker, Batch, Keys, Row
from muniment.domain.policy.decision import Effect, Layer
from muniment.domain.policy.request import AccessRequest
from muniment.domain.sealing import Unreadable
from muniment.domain.session import Passed
from muniment.projections.access.decided import Decided
from muniment.projections.access.known import is_ours

WAITING_MAX: Final = 50_000  # decisions in memory
TOGETHER_MAX: Final = 1_000  # decisions a message
MESSAGE_BYTES_MAX: Final = 240 << 10
MESSAGE_BYTES_USUAL: Final = MESSAGE_BYTES_MAX * 9 // 10  # aimed at: what turns out too large is put together again
FLUSH_SECONDS: Final = 0.25
RETRY_SECONDS: Final = 0.5
CLOSE_SECONDS_MAX: Final = 5.0
SEALED_MAX: Final = 10_000  # sealed keys that are used again: callers repeat their address and agent
PLACES_MAX: Final = 4_096  # names of condition keys that are remembered
NAME_CHARACTERS_MAX: Final = 128
CALLS_MAX: Final = 4_096  # calls that may be decided again
PUBLISH_SECONDS: Final = 5.0

_encode = msgspec.msgpack.Encoder().encode
_EFFECTS: Final = {effect: effect.value for effect in Effect}
_LAYERS: Final = {layer: layer.value for layer in Layer}
Parts = tuple[Keys, Sealed | None, bool]
log = structlog.get_logger("muniment.decisions")


class Publisher(Protocol):
    """Appends and waits; `ops/jetstream/publisher.py` implements it."""

    def publish(self, messages: Sequence[tuple[str, bytes]], deadline: float | None = None) -> list[int]:
        """Store (subject, data) pairs."""


class Ring(Protocol):
    """Seals and signs; the key ring implements it."""

    def seal(self, owner: str, field: str, plain: bytes) -> Sealed: ...
    def sign(self, payload: bytes) -> tuple[str, bytes]: ...


# A decision as the deciding thread leaves it: when, of which source, request, effect, layer, position, the session's policies, and
# the call it belongs to. A tuple, because nothing is quicker to make; without the decision itself, so that the memory of that is
# used again at once, while the processor has it at hand.
Noted = tuple[int, str, AccessRequest, Effect, Layer, int, Passed | None, object]


class Place(enum.Enum):
    """Where a condition key of a request goes."""

    CLEAR = "clear"
    SEALED = "sealed"
    NOWHERE = "nowhere"  # the log knows it better than any request


class DecisionLog:
    """One process's writer. `rate` is the share of decisions that are logged, from 0 (none) to 1 (every one)."""

    def __init__(
        self, publisher: Publisher, ring: Ring, rate: float = 1.0, now: Clock = clock, waiting_max: int = WAITING_MAX
    ) -> None:
        self.rate = rate
        self.logged = 0  # decisions that are stored
        self.dropped = 0  # decisions that found no room
        self.messages = 0
        self.writer = uuid7(now())
        self._publisher, self._ring, self._now, self._waiting_max = publisher, ring, now, waiting_max
        self._waiting: deque[Noted] = deque()
        self._places: dict[str, Place] = {}
        self._fitting = TOGETHER_MAX  # so many decisions like the last ones fit into a message
        self._numbers: Counter[str] = Counter()
        self._drops: Counter[str] = Counter()  # by account, not yet told
        self._drops_guard = threading.Lock()
        self._sealed: OrderedDict[tuple[str, bytes], Sealed] = OrderedDict()
        self._chance: Callable[[], float] = random.Random().random  # noqa: S311 - which decisions are shown is no secret
        self._calls: OrderedDict[tuple[int, str, str, Effect], object] = OrderedDict()
        self._busy = False
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run, name="muniment-decisions", daemon=True)
        self._thread.start()

    def note(
        self,
        source: str,
        request: AccessRequest,
        decided: Decided,
        passed: Passed | None = None,
        origin: object = None,
        /,
    ) -> None:
        """Log a decision, soon; the same answer to the same call once. Never blocks and never fails."""
        if self.rate < 1.0 and self._chance() >= self.rate:
            return
        if len(self._waiting) >= self._waiting_max:
            with self._drops_guard:
                self._drops[request.principal.account or NOBODY] += 1
                self.dropped += 1
            return
        self._waiting.append(
            (self._now(), source, request, decided.effect, decided.layer, decided.position, passed, origin)
        )

    def flush(self, seconds: float = CLOSE_SECONDS_MAX) -> bool:
        """Whether everything noted until now was stored within `seconds`."""
        give_up = time.monotonic() + seconds
        while (self._waiting or self._busy) and time.monotonic() < give_up:
            time.sleep(0.005)
        return not (self._waiting or self._busy)

    def close(self) -> None:
        """Store what waits, for as long as it may take at the end, and stop."""
        self._closing.set()
        self._thread.join(CLOSE_SECONDS_MAX)

    # ---------------------------------------------------------------- the thread

    def _run(self) -> None:
        while True:
            ending = self._closing.wait(FLUSH_SECONDS)
            while self._waiting or self._drops:
                self._busy = True
                try:
                    self._write(self._gather())
                finally:
                    self._busy = False
                if ending and not self._waiting:
                    break
            if ending:
                return

    def _gather(self) -> dict[str, list[Noted]]:
        """What waits, by account; accounts that only have something dropped to tell are among them."""
        found: dict[str, list[Noted]] = {account: [] for account in tuple(self._drops)}
        for _ in range(min(len(self._waiting), self._waiting_max)):
            noted = self._waiting.popleft()
            _, _, request, effect, _, _, _, origin = noted
            if origin is not None and self._is_repeated(request, effect, origin):
                continue
            account = request.principal.account or NOBODY
            if account not in found:
                found[account] = []
            found[account].append(noted)
        return found

    def _is_repeated(self, request: AccessRequest, effect: Effect, origin: object) -> bool:
        """Whether the same was answered to the same call: commands are decided again on a newer state before they are refused."""
        key = (id(origin), request.action, request.resource, effect)
        if key in self._calls:
            return True
        self._calls[key] = origin  # kept, so that its id is nobody else's
        if len(self._calls) > CALLS_MAX:
            self._calls.popitem(last=False)
        return False

    def _write(self, by_account: dict[str, list[Noted]]) -> None:
        for account, every in by_account.items():
            rest = every
            while True:
                rest = self._message(account, rest)
                if not rest:
                    break

    def _message(self, account: str, every: list[Noted]) -> list[Noted]:
        """Store the first of these decisions in one message; answer the others."""
        with self._drops_guard:
            dropped = self._drops.pop(account, 0)
        count = min(len(every), TOGETHER_MAX, max(1, self._fitting))
        self._numbers[account] += 1
        while True:
            data = self._signed(self._batch(account, every[:count], dropped))
            if len(data) <= MESSAGE_BYTES_MAX or count <= 1:
                break
            count //= 2
        if count:
            self._fitting = MESSAGE_BYTES_USUAL * count // len(data)
        if len(data) > MESSAGE_BYTES_MAX:  # one decision alone: too large to keep
            self.dropped += count
            data = self._signed(self._batch(account, [], dropped + count))
            self._store(account, data, 0)
        else:
            self._store(account, data, count)
        return every[count:]

    def _store(self, account: str, data: bytes, count: int) -> None:
        """Publish, the same bytes again until it succeeds: a reader knows a message by its number."""
        give_up: float | None = None
        while True:
            try:
                self._publisher.publish([(logged.subject(account), data)], time.monotonic() + PUBLISH_SECONDS)
            except Exception as error:  # the log is away: what comes meanwhile waits, and then finds no room
                log.warning("decisions wait", error=type(error).__name__)
                if self._closing.is_set():
                    give_up = give_up or time.monotonic() + CLOSE_SECONDS_MAX / 2
                    if time.monotonic() > give_up:
                        self.dropped += count
                        return
                self._closing.wait(RETRY_SECONDS)
            else:
                self.logged += count
                self.messages += 1
                return

    def _batch(self, account: str, every: list[Noted], dropped: int) -> Batch:
        askers: dict[bytes, tuple[int, Asker]] = {}
        met: dict[tuple[int, int], int] = {}  # requesters and sessions of `every`, by identity
        rows = []
        parted: dict[tuple[int, int], Parts] = {}  # their keys, by identity: evaluations of one batch share both
        for moment, source, request, effect, layer, position, passed, _ in every:
            principal = request.principal
            known = met.get((id(principal), id(passed)))
            if known is None:
                asker = Asker(msgspec.structs.replace(principal, tags={}) if principal.tags else principal, passed)
                known, _ = askers.setdefault(_encode(asker), (len(askers), asker))
                met[id(principal), id(passed)] = known
            parts = parted.get((id(principal), id(request.context)))
            if parts is None:
                parts = parted[id(principal), id(request.context)] = self._parts(request, moment)
            rows.append(
                Row(
                    moment,
                    known,
                    request.action,
                    request.resource,
                    effect is Effect.ALLOWED,
                    _EFFECTS[effect],
                    _LAYERS[layer],
                    position,
                    source,
                    parts[0],
                    parts[1],
                    request.resource_account,
                    parts[2],
                )
            )
        listed = tuple(asker for _, asker in askers.values())
        return Batch(account, self.writer, self._numbers[account], self.rate, dropped, len(rows), listed, tuple(rows))

    def _parts(self, request: AccessRequest, time: int) -> Parts:
        """A request's own keys: those in clear, those sealed, and whether some had to be left out."""
        clear: Keys = {}
        private: Keys = {}
        places = self._places
        for name, values in request.context.items():
            place = places.get(name) or self._place(name)
            if place is Place.CLEAR:
                clear[name] = values
            elif place is Place.SEALED:
                private[name] = values
        for name, value in request.principal.tags.items():
            private[logged.TAG + name] = (value,)
        if not private:
            return clear, None, False
        sealed = self._seal(logged.owner_of(request.principal, time), private)
        return clear, sealed, sealed is None

    def _place(self, name: str) -> Place:
        """Where a condition key goes; remembered, for requests bring the same ones again and again."""
        key = name.lower()
        place = Place.NOWHERE if is_ours(key) else Place.CLEAR if key in logged.CLEAR else Place.SEALED
        if len(self._places) < PLACES_MAX and len(name) <= NAME_CHARACTERS_MAX:
            self._places[name] = place
        return place

    def _seal(self, owner: str, private: Keys) -> Sealed | None:
        """The keys under their owner's data key; None where that is erased, or cannot be made by this process."""
        plain = logged.encode_keys(private)
        known = self._sealed.get((owner, plain))
        if known is not None:
            return known
        try:
            made = self._ring.seal(owner, logged.FIELD, plain)
        except Unreadable:
            return None
        except Exception as error:  # a process that only decides may not make data keys
            log.debug("keys withheld", error=type(error).__name__)
            return None
        self._sealed[owner, plain] = made
        if len(self._sealed) > SEALED_MAX:
            self._sealed.popitem(last=False)
        return made

    def _signed(self, batch: Batch) -> bytes:
        body = logged.encode(batch)
        return stored.encode_envelope(body, *self._ring.sign(logged.signed(body)))
