"""The condition keys that an action brings to its resource, per IAM's page in the Service Authorization Reference."""

from collections.abc import Iterable

from muniment.domain.account.state import Tags

Keys = dict[str, tuple[str, ...]]


def resource_tags(tags: Tags) -> Keys:
    """The tags that the resource has, as both `aws:ResourceTag/…` and `iam:ResourceTag/…`."""
    return {f"{prefix}:ResourceTag/{key}": (value,) for key, value in tags.items() for prefix in ("aws", "iam")}


def request_tags(tags: Tags) -> Keys:
    """The tags that the request carries: `aws:RequestTag/…` and `aws:TagKeys`; none where it carries none."""
    return {f"aws:RequestTag/{key}": (value,) for key, value in tags.items()} | tag_keys(tags)


def tag_keys(keys: Iterable[str]) -> Keys:
    """`aws:TagKeys`, which is absent where there are none."""
    named = tuple(keys)
    return {"aws:TagKeys": named} if named else {}


def policy_arn(arn: str) -> Keys:
    """The policy that is attached or detached."""
    return {"iam:PolicyARN": (arn,)}


def permissions_boundary(arn: str) -> Keys:
    """The permissions boundary that the request sets, or that the entity has; absent where there is none."""
    return {"iam:PermissionsBoundary": (arn,)} if arn else {}
