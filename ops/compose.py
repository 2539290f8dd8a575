"""The one place that knows every concrete class: builds a process's parts from its settings and wires them (DESIGN §1)."""

import hmac
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog
from prometheus_client import CollectorRegistry

from muniment.api.secret_use import SecretUse
from muniment.api.services import Services
from muniment.api.signin.services import SignInServices
from muniment.commands.activity import Activity
from muniment.commands.ledger import Ledger
from muniment.ops import actions as _actions  # noqa: F401 - importing it registers every command and query
from muniment.ops.alarms import Alarms
from muniment.ops.backup.times import OriginalTimes, original, restored_until, with_original_times
from muniment.ops.connection import LogServer
from muniment.ops.decision_log.metrics import DecisionMetrics
from muniment.ops.decision_log.reader import DECISIONS, DecisionReader
from muniment.ops.decision_log.writer import DecisionLog
from muniment.ops.federation.federation import federation
from muniment.ops.jetstream.boundary_log import BoundaryLog
from muniment.ops.jetstream.factory import share, unshare
from muniment.ops.jetstream.keystore import JetStreamKeyStore
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.jetstream.publisher import Publisher
from muniment.ops.jetstream.settings import ConnectionSettings
from muniment.ops.jetstream.source import StreamSource
from muniment.ops.keys.kek import KEKs
from muniment.ops.keys.mac import mac_key
from muniment.ops.keys.ring import KeyRing
from muniment.ops.keys.tokens import Tokens
from muniment.ops.metrics import ModelMetrics
from muniment.ops.notarized import Notarized
from muniment.ops.proving import Proving
from muniment.ops.readiness import Readiness
from muniment.ops.reads import Reads
from muniment.ops.rebuild import Rebuilds, of_the_fold, of_the_timeline
from muniment.ops.reminding import Reminder
from muniment.ops.rotation.composing import Rotating
from muniment.ops.settings import Settings
from muniment.ops.sweeping import Sweeper, shredding
from muniment.ops.what_if import WhatIfs
from muniment.projections.access.gate import AccessGate
from muniment.projections.access.model import Access
from muniment.projections.access.staleness import Staleness
from muniment.projections.credentials import Credentials
from muniment.projections.directory import Directory
from muniment.projections.feed import Feed
from muniment.projections.fold import Fold
from muniment.projections.past.kept import KeptStates
from muniment.projections.past.model import Passage
from muniment.projections.past.past import Past
from muniment.projections.readmodel import IAM, IAM_ACTIVITY
from muniment.projections.secret_changes import SecretChanges
from muniment.projections.snapshots import Snapshots
from muniment.projections.timeline.apart import TimelineApart
from muniment.projections.timeline.places import timeline_at
from muniment.projections.watch import Watch

CONNECT_SECONDS_MAX = 30.0
LOAD_SECONDS_MAX = 600.0


class NotLoaded(Exception):
    """The read models do not reach the log's end."""


@dataclass
class History:
    """What the past is answered from."""

    passage: Passage
    kept: KeptStates
    log: BoundaryLog

    def close(self) -> None:
        """Note how far it reaches; end the connection. The feed has ended before."""
        self.passage.finish()
        self.log.close()
        self.kept.close()


@dataclass
class Core:
    """The running parts over one log. An ephemeral reset closes one and builds the next."""

    ring: KeyRing
    tokens: Tokens
    gate: AccessGate
    ledger: Ledger | None  # None in a process that only decides: its NATS role may not write
    activity: Activity | None
    feed: Feed
    reads: Reads
    readiness: Readiness
    loops: tuple[NatsLoop, ...]
    sources: tuple[StreamSource | OriginalTimes, ...]
    shared: str
    registry: CollectorRegistry
    notarized: Notarized | None
    history: History
    decisions: DecisionLog | None
    proving: Proving | None  # None in a process that only decides
    sweeper: Sweeper | None = None  # begins when the log is open
    reminder: Reminder | None = None  # the same
    rotating: Rotating | None = None  # the same

    def open(self, log: LogServer) -> None:
        """Wait for the read models, and compare the log with its signed heads. Raises NotLoaded, LogDiffers."""
        if not self.feed.wait_loaded(LOAD_SECONDS_MAX):
            raise NotLoaded("the read models did not load in time; `muniment verify` tells whether the log is whole")
        if self.notarized is not None and self.feed.broken is None:
            self.notarized.open(self.feed, self.loops[0], log, self.ring, self.sources)
        if self.ledger is not None:
            self.sweeper = Sweeper(self.ledger, self.reads.directory, self.ring, lambda: shredding(log))
            self.sweeper.start()
            self.reminder = Reminder(self.ledger, self.reads.directory)
            self.reminder.start()
        if self.rotating is not None:
            self.rotating.process.start()

    def close(self) -> None:
        """Stop everything, writers first, so that what they still hold is recorded."""
        if self.rotating is not None:
            self.rotating.close()
        if self.sweeper is not None:
            self.sweeper.close()
        if self.reminder is not None:
            self.reminder.close()
        if self.activity is not None:
            self.activity.close()
        if self.decisions is not None:
            self.decisions.close()
        if self.ledger is not None:
            self.ledger.close()
        if self.proving is not None:
            self.proving.close()
        if self.notarized is not None:
            self.notarized.close()
        self.feed.close()
        self.reads.timeline.close()
        self.history.close()
        for source in self.sources:
            source.close()
        unshare(self.shared)
        for loop in self.loops:
            loop.close()


def build_core(settings: Settings, log: LogServer, keks: KEKs) -> Core:
    """Connect and wire. The models are loading when this returns; `Core.feed.wait_loaded` tells when they are live."""
    decides_only = settings.role == "decisions"
    connection = log.as_role("decisions" if decides_only else "api")
    loop = _connected(connection, writes=not decides_only)
    ring = KeyRing(store := JetStreamKeyStore(loop), keks)
    sources = tuple(
        with_original_times(source, loop)
        for source in (StreamSource(connection, IAM), StreamSource(connection, IAM_ACTIVITY, expires=True))
    )
    registry = CollectorRegistry()
    fold = Fold()
    access, credentials, directory = Access(fold), Credentials(fold), Directory(fold)
    timeline = _timeline(settings, ring)
    alarms = Alarms(registry)
    watch = Watch(fold, alarms.raise_alarm, ring.forget)
    changes = SecretChanges(fold)
    notarized = None if decides_only else Notarized(settings, store, keks, fold)
    history = _history(settings, log, loop, ring, fold)
    notaries = notarized.models if notarized is not None else ()
    models = [access, credentials, directory, watch, changes, timeline, history.passage, *notaries]
    snapshots = None if settings.ephemeral else Snapshots(settings.data / "snapshots", ring, _say)
    feed = Feed(sources, ring, models, fold, snapshots=snapshots)
    gate = AccessGate(
        access,
        Staleness(access, feed.heard_seconds_ago, lambda: str(feed.broken or feed.failure or "")),
        on_alarm=alarms.undecided,
    )
    shared = share(loop)
    activity = None if decides_only else Activity(Publisher(loop, IAM_ACTIVITY), ring)
    ledger = None if decides_only else _ledger(settings, shared, ring, gate, access, feed)
    registry.register(ModelMetrics(feed, activity))
    decisions = _decision_log(settings, loop, ring, access, registry)
    reads = Reads(
        directory,
        credentials,
        access,
        timeline,
        cursors := mac_key(store, keks, "cursors"),
        lambda: ledger.seen_by["credentials"] if ledger is not None else 0,
        _rebuilds(settings, feed, timeline, log, ring, loop, cursors),
        Past(directory, history.passage, history.kept, history.log, ring),
        ring,
    )
    _ask_again(reads, ledger, loop, ring, decisions)
    proving = None if ledger is None else Proving(loop, store, keks, ring)
    if ledger is not None and proving is not None:
        ledger.workshop = proving.workshop
    rotating = _rotating(settings, ledger, activity, ring, reads, loop, changes)
    feed.start()
    return Core(
        ring,
        Tokens(mac_key(store, keks, "sessions"), lambda: feed.position().epoch),
        gate,
        ledger,
        activity,
        feed,
        reads,
        Readiness(log, loop, feed, lambda: notarized.failure if notarized is not None else ""),
        (loop,),
        sources,
        shared,
        registry,
        notarized,
        history,
        decisions,
        proving,
        rotating=rotating,
    )


def _connected(connection: ConnectionSettings, writes: bool) -> NatsLoop:
    """The connection of everything but the feed, with a line beside it where this process appends."""
    loop = NatsLoop(connection)
    loop.wait_ready(CONNECT_SECONDS_MAX)
    if writes:
        loop.keep_line()
    return loop


def _rotating(
    settings: Settings,
    ledger: Ledger | None,
    activity: Activity | None,
    ring: KeyRing,
    reads: Reads,
    loop: NatsLoop,
    changes: SecretChanges,
) -> Rotating | None:
    """What rotates secrets; None in a process that only decides."""
    if ledger is None or activity is None:
        return None
    directory = reads.directory
    rotating = Rotating(
        settings, ledger, activity, ring, directory, reads.credential, lambda at: reads.wait(("directory",), at), loop
    )
    changes.heard = rotating.process.heard
    return rotating


def _rebuilds(
    settings: Settings,
    feed: Feed,
    timeline: TimelineApart,
    log: LogServer,
    ring: KeyRing,
    loop: NatsLoop,
    secret: bytes,
) -> Rebuilds:
    halfway = hmac.digest(secret, b"muniment-rebuild", "sha256")  # vouches for what a killed rebuild has left
    fold = of_the_fold(feed, log, ring, settings.data / "rebuild", halfway)
    return Rebuilds({**fold, **of_the_timeline(feed, timeline, log, ring, loop)})


def _ledger(settings: Settings, shared: str, ring: KeyRing, gate: AccessGate, access: Access, feed: Feed) -> Ledger:
    ledger = Ledger(
        {
            "PERSISTENCE_MODULE": "muniment.ops.jetstream",
            "JETSTREAM_LOOP": shared,
            "ORIGINATOR_ID_TYPE": "text",
            "SNAPSHOTS_FILE": "" if settings.ephemeral else str(settings.ledger_file),
        },
        signer=ring,
        sealer=ring,
        gate=gate,
        resolve=lambda arn: _principal_id(access, arn),
    )
    ledger.on_appended = feed.saw
    return ledger


def _ask_again(
    reads: Reads, ledger: Ledger | None, loop: NatsLoop, ring: KeyRing, decisions: DecisionLog | None
) -> None:
    """What-if questions over the decision log, and expectations of commands where this process logs decisions."""
    reads.what_if = WhatIfs(reads.access, reads.past, reads.state, DecisionReader(loop, ring), decisions)
    if ledger is not None and decisions is not None:
        ledger.foresight = reads.what_if


def _decision_log(
    settings: Settings, loop: NatsLoop, ring: KeyRing, access: Access, registry: CollectorRegistry
) -> DecisionLog | None:
    """The writer of the decision log, told of every decision from now on; None where none is wanted."""
    if not settings.decision_log:
        return None
    log = DecisionLog(Publisher(loop, DECISIONS), ring, settings.decision_log)
    registry.register(DecisionMetrics(log))
    access.note = log.note
    return log


def build_services(settings: Settings, core: Core, reset: Any = None, endpoint: str = "") -> Services:
    """What the fronts get."""
    return Services(
        ledger=core.ledger,
        activity=core.activity,
        gate=core.gate,
        reads=core.reads,
        sealer=core.ring,
        tokens=core.tokens,
        readiness=core.readiness,
        epoch=lambda: core.feed.position().epoch,
        region=settings.region,
        public_url=settings.public_url,
        endpoint=endpoint or settings.public_url,
        trusted_proxies=frozenset(settings.trusted_proxies),
        log_reads=settings.log_reads,
        reset=reset,
        secret_use=SecretUse(core.ledger),
        sign_in=_sign_in(core, endpoint or settings.public_url),
        federation=None if core.ledger is None else federation(settings, core.loops[0], endpoint),
    )


def _sign_in(core: Core, endpoint: str) -> SignInServices | None:
    """Where people sign in; None in a process that only decides."""
    if core.proving is None or core.ledger is None or core.activity is None:
        return None
    directory = core.reads.directory
    return core.proving.sign_in(
        core.ledger,
        core.activity,
        directory.state,
        lambda position: core.reads.wait(("directory",), position),
        endpoint,
    )


def _principal_id(access: Access, arn: str) -> str | None:
    """The unique id of a user or role in any account."""
    principal = access.principal(arn)
    return None if principal is None else principal.unique_id or principal.issuer_id or None


def _history(settings: Settings, log: LogServer, loop: NatsLoop, ring: KeyRing, fold: Fold) -> History:
    """An ephemeral server's is in memory; others keep states in a file beside the snapshots."""
    restored = restored_until(loop, IAM)
    connection = log.as_role("decisions" if settings.role == "decisions" else "api")
    kept = KeptStates(None if settings.ephemeral else settings.data / "snapshots" / "past.sqlite", ring, _say)
    source = BoundaryLog(
        connection, IAM, lambda message: original(message) if message.sequence <= restored else message
    )
    return History(Passage(fold, kept), kept, source)


def _say(text: str) -> None:
    structlog.get_logger("muniment.snapshots").warning(text)


def _timeline(settings: Settings, ring: KeyRing) -> TimelineApart:
    """The audit timeline: PostgreSQL by setting, else SQLite; an ephemeral server's ends with it."""
    if settings.ephemeral:
        return timeline_at(Path(tempfile.mkdtemp(prefix="timeline-", dir=settings.data)), ring)
    return timeline_at(settings.timeline or settings.data / "timeline", ring)
