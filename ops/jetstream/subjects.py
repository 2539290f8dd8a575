"""Where a boundary's entries live: `<prefix>.<originator id>.<topic>`. Ids may hold dots, a topic is one token."""

from __future__ import annotations

from uuid import UUID

SUBJECT_BYTES_MAX = 1024
_FORBIDDEN_IN_ID = set(" \t\r\n*>")


class BadSubject(ValueError):
    """An id or topic cannot be part of a NATS subject."""


class Subjects:
    """Subjects of one recorder. `id_type` is what the ids are given back as: UUID or str."""

    def __init__(self, prefix: str, id_type: type[UUID] | type[str]) -> None:
        self.prefix = prefix
        self.everything = f"{prefix}.>"
        self._id_type = id_type
        self._start = len(prefix) + 1

    def boundary(self, originator_id: UUID | str) -> str:
        """The filter over everything in one boundary: the subject its guard speaks of."""
        return f"{self.prefix}.{_checked(str(originator_id))}.>"

    def of(self, originator_id: UUID | str, topic: str) -> str:
        """The subject of one entry."""
        subject = f"{self.prefix}.{_checked(str(originator_id))}.{escape(topic)}"
        if len(subject) > SUBJECT_BYTES_MAX:
            raise BadSubject(f"subject of {len(subject)} bytes: at most {SUBJECT_BYTES_MAX} are allowed")
        return subject

    def parse(self, subject: str) -> tuple[UUID | str, str]:
        """Originator id, with its type, and topic."""
        text, _, token = subject[self._start :].rpartition(".")
        return (UUID(text) if self._id_type is UUID else text), unescape(token)


def escape(topic: str) -> str:
    """A topic as one token, reversibly: `%`, dots, wildcards and white space become `%xx`."""
    if topic.isidentifier():
        return topic
    if not topic:
        raise BadSubject("an event needs a topic")
    return "".join(f"%{ord(c):02x}" if c in "%.*> \t\r\n" else c for c in topic)


def unescape(token: str) -> str:
    """The topic that `escape` made a token of."""
    if "%" not in token:
        return token
    first, *rest = token.split("%")
    return first + "".join(chr(int(part[:2], 16)) + part[2:] for part in rest)


def _checked(text: str) -> str:
    if not text or _FORBIDDEN_IN_ID & set(text) or text[0] == "." or text[-1] == "." or ".." in text:
        raise BadSubject(f"`{text}` cannot be a boundary id: no white space, wildcards or empty parts")
    return text
