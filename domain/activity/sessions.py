"""Temporary credentials that were given out. Recorded durably before the caller has them (SECURITY 14)."""

from muniment.domain.activity.requests import ActivityFact
from muniment.domain.session import Step


class SessionIssued(ActivityFact, frozen=True, gc=False, omit_defaults=True):
    """A session began. Across accounts it is recorded in both, under one `shared_event_id`."""

    access_key_id: str  # ASIA…
    session_type: str  # AssumedRole, IAMUser, Root, FederatedUser
    session_arn: str
    principal_id: str  # AROA…, AIDA… or the account's number
    expires: int  # microseconds
    parent: str = ""  # the credential it was begun with
    source_identity: str = ""
    provider: str = ""
    subject: str = ""  # whom the provider vouched for
    tag_keys: tuple[str, ...] = ()
    transitive_tag_keys: tuple[str, ...] = ()
    packed_policy_size: int = 0  # percent
    mfa: bool = False
    depth: int = 0  # sessions before it in its chain
    shared_event_id: str = ""
    resources: tuple[str, ...] = ()
    lineage: tuple[Step, ...] = ()  # what it stands on, oldest first
