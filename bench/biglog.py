"""A log of many entries, written through the real recorder, as large sites have it: accounts of users with tags, policies, keys."""

import os
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from muniment.commands.drawn import uuid7
from muniment.commands.mapper import EntryMapper, Prepared
from muniment.domain import ids
from muniment.domain.account.account import AccountCreated
from muniment.domain.account.attachments import UserPolicyAttached
from muniment.domain.account.keys import AccessKeyCreated
from muniment.domain.account.users import UserCreated, UserTagged
from muniment.domain.ledger import Actor, Cause, Entry, Fact
from muniment.domain.site.state import SITE, AccountRegistered
from muniment.ops.host import Host
from muniment.ops.jetstream.recorder import JetStreamRecorder

ENTRIES = int(os.environ.get("BENCH_ENTRIES", 1_000_000))
ACCOUNTS = 100
BATCH = 1_000
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"


class Writer:
    """Keeps each boundary's version and head, and prepares its next entry."""

    def __init__(self, host: Host) -> None:
        self._mapper = EntryMapper(host.ring)
        self._ring = host.ring
        with host.ledger() as ledger:
            site = ledger.boundaries.get(SITE)
        self._places: dict[str, tuple[int, bytes]] = {SITE: (site.version, site.head)}
        self._time = time.time_ns() // 1_000

    def entry(self, boundary: str, fact: Fact, account: str) -> Prepared:
        """The next entry of a boundary, signed."""
        version, head = self._places.get(boundary, (0, b""))
        self._time += 1
        actor = Actor(account, f"arn:aws:iam::{account}:root", account, "Root")
        cause = Cause("iam:CreateUser", uuid7(self._time), key=os.urandom(32), body=os.urandom(32))
        entry = Entry(uuid7(self._time), boundary, version + 1, self._time, actor, cause, head, fact)
        prepared = self._mapper.prepare(entry)
        self._places[boundary] = (version + 1, entry.digest)
        return prepared

    def secret(self, account: str, user: str) -> Fact:
        """A key for a user; all secrets are sealed under one owner, for the key store is not what is measured."""
        sealed = self._ring.seal("account.999999999999/AIDABENCH", "secret", b"x" * 40)
        return AccessKeyCreated(user, ids.unique_id("AKIA", os.urandom(13), 16), sealed, "AIDABENCH")


def facts(writer: Writer, entries: int) -> Iterator[Prepared]:
    """So many entries: accounts, then users, each with a tag, a policy, a key and another tag."""
    numbers = [str(200_000_000_000 + n) for n in range(ACCOUNTS)]
    left = entries
    for number in numbers:
        yield writer.entry(SITE, AccountRegistered(number, f"bench {number}", f"{number}@example.com"), number)
        yield writer.entry(f"account.{number}", AccountCreated(f"bench {number}", f"{number}@example.com"), number)
        left -= 2
    user = 0
    while left > 0:
        for number in numbers:
            name, boundary = f"user-{user}", f"account.{number}"
            for fact in (
                UserCreated(name, ids.unique_id("AIDA", os.urandom(11)), "/staff/", tags={"team": "blue"}),
                UserTagged(name, {"cost-center": str(user % 40)}),
                UserPolicyAttached(name, READ_ONLY),
                writer.secret(number, name),
                UserTagged(name, {"team": "green"}),
            ):
                if left <= 0:
                    return
                yield writer.entry(boundary, fact, number)
                left -= 1
        user += 1


def write(host: Host, entries: int = ENTRIES) -> None:
    """Fill the log."""
    recorder = JetStreamRecorder(host.loop, "IAM", "iam", str)
    batch: list[Prepared] = []
    began, done = time.perf_counter(), 0
    for prepared in facts(Writer(host), entries):
        batch.append(prepared)
        if len(batch) == BATCH:
            recorder.insert_events([one.stored for one in batch])
            done += BATCH
            batch = []
            if done % 100_000 == 0:
                sys.stderr.write(f"  {done} entries written, {done / (time.perf_counter() - began):.0f}/s\n")
    if batch:
        recorder.insert_events([one.stored for one in batch])


def folder() -> Path:
    """Where the big log is kept between runs."""
    return Path(os.environ.get("BENCH_FOLDER", "/tmp/muniment-bench-log"))  # noqa: S108
