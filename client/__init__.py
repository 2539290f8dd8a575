"""What other programs import: decisions in process, from live policy; secrets that renew themselves.

    from muniment.client import Access

    with Access.open("shop.reader.json") as access:
        if access.decide("arn:aws:iam::123456789012:user/ana", "s3:GetObject", "arn:aws:s3:::invoices/7.pdf"):
            ...

    with Secrets.open("https://iam.example.com", key_id, key, credential="shop.reader.json") as secrets:
        connection = secrets.using("shop/db", connect, refused=(WrongPassword,))

The base install (`pip install muniment`) is enough. Everything named here stays as it is within a major version.
"""

from muniment.client.access import Access, role_session
from muniment.client.decision import Decision
from muniment.client.errors import BadCredential, NoSecret, NotDecided, NotFetched, NotReached
from muniment.client.secrets import Secrets
from muniment.domain.policy.request import Principal, PrincipalKind
from muniment.domain.position import Position

__all__ = [
    "Access",
    "BadCredential",
    "Decision",
    "NoSecret",
    "NotDecided",
    "NotFetched",
    "NotReached",
    "Position",
    "Principal",
    "PrincipalKind",
    "Secrets",
    "role_session",
]
