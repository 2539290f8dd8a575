"""The streams a restore writes to: made anew with the backup's first sequence, marked while they are filled, then given an epoch.

A stream without an epoch is refused by everything that reads or provisions, so a restore that was interrupted cannot be served.
The marks say which backup is being restored: only that one may go on.
"""

import asyncio
import time
import uuid
from collections.abc import Sequence
from typing import Any, Final

import msgspec

from muniment.ops.backup.archive import Message, Span
from muniment.ops.backup.times import HEADER, RESTORED
from muniment.ops.jetstream import api
from muniment.ops.jetstream.api import StreamInfo
from muniment.ops.jetstream.batch import Guarded, Sending, acknowledged
from muniment.ops.jetstream.errors import ApiError, Lost, NatsError, NoResponders, NotSent
from muniment.ops.jetstream.link import Link
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.streams import EPOCH, RESTORING
from muniment.ops.jetstream.wire import header_block, parse_headers, pub

MARK: Final = RESTORING  # SHA-256 of the backup; gone when the stream is whole
PLANNED: Final = "muniment-restore-epoch"  # the epoch it will have
SOURCE: Final = "muniment-restored-from"  # SHA-256 of the backup; stays
EXPECTED: Final = "Nats-Expected-Last-Sequence"
ADMIN_SECONDS: Final = 30.0
WRITE_SECONDS: Final = 60.0  # for one batch, a lost connection included
PAUSE_SECONDS: Final = 0.2


class RestoreRefused(Exception):
    """The target cannot be restored into; nothing was changed. The message says what to do."""


class RestoreFailed(Exception):
    """The restore began and could not end; run it again, or remove the target."""


class Target:
    """Writes streams. `admin` connects as `provision`, `writer` as `api`."""

    def __init__(self, admin: NatsLoop, writer: NatsLoop, digest: bytes) -> None:
        self._admin, self._writer, self._digest = admin, writer, digest.hex()
        self._configs: dict[str, dict[str, Any]] = {}

    def look(self, span: Span) -> int:
        """How far this backup was restored into a stream already: 0 for an empty one. Raises RestoreRefused."""
        found = self._info(span.stream)
        metadata = self._metadata(found)
        self._configs[span.stream] = found.config
        if metadata.get(MARK) == self._digest or (metadata.get(SOURCE) == self._digest and metadata.get(EPOCH)):
            return found.state.last_seq
        if metadata.get(MARK):
            raise RestoreRefused(
                f"stream `{span.stream}` holds part of another backup, whose restore was interrupted: finish that one, "
                "or begin with an empty data directory (or empty streams)"
            )
        if found.state.messages or found.state.last_seq:
            raise RestoreRefused(
                f"stream `{span.stream}` is not empty ({found.state.messages} messages): a restore never overwrites; "
                "name an empty data directory, or an empty server that was provisioned"
            )
        return 0

    def done(self, span: Span) -> bool:
        """Whether the stream is whole: it has its epoch."""
        metadata = self._metadata(self._info(span.stream))
        return metadata.get(SOURCE) == self._digest and bool(metadata.get(EPOCH)) and MARK not in metadata

    def prepare(self, span: Span) -> None:
        """Make the empty stream anew, with the first sequence it had, without an epoch, and marked."""
        config = dict(self._configs[span.stream])
        metadata = {key: value for key, value in config.get("metadata", {}).items() if not key.startswith("_nats")}
        if self._digest in (metadata.get(MARK), metadata.get(SOURCE)):
            return  # an interrupted run has made it
        for key in (EPOCH, RESTORED, SOURCE):
            metadata.pop(key, None)
        config["metadata"] = metadata | {MARK: self._digest, PLANNED: str(uuid.uuid4())}
        if span.first > 1:
            config["first_seq"] = span.first
        self._ask(f"STREAM.DELETE.{span.stream}", None)
        self._ask(f"STREAM.CREATE.{span.stream}", config)

    def planned_epoch(self, stream: str) -> str:
        """The epoch a stream has, or will have when it is whole."""
        metadata = self._metadata(self._info(stream))
        return metadata.get(EPOCH) or metadata[PLANNED]

    def finish(self, span: Span) -> None:
        """Take the mark away and give the stream its epoch: from here on it may be served."""
        config = dict(self._info(span.stream).config)
        metadata = {key: value for key, value in config.get("metadata", {}).items() if not key.startswith("_nats")}
        if MARK not in metadata:
            return
        epoch = metadata.pop(PLANNED)
        del metadata[MARK]
        config["metadata"] = metadata | {EPOCH: epoch, RESTORED: str(span.last), SOURCE: self._digest}
        self._ask(f"STREAM.UPDATE.{span.stream}", config)

    def write(self, stream: str, messages: Sequence[Message], after: int) -> None:
        """Append messages behind sequence `after`, which must be the last one. Raises RestoreFailed."""
        atomic = bool(self._configs[stream].get("allow_atomic"))
        deadline = time.monotonic() + WRITE_SECONDS
        done = after
        while done < messages[-1].sequence:
            left = messages[done - after :]
            try:
                done = self._writer.run(self._send(left, atomic, deadline - time.monotonic()), deadline)
            except (NotSent, NoResponders, Lost, TimeoutError) as doubt:
                if time.monotonic() > deadline:
                    raise RestoreFailed(f"`{stream}` takes nothing after {done}: {doubt}") from doubt
                time.sleep(PAUSE_SECONDS)
                done = max(done, self._info(stream).state.last_seq)
            except (ApiError, ValueError) as error:
                raise RestoreFailed(f"`{stream}` refuses what follows {done}: {error}") from error
        if done != messages[-1].sequence:
            raise RestoreFailed(
                f"`{stream}` reaches {done} instead of {messages[-1].sequence}: somebody else writes to it"
            )

    async def _send(self, messages: Sequence[Message], atomic: bool, seconds: float) -> int:
        """Publish in order; the last sequence. Each message, or the atomic batch, is stored only right behind the one before."""
        link = self._writer.link
        await link.wait_up(seconds)
        if atomic:
            first = {EXPECTED: str(messages[0].sequence - 1)}
            batch = [
                Guarded(each.subject, each.data, _headers(each) | (first if each is messages[0] else {}))
                for each in messages
            ]
            return await Sending(batch).publish(link, seconds)
        answers = [_publish(link, each, seconds) for each in messages]
        return (await asyncio.gather(*answers))[-1]

    def _info(self, stream: str) -> StreamInfo:
        deadline = time.monotonic() + ADMIN_SECONDS
        try:
            return self._admin.run(api.info(self._admin.link, stream, deadline), deadline)
        except ApiError as error:
            if error.code == api.STREAM_NOT_FOUND:
                raise RestoreRefused(f"stream `{stream}` is not there: run `muniment provision` first") from None
            raise

    def _ask(self, subject: str, body: object) -> None:
        deadline = time.monotonic() + ADMIN_SECONDS
        try:
            self._admin.run(api.patiently(self._admin.link, subject, body, deadline), deadline)
        except NatsError as error:
            raise RestoreFailed(f"{subject.lower().replace('.', ' ')}: {error}") from error

    @staticmethod
    def _metadata(found: StreamInfo) -> dict[str, str]:
        metadata: dict[str, str] = found.config.get("metadata", {})
        return metadata


def _headers(message: Message) -> dict[str, str]:
    """The headers it had, without JetStream's own, which spoke about its first storing; and the time of that."""
    kept = {
        name: value
        for name, value in parse_headers(message.headers).items()
        if name and not name.lower().startswith("nats-")
    }
    return kept | {HEADER: str(message.time_ns)}


async def _publish(link: Link, message: Message, seconds: float) -> int:
    headers = _headers(message) | {EXPECTED: str(message.sequence - 1)}
    reply, future = link.expect(message.subject)
    try:
        link.send(pub(message.subject, message.data, reply, header_block(headers)))
    except NotSent:
        future.cancel()
        raise
    return acknowledged(await link.answer(message.subject, future, seconds))


class Restored(msgspec.Struct, frozen=True):
    """What a restore did."""

    spans: tuple[Span, ...]
    epochs: dict[str, str]
    messages: int
    keys: int
    erased: tuple[str, ...]  # owners whose erasing the log tells of, erased again
    resumed: bool
