"""SECURITY part 2, row 28: what costs the sender little costs us little: 4xx soon, memory bounded, others unharmed."""

import json
import threading
import time
from pathlib import Path

import pytest

from tests.scenarios.wire import FORM

MEBIBYTE = 1 << 20
GROWTH_MAX = 50 * MEBIBYTE
SECONDS_MAX = 1.0  # ten times what it takes: the machine is shared


def resident(server):
    status = Path(f"/proc/{server.process.pid}/status").read_text()
    return int(next(line for line in status.splitlines() if line.startswith("VmRSS")).split()[1]) * 1024


DEEP = b"[" * 32_768 + b"]" * 32_768
ATTACKS = {
    "nested arrays": DEEP,
    "nested objects": b'{"a":' * 12_000 + b"1" + b"}" * 12_000,
    "nested without end": b"[" * (MEBIBYTE - 1),
    "a million keys": b"{" + b",".join(b'"%d":1' % number for number in range(90_000)) + b"}",
    "a million numbers": b"[" + b"1," * 500_000 + b"1]",
    "one long number": b"[" + b"1" * 1_000_000 + b"]",
    "one long exponent": b"[1e" + b"9" * 1_000_000 + b"]",
    "escapes": b'"' + b"\\u0041" * 170_000 + b'"',
    "backslashes": b'"' + b"\\" * 1_000_000,
    "quotes": b'"' * 1_000_000,
    "braces in a string": b'{"a":"' + b"{[" * 500_000 + b'"}',
    "colliding keys": b"{" + b",".join(b'"%s":1' % (b"a" * number) for number in range(1, 1_400)) + b"}",
}


@pytest.mark.parametrize("attack", ATTACKS)
def test_json_that_exhausts_is_refused_soon(calm, attack):
    calm.native("ListUsers")
    before = resident(calm.server)
    for send in (
        lambda body: calm.native("CreateUser", body=body),
        lambda body: calm.organizations("CreateAccount", body),
        lambda body: calm.evaluate(body),
    ):
        began = time.monotonic()
        answer = send(ATTACKS[attack])
        assert time.monotonic() - began < SECONDS_MAX
        assert answer.status in (400, 413)
    assert resident(calm.server) - before < GROWTH_MAX


FORMS = {
    "a hundred thousand parameters": b"Action=ListUsers&Version=2010-05-08" + b"&a=b" * 100_000,
    "distinct parameters": b"Action=ListUsers&Version=2010-05-08" + b"".join(b"&p%d=" % n for n in range(100_000)),
    "members": b"Action=TagUser&Version=2010-05-08&UserName=a"
    + b"".join(b"&Tags.member.%d.Key=k" % n for n in range(9_000)),
    "deep members": b"Action=TagUser&Version=2010-05-08&UserName=a&Tags" + b".member.1" * 50_000 + b"=x",
    "percent": b"Action=ListUsers&Version=2010-05-08&Marker=" + b"%41" * 340_000,
    "plus": b"Action=ListUsers&Version=2010-05-08&Marker=" + b"+" * 1_000_000,
    "ampersands": b"&" * 1_000_000,
}


@pytest.mark.parametrize("attack", FORMS)
def test_forms_that_exhaust_are_refused_soon(calm, attack):
    calm.call("ListUsers")
    before = resident(calm.server)
    began = time.monotonic()
    answer = calm.form(FORMS[attack])
    assert time.monotonic() - began < SECONDS_MAX
    assert 400 <= answer.status < 500
    assert resident(calm.server) - before < GROWTH_MAX


def test_policies_that_exhaust_are_decided_or_refused_soon(iam, wire):
    """Patterns of many wildcards against texts that almost match (SECURITY 1)."""
    iam.create_user(UserName="ana")
    patterns = ["*" + "a*" * 200 + "b", "a" + "?*" * 300 + "b", "*" * 500 + "b", "*a" * 400]
    for pattern in patterns:
        document = {
            "Version": "2012-10-17",
            "Statement": [
                {"Effect": "Allow", "Action": "app:Read", "Resource": f"arn:muniment:app::*:{pattern}"},
                {
                    "Effect": "Allow",
                    "Action": "app:Read",
                    "Resource": "*",
                    "Condition": {"StringLike": {"app:v": pattern}},
                },
            ],
        }
        iam.put_user_policy(UserName="ana", PolicyName="p", PolicyDocument=json.dumps(document))
        question = {
            "subject": {"type": "user", "id": "ana"},
            "action": {"name": "app:Read"},
            "resource": {"type": "record", "id": "a" * 2_000},
            "context": {"app:v": "a" * 100_000},
        }
        began = time.monotonic()
        answer = wire.evaluate(question)
        assert time.monotonic() - began < SECONDS_MAX
        assert answer.status == 200


def test_other_clients_do_not_feel_it(calm):
    """While two clients send the worst of it without pause, a third one's calls stay quick."""
    stop = threading.Event()

    def attack():
        while not stop.is_set():
            calm.native("CreateUser", body=ATTACKS["a million keys"])
            calm.evaluate(DEEP)
            calm.form(FORMS["distinct parameters"], headers={"Content-Type": FORM})

    threads = [threading.Thread(target=attack) for _ in range(2)]
    for thread in threads:
        thread.start()
    times = []
    for _ in range(40):
        began = time.monotonic()
        assert calm.call("ListUsers").status == 200
        times.append(time.monotonic() - began)
    stop.set()
    for thread in threads:
        thread.join()
    assert sorted(times)[36] < 1.0


def test_strangers_grow_neither_the_metrics_nor_the_memory(calm):
    """Names that nobody has are not labels: each would be a time series for ever."""

    def series():
        return len(calm.send("GET", "/metrics", b"", {}).text.splitlines())

    for number in range(5):
        calm.call(f"Warm{number}")
        calm.native(f"Warm{number}", service="zork", signed_for="muniment")
    before = series()
    for number in range(60):
        calm.call(f"Nobody{number}")
        calm.native(f"Nobody{number}", service=f"service{number}", signed_for="muniment")
        calm.organizations(f"Nobody{number}", b"{}")
        calm.form(b"Action=ListUsers&Version=2010-05-08", service=f"service{number}")
        calm.send("POST", f"/path{number}", b"", {"Authorization": f"AWS4-HMAC-SHA256 {number}"})
    assert series() <= before + 12
