"""Provisioning is idempotent, refuses what differs, and `reset` begins anew."""

from __future__ import annotations

import time
from typing import Any

import pytest
from eventsourcing.persistence import StoredEvent

from muniment.ops.jetstream import api
from muniment.ops.jetstream import provision as provisioning
from muniment.ops.jetstream.embedded import EmbeddedServer
from muniment.ops.jetstream.errors import ApiError
from muniment.ops.jetstream.link import Link
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.provision import Drift, provision, reset
from muniment.ops.jetstream.recorder import JetStreamRecorder
from muniment.ops.jetstream.streams import EPOCH, specs
from tests.nats_server import running_server

NAMES = [spec.name for spec in specs()]


def config(server: EmbeddedServer, stream: str) -> dict[str, Any]:
    with NatsLoop(server.credentials("provision")) as loop:
        return dict(loop.run(api.info(loop.link, stream, time.monotonic() + 5)).config)


def change(server: EmbeddedServer, stream: str, **fields: Any) -> None:
    async def update(loop: NatsLoop) -> None:
        await api.ask(loop.link, f"STREAM.UPDATE.{stream}", {**config(server, stream), **fields}, 5)

    with NatsLoop(server.credentials("provision")) as loop:
        loop.wait_ready(5)
        loop.run(update(loop))


def test_the_first_time_makes_every_stream_and_the_second_time_none() -> None:
    with running_server(provisioned=False) as server:
        settings = server.credentials("provision")
        assert provision(settings) == NAMES
        before = {name: config(server, name) for name in NAMES}
        assert provision(settings) == []
        assert {name: config(server, name) for name in NAMES} == before


def test_the_streams_are_as_the_design_says() -> None:
    with running_server(provisioned=False) as server:
        provision(server.credentials("provision"), activity_days=7)
        found = {name: config(server, name) for name in NAMES}
    # DESIGN 2
    for name in ("IAM", "IAM_ACTIVITY", "IAM_DECISIONS", "IAM_CHECKPOINTS"):
        assert found[name]["deny_delete"], name
        assert found[name]["deny_purge"], name
    assert not found["KV_IAM_KEYS"]["deny_delete"]
    assert found["KV_IAM_KEYS"]["max_msgs_per_subject"] == -1
    assert found["IAM"]["allow_atomic"]
    assert found["IAM"]["allow_direct"]
    assert found["IAM"]["max_age"] == 0
    assert found["IAM_ACTIVITY"]["max_age"] == 7 * 24 * 3600 * 10**9
    assert found["IAM_PROOFS"]["max_msgs_per_subject"] == 1
    assert {one["storage"] for one in found.values()} == {"file"}
    assert {one["compression"] for one in found.values()} == {"none"}
    assert not [name for name, one in found.items() if one.get("allow_rollup_hdrs") and name != "IAM_SCHEDULES"]
    epochs = {one["metadata"][EPOCH] for one in found.values()}
    assert len(epochs) == len(NAMES)


@pytest.mark.parametrize(
    ("stream", "field", "value"),
    [
        ("IAM", "max_msgs", 10),
        ("IAM", "max_age", 3600 * 10**9),
        ("IAM", "duplicate_window", 10**9),
        ("IAM", "subjects", ["iam.account.>"]),
        ("IAM_ACTIVITY", "max_age", 3600 * 10**9),
        ("IAM_PROOFS", "max_msgs_per_subject", 2),
        ("KV_IAM_KEYS", "max_msgs_per_subject", 1),
        ("IAM", "republish", {"src": "iam.>", "dest": "copy.>"}),
    ],
)
def test_drift_is_refused_and_names_stream_field_expected_and_found(stream: str, field: str, value: object) -> None:
    with running_server() as server:
        change(server, stream, **{field: value})
        with pytest.raises(Drift) as drift:
            provision(server.credentials("provision"), ephemeral=True)
        assert (drift.value.stream, drift.value.field) == (stream, field)
        assert f"stream `{stream}`" in str(drift.value)
        assert f"`{field}`" in str(drift.value)
        assert drift.value.found is not None
        if field != "republish":
            assert repr(drift.value.expected) in str(drift.value)
            assert repr(value) in str(drift.value)


def test_a_stream_that_somebody_made_without_an_epoch_is_drift() -> None:
    with running_server() as server:
        change(server, "IAM", metadata={})
        with pytest.raises(Drift, match=EPOCH):
            provision(server.credentials("provision"), ephemeral=True)


def test_a_longer_activity_retention_than_provisioned_is_drift() -> None:
    with running_server() as server, pytest.raises(Drift, match="max_age"):
        provision(server.credentials("provision"), activity_days=10, ephemeral=True)


def test_a_reset_empties_every_stream_and_begins_new_epochs_in_no_time(streams: EmbeddedServer) -> None:
    with NatsLoop(streams.credentials("api")) as loop:
        recorder = JetStreamRecorder(loop, "IAM", "iam")
        recorder.insert_events([StoredEvent("account.1", version, "UserCreated", b"x") for version in range(1, 1001)])
        before = {name: config(streams, name)["metadata"][EPOCH] for name in NAMES}
        started = time.monotonic()
        reset(streams.credentials("provision"))
        assert time.monotonic() - started < 1
        assert recorder.max_notification_id() is None
        after = {name: config(streams, name)["metadata"][EPOCH] for name in NAMES}
        assert not set(before.values()) & set(after.values())
        fresh = JetStreamRecorder(loop, "IAM", "iam")
        assert fresh.insert_events([StoredEvent("account.1", 1, "UserCreated", b"x")]) == [1]
    assert provision(streams.credentials("provision"), ephemeral=True) == []


def test_a_reset_waits_for_what_is_still_in_the_way(streams: EmbeddedServer) -> None:
    """A loaded server that was not done with the deletion refused the new stream, and the reset answered 500."""
    in_the_way = {"name": "LATE", "subjects": [specs()[0].subjects[0]]}
    made, refused = api.patiently, []

    async def busy(link: Link, subject: str, body: Any, deadline: float, *more: float) -> bytes:
        if subject == "STREAM.CREATE.IAM" and len(refused) < 3:
            if not refused:  # what is left of the old one holds the subjects until it is gone
                await api.ask(link, "STREAM.CREATE.LATE", in_the_way, 5)
            try:
                return await made(link, subject, body, deadline, *more)
            except ApiError as error:
                refused.append(error.code)
                if len(refused) == 3:
                    await api.ask(link, "STREAM.DELETE.LATE", None, 5)
                raise
        return await made(link, subject, body, deadline, *more)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(provisioning, "patiently", busy)
        reset(streams.credentials("provision"))
    assert refused == [10065] * 3  # "subjects overlap with an existing stream"
    assert provision(streams.credentials("provision"), ephemeral=True) == []


def test_a_reset_that_cannot_succeed_says_why(streams: EmbeddedServer, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never(link: Link, subject: str, *more: Any) -> bytes:
        raise ApiError(10047, "insufficient storage resources available", 500)

    monkeypatch.setattr(provisioning, "PROVISION_SECONDS_MAX", 0.3)
    monkeypatch.setattr(provisioning, "patiently", never)
    with pytest.raises(ApiError, match="insufficient storage"):
        reset(streams.credentials("provision"))


def test_for_how_long_decisions_are_kept_can_be_changed_and_nothing_else() -> None:
    """docs/decisions/0023: nothing is decided from the decision log, so its age is the operator's; whoever names none leaves it."""
    with running_server(provisioned=False) as server:
        admin = server.credentials("provision")
        provision(admin)
        days = 24 * 3600 * 1_000_000_000
        assert config(server, "IAM_DECISIONS")["max_age"] == 30 * days
        assert provision(admin, decision_days=90) == []
        before = config(server, "IAM_DECISIONS")
        assert before["max_age"] == 90 * days
        provision(admin)  # a program on the host that says nothing about it
        assert config(server, "IAM_DECISIONS") == before
        change(server, "IAM_DECISIONS", max_msgs=5)
        with pytest.raises(Drift, match="max_msgs"):
            provision(admin, decision_days=7)
        assert config(server, "IAM_DECISIONS")["max_age"] == 90 * days
        with pytest.raises(Drift, match="max_age"):
            provision(admin, activity_days=7)
