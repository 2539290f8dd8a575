"""SECURITY rule 13: every role can do its work, and each thing it must not do is tried and refused."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator
from pathlib import Path

import nats
import pytest

from muniment.ops.jetstream import api, serverconfig
from muniment.ops.jetstream.deployment import permission_files
from muniment.ops.jetstream.embedded import EmbeddedServer
from muniment.ops.jetstream.errors import ApiError, NatsError, PermissionDenied
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.permissions import (
    API,
    DECISIONS,
    ERASURE,
    IAM_SUBJECTS,
    ROLES,
    STREAMS_READ_BY_API,
    foreign_reader,
    render_accounts,
    render_imports,
    render_rules,
)
from muniment.ops.jetstream.provision import provision, provision_reader
from muniment.ops.jetstream.settings import (
    ConnectionSettings,
    Credentials,
    api_prefix,
    inbox_prefix,
    new_seed,
    public_key,
)
from muniment.ops.jetstream.source import StreamSource
from muniment.ops.jetstream.streams import specs

DEPLOY = Path(__file__).parents[3] / "ops" / "deploy" / "nats"
ADMINISTRATION = (
    "STREAM.CREATE",
    "STREAM.UPDATE",
    "STREAM.DELETE",
    "STREAM.PURGE",
    "STREAM.RESTORE",
    "STREAM.SNAPSHOT",
    "STREAM.PEER.REMOVE",
    "STREAM.LEADER.STEPDOWN",
)
SUBJECTS = {
    "IAM": "iam.account.123456789012.UserCreated",
    "IAM_ACTIVITY": "iam.activity.123456789012.SignInRefused",
    "IAM_PROOFS": "iam.proof.abc",
    "IAM_CHECKPOINTS": "iam.checkpoint.node",
    "IAM_SCHEDULES": "iam.schedule.abc",
    "IAM_DECISIONS": "decisions.node",
    "KV_IAM_KEYS": "$KV.IAM_KEYS.abc",
    "KV_IAM_ALIASES": "$KV.IAM_ALIASES.access",
}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedServer]:
    """A server as it runs in earnest: `deny_delete` and `deny_purge` set."""
    with EmbeddedServer(tmp_path_factory.mktemp("kept")) as kept:
        provision(kept.credentials("provision"))
        yield kept


def attempt(server: EmbeddedServer, role: str, subject: str, body: object = None) -> str:
    """What becomes of a request: `denied` by permissions, `refused` by JetStream, `ok`, or no answer."""

    async def ask(loop: NatsLoop) -> None:
        await api.ask(loop.link, subject.removeprefix("$JS.API."), body, 1.0)

    async def publish(loop: NatsLoop) -> None:
        frame = await loop.link.request(subject, b"x", 1.0)
        api.check(frame[4])

    with NatsLoop(server.credentials(role)) as loop:
        loop.wait_ready(5)
        try:
            loop.run(ask(loop) if subject.startswith("$JS.API.") else publish(loop))
        except PermissionDenied:
            return "denied"
        except ApiError:
            return "refused"
        except NatsError as exc:
            return type(exc).__name__
    return "ok"


@pytest.mark.parametrize("verb", ADMINISTRATION)
@pytest.mark.parametrize("role", ["api", "decisions", "erasure"])
def test_no_running_role_reaches_stream_administration(server: EmbeddedServer, role: str, verb: str) -> None:
    for stream in ("IAM", "IAM_ACTIVITY", "KV_IAM_KEYS"):
        assert attempt(server, role, f"$JS.API.{verb}.{stream}", {"name": stream}) == "denied"


@pytest.mark.parametrize("role", ["api", "decisions", "erasure"])
def test_no_running_role_deletes_messages_but_erasure_those_of_the_keys(server: EmbeddedServer, role: str) -> None:
    for stream in SUBJECTS:
        allowed = role == "erasure" and stream == "KV_IAM_KEYS"
        outcome = attempt(server, role, f"$JS.API.STREAM.MSG.DELETE.{stream}", {"seq": 10**9})
        assert outcome == ("refused" if allowed else "denied"), stream


@pytest.mark.parametrize("stream", SUBJECTS)
def test_who_may_append_to_what(server: EmbeddedServer, stream: str) -> None:
    assert attempt(server, "api", SUBJECTS[stream]) == "ok"
    assert attempt(server, "decisions", SUBJECTS[stream]) == ("ok" if stream == "IAM_DECISIONS" else "denied")
    assert attempt(server, "erasure", SUBJECTS[stream]) == "denied"
    assert attempt(server, "provision", SUBJECTS[stream]) == "denied"


def test_nobody_publishes_outside_the_known_kinds_or_fakes_acknowledgements(server: EmbeddedServer) -> None:
    for role in ROLES:
        for subject in (
            "iam.unknown.1.Fact",
            "other",
            "$SYS.REQ.SERVER.PING",
            "_INBOX_api.x.1",
            "$JS.ACK.IAM.c.1.1.1.1.1",
        ):
            assert attempt(server, role, subject) == "denied", (role, subject)


def test_decisions_cannot_read_proofs_and_erasure_reads_keys_alone(server: EmbeddedServer) -> None:
    assert attempt(server, "api", "$JS.API.STREAM.MSG.GET.IAM_PROOFS", {"seq": 10**9}) == "refused"
    assert attempt(server, "decisions", "$JS.API.STREAM.MSG.GET.IAM_PROOFS", {"seq": 10**9}) == "denied"
    assert attempt(server, "decisions", "$JS.API.STREAM.MSG.GET.IAM", {"seq": 10**9}) == "refused"
    for stream in SUBJECTS:
        expected = "refused" if stream == "KV_IAM_KEYS" else "denied"
        assert attempt(server, "erasure", f"$JS.API.STREAM.MSG.GET.{stream}", {"seq": 10**9}) == expected


def test_decisions_replay_the_log(server: EmbeddedServer) -> None:
    attempt(server, "api", SUBJECTS["IAM"])
    source = StreamSource(server.credentials("decisions"), "IAM")
    last = source.bounds().last
    assert sum(len(batch) for batch in source.batches(0, last)) == last
    source.close()


def test_no_role_hears_another_ones_answers(server: EmbeddedServer) -> None:
    heard: list[object] = []
    with NatsLoop(server.credentials("decisions")) as spy, NatsLoop(server.credentials("api")) as victim:
        spy.wait_ready(5)
        victim.wait_ready(5)

        async def listen() -> None:
            for subject in (f"{inbox_prefix('api')}.>", "_INBOX.>", "iam.>", ">"):
                spy.link.subscribe(subject, heard.append)
            await spy.link.flush()

        spy.run(listen())
        victim.run(api.info(victim.link, "IAM", time.monotonic() + 5))
        spy.run(asyncio.sleep(0.1))
    assert heard == []


def test_even_provision_cannot_purge_or_delete_what_is_kept(server: EmbeddedServer) -> None:
    attempt(server, "api", SUBJECTS["IAM"])
    assert attempt(server, "provision", "$JS.API.STREAM.PURGE.IAM") == "refused"
    assert attempt(server, "provision", "$JS.API.STREAM.MSG.DELETE.IAM", {"seq": 1}) == "denied"


def test_a_connection_without_a_key_is_refused(server: EmbeddedServer) -> None:
    with NatsLoop(ConnectionSettings((server.url,))) as loop, pytest.raises(NatsError, match="Authorization Violation"):
        loop.wait_ready(5)


def test_every_stream_has_a_writer_and_every_subject_a_stream() -> None:
    subjects = {subject for spec in specs() for subject in spec.subjects}
    assert subjects == {subject for subject in API.publish if not subject.startswith("$JS.")}
    assert {spec.name for spec in specs()} == set(STREAMS_READ_BY_API)
    assert not set(DECISIONS.publish) & set(IAM_SUBJECTS)
    assert not [subject for subject in DECISIONS.publish if subject.startswith("iam.")]
    assert len(ERASURE.publish) == 3


def test_the_deployed_permission_files_are_those_of_the_code() -> None:
    files = permission_files()
    found = {str(path.relative_to(DEPLOY)) for path in DEPLOY.rglob("*") if path.is_file()}
    assert found == {*files, "node.conf"}
    for name, text in files.items():
        assert (DEPLOY / name).read_text() == text, "run python -m muniment.ops.jetstream.deployment ops/deploy/nats"


# nats-server does not check the reply subject of a request, and answers with its own rights.
@pytest.mark.parametrize("role", ["decisions", "erasure"])
@pytest.mark.parametrize(
    "target",
    [
        "iam.account.123456789012.UserCreated",
        "$KV.IAM_KEYS.account.123456789012",
        "$JS.API.STREAM.DELETE.IAM_DECISIONS",
        "$JS.API.STREAM.PURGE.IAM_PROOFS",
        "$JS.API.STREAM.MSG.DELETE.KV_IAM_KEYS",
        "LOG.API.STREAM.DELETE.IAM_DECISIONS",
    ],
)
def test_no_reader_can_have_the_server_write_or_destroy_in_its_place(
    server: EmbeddedServer, role: str, target: str
) -> None:
    attempt(server, "api", SUBJECTS["KV_IAM_KEYS"])
    before = contents(server)
    with NatsLoop(server.credentials(role)) as loop:
        loop.wait_ready(5)
        loop.run(answers_to(loop, target))
    assert contents(server) == before


async def answers_to(loop: NatsLoop, target: str) -> None:
    """Ask everything that a role may ask, with the answer to go to `target`; empty bodies are what DELETE wants."""
    link = loop.link
    link.publish("decisions.node", b"")
    with contextlib.suppress(NatsError):
        config = {"name": "evil", "deliver_policy": "all", "ack_policy": "none"}
        body = {"stream_name": "IAM_DECISIONS", "config": config, "action": "create"}
        await api.ask(link, "CONSUMER.CREATE.IAM_DECISIONS.evil", body, 0.5)
    for subject, body in (
        ("CONSUMER.MSG.NEXT.IAM_DECISIONS.evil", b'{"batch":10,"no_wait":true}'),
        ("DIRECT.GET.IAM_DECISIONS", b'{"seq":1}'),
        ("STREAM.MSG.GET.IAM_DECISIONS", b'{"seq":1}'),
        ("STREAM.MSG.GET.KV_IAM_KEYS", b'{"seq":1}'),
        ("STREAM.INFO.KV_IAM_KEYS", b""),
    ):
        link.publish(link.api(subject), body, target)
    await link.flush()
    await asyncio.sleep(0.2)


def contents(server: EmbeddedServer) -> dict[str, tuple[int, int]]:
    """How many messages each stream holds and where it ends; the decision log grows by what the test writes."""

    async def look(loop: NatsLoop) -> dict[str, tuple[int, int]]:
        states = {}
        for stream in SUBJECTS:
            state = (await api.info(loop.link, stream, time.monotonic() + 5)).state
            states[stream] = (0, 0) if stream == "IAM_DECISIONS" else (state.messages, state.last_seq)
        return states

    with NatsLoop(server.credentials("api")) as loop:
        return loop.run(look(loop))


@pytest.fixture
def partner(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[EmbeddedServer, str]]:
    """A server whose configuration has an account for a foreign reader, as an operator would add it; and its seed."""
    seed = new_seed()
    role = foreign_reader("partner", "IAM", "partner")
    user = f"{{ nkey: {public_key(seed)}\npermissions {{\n{render_rules(role)}\n}} }}"
    account = f"PARTNER {{\nusers: [ {user} ]\n{render_imports(role)}\n}}"
    monkeypatch.setattr(
        serverconfig,
        "render_accounts",
        lambda keys: render_accounts(keys).replace("accounts {", f"accounts {{\n{account}"),
    )
    with EmbeddedServer(tmp_path) as server:
        provision(server.credentials("provision"))
        yield server, seed


def test_a_foreign_reader_gets_its_boundaries_and_nothing_else(partner: tuple[EmbeddedServer, str]) -> None:
    server, seed = partner
    attempt(server, "api", "iam.account.999999999999.UserCreated")
    attempt(server, "api", "iam.account.123456789012.UserCreated")
    provision_reader(server.credentials("provision"), "partner", ("account.999999999999",))
    provision_reader(server.credentials("provision"), "partner", ("account.999999999999",))
    with pytest.raises(ApiError):  # one made otherwise is refused
        provision_reader(server.credentials("provision"), "partner", ("account.123456789012",))
    settings = ConnectionSettings(
        (server.url,),
        Credentials(seed=seed),
        inbox_prefix=inbox_prefix("partner"),
        api_prefix=api_prefix("partner"),
    )

    async def pull() -> list[tuple[str, bytes]]:
        # With the client library that a partner would use.
        client = await nats.connect(server.url, nkeys_seed_str=seed, inbox_prefix=inbox_prefix("partner"))
        bound = await client.jetstream(prefix=api_prefix("partner")).pull_subscribe_bind("partner", stream="IAM")
        messages = await bound.fetch(10, timeout=0.5)
        for message in messages:
            await message.ack_sync()
        await client.close()
        return [(message.subject, message.data) for message in messages]

    async def ask(loop: NatsLoop, subject: str) -> None:
        await api.ask(loop.link, subject, None, 1.0)

    assert asyncio.run(pull()) == [("iam.account.999999999999.UserCreated", b"x")]
    with NatsLoop(settings) as loop:
        loop.wait_ready(5)
        for denied in (
            "STREAM.MSG.GET.IAM",
            "DIRECT.GET.IAM",
            "CONSUMER.CREATE.IAM.mine",
            "CONSUMER.MSG.NEXT.IAM.other",
            "STREAM.INFO.IAM",
            "CONSUMER.DELETE.IAM.partner",
        ):
            with pytest.raises(PermissionDenied):
                loop.run(ask(loop, denied))
