"""Secrets that were read. Recorded durably before the reader has the value (SECURITY 14)."""

from muniment.domain.activity.requests import ActivityFact


class SecretRead(ActivityFact, frozen=True, gc=False, omit_defaults=True):
    """A secret's value was handed out. Across accounts it is recorded in both, under one `shared_event_id`."""

    secret_arn: str
    version_id: str
    stages: tuple[str, ...] = ()
    shared_event_id: str = ""
    resources: tuple[str, ...] = ()
