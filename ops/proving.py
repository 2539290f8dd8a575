"""Wires what proves identities: hashing children, proofs in IAM_PROOFS, and the sign-in over them."""

from collections.abc import Callable
from urllib.parse import urlsplit

from muniment.api.signin.origins import Origins
from muniment.api.signin.services import SignInServices
from muniment.commands.activity import Activity
from muniment.commands.drawn import clock
from muniment.commands.keys import Sealer
from muniment.commands.ledger import Ledger
from muniment.commands.proofs.attempts import Attempts
from muniment.commands.proofs.cells import Cells
from muniment.commands.proofs.factors import Factors
from muniment.commands.proofs.security_keys import RelyingParty, SecurityKeys
from muniment.commands.proofs.spent import SpentProofs
from muniment.commands.proofs.tickets import Tickets
from muniment.commands.signin.flow import SignIn
from muniment.commands.signin.house import House
from muniment.commands.signin.standing import Standing
from muniment.commands.workshop import Workshop
from muniment.domain.boundary import State
from muniment.ops.jetstream.kv import KeyValue
from muniment.ops.jetstream.loop import NatsLoop
from muniment.ops.keys.kek import KEKs
from muniment.ops.keys.mac import mac_key
from muniment.ops.keys.store import KeyStore
from muniment.ops.passwords.pool import PasswordPool

STREAM = "IAM_PROOFS"
PREFIX = "iam."


class Proving:
    """The parts of one process that checks identities."""

    def __init__(self, loop: NatsLoop, store: KeyStore, keks: KEKs, sealer: Sealer) -> None:
        self._cells = Cells(KeyValue(loop, STREAM, PREFIX))
        self._attempts, self._spent = Attempts(self._cells), SpentProofs(self._cells)
        self._form_key = mac_key(store, keks, "forms")
        self.passwords = PasswordPool(mac_key(store, keks, "passwords"))
        self.workshop = Workshop(self.passwords, self._attempts, Factors(self._attempts, self._spent, sealer))

    def sign_in(
        self,
        ledger: Ledger,
        activity: Activity,
        state: Callable[[str], State],
        wait: Callable[[int], None],
        endpoint: str,
    ) -> SignInServices:
        """The sign-in for clients that use `endpoint`, a URL."""
        tickets = Tickets(self._cells)
        keys = SecurityKeys(self._cells, tickets, self._attempts, relying_party(endpoint))
        house = House(ledger, activity, self.workshop, tickets, self._spent, keys, state, wait, clock)
        standing = Standing(house)
        return SignInServices(house, SignIn(house, standing), standing, self._form_key, Origins.of(endpoint))

    def close(self) -> None:
        """End the hashing children."""
        self.passwords.close()


def relying_party(endpoint: str) -> RelyingParty:
    """Who security keys are registered with. An address cannot be one (WebAuthn Level 3, §5.1.2): on loopback it is `localhost`."""
    origins = Origins.of(endpoint)
    host = urlsplit(endpoint).hostname or "localhost"
    if origins.loopback:
        named = tuple(each for each in origins.allowed if urlsplit(each).hostname == "localhost")
        return RelyingParty("localhost", named)
    return RelyingParty(host, origins.allowed)
