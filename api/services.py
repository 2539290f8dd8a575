"""What the fronts need from the rest of the house; `ops/compose.py` fills it in."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from muniment.api.aws.signing_keys import SigningKeys
from muniment.api.secret_use import SecretUse
from muniment.api.signin.services import SignInServices
from muniment.api.throttle import Throttle, for_decisions
from muniment.commands.activity import Activity
from muniment.commands.drawn import Clock, clock
from muniment.commands.gate import Gate
from muniment.commands.keys import Sealer
from muniment.commands.ledger import Ledger
from muniment.domain.federation import Federation
from muniment.domain.ledger import Actor
from muniment.domain.session import Session
from muniment.domain.session_token import SessionTokens
from muniment.projections.credentials import Credential
from muniment.projections.query import Views


class Readiness(Protocol):
    """Whether this process may be sent traffic, and what is in the way."""

    def report(self) -> dict[str, Any]:
        """`{"ready": bool, "nats": …, "sync_always": …, "missing": […], "models": {name: {"condition", "position", "lag"}}}`"""


class ReadSide(Protocol):
    """The read models of this process."""

    @property
    def views(self) -> Views:
        """What queries ask."""

    def credential(self, access_key_id: str) -> Credential | None:
        """The access key of that id, active or not."""

    def session(self, session: Session) -> Actor | None:
        """Who the holder of a session is now; None where it has ended before its time."""

    def level(self, models: Sequence[str], position: int) -> bool:
        """Whether those models have taken `position` of stream IAM, and all that this process has written for them."""

    def wait(self, models: Sequence[str], position: int, timeout: float = ...) -> None:
        """Return once those models have taken `position` of stream IAM. Raises ReadModelBehind."""


@dataclass(frozen=True)
class Services:
    """The parts of one process, wired."""

    ledger: Ledger | None  # None in a process that only decides
    activity: Activity | None
    gate: Gate
    reads: ReadSide
    sealer: Sealer
    tokens: SessionTokens
    readiness: Readiness
    epoch: Callable[[], str]
    federation: Federation | None = None  # None in a process that gives out no credentials
    region: str = "us-east-1"
    public_url: str = ""
    endpoint: str = ""  # the URL that clients use
    trusted_proxies: frozenset[str] = frozenset()
    log_reads: bool = True
    reset: Callable[[], Mapping[str, Any]] | None = None  # `--ephemeral` only
    sign_in: SignInServices | None = None  # None in a process that only decides
    now: Clock = clock
    throttle: Throttle = field(default_factory=Throttle)
    asking: Throttle = field(default_factory=for_decisions)  # of evaluations, which are asked before everything else
    signing_keys: SigningKeys = field(default_factory=SigningKeys)
    secret_use: SecretUse = field(default_factory=lambda: SecretUse(None))
