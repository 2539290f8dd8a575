"""Rotations that meet: many due in one moment, one within the overlap of the one before, and what is told of failures."""

import time

from muniment.domain.errors import ServiceUnavailable
from muniment.domain.secret.schedule import HOUR
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.rotation.claims import Claims
from muniment.projections.queries.secretsmanager.describe import described
from tests.ops.rotation.nodes import SECOND, Node, entries, move, rotated_once


def test_a_rotation_within_the_overlap_of_the_one_before_waits_for_its_end(site, target):
    """Who fetched a value may log in with it for as long as the overlap says, however soon the next rotation comes."""
    node = Node(site, "one", target)
    boundary = rotated_once(site, node)
    move(site, [node], 100 * SECOND)
    site.do("RotateSecret", SecretId="s")
    move(site, [node], 199 * SECOND)
    time.sleep(0.2)
    assert site.state(boundary).run.step == "create"
    assert (target.calls["create"], target.calls["retire"]) == (1, 0)
    move(site, [node], 2 * SECOND)
    site.until(lambda: site.state(boundary).run is None)
    assert (target.calls["create"], target.calls["retire"]) == (2, 1)
    assert site.value(boundary) == "made-2"


def test_in_a_hurry_the_older_credential_ends_at_once(site, target):
    node = Node(site, "one", target)
    boundary = rotated_once(site, node)
    site.do("RotateSecret", SecretId="s")
    time.sleep(0.1)
    assert target.calls["create"] == 1
    site.do("CancelRotateSecret", SecretId="s")
    hurried = ({"Key": "overlapSeconds", "Value": "0"},)
    site.do("RotateSecret", SecretId="s", ExternalSecretRotationMetadata=hurried)
    move(site, [node], 1)
    site.until(lambda: target.calls["retire"] == 2)  # the older one, and without an overlap the one before as well
    site.until(lambda: site.value(boundary) == "made-2")
    assert site.state(boundary).retirement is None


def test_the_reason_of_a_failure_is_told_and_not_taken_for_a_setting(site, target):
    """AWS has no member for it: it stands among the settings, whose reader may send all of them back."""
    boundary = site.secret("s")
    node = Node(site, "one", target)
    node.start(site)
    site.until(lambda: site.state(boundary).run is None)
    assert "ExternalSecretRotationMetadata" not in described(site.state(boundary))
    target.failures["create"] = 2
    move(site, [node], 4 * HOUR)
    site.until(lambda: (run := site.state(boundary).run) is not None and run.attempts == 1)
    told = described(site.state(boundary))["ExternalSecretRotationMetadata"]
    assert told == [{"Key": "muniment:failure", "Value": "create: the target is away (failed 1 times)"}]
    site.do("CancelRotateSecret", SecretId="s")
    site.do("RotateSecret", SecretId="s", ExternalSecretRotationMetadata=tuple(told))
    assert site.state(boundary).rotation.settings == {}
    assert "ExternalSecretRotationMetadata" not in described(site.state(boundary))


def test_many_that_are_due_begin_in_few_batches_and_before_any_goes_on(site, target):
    secrets = [site.secret(f"s{number}") for number in range(20)]
    node = Node(site, "one", target)
    node.start(site)
    site.until(lambda: all(site.state(boundary).run is None for boundary in secrets))
    appended, save = [], node.ledger.save
    node.ledger.save = lambda *entries, **how: (
        appended.append([type(each.entry.fact).__name__ for each in entries]) or save(*entries, **how)
    )
    move(site, [node], 4 * HOUR)
    site.until(lambda: all(site.state(boundary).rotated for boundary in secrets))
    batches = [batch.count("SecretRotationStarted") for batch in appended if "SecretRotationStarted" in batch]
    assert sum(batches) == 20
    assert len(batches) < 10
    for boundary in secrets:
        assert len(entries(site, boundary, "SecretRotationStarted")) == 2  # the test of the configuration, and this


def test_no_entry_tells_of_the_secrets_that_began_with_it(site, target):
    """SECURITY 16: they may be other accounts'."""
    secrets = [site.secret(f"s{number}") for number in range(6)]
    node = Node(site, "one", target)
    node.start(site)
    site.until(lambda: all(site.state(boundary).run is None for boundary in secrets))
    move(site, [node], 4 * HOUR)
    site.until(lambda: all(site.state(boundary).rotated for boundary in secrets))
    for boundary in secrets:
        begun = [each for each in site.ledger.events.get(boundary) if each.command.name == "muniment:BeginRotations"]
        assert begun
        assert [each.command.parameters for each in begun] == [{}] * len(begun)


def test_one_secret_whose_log_cannot_be_read_does_not_keep_the_others_from_beginning(site, target):
    secrets = [site.secret(f"s{number}") for number in range(4)]
    node = Node(site, "one", target)
    node.start(site)
    site.until(lambda: all(site.state(boundary).run is None for boundary in secrets))
    begin, do = node.process._steps.begin, node.process._steps.do

    def unreadable(boundaries, work):
        if secrets[0] in boundaries:
            raise ServiceUnavailable("the log of one of them cannot be read on")
        return work()

    node.process._steps.begin = lambda found: unreadable([each.id for each in found], lambda: begin(found))
    node.process._steps.do = lambda secret, due: unreadable([secret.id], lambda: do(secret, due))
    move(site, [node], 4 * HOUR)
    site.until(lambda: all(site.state(boundary).rotated for boundary in secrets[1:]))
    assert not site.state(secrets[0]).rotated


def test_a_claim_of_a_node_that_died_ends_by_itself(site):
    loop = site.closing.enter_context(NatsLoop(site.host.as_role("api")))
    one, two = Claims(loop, "one", seconds=1), Claims(loop, "two", seconds=1)
    assert one.take("secret.a")
    assert not two.take("secret.a")
    site.until(lambda: two.take("secret.a"))
    assert not one.take("secret.a")
