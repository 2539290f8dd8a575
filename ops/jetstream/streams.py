"""The streams we need and exactly how each is configured (DESIGN 2). Data only; `provision.py` applies it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from muniment.ops.jetstream import permissions as p

ENTRY_BYTES_MAX = 256 << 10
MESSAGE_BYTES_MAX = ENTRY_BYTES_MAX + (4 << 10)  # an entry with its headers
DEDUPLICATION_SECONDS = 120
ACTIVITY_DAYS = 400
DECISION_DAYS = 30
DAY_SECONDS = 24 * 3600
NANOSECONDS = 1_000_000_000

EPOCH = "muniment-epoch"
RESTORING = "muniment-restoring"  # in a stream's metadata while a restore fills it


@dataclass(frozen=True)
class StreamSpec:
    """One stream. `kept` streams refuse deleting and purging; `extra` holds further JetStream settings."""

    name: str
    subjects: tuple[str, ...]
    description: str
    kept: bool
    max_age_seconds: int = 0
    age_may_change: bool = False  # whether provisioning sets another age on a stream that is there
    extra: dict[str, Any] = field(default_factory=dict)

    def config(self, replicas: int, *, ephemeral: bool = False) -> dict[str, Any]:
        """The JetStream configuration, every field that matters to us spelled out, without metadata."""
        kept = self.kept and not ephemeral
        return {
            "name": self.name,
            "description": self.description,
            "subjects": list(self.subjects),
            "retention": "limits",
            "storage": "file",
            "discard": "old",
            "num_replicas": replicas,
            "max_consumers": -1,
            "max_msgs": -1,
            "max_bytes": -1,
            "max_msgs_per_subject": -1,
            "max_age": self.max_age_seconds * NANOSECONDS,
            "max_msg_size": MESSAGE_BYTES_MAX,
            "duplicate_window": DEDUPLICATION_SECONDS * NANOSECONDS,
            "compression": "none",
            "allow_direct": True,
            "allow_rollup_hdrs": False,
            "deny_delete": kept,
            "deny_purge": kept,
            **self.extra,
        }


def specs(activity_days: int = ACTIVITY_DAYS, decision_days: int = DECISION_DAYS) -> tuple[StreamSpec, ...]:
    """All our streams, with the operator's retention."""
    return (
        StreamSpec(
            "IAM", p.IAM_SUBJECTS, "the source of truth: facts of every boundary", True, extra={"allow_atomic": True}
        ),
        StreamSpec(
            "IAM_ACTIVITY",
            p.ACTIVITY_SUBJECTS,
            "what happened without changing state",
            True,
            activity_days * DAY_SECONDS,
            extra={"allow_atomic": True},  # a writer's chain must not lose a link in the middle of a batch
        ),
        StreamSpec(
            "IAM_PROOFS",
            p.PROOFS_SUBJECTS,
            "spent proofs, counted attempts, challenges: one message a subject",
            False,
            extra={"max_msgs_per_subject": 1, "allow_msg_ttl": True},
        ),
        StreamSpec(
            "IAM_DECISIONS",
            p.DECISIONS_SUBJECTS,
            "decision log",
            True,
            decision_days * DAY_SECONDS,
            age_may_change=True,
        ),
        StreamSpec("IAM_CHECKPOINTS", p.CHECKPOINTS_SUBJECTS, "signed heads", True),
        StreamSpec(
            "IAM_SCHEDULES",
            p.SCHEDULES_SUBJECTS,
            "what is due later",
            False,
            # JetStream's schedules roll up their own messages, and insist on it.
            extra={
                "max_msgs_per_subject": 1,
                "allow_msg_schedules": True,
                "allow_msg_ttl": True,
                "allow_rollup_hdrs": True,
            },
        ),
        # Every revision is kept until it is erased with overwrite: a revision that JetStream drops by itself would stay
        # in the block files, out of reach (SECURITY rule 12).
        StreamSpec(p.KEYS_STREAM, p.KEYS_SUBJECTS, "wrapped data keys", False),
        StreamSpec(
            p.ALIASES_STREAM,
            p.ALIASES_SUBJECTS,
            "which read-model generation is live",
            False,
            extra={"max_msgs_per_subject": 5},
        ),
    )
