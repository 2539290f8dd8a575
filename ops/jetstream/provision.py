"""Provisioning: makes the streams, refuses to run on ones that differ. The only code that uses stream administration."""

from __future__ import annotations

import asyncio
import time
import uuid
from collections.abc import Callable, Coroutine, Sequence
from typing import Any, TypeVar

from muniment.ops.jetstream.api import (
    PAUSE_SECONDS_MAX,
    PAUSE_SECONDS_MIN,
    STREAM_NOT_FOUND,
    ask,
    info,
    patiently,
)
from muniment.ops.jetstream.errors import ApiError, Lost, NoResponders
from muniment.ops.jetstream.link import Link
from muniment.ops.jetstream.loop import new_event_loop
from muniment.ops.jetstream.settings import ConnectionSettings
from muniment.ops.jetstream.streams import ACTIVITY_DAYS, DECISION_DAYS, EPOCH, RESTORING, StreamSpec, specs

T = TypeVar("T")

CONSUMER_NOT_FOUND = 10014
PROVISION_SECONDS_MAX = 30.0  # creating a stream right after a cluster start can take 5 s


class Drift(RuntimeError):
    """A stream exists and is configured otherwise than we need it."""

    def __init__(self, stream: str, field: str, expected: object, found: object) -> None:
        super().__init__(
            f"stream `{stream}`: `{field}` must be {expected!r} and is {found!r}: "
            "change it back with the nats CLI as an administrator, or provision with the settings it was made with"
        )
        self.stream, self.field, self.expected, self.found = stream, field, expected, found


class RestoreUnfinished(RuntimeError):
    """A restore was begun and not finished; the log must not be served."""


def provision(
    settings: ConnectionSettings,
    replicas: int = 1,
    activity_days: int = ACTIVITY_DAYS,
    decision_days: int | None = None,
    *,
    ephemeral: bool = False,
) -> list[str]:
    """Make what is missing, check what is there; returns the names of the streams that were made.

    Idempotent. For how many days the decision log is kept may be changed at any time, since nothing is decided from it; None
    leaves it. `ephemeral` leaves out the refusal to delete and purge, which `reset` needs. Raises Drift, and the
    exceptions of `errors.py` when the server cannot be used.
    """

    async def work(link: Link) -> list[str]:
        deadline = time.monotonic() + PROVISION_SECONDS_MAX
        wanted = specs(activity_days, decision_days or DECISION_DAYS)
        made = await asyncio.gather(
            *(_ensure(link, spec, replicas, ephemeral, deadline, keep_age=decision_days is None) for spec in wanted)
        )
        return [spec.name for spec, new in zip(wanted, made, strict=True) if new]

    return _with_link(settings, work)


def reset(settings: ConnectionSettings, activity_days: int = ACTIVITY_DAYS) -> None:
    """Throw everything away and begin anew: every stream deleted and made again, sequences from 1, new epochs.

    For ephemeral servers only: elsewhere no running process holds the role this needs.
    """

    async def work(link: Link) -> None:
        deadline = time.monotonic() + PROVISION_SECONDS_MAX
        await asyncio.gather(*(_remake(link, spec, deadline) for spec in specs(activity_days)))

    _with_link(settings, work)


def provision_reader(settings: ConnectionSettings, name: str, boundaries: tuple[str, ...], replicas: int = 1) -> None:
    """Make the durable pull consumer of a foreign reader over whole boundaries (`account.123456789012`).

    Whole ones only: a filter by fact name would break the chain. `permissions.foreign_reader` is what its user may do.
    Idempotent; raises ApiError where a consumer of that name is configured otherwise.
    """
    config = {
        "durable_name": name,
        "name": name,
        "filter_subjects": [f"iam.{boundary}.>" for boundary in boundaries],
        "deliver_policy": "all",
        "ack_policy": "explicit",
        "replay_policy": "instant",
        "num_replicas": replicas,
    }

    async def work(link: Link) -> None:
        body = {"stream_name": "IAM", "config": config, "action": "create"}
        await patiently(link, f"CONSUMER.CREATE.IAM.{name}", body, time.monotonic() + PROVISION_SECONDS_MAX)

    _with_link(settings, work)


def provision_followers(
    settings: ConnectionSettings, consumers: Sequence[str], boundaries: Sequence[str], replicas: int = 1
) -> str:
    """Make the consumers through which a reader's processes follow whole boundaries, or everything where none are named.

    They acknowledge nothing: the reader sets its own back where it starts anew. Each carries the stream's epoch, which is
    answered. Idempotent; raises ApiError where one is configured otherwise.
    """

    async def work(link: Link) -> str:
        deadline = time.monotonic() + PROVISION_SECONDS_MAX
        epoch = str((await info(link, "IAM", deadline)).config.get("metadata", {}).get(EPOCH, ""))
        for name in consumers:
            config: dict[str, Any] = {
                "durable_name": name,
                "name": name,
                "deliver_policy": "all",
                "ack_policy": "none",
                "replay_policy": "instant",
                "num_replicas": replicas,
                "max_waiting": 16,
                "metadata": {EPOCH: epoch},
            }
            if boundaries:
                config["filter_subjects"] = [_followed(boundary) for boundary in boundaries]
            body = {"stream_name": "IAM", "config": config, "action": "create"}
            await patiently(link, f"CONSUMER.CREATE.IAM.{name}", body, deadline)
        return epoch

    return _with_link(settings, work)


def _followed(boundary: str) -> str:
    """The subjects of a boundary, `account.123456789012`; of one fact alone, `secret.….SecretVersionPromoted`."""
    return f"iam.{boundary}" if boundary.count(".") > 1 else f"iam.{boundary}.>"


def remove_followers(settings: ConnectionSettings, consumers: Sequence[str]) -> None:
    """Drop a reader's consumers; those that are gone already are passed over."""

    async def work(link: Link) -> None:
        for name in consumers:
            try:
                await ask(link, f"CONSUMER.DELETE.IAM.{name}", None, PROVISION_SECONDS_MAX)
            except ApiError as exc:
                if exc.code != CONSUMER_NOT_FOUND:
                    raise

    _with_link(settings, work)


def _with_link(settings: ConnectionSettings, work: Callable[[Link], Coroutine[Any, Any, T]]) -> T:
    """Run work on a connection of its own, so that administration lasts no longer than this call."""

    async def run() -> T:
        link = Link(settings)
        link.start()
        try:
            await link.wait_up(PROVISION_SECONDS_MAX)
            return await work(link)
        finally:
            await link.close()

    with asyncio.Runner(loop_factory=new_event_loop) as runner:
        return runner.run(run())


async def _ensure(
    link: Link, spec: StreamSpec, replicas: int, ephemeral: bool, deadline: float, *, keep_age: bool
) -> bool:
    config = spec.config(replicas, ephemeral=ephemeral)
    try:
        found = await info(link, spec.name, deadline)
    except ApiError as exc:
        if exc.code != STREAM_NOT_FOUND:
            raise
        await _create(link, config, deadline)
        found = await info(link, spec.name, deadline)
        _check(spec.name, config, found.config)
        return True
    if spec.age_may_change and (age := found.config.get("max_age", 0)) != config["max_age"]:
        _check(spec.name, {**config, "max_age": age}, found.config)
        if keep_age:
            return False
        await patiently(link, f"STREAM.UPDATE.{spec.name}", {**found.config, "max_age": config["max_age"]}, deadline)
        found = await info(link, spec.name, deadline)
    _check(spec.name, config, found.config)
    return False


async def _create(link: Link, config: dict[str, Any], deadline: float) -> None:
    body = {**config, "metadata": {EPOCH: str(uuid.uuid4())}}
    await patiently(link, f"STREAM.CREATE.{config['name']}", body, deadline)


async def _remake(link: Link, spec: StreamSpec, deadline: float) -> None:
    """Delete a stream and make it again, empty. A loaded server may still be busy with the deletion, or leave a question
    without answer: then both again, until the deadline.
    """
    pause = PAUSE_SECONDS_MIN
    while True:
        try:
            await _delete(link, spec.name, deadline)
            return await _create(link, spec.config(1, ephemeral=True), deadline)
        except (ApiError, Lost, NoResponders):
            if time.monotonic() + pause >= deadline:
                raise
        await asyncio.sleep(pause)
        pause = min(pause * 2, PAUSE_SECONDS_MAX)


async def _delete(link: Link, stream: str, deadline: float) -> None:
    try:
        await patiently(link, f"STREAM.DELETE.{stream}", None, deadline)
    except ApiError as exc:
        if exc.code != STREAM_NOT_FOUND:
            raise


def _check(stream: str, expected: dict[str, Any], found: dict[str, Any]) -> None:
    """Compare what we ask for with what is there; fields we do not name must be at rest (false, zero, empty)."""
    for field, value in expected.items():
        if found.get(field, _absent(value)) != value:
            raise Drift(stream, field, value, found.get(field))
    if RESTORING in found.get("metadata", {}):
        raise RestoreUnfinished(
            f"stream `{stream}` holds an interrupted restore: run `muniment restore` again to finish it"
        )
    for field in ("mirror", "sources", "republish", "subject_transform", "sealed", "no_ack", "persist_mode"):
        if found.get(field):
            raise Drift(stream, field, None, found[field])
    if not found.get("metadata", {}).get(EPOCH):
        raise Drift(stream, f"metadata.{EPOCH}", "an epoch", None)


def _absent(value: object) -> object:
    """What a field that the server leaves out of its answer means."""
    return type(value)() if isinstance(value, bool | int | str) else None
