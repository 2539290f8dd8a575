"""Anything that answers on NATS: each step is one request on the subject in the setting `subject`.

The connection is the operator's choice (`--rotation-nats`), never the log's own: a function sees nothing of the log, and the log's
roles need no further right. Subjects lie below `muniment.rotate.<account>.`, so that one account cannot ask another's functions.
Request and answer are those of a webhook; `{"Error": "…"}` says that a step failed.
"""

import re
import time
from collections.abc import Callable
from typing import ClassVar, Final

from muniment.ops.jetstream.errors import NatsError
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.rotation.rotator import JSON, Job, NotRotated
from muniment.ops.rotation.webhook import answer, done, made, question

PREFIX: Final = "muniment.rotate"
SECONDS_MAX: Final = 10.0
ANSWER_BYTES_MAX: Final = 262_144

_NAME = re.compile(r"[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,64}){0,7}")


class NatsFunction:
    """Asks functions over one connection, which is made when the first is asked."""

    name: ClassVar[str] = "nats"
    one_password: ClassVar[bool] = False

    def __init__(self, connection: Callable[[], NatsLoop | None]) -> None:
        self._connection = connection

    def create(self, job: Job, current: str) -> str:
        """The function makes the new value."""
        return made(self._ask(job, "create", current=current))

    def set(self, job: Job, current: str, pending: str) -> None:
        """The function puts it in force."""
        self._ask(job, "set", current=current, pending=pending)

    def test(self, job: Job, pending: str) -> None:
        """The function tries it."""
        self._ask(job, "test", pending=pending)

    def finish(self, job: Job, pending: str) -> None:
        """The function is told that readers get the new value now."""
        self._ask(job, "finish", pending=pending)

    def retire(self, job: Job, old: str, current: str) -> str:
        """The function ends the old one."""
        return done(self._ask(job, "retire", old=old, current=current))

    def _ask(self, job: Job, step: str, **values: str) -> JSON:
        name = job.setting("subject")
        if not _NAME.fullmatch(name):
            raise NotRotated("the setting `subject` is not a NATS subject without wildcards")
        loop = self._connection()
        if loop is None:
            raise NotRotated("this server asks no functions on NATS: start it with `--rotation-nats URL`")
        subject = f"{PREFIX}.{job.account}.{name}"
        body, until = question(job, step, values), time.monotonic() + SECONDS_MAX
        try:
            loop.run(loop.link.wait_up(SECONDS_MAX), until)
            frame = loop.run(loop.link.request(subject, body, SECONDS_MAX), until)
        except (NatsError, TimeoutError) as error:
            raise NotRotated(f"{step}: no answer on `{subject}` ({type(error).__name__})") from None
        if len(frame[-1]) > ANSWER_BYTES_MAX:
            raise NotRotated(f"{step}: the answer is longer than {ANSWER_BYTES_MAX} bytes")
        found = answer(bytes(frame[-1]))
        if "Error" in found:
            raise NotRotated(f"{step}: the function says that it failed")
        return found
