"""SECURITY part 2, row 26: what is too large is refused in so many words, with no partial effect and at nobody's cost."""

import json
import threading

from tests.security.timeline import rows

HUGE = 900_000


def test_a_huge_parameter_name_costs_no_record(wire, audited):
    """Its refusal was an entry of that size: it could not be appended, and neither could those in line with it."""
    for params in ({"a" * HUGE: 1}, {f"k{number}": "v" * 90 for number in range(9_000)}, {"MaxResults": 10**400}):
        answer = wire.native("ListTimeline", params, service="muniment")
        assert (answer.status, answer.code) == (400, "ValidationError"), answer
    assert len(audited(3, ActionName="muniment:ListTimeline", Refused=True)) == 3


def test_a_huge_subject_costs_no_record(wire, keyed):
    nobody = keyed("nobody")
    for asker in (wire, nobody):
        for kind, entity in (("user", "arn:aws:iam::1:user/" + "a" * HUGE), ("a" * HUGE, "x")):
            question = {
                "subject": {"type": kind, "id": entity},
                "action": {"name": "a:b"},
                "resource": {"type": "t", "id": "i"},
            }
            assert asker.evaluate(question).status in (400, 403)
    assert _dropped(wire) == 0


def test_others_are_recorded_while_one_sends_what_is_too_large(wire, keyed, audited):
    nobody = keyed("nobody")
    stop = threading.Event()

    def flood():
        while not stop.is_set():
            wire.native("ListTimeline", {"a" * HUGE: 1}, service="muniment")
            wire.native("CreateUser", {"UserName": "x" * HUGE})

    threads = [threading.Thread(target=flood) for _ in range(2)]
    for thread in threads:
        thread.start()
    answers = [nobody.call("ListUsers") for _ in range(20)]
    stop.set()
    for thread in threads:
        thread.join()
    assert {(answer.status, answer.code) for answer in answers} == {(403, "AccessDenied")}
    assert len(audited(20, Credential=nobody.key[0], Refused=True)) == 20
    assert _dropped(wire) == 0


def test_the_largest_legal_documents_are_whole(wire, iam):
    """131 072 characters, most of them white space, which does not count; characters of two bytes."""
    statement = {
        "Effect": "Allow",
        "Action": "a:b",
        "Resource": "*",
        "Condition": {"StringEquals": {"a:b": "\u00ff" * 9_000}},
    }
    text = json.dumps({"Version": "2012-10-17", "Statement": statement}, ensure_ascii=False, separators=(",", ":"))
    text = text[:-1] + " " * (131_072 - len(text)) + "}"
    iam.create_role(
        RoleName="r",
        AssumeRolePolicyDocument=json.dumps(
            {"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Principal": "*", "Action": "sts:AssumeRole"}}
        ),
    )
    iam.put_role_policy(RoleName="r", PolicyName="p", PolicyDocument=text)
    assert iam.get_role_policy(RoleName="r", PolicyName="p")["PolicyDocument"] == json.loads(text)
    assert wire.call("PutRolePolicy", RoleName="r", PolicyName="q", PolicyDocument=text + " ").code == "ValidationError"
    assert iam.list_role_policies(RoleName="r")["PolicyNames"] == ["p"]


def test_a_refused_command_leaves_no_part_of_itself(wire, another_account):
    """One command that writes to three boundaries is refused whole."""
    another_account()
    before = wire.organizations("ListAccounts", b"{}").text
    for name, email in (("n" * 300_000, "b@example.com"), ("n", "b" * 300_000 + "@example.com")):
        answer = wire.native("CreateAccount", {"AccountName": name, "Email": email}, service="muniment")
        assert answer.status in (400, 413)
        body = json.dumps({"AccountName": name, "Email": email}).encode()
        assert wire.organizations("CreateAccount", body).status in (400, 413)
    assert wire.organizations("ListAccounts", b"{}").text == before
    assert rows(wire, ActionName="organizations:CreateAccount", Refused=False) == []


def _dropped(wire):
    text = wire.send("GET", "/metrics", b"", {}).text
    line = next(line for line in text.splitlines() if line.startswith("muniment_activity_dropped_total"))
    return float(line.split()[1])
