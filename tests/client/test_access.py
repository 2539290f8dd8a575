"""`muniment.client.Access` against a real log: DESIGN 5, SECURITY rules 2 and 13."""

import json
import time

import pytest

from muniment.client import Access, BadCredential, NotDecided, NotReached, Position

DOCUMENT = json.dumps(
    {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "s3:Get*", "Resource": "arn:aws:s3:::a/*"}]}
)


def ana(site, account=""):
    site.do("CreateUser", UserName="ana", account=account)
    return f"arn:aws:iam::{account or site.account}:user/ana"


def allow(site, account=""):
    return site.do("PutUserPolicy", UserName="ana", PolicyName="p", PolicyDocument=DOCUMENT, account=account)


def test_it_decides_from_what_the_log_says(site):
    user = ana(site)
    allow(site)
    access = site.open(site.reader())
    assert access.decide(user, "s3:GetObject", "arn:aws:s3:::a/b")
    refused = access.decide(user, "s3:PutObject", "arn:aws:s3:::a/b")
    assert not refused
    assert refused.effect == "implicitDeny"
    assert "is not authorized to perform: s3:PutObject" in refused.reason
    assert access.decide(f"arn:aws:iam::{site.account}:root", "s3:PutObject", "arn:aws:s3:::a/b")
    assert not access.decide(f"arn:aws:iam::{site.account}:user/nobody", "s3:GetObject", "arn:aws:s3:::a/b")
    assert access.problem == ""


def test_a_change_is_followed_and_its_position_can_be_waited_for(site):
    user = ana(site)
    access = site.open(site.reader())
    assert not access.decide(user, "s3:GetObject", "arn:aws:s3:::a/b")
    position = Position(access.position.epoch, allow(site).position)
    decision = access.decide(user, "s3:GetObject", "arn:aws:s3:::a/b", minimum=position.token())
    assert decision
    assert decision.position.sequence >= position.sequence
    assert decision.age < 5


def test_a_reader_of_one_account_sees_it_and_its_organization_alone(site):
    user = ana(site)
    allow(site)
    made = site.do("CreateAccount", service="muniment", AccountName="other", Email="o@example.com")
    other = made.result["AccountId"]
    theirs = ana(site, other)
    allow(site, other)
    access = site.open(site.reader(account=other))
    assert access.decide(theirs, "s3:GetObject", "arn:aws:s3:::a/b")
    assert not access.decide(user, "s3:GetObject", "arn:aws:s3:::a/b")
    assert set(access._follower._fold.states) == {f"account.{other}", *access._follower._credential.boundaries[1:]}
    # POLICY_EVALUATION 2.1: aws:PrincipalOrgID is known without the site
    found = access.decide(theirs, "s3:GetObject", "arn:aws:s3:::a/b").explain()
    assert found is not None
    assert access._model.table["site.muniment"].accounts[other].organization.startswith("o-")


@pytest.mark.parametrize("one_account", [True, False])
def test_the_policies_of_an_organization_count_for_a_reader_of_all_and_of_one(site, one_account):
    made = site.do("CreateAccount", service="muniment", AccountName="other", Email="o@example.com")
    number = made.result["AccountId"]
    theirs = ana(site, number)
    allow(site, number)
    access = site.open(site.reader(account=number if one_account else ""))
    assert access.decide(theirs, "s3:GetObject", "arn:aws:s3:::a/b")

    def organize(action, **parameters):
        return site.do(action, service="organizations", **parameters)

    (boundary,) = site.ledger.boundaries.get("site.muniment").organizations
    root = site.ledger.boundaries.get(f"organization.{boundary}").root
    organize("EnablePolicyType", RootId=root, PolicyType="SERVICE_CONTROL_POLICY")
    guard = '{"Version":"2012-10-17","Statement":{"Effect":"Deny","Action":"s3:*","Resource":"*"}}'
    policy = organize("CreatePolicy", Content=guard, Description="", Name="g", Type="SERVICE_CONTROL_POLICY")
    identifier = policy.result["Policy"]["PolicySummary"]["Id"]
    position = organize("AttachPolicy", PolicyId=identifier, TargetId=number).position
    token = Position(access.position.epoch, position).token()
    for who in (theirs, f"arn:aws:iam::{number}:root"):
        decision = access.decide(who, "s3:GetObject", "arn:aws:s3:::a/b", minimum=token)
        assert not decision
        assert "explicit deny in a service control policy" in decision.reason


def test_a_reader_of_one_account_reaches_a_position_of_another_account(site):
    made = site.do("CreateAccount", service="muniment", AccountName="other", Email="o@example.com")
    access = site.open(site.reader(account=made.result["AccountId"]))
    elsewhere = site.do("CreateUser", UserName="eva").position
    access.wait(Position(access.position.epoch, elsewhere))
    assert access.position.sequence >= elsewhere


def test_a_position_that_does_not_come_or_is_of_another_ledger_is_told(site):
    access = site.open(site.reader())
    with pytest.raises(NotReached, match="asked for"):
        access.wait(Position(access.position.epoch, 10**9), 0.05)
    with pytest.raises(NotReached, match="another ledger"):
        access.wait(Position("elsewhere", 1))


def test_a_restart_goes_on_from_its_own_signed_snapshot(site):
    user = ana(site)
    path = site.reader()
    with Access.open(path, snapshots=site.folder / "kept") as first:
        first._follower._keeper.saved = -(10**6)  # worth a snapshot, however short the log is
    allow(site)
    again = site.open(path, snapshots=site.folder / "kept")
    assert again.decide(user, "s3:GetObject", "arn:aws:s3:::a/b")
    assert again._follower.taken == 1  # the one entry behind the snapshot


def test_a_snapshot_that_somebody_else_signed_is_passed_over(site):
    path, other = site.reader("one"), site.reader("two")
    with Access.open(path, snapshots=site.folder / "kept") as first:
        first._follower._keeper.saved = -(10**6)
        entries = first._follower.taken
    again = site.open(other, snapshots=site.folder / "kept")
    assert again._follower.taken == entries


def test_when_nats_is_away_decisions_go_on_for_a_while_and_privileged_ones_do_not(site):
    # SECURITY rule 2
    user = ana(site)
    allow(site)
    access = site.open(site.reader(), privileged_seconds=0.6, static_seconds=1.6)
    assert not access.decide(user, "iam:CreateUser", "*")
    site.host.close()
    site.server.close()
    wait_until(lambda: access.age > 0.8)
    with pytest.raises(NotDecided, match=r"iam:CreateUser cannot be decided"):
        access.decide(user, "iam:CreateUser", "*")
    assert access.decide(user, "s3:GetObject", "arn:aws:s3:::a/b")
    wait_until(lambda: access.age > 1.7)
    with pytest.raises(NotDecided, match="nothing can be decided"):
        access.decide(user, "s3:GetObject", "arn:aws:s3:::a/b")


def test_a_forged_entry_ends_every_decision(site):
    # SECURITY rule 13: a forged publish stops every reader
    user = ana(site)
    allow(site)
    access = site.open(site.reader())
    assert access.decide(user, "s3:GetObject", "arn:aws:s3:::a/b")
    loop = site.host.loop
    loop.run(loop.link.request(f"iam.account.{site.account}.UserCreated", b"forged", 2.0))
    wait_until(lambda: access.problem)
    with pytest.raises(NotDecided, match="broken"):
        access.decide(user, "s3:GetObject", "arn:aws:s3:::a/b")
    with pytest.raises(NotDecided, match="broken"):
        Access.open(site.folder / "shop.json")


def test_a_second_process_on_the_same_consumer_is_told(site):
    path = site.reader(processes=2)
    first = site.open(path)
    site.open(path, process=1)
    assert first.problem == ""
    wait_until(lambda: time.monotonic() - first._follower._level_at > 1.1)
    second = site.open(path, process=0)
    ana(site)
    wait_until(lambda: "another process" in first.problem)
    second.wait(Position(second.position.epoch, site.ledger.seen))
    assert first.age < 10  # and growing: it is no longer fed
    wait_until(lambda: not second.problem)
    with pytest.raises(BadCredential, match="2 processes"):
        Access.open(path, process=2)


def test_after_a_rotation_of_signing_keys_the_renewed_file_is_read_again(site):
    from muniment.ops.reader.credential import load
    from muniment.ops.reader.issue import renew

    user = ana(site)
    path = site.reader()
    access = site.open(path)
    site.host.ring.entries.rotate()
    position = Position(access.position.epoch, allow(site).position)
    wait_until(lambda: "muniment readers renew" in access.problem)
    assert not access.decide(user, "s3:GetObject", "arn:aws:s3:::a/b")
    renew(site.host, load(path)).save(path)
    access.wait(position, 5)
    assert access.decide(user, "s3:GetObject", "arn:aws:s3:::a/b")


def test_a_credential_that_others_may_read_is_refused(site):
    path = site.reader()
    path.chmod(0o644)
    with pytest.raises(BadCredential, match="chmod 600"):
        Access.open(path)


def wait_until(true, seconds=10.0):
    give_up = time.monotonic() + seconds
    while not true():
        assert time.monotonic() < give_up, "it did not come about"
        time.sleep(0.02)


def test_values_of_condition_keys_are_what_programs_have_at_hand(site):
    """Booleans and numbers once were no values at all, or compared as numbers with texts."""
    user = ana(site)
    condition = {"Bool": {"aws:MultiFactorAuthPresent": "true"}, "NumericLessThan": {"shop:items": "5"}}
    text = json.dumps(
        {
            "Version": "2012-10-17",
            "Statement": [{"Effect": "Allow", "Action": "s3:*", "Resource": "*", "Condition": condition}],
        }
    )
    site.do("PutUserPolicy", UserName="ana", PolicyName="p", PolicyDocument=text)
    access = site.open(site.reader())
    for items in (3, "3", 3.5, [3]):
        assert access.decide(user, "s3:Get", "*", {"aws:MultiFactorAuthPresent": True, "shop:items": items})
    assert not access.decide(user, "s3:Get", "*", {"aws:MultiFactorAuthPresent": False, "shop:items": 3})
    assert not access.decide(user, "s3:Get", "*", {"aws:MultiFactorAuthPresent": True, "shop:items": 7})
    for wrong in ({"a": None}, {"a": [None]}, {"a": {}}, {1: "a"}, {"a": b"x"}):
        with pytest.raises(TypeError, match="condition key"):
            access.decide(user, "s3:Get", "*", wrong)


def test_a_question_about_what_nobody_can_mean_is_a_type_error(site):
    """It once was an AttributeError from deep inside, or a denial that looked like an answer."""
    user = ana(site)
    access = site.open(site.reader())
    for wrong in ((1, "s3:Get"), (b"x", "s3:Get"), (user, None), (user, 5), (user, "s3:Get", None)):
        with pytest.raises(TypeError, match=r"is a text|is an ARN"):
            access.decide(*wrong)
    for policies in (DOCUMENT, [1], 5):
        with pytest.raises(TypeError, match="list of policy documents"):
            access.decide(user, "s3:Get", session_policies=policies)
    assert not access.decide(None, "s3:Get")
    assert "does not exist" in access.decide(access.principal(user + "x"), "s3:Get").reason


def test_what_is_closed_decides_no_more(site):
    """It once went on from its last state, as if NATS were away."""
    user = ana(site)
    access = site.open(site.reader())
    access.close()
    with pytest.raises(NotDecided, match="closed"):
        access.decide(user, "s3:Get")
    access.close()
