"""Decisions over NATS request and reply: the same answers as over HTTP, for programs whose NATS user says who they are
(docs/decisions/0019).
"""

import asyncio
import gc
import json
import time
from pathlib import Path

import nats
import nats.errors
import pytest

from muniment.ops.jetstream.askers import AskerEntry, load_askers, save_askers
from muniment.ops.jetstream.settings import new_seed, public_key, write_private
from tests.muniment_server import MUNIMENT, Muniment
from tests.scenarios.records import ALICE, BOB, RECORD_1, allow, document, registered
from tests.scenarios.wire import Wire

# nats-py leaves the sockets of connections that are refused to the collector
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
GOOD = {"subject": ALICE, "action": {"name": "read"}, "resource": RECORD_1}


ONCE = {"allow_reconnect": False, "max_reconnect_attempts": 1, "reconnect_time_wait": 0.02, "connect_timeout": 2}


async def quiet(error):
    """It is raised too."""


class Asker:
    """A program on NATS."""

    def __init__(self, url, seed):
        self.url, self.seed = url, str(seed)

    def ask(self, operation, body, reply=None, subject=None):
        return asyncio.run(self._ask(operation, body, reply, subject))

    async def _ask(self, operation, body, reply, subject):
        failures = []

        async def note(error):
            failures.append(str(error))

        connection = nats.NATS()
        try:
            await connection.connect(self.url, nkeys_seed=self.seed, error_cb=note, **ONCE)
            raw = body if isinstance(body, bytes) else json.dumps(body).encode()
            subject = subject or f"muniment.access.{operation}"
            if reply is not None:
                await connection.publish(subject, raw, reply=reply)
                await connection.flush()
                await asyncio.sleep(0.2)
                return failures
            answer = await connection.request(subject, raw, timeout=5)
            headers = answer.headers or {}
            return int(headers.get("Nats-Service-Error-Code", 200)), json.loads(answer.data)
        finally:
            await connection.close()  # also after a connection that was refused: its socket is still open
            await asyncio.sleep(0)


@pytest.fixture(scope="module")
def house(tmp_path_factory):
    with Muniment(tmp_path_factory.mktemp("nats") / "data") as server:
        registered(Wire(server))
        yield server


@pytest.fixture(scope="module")
def askers(house, tmp_path_factory):
    """Programs on NATS by name, each asking as an IAM user of that name."""
    folder, iam = tmp_path_factory.mktemp("seeds"), house.client("iam")
    everything, alice = allow("muniment:*", "*"), f"arn:muniment:app::{house.account}:user/alice"
    entries = []
    may = {
        "pep": allow(["muniment:Evaluate", "muniment:Search*"], "*"),
        "narrow": allow("muniment:Evaluate", alice),
        "nobody": None,
        "gone": everything,
        "left": everything,
    }
    for name, statement in may.items():
        user = iam.create_user(UserName=name)["User"]
        if statement is not None:
            iam.put_user_policy(UserName=name, PolicyName="asks", PolicyDocument=document(statement))
        file = folder / f"{name}.seed"
        if name == "pep":
            words = ("--account", house.account, "--principal", user["UserId"], "--file", str(file))
            house.run(MUNIMENT, "askers", "add", name, *words, "--data", str(house.data))
        else:  # as the command does, without waiting for Python to start each time
            seed = new_seed()
            write_private(file, seed + "\n")
            entries.append(AskerEntry(name, public_key(seed), house.account, user["UserId"]))
    save_askers(house.data, (*load_askers(house.data), *entries))
    made = {name: Asker(house.ready["nats_url"], folder / f"{name}.seed") for name in may}
    for asker in made.values():
        until_answered(asker)
    return made


def until_answered(asker):
    """The server starts anew with the new accounts, and whoever answers connects again."""
    give_up = time.monotonic() + 60
    while not answers(asker):
        assert time.monotonic() < give_up, "nobody answers the asker"
        time.sleep(0.1)


def answers(asker):
    try:
        asker.ask("evaluation", GOOD)
    except (nats.errors.Error, OSError):
        gc.collect()  # here, where its warnings are expected, and not in whichever test comes next
        return False
    return True


@pytest.fixture
def pep(askers):
    return askers["pep"]


def test_a_program_on_nats_gets_what_http_answers(house, pep):
    status, body = pep.ask("evaluation", GOOD)
    assert (status, body["decision"]) == (200, True)
    assert pep.ask("evaluation", {**GOOD, "subject": BOB, "action": {"name": "write"}})[1]["decision"] is False
    batch = {
        "subject": BOB,
        "resource": RECORD_1,
        "evaluations": [{"action": {"name": "read"}}, {"action": {"name": "write"}}, {}],
    }
    status, body = pep.ask("evaluations", batch)
    assert [each["decision"] for each in body["evaluations"]] == [True, False, False]
    status, body = pep.ask("search-subject", {**GOOD, "subject": {"type": "user"}})
    assert body["results"] == [ALICE, BOB]


@pytest.mark.parametrize("body", [b"", b"{", {"subject": ALICE}, b"[" * 5_000 + b"]" * 5_000])
def test_what_cannot_be_asked_is_400_with_a_text(pep, body):
    status, answer = pep.ask("evaluation", body)
    assert (status, type(answer)) == (400, str)


def test_policies_say_what_a_program_may_ask_about(askers):
    only_alice = askers["narrow"]
    assert only_alice.ask("evaluation", GOOD)[0] == 200
    assert only_alice.ask("evaluation", {**GOOD, "subject": BOB})[0] == 403
    assert only_alice.ask("evaluations", {**GOOD, "evaluations": [{}, {"subject": BOB}]})[0] == 403
    assert only_alice.ask("search-subject", {**GOOD, "subject": {"type": "user"}})[0] == 403
    assert askers["nobody"].ask("evaluation", GOOD)[0] == 403


def test_a_program_ends_with_the_user_it_asks_as(house, askers):
    gone = askers["gone"]
    assert gone.ask("evaluation", GOOD)[0] == 200
    iam = house.client("iam")
    iam.delete_user_policy(UserName="gone", PolicyName="asks")
    iam.delete_user(UserName="gone")
    iam.create_user(UserName="gone")  # another user of the same name
    iam.put_user_policy(UserName="gone", PolicyName="asks", PolicyDocument=document(allow("muniment:Evaluate", "*")))
    assert gone.ask("evaluation", GOOD)[0] == 403


def test_nobody_asks_as_somebody_else(house, pep):
    """SECURITY 16: who asks comes from the credential. The subject that names another principal is out of reach."""
    root = f"muniment.access.{house.account}.{house.account}.evaluation"
    failures = pep.ask("", GOOD, reply="_INBOX.x", subject=root)
    assert any("permissions violation" in failure for failure in failures)


@pytest.mark.parametrize(
    "target",
    [
        "iam.account.123456789012.UserCreated",
        "$JS.API.STREAM.DELETE.IAM",
        "$KV.IAM_KEYS.x",
        "muniment.access.evaluation",
    ],
)
def test_an_answer_goes_nowhere_but_to_who_asks(house, pep, target):
    """docs/decisions/0006: a reply subject is the asker's own account's, whatever it says."""
    before = position(house)
    pep.ask("evaluation", GOOD, reply=target)
    assert pep.ask("evaluation", GOOD)[1]["decision"] is True
    assert position(house) == before


def position(house):
    return (
        json.loads(Wire(house).native("GetApplication", {"ApplicationName": "records"}, service="muniment").text)
        and (house.client("iam").list_users()["ResponseMetadata"]["HTTPHeaders"]["x-muniment-position"])
    )


def test_an_asker_that_is_removed_connects_no_more(house, askers):
    left = askers["left"]
    assert left.ask("evaluation", GOOD)[0] == 200
    house.run(MUNIMENT, "askers", "remove", "left", "--data", str(house.data))
    until_answered(askers["pep"])
    give_up = time.monotonic() + 60
    while answers(left):
        assert time.monotonic() < give_up, "it still connects"
        time.sleep(0.2)
    assert "left" not in house.run(MUNIMENT, "askers", "list", "--data", str(house.data)).stdout


def test_a_seed_is_its_owners_alone(pep):
    assert Path(pep.seed).stat().st_mode & 0o777 == 0o600
