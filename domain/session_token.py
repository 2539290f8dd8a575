"""Session tokens as the API needs them: a text that carries a session, sealed. `ops/keys/tokens.py` seals and opens."""

from typing import Protocol

from muniment.domain.session import Session


class UnreadableToken(Exception):
    """The text is no token of ours, or was altered. Every cause reads alike."""

    def __init__(self) -> None:
        super().__init__("the session token cannot be read")


class SessionTokens(Protocol):
    """Seals sessions into tokens."""

    def seal(self, session: Session) -> str:
        """The token, for the session's holder. It tells nothing of what is in it."""

    def open(self, token: str) -> Session:
        """The session in a token. Raises UnreadableToken."""
