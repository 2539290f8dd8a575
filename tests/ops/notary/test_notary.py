"""The notary signs what the feed has checked, keeps it in two places, and finds at the next start what is missing."""

import pytest

from muniment.domain import stored
from muniment.domain.account.users import UserCreated, UserTagged
from muniment.domain.activity.requests import CommandConfirmed
from muniment.ops.notary import HeadsFile, LogDiffers, resume_from
from muniment.ops.notary.ends import Ends
from muniment.ops.notary.head import CHECKPOINTS, opened, subject
from muniment.ops.notary.notary import published
from muniment.projections.verify import Link
from tests.projections.logs import ACCOUNT, Log, LogSource, Signer

OTHER = "account.444455556666"
ACTIVITY = "activity.111122223333"


def users(log, *names, boundary=ACCOUNT):
    for name in names:
        log.append(boundary, UserCreated(name, f"AIDA{name.upper()}"))


def heads(office):
    return [opened(message.data, office.signer) for message in office.checkpoints.messages]


def test_a_head_says_how_far_the_log_reaches_and_what_it_holds(office):
    users(office.log, "ana", "ben")
    users(office.log, "zoe", boundary=OTHER)
    office.open().sign()
    (head,) = heads(office)
    ends = {name: Link(version, digest) for name, (version, digest) in office.log.heads.items()}
    assert (head.stream, head.epoch, head.position, head.chains) == ("IAM", "e1", 3, 2)
    assert head.last == office.log.heads[OTHER][1]
    assert head.root == Ends(ends).root()
    assert office.checkpoints.messages[0].subject == subject("IAM") == "iam.checkpoint.head.IAM"


def test_a_head_is_in_the_file_before_signing_returns_and_only_its_owner_reads_it(office):
    users(office.log, "ana")
    office.open().sign()
    assert [data for _, data in office.file.read()] == [office.checkpoints.messages[0].data]
    assert office.file.path.stat().st_mode & 0o777 == 0o600


def test_heads_of_activity_name_the_writers_that_wrote(office):
    office.activity.append(ACTIVITY, CommandConfirmed(), CommandConfirmed(), writer="w1")
    notary = office.open()
    notary.sign()
    office.activity.append(ACTIVITY, CommandConfirmed(), writer="w2")
    office.settle()
    notary.sign()
    first, second = heads(office)
    assert first.moved == {"w1": Link(2, office.activity.heads["w1"][1])}
    assert list(second.moved) == ["w2"]


def test_nothing_is_signed_twice(office):
    users(office.log, "ana")
    notary = office.open()
    notary.sign()
    notary.sign()
    assert len(heads(office)) == 1


def test_a_head_is_due_after_ten_seconds_or_a_thousand_entries(office):
    notary = office.open()
    assert not notary._due()
    office.now = 10.0
    assert notary._due()
    notary.sign()
    assert not notary._due()
    users(office.log, *(f"u{n}" for n in range(1_000)))
    office.settle()
    assert notary._due()


def test_it_signs_by_itself_and_a_last_time_at_the_end(office):
    users(office.log, "ana")
    notary = office.open()
    notary.start()
    office.close()
    assert [head.position for head in heads(office)] == [1]


def test_a_head_that_could_not_be_published_is_made_up_for(office):
    office.activity.append(ACTIVITY, CommandConfirmed(), writer="w1")
    notary = office.open()
    office.publisher.failing = True
    notary._try()
    assert "no connection" in notary.failure
    office.publisher.failing = False
    notary._try()
    assert notary.failure == ""
    assert [list(head.moved) for head in heads(office)] == [["w1"]]


def test_a_full_disk_does_not_stop_it_and_is_told(office, tmp_path):
    users(office.log, "ana")
    notary = office.open()
    office.file.path = tmp_path  # a directory cannot be appended to
    notary._try()
    assert "IsADirectoryError" in notary.failure


def test_heads_are_looked_for_where_their_stream_begins(office):
    """A stream whose first write met a full disk begins at 2: a reader that asks for 1 would take that for a gap."""
    checkpoints = Log(office.log.signer, CHECKPOINTS)
    checkpoints.first = 2
    asked = []

    class Source(LogSource):
        def batches(self, after, until):
            asked.append((after, until))
            return super().batches(after, until)

    assert published(Source(checkpoints, 10), office.signer) == []
    assert asked == [(1, 1)]


def test_a_log_that_goes_on_from_its_heads_is_accepted(office):
    users(office.log, "ana", "ben")
    office.activity.append(ACTIVITY, CommandConfirmed(), writer="w1")
    office.open().sign()
    office.close()
    users(office.log, "zoe", boundary=OTHER)
    users(office.log, "cid", "dan")
    office.open()
    office.check()


def restarted(office, harm):
    """Sign, stop, harm the log, start again and check."""
    users(office.log, *(f"u{n}" for n in range(4)))
    office.open().sign()
    users(office.log, *(f"v{n}" for n in range(4)))
    office.settle()
    office.notary.sign()
    office.close()
    harm(office.log)
    office.open()
    office.check()


def test_a_log_cut_below_its_head_is_refused_and_the_place_is_named(office):
    def cut(log):
        del log.messages[5:]

    with pytest.raises(
        LogDiffers, match=r"ends at 5, but a head signed up to 8.*still agrees with the head at 4"
    ) as differs:
        restarted(office, cut)
    assert differs.value.position == 6


def test_a_log_that_reused_the_sequences_it_lost_is_refused(office):  # NATS.md: a damaged log may do so
    def reuse(log):
        del log.messages[6:]
        log.heads[ACCOUNT] = (6, stored.digest(log.messages[5].data))
        users(log, "x1", "x2", "x3")

    with pytest.raises(LogDiffers, match="still agrees with the head at 4"):
        restarted(office, reuse)


def test_a_log_that_ends_alike_but_lacks_another_boundary_s_entry_is_refused(office):
    """The last message is right, the chains are right: only the digest over all ends tells."""

    def swap(log):
        before, removed = log.messages[:], log.messages[0]
        log.messages.clear()
        log.heads.pop(OTHER)
        users(log, "not-zoe", boundary=OTHER)
        log.messages += before[1:]
        assert removed.data != log.messages[0].data

    users(office.log, "zoe", boundary=OTHER)
    with pytest.raises(LogDiffers, match="boundaries up to 9"):
        restarted(office, swap)


def test_another_stream_in_its_place_is_refused(office):
    def another(log):
        log.epoch = "e2"

    with pytest.raises(LogDiffers, match="made anew"):
        restarted(office, another)


def test_heads_that_nobody_signed_are_refused(office):
    users(office.log, "ana")
    office.open().sign()
    office.signer.name = "another"
    with pytest.raises(LogDiffers, match="no valid signature"):
        office.check()


def test_entries_that_expired_are_no_difference(office):
    office.activity.append(ACTIVITY, *(CommandConfirmed() for _ in range(4)), writer="w1")
    office.open().sign()
    office.close()
    office.activity.append(ACTIVITY, CommandConfirmed(), writer="w1")
    office.activity.expire(5)
    office.open()
    office.check()


def test_a_line_that_a_crash_cut_short_is_passed_over(office):
    users(office.log, "ana")
    office.open().sign()
    office.close()
    with office.file.path.open("ab") as file:
        file.write(b"AAAA")
    again = HeadsFile(office.file.path)
    assert len(list(again.read())) == 1
    again.append(b"next")
    assert [data for _, data in again.read()][1:] == [b"next"]
    again.close()


def test_the_last_heads_are_found_in_a_long_file(tmp_path):
    file = HeadsFile(tmp_path / "heads.log")
    file.append(*(bytes([n % 256]) * 400 for n in range(5_000)))
    assert file.last()[-1] == bytes([4_999 % 256]) * 400
    assert len(file.last()) < 5_000
    file.close()


def test_a_rebuilt_or_renamed_boundary_state_gives_the_same_root(office):
    users(office.log, "ana")
    office.log.append(ACCOUNT, UserTagged("ana", {"a": "b"}))
    office.open().sign()
    root = heads(office)[0].root
    office.close()
    office.open()
    office.check()
    assert office.notary.signed["IAM"].root == root


def test_a_start_reads_activity_only_behind_its_last_head(office):
    office.activity.append(ACTIVITY, *(CommandConfirmed() for _ in range(5)), writer="w1")
    office.open().sign()
    office.close()
    office.activity.append(ACTIVITY, CommandConfirmed(), writer="w1")
    office.activity.append(ACTIVITY, CommandConfirmed(), writer="w2")
    since = resume_from(office.file, office.signer, "IAM_ACTIVITY")
    assert since.sequence == 5
    office.open(since=since)
    assert office.feed.models[1].counters.entries == 2
    office.check()
    office.notary.sign()
    assert set(heads(office)[-1].moved) == {"w1", "w2"}


def test_a_start_without_heads_reads_activity_from_its_beginning(office):
    assert resume_from(office.file, office.signer, "IAM_ACTIVITY").sequence == 0
    assert resume_from(None, office.signer, "IAM_ACTIVITY").sequence == 0


def test_a_signer_without_the_key_cannot_open_a_head(office):
    users(office.log, "ana")
    office.open().sign()
    with pytest.raises(Exception, match="no valid signature"):
        opened(office.checkpoints.messages[0].data, Signer(b"z" * 32))
