"""What a command may use before it is decided: work that is slow or leaves a mark elsewhere, done outside the boundary's lane.

Hashing takes 20 ms and runs in child processes; a one-time code is spent in IAM_PROOFS. Neither may hold up the others who
wait for the same account, and `decide` stays pure: it finds the outcome in `given.prepared`.
"""

from dataclasses import dataclass
from typing import Protocol

from muniment.commands.proofs.attempts import Attempts
from muniment.commands.proofs.factors import Factors


class Passwords(Protocol):
    """Argon2id, peppered, in a bounded pool; `ops/passwords` implements it. Raises TooManyRequests where it is full."""

    def hash(self, password: str) -> str:
        """A new hash, in the PHC string format. Raises PasswordPolicyViolation for one of too many bytes."""

    def verify(self, password: str, hashed: str | None) -> bool:
        """Whether it is the password of `hashed`. With None, always false, after the same work."""

    def is_old(self, hashed: str) -> bool:
        """Whether new hashes are made with other parameters than this one."""


@dataclass(frozen=True)
class Workshop:
    """The tools, wired by the composition."""

    passwords: Passwords
    attempts: Attempts
    factors: Factors
