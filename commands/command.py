"""Commands: what may happen. One class per action; its fields are the parameters, its `decide` is the rule (DESIGN §6)."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Final, Generic, Protocol, TypeVar

import msgspec

from muniment.domain.boundary import State
from muniment.domain.caller import Caller
from muniment.domain.ledger import Actor, Entry, Fact, Sealed
from muniment.domain.resource import Resource

if TYPE_CHECKING:
    from muniment.commands.workshop import Workshop

COMMANDS: Final[dict[tuple[str, str], type["Command[Any]"]]] = {}

S = TypeVar("S", bound=State)


class At(msgspec.Struct, frozen=True):
    """A fact for another boundary than the command's own: both are appended in one atomic batch, each under its guard.

    It need not be one that `also` names: those whose state does not matter to the decision are taken as they are.
    """

    boundary: str
    fact: Fact


Decision = Fact | None | tuple[Fact | At, ...]


class Given(Protocol):
    """What a decision needs from outside: time, randomness, sealing. Made anew for every try, so `decide` stays pure."""

    now: int  # microseconds since the Unix epoch, UTC
    actor: Actor
    also: Mapping[str, State]  # the boundaries that `Command.also` names
    prepared: Any  # what `Command.prepare` made; None where it makes nothing

    def unique_id(self, prefix: str) -> str:
        """A new identifier such as AIDA… (domain/ids.py)."""

    def account_number(self) -> str:
        """A new random 12-digit account number."""

    def secret(self) -> str:
        """A new 40-character secret access key."""

    def random(self, count: int) -> bytes:
        """`count` random bytes."""

    def seal(self, owner: str, field: str, plain: str) -> Sealed:
        """`plain` as ciphertext under `owner`'s data key; `owner` is `<boundary>/<unique id>` (DESIGN §7)."""

    def unseal(self, owner: str, field: str, sealed: Sealed) -> str:
        """The plain text again. Raises Erased where the owner's key is gone."""

    def principal_id(self, arn: str) -> str | None:
        """The unique id of a user or role in any account, by its ARN; None where there is none."""


class Command(msgspec.Struct, Generic[S], frozen=True, kw_only=True, rename="pascal"):
    """One action. Concrete classes name `service` and `boundary`; the class name is the AWS action, letter for letter."""

    service: ClassVar[str] = ""
    boundary: ClassVar[type[State]]
    operator_only: ClassVar[bool] = False  # given on the host itself: no front knows it
    secret_parameters: ClassVar[frozenset[str]] = frozenset()  # fields that are never recorded, never shown
    prepares: ClassVar[bool] = False  # whether `prepare` has something to do

    def __init_subclass__(cls) -> None:
        if cls.service and not cls.operator_only and not cls.__name__.endswith("Command"):
            COMMANDS[cls.service, cls.__name__] = cls

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(f'{name}={value!r}' for name, value in self.__rich_repr__())})"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        """What is shown of it anywhere: secret parameters never (SECURITY 18)."""
        names = self.__struct_fields__
        return [(name, "***" if name in self.secret_parameters else getattr(self, name)) for name in names]

    @classmethod
    def action(cls) -> str:
        """The permission: `iam:CreateUser`."""
        return f"{cls.service}:{cls.__name__}"

    def target(self, actor: Actor) -> str:
        """The boundary that decides."""
        return f"{self.boundary.kind}.{actor.account}"

    def located(self, actor: Actor, load: Callable[[str], State]) -> str:
        """The boundary that decides, where only another one's state, which `load` answers, tells which that is."""
        return self.target(actor)

    def also(self, actor: Actor) -> tuple[str, ...]:
        """Other boundaries that `decide` looks at or writes to."""
        return ()

    def resources(self, state: S, actor: Actor) -> tuple[Resource, ...]:
        """What the gate is asked about; all must be allowed. A missing entity still has its would-be ARN."""
        raise TypeError(f"{type(self).__name__} names no resource")

    def prepare(self, state: S, given: Given, caller: Caller, workshop: "Workshop") -> Any:
        """Slow or far-reaching work before the decision, outside the boundary's lane: `decide` finds it in `given.prepared`.

        Runs once, on a fresh state, when the gate has allowed the command; `decide` must check that what it found still holds.
        Raises Refused.
        """
        return None

    def decide(self, state: S, given: Given) -> Decision:
        """The facts this command records: one, none where it is already so, several only when they cannot be one.

        Raises Refused. Pure: the same state and the same given always decide alike.
        """
        raise TypeError(f"{type(self).__name__} decides nothing")

    def elsewhere(self, entries: tuple[Entry, ...]) -> tuple[str, ...]:
        """Further boundaries whose entries `answer` needs when the command is repeated, as those of its own boundary tell."""
        return ()

    def answer(self, state: S, entries: tuple[Entry, ...], given: Given) -> dict[str, Any]:
        """The response's members, from what was recorded; `entries` is empty where nothing had to be. `state` is after."""
        return {}
