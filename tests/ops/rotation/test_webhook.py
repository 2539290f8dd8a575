"""Webhooks, at a real HTTPS server: five signed calls, and no others (SECURITY CVE row 30)."""

import base64
import hashlib
import json
import re

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from muniment.ops.federation.fetch import Fetcher
from muniment.ops.rotation.rotator import Job, NotRotated
from muniment.ops.rotation.webhook import Webhook
from tests.ops.federation.issuer_server import Issuer

KEY = Ed25519PrivateKey.generate()


@pytest.fixture(scope="module")
def endpoint(tmp_path_factory):
    server = Issuer(tmp_path_factory.mktemp("endpoint"))
    yield server
    server.close()


@pytest.fixture
def webhook(endpoint):
    endpoint.posted.clear()
    endpoint.answers["/rotate"] = (200, {}, b"{}")
    return Webhook(
        Fetcher([endpoint.place], endpoint.ca), lambda payload: ("key-1", KEY.sign(payload)), lambda: 1_800_000_000
    )


@pytest.fixture
def job(endpoint):
    return Job("123456789012", "arn:secret", "name", "t" * 32, {"url": f"{endpoint.url}/rotate", "k": "v"})


def test_each_step_is_one_call(webhook, endpoint, job):
    endpoint.answers["/rotate"] = (200, {}, b'{"SecretString": "new", "How": "account closed"}')
    assert webhook.create(job, "old") == "new"
    webhook.set(job, "old", "new")
    webhook.test(job, "new")
    webhook.finish(job, "new")
    assert webhook.retire(job, "old", "new") == "account closed"
    about = {"secretArn": "arn:secret", "token": "t" * 32, "settings": dict(job.settings)}
    assert [json.loads(body) for _, _, body in endpoint.posted] == [
        {"step": "create", **about, "current": "old"},
        {"step": "set", **about, "current": "old", "pending": "new"},
        {"step": "test", **about, "pending": "new"},
        {"step": "finish", **about, "pending": "new"},
        {"step": "retire", **about, "old": "old", "current": "new"},
    ]


def test_a_call_is_signed_as_rfc_9421_says(webhook, endpoint, job):
    webhook.set(job, "old", "new")
    _, headers, body = endpoint.posted[0]
    digest = f"sha-256=:{base64.b64encode(hashlib.sha256(body).digest()).decode()}:"
    assert headers["Content-Digest"] == digest
    terms = headers["Signature-Input"].removeprefix("muniment=")
    fields = re.match(r"\(([^)]*)\)", terms)[1].split()
    known = {
        '"@method"': "POST",
        '"@target-uri"': job.settings["url"],
        '"content-digest"': digest,
        '"content-type"': headers["Content-Type"],
    }
    base = "".join(f"{field}: {known[field]}\n" for field in fields) + f'"@signature-params": {terms}'
    assert set(fields) == set(known)
    assert 'created=1800000000;keyid="key-1"' in terms
    signature = base64.b64decode(headers["Signature"].removeprefix("muniment=:").removesuffix(":"))
    KEY.public_key().verify(signature, base.encode())  # raises where it is not


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ((500, {}, b""), "answered 500"),
        ((302, {"Location": "https://localhost/else"}, b""), "answered 302"),
        ((200, {}, b"[]"), "not a JSON object"),
        ((200, {}, b"<html>"), "not a JSON object"),
        ((200, {}, b"{}"), "no `SecretString`"),
        ((200, {}, b'{"SecretString": 5}'), "no `SecretString`"),
        ((200, {}, b"x" * 300_000), "more than"),
    ],
)
def test_an_answer_that_is_none_fails_the_step(webhook, endpoint, job, answer, words):
    endpoint.answers["/rotate"] = answer
    with pytest.raises(NotRotated, match=words):
        webhook.create(job, "a-secret-value")
    assert len(endpoint.posted) == 1  # no redirect is followed, nothing is asked again


@pytest.mark.parametrize("url", ["http://example.com/", "https://u:p@example.com/", "file:///etc/passwd", "https:///x"])
def test_urls_that_are_not_https_are_not_called(webhook, job, url):
    with pytest.raises(NotRotated, match="https URL"):
        webhook.test(Job(job.account, job.arn, job.name, job.token, {"url": url}), "x")


def test_a_private_address_is_not_called_unless_the_operator_lists_it(endpoint, job):
    endpoint.posted.clear()
    with pytest.raises(NotRotated, match="an operator may allow"):
        Webhook(Fetcher([], endpoint.ca), lambda payload: ("k", b"")).test(job, "x")
    assert endpoint.posted == []


def test_a_rotation_without_a_url_says_so(webhook):
    with pytest.raises(NotRotated, match="`url`"):
        webhook.test(Job("123456789012", "arn", "n", "t", {}), "x")
