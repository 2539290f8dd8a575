"""Verify names the first bad sequence of every kind of damage (SECURITY 15)."""

import pytest

from muniment.domain import stored
from muniment.domain.account.users import UserCreated
from muniment.domain.activity.requests import CommandConfirmed
from muniment.ops.notary.ends import Ends
from muniment.ops.notary.file import HeadsFile
from muniment.ops.notary.head import Head, seal, subject
from muniment.ops.verify import verify
from muniment.projections.verify import Link
from tests.projections.logs import ACCOUNT, IAM_ACTIVITY, Log, Message, Signer

OTHER = "account.444455556666"
ACTIVITY = "activity.111122223333"
ENTRIES = 20


class House:
    """Two streams, their heads in a stream and a file, and a verification of it all."""

    def __init__(self, path):
        self.signer = Signer()
        self.log, self.activity = Log(self.signer), Log(self.signer, IAM_ACTIVITY)
        self.checkpoints = Log(self.signer, "IAM_CHECKPOINTS")
        self.file = HeadsFile(path / "heads.log")
        for n in range(ENTRIES):
            self.log.append(OTHER if n % 3 == 2 else ACCOUNT, UserCreated(f"u{n}", f"AIDA{n}"))
            self.activity.append(ACTIVITY, CommandConfirmed(), writer=f"w{n % 2}")
            if n % 5 == 4:
                self.head(self.log)
                self.head(self.activity)

    def head(self, log, **changes):
        links = {name: Link(version, digest) for name, (version, digest) in log.heads.items()}
        last = log.messages[-1]
        about = {"moved": links} if log.stream == IAM_ACTIVITY else {"root": Ends(links).root(), "chains": len(links)}
        head = Head(
            stream=log.stream,
            **{"epoch": log.epoch, "position": last.sequence, "last": stored.digest(last.data), "time": last.sequence}
            | about
            | changes,
        )
        data = seal(head, self.signer)
        self.checkpoints.put(subject(log.stream), data)
        self.file.append(data)

    def verify(self, *, every=True):
        sources = [self.log.source(batch=7), self.activity.source(batch=7)]
        return verify(sources, self.checkpoints.source(), self.file, self.signer, self.signer, every=every)

    def found(self, **options):
        """The first finding as (stream, sequence)."""
        report = self.verify(**options)
        assert not report.sound
        return report.findings[0].stream, report.findings[0].sequence


@pytest.fixture
def house(tmp_path):
    return House(tmp_path)


def replace(log, number, **changes):
    """The message `number`, otherwise than it was."""
    old = log.messages[number - 1]
    fields = {name: getattr(old, name) for name in old.__struct_fields__} | changes
    log.messages[number - 1] = Message(**fields)


def renumber(log):
    log.messages = [
        Message(m.stream, number, m.time_ns, m.subject, m.data) for number, m in enumerate(log.messages, log.first)
    ]


@pytest.mark.parametrize("every", [True, False])
def test_a_good_log_is_found_good(house, every):
    report = house.verify(every=every)
    assert report.findings == ()
    iam, activity = report.streams
    assert (iam.entries, iam.chains, iam.verified, iam.heads) == (ENTRIES, 2, ENTRIES, 8)
    assert (activity.entries, activity.chains, activity.heads) == (ENTRIES, 2, 8)


@pytest.mark.parametrize("at", range(1, ENTRIES + 1))
def test_a_changed_byte_is_found(house, at):
    data = bytearray(house.log.messages[at - 1].data)
    data[at * 3] ^= 1
    replace(house.log, at, data=bytes(data))
    assert house.found() == ("IAM", at)


def test_every_byte_of_an_entry_counts(house):
    data = house.log.messages[9].data
    for place in range(len(data)):
        replace(house.log, 10, data=data[:place] + bytes([data[place] ^ 0x40]) + data[place + 1 :])
        stream, sequence = house.found()
        assert (stream, sequence) == ("IAM", 10), place


def test_a_missing_entry_is_found(house):
    del house.log.messages[11]
    assert house.found() == ("IAM", 12)


def test_an_entry_that_was_cut_out_and_the_rest_moved_up_is_found(house):
    del house.log.messages[11]
    renumber(house.log)
    stream, sequence = house.found()
    assert stream == "IAM"
    assert sequence >= 12  # the next entry of the same boundary does not follow


def test_entries_that_changed_places_are_found(house):
    house.log.messages[12], house.log.messages[13] = house.log.messages[13], house.log.messages[12]
    renumber(house.log)
    # 13 and 14 belong to one boundary and to the other by turns: where the order inside a boundary is kept, the head tells
    assert house.found()[1] in (13, 15)


def test_a_doubled_entry_is_found(house):
    house.log.messages.insert(5, house.log.messages[4])
    renumber(house.log)
    assert house.found() == ("IAM", 6)


def test_a_log_that_ends_before_its_last_head_is_found(house):
    del house.log.messages[17:]
    report = house.verify()
    assert (report.findings[0].stream, report.findings[0].sequence) == ("IAM", 18)
    assert "3 entries are lost" in report.findings[0].reason
    assert report.streams[0].verified == 17


@pytest.mark.parametrize("every", [True, False])
def test_an_entry_signed_again_by_an_unknown_key_is_found(house, every):
    """The chain is whole: who signed again also chained again. Only the signatures tell."""
    stranger = Signer(b"x" * 32, "k2")
    kept, house.log.messages = house.log.messages, []
    house.log.heads.clear()
    for message in kept:
        entry = stored.decode(message.data)
        fresh = house.log.entry(entry.boundary, entry.fact)
        house.log.store(fresh, signer=stranger if message.sequence >= 15 else house.signer)
    assert house.found(every=every) == ("IAM", 15)


@pytest.mark.parametrize("every", [True, False])
def test_a_forged_publish_is_found(house, every):
    house.log.store(house.log.entry(ACCOUNT, UserCreated("eve", "AIDAEVE")), signer=Signer(b"x" * 32))
    assert house.found(every=every) == ("IAM", ENTRIES + 1)


def test_an_entry_under_another_subject_is_found(house):
    replace(house.log, 7, subject=f"iam.{OTHER}.UserCreated")
    assert house.found() == ("IAM", 7)


def test_damage_of_activity_is_found_and_the_log_is_still_read(house):
    replace(house.activity, 9, data=b"rubbish")
    report = house.verify()
    assert [(one.stream, one.sequence) for one in report.findings] == [("IAM_ACTIVITY", 9)]
    assert report.streams[0].verified == ENTRIES


def test_activity_that_expired_is_no_damage(house):
    house.activity.expire(12)
    assert house.verify().sound


def test_history_written_anew_with_the_right_key_is_found_by_the_heads(house):
    """A thief of the signing key can make a good chain; the signed heads outside its reach tell."""
    kept, house.log.messages = house.log.messages, []
    house.log.heads.clear()
    for message in kept:
        entry = stored.decode(message.data)
        fact = UserCreated("eve", "AIDAEVE") if message.sequence == 8 else entry.fact
        house.log.append(entry.boundary, fact)
    house.checkpoints.messages.clear()
    stream, sequence = house.found()
    assert (stream, sequence) == ("IAM", 10)


def test_a_head_nobody_signed_is_found(house):
    replace(house.checkpoints, 3, data=house.checkpoints.messages[2].data[:-1] + b"\0")
    assert house.found() == ("IAM_CHECKPOINTS", 3)


def test_a_missing_head_is_found(house):
    del house.checkpoints.messages[2]
    assert house.found() == ("IAM_CHECKPOINTS", 3)


def test_a_line_of_the_file_that_was_altered_is_found(house):
    lines = house.file.path.read_bytes().splitlines(keepends=True)
    lines[2] = b"!" + lines[2][1:]
    house.file.path.write_bytes(b"".join(lines))
    report = house.verify()
    assert report.findings[0].stream == str(house.file.path)
    assert report.findings[0].sequence == 3


def test_a_stream_made_anew_is_found(house):
    house.log.epoch = "e2"
    report = house.verify()
    assert "made anew" in report.findings[0].reason


def test_a_restored_stream_is_good_and_what_it_lost_is_told(house):
    del house.log.messages[12:]
    house.log.heads = {ACCOUNT: (8, stored.digest(house.log.messages[9].data)), OTHER: (4, b"")}
    last = house.log.messages[-1]
    for message in house.log.messages:
        entry = stored.decode(message.data)
        house.log.heads[entry.boundary] = (entry.version, stored.digest(message.data))
    house.log.epoch = "e2"
    house.head(house.log, continues="e1", position=last.sequence, last=stored.digest(last.data))
    report = house.verify()
    assert report.sound, report.findings
    assert "heads of it reach to 20" in report.streams[0].notes[0]
    house.log.append(ACCOUNT, UserCreated("new", "AIDANEW"))
    house.head(house.log)
    assert house.verify().sound


def test_a_stream_without_an_epoch_is_a_restore_that_did_not_end(house):
    house.log.epoch = ""
    assert any("restore into it did not end" in finding.reason for finding in house.verify().findings)


def test_progress_is_told(house):
    told = []
    verify(
        [house.log.source()], None, None, house.signer, house.signer,
        progress=lambda stream, done, total: told.append((stream, done, total)),
    )  # fmt: skip
    assert told[-1] == ("IAM", ENTRIES, ENTRIES)
