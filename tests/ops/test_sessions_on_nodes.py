"""Several processes on one log: each lets in the sessions that another gave out, and none lets them in a second after they were
ended on another (DESIGN §2; SECURITY rule 2: revocation is pushed, not polled)."""

import subprocess
import time

import pytest

from tests.contracts.cluster import running_cluster
from tests.muniment_server import MUNIMENT, Muniment
from tests.scenarios.sessions import allow, holding, role, trust
from tests.scenarios.test_own_sessions import native
from tests.scenarios.test_revocation import SECONDS_MAX, assumed, ends_within_a_second, root_key, works


@pytest.fixture(scope="module")
def nodes(tmp_path_factory):
    """Two processes over one cluster of NATS servers."""
    folder = tmp_path_factory.mktemp("nodes")
    with running_cluster(folder) as cluster:
        urls = ",".join(f"tls://127.0.0.1:{port}" for port in cluster.clients)

        def options(name):
            return [
                "--nats",
                urls,
                "--nats-credentials",
                str(cluster.folder / f"{name}.nk"),
                "--nats-ca",
                str(cluster.ca),
            ]

        subprocess.run(
            [MUNIMENT, "provision", *options("provision"), "--replicas", "3"], check=True, capture_output=True
        )
        kek = f"file:{folder / 'kek'}"
        with (
            Muniment(folder / "one", "--kek", kek, *options("api"), "--role", "api") as one,
            Muniment(folder / "two", "--kek", kek, *options("api"), "--role", "api") as two,
        ):
            two.root = one.root
            yield one, two


@pytest.fixture(scope="module")
def ana(nodes):
    """A user's key, known on both, and a role."""
    iam = nodes[0].client("iam")
    iam.create_user(UserName="ana")
    key = iam.create_access_key(UserName="ana")["AccessKey"]
    arn = role(iam, "run", trust(f"arn:aws:iam::{nodes[0].account}:user/ana"), allow("*"))
    give_up = time.monotonic() + 5
    while len(nodes[1].client("iam").list_roles()["Roles"]) < 1 and time.monotonic() < give_up:
        time.sleep(0.02)
    return key, arn


def test_a_session_of_one_node_is_let_in_by_the_other_at_once(nodes, ana):
    one, two = nodes
    for number in range(10):
        held = assumed(one.client("sts", ana[0]), ana[1], f"s-{number}")
        assert works(two, held)  # nothing about it has to be there first: the token says all
        assert holding(two, held, "iam").list_users()


def test_a_session_that_was_ended_on_one_node_ends_on_the_other_within_a_second(nodes, ana):
    one, two = nodes
    taken = []
    for number in range(20):
        held = assumed(one.client("sts", ana[0]), ana[1], f"s-{number}")
        assert works(two, held)
        assert native(one, root_key(one), "RevokeSession", {"AccessKeyId": held["AccessKeyId"]})[0] == 200
        taken.append(ends_within_a_second(two, held))
        assert not works(one, held)
    print(f"slowest of {len(taken)}: {max(taken):.3f} s")  # shown by `pytest -s`
    assert max(taken) < SECONDS_MAX


@pytest.mark.parametrize("how", ["key deactivated", "role deleted", "sessions of the user revoked"])
def test_what_ends_on_one_node_by_its_parent_ends_on_the_other(nodes, ana, how):
    one, two = nodes
    iam, (key, arn) = one.client("iam"), ana
    if how == "role deleted":
        arn = role(iam, "short", trust(f"arn:aws:iam::{one.account}:user/ana"))
    held = assumed(one.client("sts", key), arn)
    assert works(two, held)
    if how == "key deactivated":
        iam.update_access_key(UserName="ana", AccessKeyId=key["AccessKeyId"], Status="Inactive")
    elif how == "role deleted":
        iam.delete_role(RoleName="short")
    else:
        native(one, root_key(one), "RevokeSessions", {"UserName": "ana"})
    ends_within_a_second(two, held)
    if how == "key deactivated":
        iam.update_access_key(UserName="ana", AccessKeyId=key["AccessKeyId"], Status="Active")
