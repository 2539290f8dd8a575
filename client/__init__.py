"""What other programs import: decisions in process, from live policy.

    from muniment.client import Access

    with Access.open("shop.reader.json") as access:
        if access.decide("arn:aws:iam::123456789012:user/ana", "s3:GetObject", "arn:aws:s3:::invoices/7.pdf"):
            ...

The base install (`pip install muniment`) is enough. Everything named here stays as it is within a major version.
"""

from muniment.client.access import Access, role_session
from muniment.client.decision import Decision
from muniment.client.errors import BadCredential, NotDecided, NotReached
from muniment.domain.policy.request import Principal, PrincipalKind
from muniment.domain.position import Position

__all__ = [
    "Access",
    "BadCredential",
    "Decision",
    "NotDecided",
    "NotReached",
    "Position",
    "Principal",
    "PrincipalKind",
    "role_session",
]
