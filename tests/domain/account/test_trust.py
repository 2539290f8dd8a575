"""Trust policies between text and log (FEATURES 1b)."""

import json

from hypothesis import given
from hypothesis import strategies as st

from muniment.domain.account.roles import RoleCreated
from muniment.domain.account.trust import arn_now, is_unique_id, shown, stored
from muniment.domain.account.users import UserCreated, UserDeleted, UserMoved
from muniment.domain.errors import MalformedPolicyDocument
from tests.commands.given import ACCOUNT, after, arn, refused, then, trust

ANA = arn("user", "ana")
IDS = {ANA: "AIDAANA", arn("role", "app", "/x/"): "AROAAPP"}


def principals(document):
    return json.loads(document)["Statement"][0]["Principal"]


def test_users_and_roles_become_ids_and_come_back():
    document = trust(*IDS)
    kept = stored(document, IDS.get)
    assert principals(kept.document) == {"AWS": ["AIDAANA", "AROAAPP"]}
    assert kept.principals == {"AIDAANA": ANA, "AROAAPP": arn("role", "app", "/x/")}
    assert shown(kept.document, kept.principals.get) == document


def test_what_names_no_user_or_role_stays_byte_for_byte():
    written = (
        '{ "Statement" : { "Effect":"Allow", "Principal": {"Service":"ec2.amazonaws.com", "AWS":"*"},'
        ' "Action":"sts:AssumeRole"} }'
    )
    assert stored(written, IDS.get).document == written
    everyone = '{"Statement":[{"Effect":"Allow","Principal":"*","Action":"sts:AssumeRole"}]}'
    assert stored(everyone, IDS.get).document == everyone
    session = trust(f"arn:aws:sts::{ACCOUNT}:assumed-role/app/eva", arn("root", "").removesuffix("/"))
    assert stored(session, IDS.get).document == session


def test_an_account_number_becomes_its_root_arn():
    assert principals(stored(trust(ACCOUNT), IDS.get).document) == {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}


def test_an_unknown_principal_is_named():
    with refused(MalformedPolicyDocument, f'Invalid principal in policy: "AWS":"{arn("user", "eva")}"'):
        stored(trust(arn("user", "eva")), IDS.get)


def test_the_id_of_what_is_gone_is_shown_as_it_is():
    assert shown(trust("AIDAGONE", "AROAAPP"), {"AROAAPP": "arn"}.get) == trust("AIDAGONE", "arn")


def test_services_and_providers_are_not_looked_up():
    document = trust(ANA).replace('{"AWS":', '{"Service":"ec2.amazonaws.com","Federated":"AIDAFAKE","AWS":')
    assert principals(stored(document, IDS.get).document)["Federated"] == "AIDAFAKE"


def test_an_arn_now_is_found_in_the_account_it_was_written_in():
    account = after(UserCreated("ana", "AIDAANA"), UserMoved("ana", "/x/"), RoleCreated("App", "AROAAPP", "{}"))
    states = {ACCOUNT: account}
    assert arn_now("AIDAANA", {"AIDAANA": ANA}, states.__getitem__) == arn("user", "ana", "/x/")
    assert arn_now("AIDAEVA", {}, states.__getitem__) is None
    states[ACCOUNT] = then(account, UserDeleted("ana"))
    assert arn_now("AIDAANA", {"AIDAANA": ANA}, states.__getitem__) is None


def test_an_arn_is_no_id():
    assert is_unique_id("AIDAANA")
    assert not is_unique_id(ANA)
    assert not is_unique_id("*")


names = st.text("abcAB+=,.@_-", min_size=1, max_size=8)
arns = st.builds(arn, st.sampled_from(["user", "role"]), names, st.sampled_from(["/", "/x/", "/x/y/"]))


@given(st.lists(arns, min_size=1, max_size=6, unique=True), st.booleans())
def test_storing_and_showing_is_the_identity(written, single):
    ids = {name: f"{'AIDA' if ':user/' in name else 'AROA'}{n:017}" for n, name in enumerate(written)}
    document = trust(*(written[:1] if single else written))
    kept = stored(document, ids.get)
    assert shown(kept.document, kept.principals.get) == document
    assert not any(name in kept.document for name in written if name in kept.principals.values())
