"""The parameters of each step of the sign-in's JSON, and which steps need no session."""

from typing import Annotated, Any, Final

import msgspec

Short = Annotated[str, msgspec.Meta(max_length=256)]
Password = Annotated[str, msgspec.Meta(max_length=4_096)]
Ticket = Annotated[str, msgspec.Meta(max_length=64)]
Answer = Annotated[str, msgspec.Meta(max_length=16_384)]


class Body(msgspec.Struct, frozen=True, kw_only=True, rename="pascal", forbid_unknown_fields=True):
    """The parameters of one action. Never shown: `repr` says nothing."""

    def __repr__(self) -> str:
        return f"{type(self).__name__}(***)"

    def __rich_repr__(self) -> list[tuple[str, Any]]:
        return [("hidden", "***")]


class StartSignIn(Body, frozen=True, kw_only=True, rename="pascal", forbid_unknown_fields=True):
    """Prove a password: of a user of an account (number or alias), or of root by the account's e-mail address."""

    account: Short = ""
    user_name: Short = ""
    email: Short = ""
    password: Password


class AnswerCode(Body, frozen=True, kw_only=True, rename="pascal", forbid_unknown_fields=True):
    """Prove a factor by a one-time code."""

    ticket: Ticket
    code: Short


class AnswerRecoveryCode(Body, frozen=True, kw_only=True, rename="pascal", forbid_unknown_fields=True):
    """Prove a factor by a recovery code in its place, which is then spent."""

    ticket: Ticket
    code: Short


class BeginSecurityKey(Body, frozen=True, kw_only=True, rename="pascal", forbid_unknown_fields=True):
    """Ask for a security key's challenge."""

    ticket: Ticket


class AnswerSecurityKey(Body, frozen=True, kw_only=True, rename="pascal", forbid_unknown_fields=True):
    """Prove a factor by a security key."""

    ticket: Ticket
    challenge: Ticket
    response: Answer


class ChoosePassword(Body, frozen=True, kw_only=True, rename="pascal", forbid_unknown_fields=True):
    """Choose a new password, where the old one must not be used on."""

    ticket: Ticket
    password: Password


class Reauthenticate(Body, frozen=True, kw_only=True, rename="pascal", forbid_unknown_fields=True):
    """Prove again who one is."""

    password: Password
    code: Short = ""
    challenge: Ticket = ""
    response: Answer = ""


class EndSession(Body, frozen=True, kw_only=True, rename="pascal", forbid_unknown_fields=True):
    """End one of one's sessions; without an id, this one."""

    session_id: Short = ""


class RegisterKey(Body, frozen=True, kw_only=True, rename="pascal", forbid_unknown_fields=True):
    """Finish the registration of a security key."""

    challenge: Ticket
    name: Short
    response: Answer


class GetSession(Body, frozen=True, kw_only=True, rename="pascal", forbid_unknown_fields=True):
    """Who is signed in, until when, and whether that was proven within the last five minutes."""


class ListSessions(Body, frozen=True, kw_only=True, rename="pascal", forbid_unknown_fields=True):
    """One's sessions that stand."""


class EndSessions(Body, frozen=True, kw_only=True, rename="pascal", forbid_unknown_fields=True):
    """Sign out everywhere."""


class BeginReauthentication(Body, frozen=True, kw_only=True, rename="pascal", forbid_unknown_fields=True):
    """Ask what has to be proven again, with a security key's challenge where there is one."""


class BeginSecurityKeyRegistration(Body, frozen=True, kw_only=True, rename="pascal", forbid_unknown_fields=True):
    """Ask for the challenge and options of a new security key."""


PARAMETERS: Final[dict[str, type[Body]]] = {
    "SignIn": StartSignIn,
    "AnswerCode": AnswerCode,
    "AnswerRecoveryCode": AnswerRecoveryCode,
    "BeginSecurityKey": BeginSecurityKey,
    "AnswerSecurityKey": AnswerSecurityKey,
    "ChoosePassword": ChoosePassword,
    "GetSession": GetSession,
    "ListSessions": ListSessions,
    "EndSession": EndSession,
    "EndSessions": EndSessions,
    "BeginReauthentication": BeginReauthentication,
    "Reauthenticate": Reauthenticate,
    "BeginSecurityKeyRegistration": BeginSecurityKeyRegistration,
    "RegisterSecurityKey": RegisterKey,
}
OPEN: Final = frozenset(  # for whoever has no session yet
    {"SignIn", "AnswerCode", "AnswerRecoveryCode", "BeginSecurityKey", "AnswerSecurityKey", "ChoosePassword"}
)
