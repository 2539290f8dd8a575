"""FIDO2 security keys and passkeys: the two ceremonies of WebAuthn, verified by `webauthn` under our rules (SECURITY 8).

A challenge is good once, for five minutes, for one principal, one session and one ceremony. A signature counter that does not
grow means that there is a copy of the key.
"""

import hashlib
from typing import Any, Final

import msgspec
import webauthn
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from muniment.commands.drawn import Clock, Randomness, clock
from muniment.commands.proofs.attempts import Attempts
from muniment.commands.proofs.cells import PROOF, Cells, name
from muniment.commands.proofs.spent import SpentProofs
from muniment.commands.proofs.tickets import Tickets
from muniment.domain.account.mfa import devices_of
from muniment.domain.account.proving import SECURITY_KEY, MFADevice
from muniment.domain.account.state import Account
from muniment.domain.errors import AccessDenied, InvalidAuthenticationCode

RP_NAME: Final = "Muniment"
CHALLENGE_BYTES: Final = 32
RESPONSE_CHARACTERS_MAX: Final = 16_384
CREDENTIAL_BYTES_MAX: Final = 1_023  # WebAuthn Level 3, §5.8.3
TICKET: Final = "webauthn"
NOT_ACCEPTED: Final = "The security key's answer could not be accepted. Start again."


class RelyingParty(msgspec.Struct, frozen=True):
    """Who keys are registered with: the host's name, and the exact origins that pages may be served from."""

    id: str
    origins: tuple[str, ...]


class Registered(msgspec.Struct, frozen=True):
    """A new credential."""

    credential: bytes
    public_key: bytes
    count: int


class CounterRegressed(Exception):
    """A key's counter went backwards."""

    def __init__(self, device: MFADevice, known: int, seen: int) -> None:
        super().__init__("a security key's counter went backwards")
        self.device, self.known, self.seen = device, known, seen


class _Challenge(msgspec.Struct, frozen=True, array_like=True):
    principal: str
    bound: str
    ceremony: str
    challenge: bytes


class _Counter(msgspec.Struct, frozen=True, array_like=True):
    count: int


class SecurityKeys:
    """The ceremonies, for one relying party."""

    def __init__(
        self, cells: Cells, tickets: Tickets, attempts: Attempts, party: RelyingParty, now: Clock = clock
    ) -> None:
        self._cells, self._tickets, self._attempts, self._now = cells, tickets, attempts, now
        self._spent = SpentProofs(cells)
        self._random = Randomness()
        self.party = party

    def begin_registration(self, account: Account, unique_id: str, shown: str, bound: str) -> tuple[str, Any]:
        """A ticket, and the options for `navigator.credentials.create`. `bound` names the session."""
        ticket, challenge = self._challenge(account, unique_id, bound, "register")
        options = webauthn.generate_registration_options(
            rp_id=self.party.id,
            rp_name=RP_NAME,
            user_name=shown,
            user_id=hashlib.sha256(_principal(account, unique_id).encode()).digest(),  # tells nobody who it is
            challenge=challenge,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.DISCOURAGED,
                user_verification=UserVerificationRequirement.PREFERRED,
            ),
            exclude_credentials=_descriptors(account, unique_id),
        )
        return ticket, msgspec.json.decode(webauthn.options_to_json(options))

    def finish_registration(self, account: Account, unique_id: str, ticket: str, bound: str, answer: str) -> Registered:
        """Check the key's answer. Raises InvalidAuthenticationCode."""
        challenge = self._taken(account, unique_id, ticket, bound, "register")
        try:
            verified = webauthn.verify_registration_response(
                credential=_parsed(answer),
                expected_challenge=challenge,
                expected_rp_id=self.party.id,
                expected_origin=list(self.party.origins),
            )
        except (WebAuthnException, ValueError, TypeError, KeyError):
            raise InvalidAuthenticationCode(NOT_ACCEPTED) from None
        credential = verified.credential_id
        if len(credential) > CREDENTIAL_BYTES_MAX or not self._spent.spend(
            "credential", credential.hex(), now=self._now()
        ):
            raise InvalidAuthenticationCode(NOT_ACCEPTED)  # ids are unique over all users
        return Registered(credential, verified.credential_public_key, verified.sign_count)

    def begin_assertion(self, account: Account, unique_id: str, bound: str, *, verify: bool) -> tuple[str, Any]:
        """A ticket, and the options for `navigator.credentials.get`. `verify`: the key must know its user, by PIN or finger."""
        ticket, challenge = self._challenge(account, unique_id, bound, _ceremony(verify))
        options = webauthn.generate_authentication_options(
            rp_id=self.party.id,
            challenge=challenge,
            allow_credentials=_descriptors(account, unique_id),
            user_verification=(
                UserVerificationRequirement.REQUIRED if verify else UserVerificationRequirement.PREFERRED
            ),
        )
        return ticket, msgspec.json.decode(webauthn.options_to_json(options))

    def finish_assertion(
        self, account: Account, unique_id: str, ticket: str, bound: str, answer: str, *, verify: bool, source: str
    ) -> str:
        """Check the key's answer; the device's serial number. The attempt is counted before.

        Raises AccessDenied, TooManyRequests, CounterRegressed, ServiceUnavailable.
        """
        attempt = self._attempts.begin("code", _principal(account, unique_id), source)
        try:
            challenge = self._taken(account, unique_id, ticket, bound, _ceremony(verify))
            device, count = self._verified(account, unique_id, answer, challenge, verify)
            self._count(account, device, count)
        except (AccessDenied, InvalidAuthenticationCode, CounterRegressed):
            attempt.failed()
            raise
        attempt.succeeded()
        return device.serial

    def _verified(
        self, account: Account, unique_id: str, answer: str, challenge: bytes, verify: bool
    ) -> tuple[MFADevice, int]:
        try:
            parsed = _parsed(answer)
            credential = webauthn.base64url_to_bytes(parsed["rawId"])
            device = next(
                each
                for each in devices_of(account, unique_id)
                if each.kind == SECURITY_KEY and not each.blocked and each.credential == credential
            )
            verified = webauthn.verify_authentication_response(
                credential=parsed,
                expected_challenge=challenge,
                expected_rp_id=self.party.id,
                expected_origin=list(self.party.origins),
                credential_public_key=device.public_key,
                credential_current_sign_count=0,  # the counter is ours to judge: it is the same for all nodes
                require_user_verification=verify,
            )
        except (WebAuthnException, ValueError, TypeError, KeyError, StopIteration):
            raise AccessDenied(NOT_ACCEPTED) from None
        return device, verified.new_sign_count

    def _count(self, account: Account, device: MFADevice, seen: int) -> None:
        """Keep the counter. Raises CounterRegressed; keys that do not count say 0 for ever."""

        def step(counter: _Counter | None) -> tuple[_Counter | None, int]:
            known = device.count if counter is None else max(device.count, counter.count)
            grown = seen > known or seen == known == 0
            return (_Counter(seen), -1) if grown else (None, known)

        cell = name("counter", account.number, device.credential.hex())
        if (known := self._cells.change(PROOF, cell, _Counter, step)) >= 0:
            raise CounterRegressed(device, known, seen)

    def _challenge(self, account: Account, unique_id: str, bound: str, ceremony: str) -> tuple[str, bytes]:
        challenge = self._random.take(CHALLENGE_BYTES)
        kept = _Challenge(_principal(account, unique_id), bound, ceremony, challenge)
        return self._tickets.issue(TICKET, kept), challenge

    def _taken(self, account: Account, unique_id: str, ticket: str, bound: str, ceremony: str) -> bytes:
        kept = self._tickets.take(TICKET, ticket, _Challenge)
        if kept is None or (kept.principal, kept.bound, kept.ceremony) != (
            _principal(account, unique_id),
            bound,
            ceremony,
        ):
            raise InvalidAuthenticationCode(NOT_ACCEPTED)
        return kept.challenge


def _principal(account: Account, unique_id: str) -> str:
    return f"{account.id}/{unique_id}"


def _ceremony(verify: bool) -> str:
    return "step-up" if verify else "sign-in"


def _descriptors(account: Account, unique_id: str) -> list[PublicKeyCredentialDescriptor]:
    devices = devices_of(account, unique_id)
    return [PublicKeyCredentialDescriptor(id=each.credential) for each in devices if each.kind == SECURITY_KEY]


def _parsed(answer: str) -> dict[str, Any]:
    if len(answer) > RESPONSE_CHARACTERS_MAX:
        raise ValueError("too long")
    parsed = msgspec.json.decode(answer)
    if not isinstance(parsed, dict):
        raise ValueError("not an object")
    return parsed
