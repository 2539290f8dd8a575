"""What a request touches, as the gate sees it."""

from collections.abc import Mapping

import msgspec


class Resource(msgspec.Struct, frozen=True):
    """An ARN and the condition keys that come with it (POLICY_EVALUATION 2.1): `iam:PolicyARN`, `aws:RequestTag/team` …"""

    arn: str
    context: Mapping[str, tuple[str, ...]] = {}
    granted: bool = False  # the account itself grants the action, so that no identity policy need allow it
