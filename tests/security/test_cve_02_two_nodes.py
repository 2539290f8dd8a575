"""CVE row 2 over two API nodes: one code, one challenge, one counter of guesses, wherever they are sent."""

import subprocess
import time

import pytest

from tests.muniment_server import MUNIMENT, Muniment
from tests.ops.test_durability import external_server
from tests.scenarios.signing_in import Phone, with_password
from tests.security.sign_in import Crowd
from tests.security.test_cve_02_spent_codes import at_once, full_width


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    """Two processes over one log."""
    folder = tmp_path_factory.mktemp("nodes")
    with external_server(folder, "always") as (url, _):
        subprocess.run([MUNIMENT, "provision", "--nats", url], check=True)
        kek = folder / "kek"
        options = ("--nats", url, "--role", "api", "--kek", f"file:{kek}", "--trusted-proxy", "127.0.0.1")
        with Muniment(folder / "one", *options) as one, Muniment(folder / "two", *options) as two:
            two.root = one.root
            yield one, two


def known(client, **call):
    """A node hears of what another wrote a moment later."""
    give_up = time.monotonic() + 5
    while (reply := client.sign_in(**call)).status != 200:
        assert time.monotonic() < give_up, reply
        time.sleep(0.3)
    return reply


def test_a_code_sent_to_both_nodes_at_once_is_accepted_once(nodes):
    one, two = nodes
    iam = one.client("iam")
    with_password(iam)
    phone = Phone(iam, "ana")
    time.sleep(0.5)
    tickets = [(server, known(Crowd(server))["Ticket"]) for server in (one, two) * 6]
    code = phone.code()
    texts = [code, full_width(code), f" {code} "]
    replies = at_once(
        [
            lambda server=server, ticket=ticket, text=texts[turn % 3]: Crowd(server)(
                "AnswerCode", Ticket=ticket, Code=text
            )
            for turn, (server, ticket) in enumerate(tickets)
        ]
    )
    assert [reply.status for reply in replies].count(200) == 1


def test_a_session_of_one_node_is_known_and_ended_on_the_other(nodes):
    one, two = nodes
    with_password(one.client("iam"), "bea")
    token = known(Crowd(one), user="bea")["Token"]
    give_up = time.monotonic() + 5
    while Crowd(two)("GetSession", token).status != 200:
        assert time.monotonic() < give_up
    began = time.monotonic()
    assert Crowd(two)("EndSession", token).status == 200
    while Crowd(one)("GetSession", token).status != 401:
        assert time.monotonic() - began < 1  # everywhere within a second
    assert Crowd(two)("GetSession", token).status == 401


def test_guesses_at_both_nodes_are_counted_together(nodes):
    one, two = nodes
    iam = one.client("iam")
    with_password(iam, "eva")
    time.sleep(0.5)
    statuses = [Crowd(server).sign_in("eva", "wrong").status for server in (one, two, one, two, one)]
    assert statuses == [401] * 5
    assert 429 in [Crowd(server).sign_in("eva", "wrong").status for server in (two, one)]
