"""Secrets that were read, and those of other accounts that were changed. Recorded durably before the answer (SECURITY 14)."""

from muniment.domain.activity.requests import ActivityFact


class SecretRead(ActivityFact, frozen=True, gc=False, omit_defaults=True):
    """A secret's value was handed out. Across accounts it is recorded in both, under one `shared_event_id`."""

    secret_arn: str
    version_id: str
    stages: tuple[str, ...] = ()
    shared_event_id: str = ""
    resources: tuple[str, ...] = ()


class ForeignSecretChanged(ActivityFact, frozen=True, gc=False, omit_defaults=True):
    """A secret of another account was changed. There it is on record as what it was; here under the same `shared_event_id`."""

    shared_event_id: str
    resources: tuple[str, ...] = ()
