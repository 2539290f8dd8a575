"""Being told of new values: one thread reads `iam.secret.*.SecretVersionPromoted` through a consumer made for it.

An event says that a secret has a new value, never which. What it makes a program do is to ask the server again, so a
forged one does no more.
"""

import asyncio
import contextlib
import time
from collections.abc import Callable
from typing import Final

from muniment.ops.jetstream.api import Stored
from muniment.ops.jetstream.durable import Durable
from muniment.ops.jetstream.errors import NatsError
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.reader.credential import ReaderCredential

STREAM: Final = "IAM"
FACT: Final = "SecretVersionPromoted"
PAUSE_SECONDS: Final = 0.5
CONNECT_SECONDS: Final = 5.0
CLOSE_SECONDS: Final = 5.0


class Promotions:
    """Calls `changed` with the boundary of each secret that got a new value; `lost` when it may have missed some."""

    def __init__(
        self, credential: ReaderCredential, consumer: str, changed: Callable[[str], None], lost: Callable[[], None]
    ) -> None:
        self._credential, self._consumer, self._changed, self._lost = credential, consumer, changed, lost
        self._loop = NatsLoop(credential.settings())
        self._after = 0
        self._task: asyncio.Task[None] | None = None
        self.listening = False

    def start(self) -> None:
        """Begin."""

        async def begin() -> None:
            self._task = asyncio.get_running_loop().create_task(self._run())

        self._loop.run(begin())

    def close(self) -> None:
        """Stop."""

        async def end() -> None:
            if self._task is not None:
                self._task.cancel()
                await asyncio.wait((self._task,))

        with contextlib.suppress(NatsError, TimeoutError):
            self._loop.run(end(), time.monotonic() + CLOSE_SECONDS)
        self._loop.close()

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(NatsError, TimeoutError):
                await self._read()
            self.listening = False
            self._lost()
            await asyncio.sleep(PAUSE_SECONDS)

    async def _read(self) -> None:
        link = self._loop.link
        await link.wait_up(CONNECT_SECONDS)
        reading = Durable(link, STREAM, self._consumer, self._after + 1, self._take, self._looked)
        try:
            await reading.open(self._credential.epoch)
            self.listening = True
            while not reading.ended.done():
                await asyncio.wait((reading.ended,), timeout=CONNECT_SECONDS)
                if reading.silent():
                    return
            reading.ended.result()
        finally:
            reading.close()

    def _take(self, messages: list[Stored], pending: int) -> None:
        for message in messages:
            self._after = max(self._after, message.sequence)
            _, _, rest = message.subject.partition(".")
            boundary, _, fact = rest.rpartition(".")
            if fact == FACT:
                self._changed(boundary)

    def _looked(self, sequence: int) -> None:
        self._after = max(self._after, sequence)
