"""SECURITY rule 13: a foreign reader may read its boundaries through its own consumers, and nothing else."""

import asyncio
import contextlib
import time

import pytest

from muniment.client import Access
from muniment.ops.jetstream import api
from muniment.ops.jetstream.errors import ApiError, NatsError, PermissionDenied
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.reader.credential import load
from muniment.ops.reader.issue import withdraw
from tests.client.conftest import Site


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    with contextlib.ExitStack() as closing:
        yield Site(tmp_path_factory.mktemp("site"), closing)


@pytest.fixture(scope="module")
def shop(site):
    """A reader of the first account, and its connection."""
    path = site.reader("shop", site.account)
    with NatsLoop(load(path).settings()) as loop:
        loop.wait_ready(5)
        yield loop


def attempt(loop, subject, body=None):
    try:
        loop.run(api.ask(loop.link, subject, body, 1.0))
    except PermissionDenied:
        return "denied"
    except ApiError:
        return "refused"
    except NatsError as error:
        return type(error).__name__
    return "ok"


def test_it_reaches_its_own_consumer(shop):
    assert attempt(shop, "CONSUMER.INFO.IAM.reader-shop-0") == "ok"
    assert attempt(shop, "CONSUMER.RESET.IAM.reader-shop-0", {"seq": 1}) == "ok"


@pytest.mark.parametrize(
    "subject",
    [
        "STREAM.INFO.IAM",
        "STREAM.MSG.GET.IAM",
        "DIRECT.GET.IAM",
        "STREAM.DELETE.IAM",
        "STREAM.UPDATE.IAM",
        "CONSUMER.CREATE.IAM.mine",
        "CONSUMER.CREATE.IAM.reader-shop-0",
        "CONSUMER.DURABLE.CREATE.IAM.reader-shop-0",
        "CONSUMER.DELETE.IAM.reader-shop-0",
        "CONSUMER.INFO.IAM.reader-other-0",
        "CONSUMER.RESET.IAM.reader-other-0",
        "CONSUMER.MSG.NEXT.IAM.reader-other-0",
        "STREAM.MSG.GET.KV_IAM_KEYS",
        "CONSUMER.MSG.NEXT.IAM_DECISIONS.reader-shop-0",
        "STREAM.MSG.GET.IAM_DECISIONS",
    ],
)
def test_it_reaches_nothing_else(site, shop, subject):
    if not (site.folder / "other.json").exists():
        site.reader("other")
    assert attempt(shop, subject, {"seq": 1}) == "denied"


@pytest.mark.parametrize("subject", ["iam.account.{0}.UserCreated", "decisions.{0}", "$KV.IAM_KEYS.x", "_INBOX_api.x"])
def test_it_publishes_nothing(site, shop, subject):
    with pytest.raises(PermissionDenied):
        shop.run(shop.link.request(subject.format(site.account), b"x", 1.0))


# nats-server does not check the reply subject of a request, and answers with its own rights.
@pytest.mark.parametrize(
    "target", ["iam.account.{0}.UserCreated", "$JS.API.STREAM.DELETE.IAM_DECISIONS", "decisions.{0}"]
)
def test_it_cannot_have_the_server_write_in_its_place(site, shop, target):
    before = states(site)

    async def answers_to():
        link = shop.link
        await api.ask(link, "CONSUMER.RESET.IAM.reader-shop-0", {"seq": 1}, 1.0)
        for subject, body in (
            ("CONSUMER.MSG.NEXT.IAM.reader-shop-0", b'{"batch":10,"no_wait":true}'),
            ("CONSUMER.INFO.IAM.reader-shop-0", b""),
            ("CONSUMER.RESET.IAM.reader-shop-0", b'{"seq":1}'),
        ):
            link.publish(link.api(subject), body, target.format(site.account))
        await link.flush()
        await asyncio.sleep(0.2)

    shop.run(answers_to())
    assert states(site) == before


def states(site):
    loop = site.host.loop
    found = [loop.run(api.info(loop.link, name, time.monotonic() + 5)).state for name in ("IAM", "IAM_DECISIONS")]
    return [(state.messages, state.last_seq) for state in found]


def test_it_is_given_no_boundary_but_its_own(site, shop):
    # SECURITY rule 16
    other = site.do("CreateAccount", service="muniment", AccountName="o", Email="o@example.com").result["AccountId"]
    site.do("CreateUser", UserName="eva", account=other)
    heard = []

    async def pull():
        link, inbox = shop.link, shop.link.inbox()
        await api.ask(link, "CONSUMER.RESET.IAM.reader-shop-0", {"seq": 1}, 1.0)
        link.subscribe(inbox, lambda frames: heard.extend(frame[1].decode() for frame in frames if frame[4]))
        link.publish(link.api("CONSUMER.MSG.NEXT.IAM.reader-shop-0"), b'{"batch":1000,"no_wait":true}', inbox)
        await asyncio.sleep(0.3)

    shop.run(pull())
    assert heard
    assert {subject.split(".")[1] for subject in heard} <= {"account", "organization"}
    assert not any(other in subject for subject in heard)


def test_a_reader_that_is_removed_is_cut_off(site):
    path = site.reader("brief")
    with Access.open(path) as access:
        assert withdraw(site.settings.data, "brief")
        give_up = time.monotonic() + 15
        while not access.problem:
            assert time.monotonic() < give_up
            time.sleep(0.05)
        assert "Authorization" in access.problem or "connection" in access.problem


def test_the_seed_is_shown_nowhere(site):
    # SECURITY rule 18
    found = load(site.reader("shy"))
    assert found.seed not in repr(found)
    assert found.seed not in repr(found.settings())
    assert found.seed not in (site.settings.data / "nats.conf").read_text()
    assert found.seed not in (site.settings.data / "readers.json").read_text()
