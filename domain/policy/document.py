"""The two doors through which text becomes a policy.

`parse_for_writing` is strict: what breaks the grammar, or is not known, is refused with AWS's wording and the place.
`parse_stored` is total: it never raises, and whatever it does not know makes an Allow never match and a Deny always match
(SECURITY rule 1). POLICY_EVALUATION 2.4–2.7.
"""

from muniment.domain.policy.grammar import closed, document
from muniment.domain.policy.json_text import WHITE_SPACE, Place, Unreadable, read
from muniment.domain.policy.reading import INVALID_JSON, Reading, refuse
from muniment.domain.policy.statements import Condition, Kind, PolicyDocument, Principals, Statement, Verdict
from muniment.domain.quotas import POLICY_DOCUMENT_CHARACTERS_MAX

__all__ = [
    "Condition",
    "Kind",
    "Place",
    "PolicyDocument",
    "Principals",
    "Statement",
    "Verdict",
    "parse_for_writing",
    "parse_stored",
    "policy_size",
]


def parse_for_writing(text: str, kind: Kind) -> PolicyDocument:
    """The document that `text` says. Raises MalformedPolicyDocument; the sizes of 2.7 are the caller's to check, since they add
    up over an entity, except the largest that is read at all."""
    if len(text) > POLICY_DOCUMENT_CHARACTERS_MAX:
        refuse(INVALID_JSON, f"more than {POLICY_DOCUMENT_CHARACTERS_MAX} characters", Place())
    reading = Reading(text, kind, strict=True)
    try:
        root = read(text)
    except Unreadable as fault:
        refuse(INVALID_JSON, fault.message, reading.lines.place(fault.offset))
    return document(reading, root)


def parse_stored(text: str, kind: Kind) -> PolicyDocument:
    """The document that a text already in the log says. Never raises."""
    try:
        if len(text) > POLICY_DOCUMENT_CHARACTERS_MAX:
            return closed(kind, [f"more than {POLICY_DOCUMENT_CHARACTERS_MAX} characters"])
        reading = Reading(text, kind, strict=False)
        return document(reading, read(text))
    except Unreadable as fault:
        return closed(kind, [fault.message])
    except Exception as fault:  # total: a fault of ours must not open a door
        return closed(kind, [f"error {type(fault).__name__}"])


def policy_size(text: str, kind: Kind = Kind.IDENTITY) -> int:
    """The characters of a document that count against its quota: white space does not, except in SCPs and RCPs (2.7)."""
    if kind in (Kind.SCP, Kind.RCP):
        return len(text)
    return len(text) - sum(text.count(character) for character in WHITE_SPACE)
