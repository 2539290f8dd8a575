"""Managed policies: create them with all their versions, oldest first; bring those that are here up to date."""

import msgspec

from muniment.domain.policy.document import Kind
from muniment.ops.import_account import documents
from muniment.ops.import_account.faults import fault
from muniment.ops.import_account.inventory import ManagedPolicy, Version
from muniment.ops.import_account.planning import Planning

VERSIONS_MAX = 5


def plan_policies(planning: Planning) -> None:
    """All of the account's own policies."""
    for key, whole in sorted(planning.wanted.policies.items()):
        known = planning.here.policies.get(key)
        if (policy := _well_formed(planning, whole)) is None:
            planning.out.add(("policy", whole.arn))
        elif known is None:
            _create(planning, policy)
        elif known.arn != policy.arn:
            planning.out.add(("policy", policy.arn))
            planning.refuse("policy", policy.name, "policy", f"one of that name is here already: {known.arn}")
        else:
            _update(planning, policy, known)


def _well_formed(planning: Planning, policy: ManagedPolicy) -> ManagedPolicy | None:
    """The policy without those versions that break the grammar; None where the one that counts does."""
    for version in policy.versions:
        if why := fault(version.document, Kind.IDENTITY):
            what = "policy" if version.default else f"version {version.id}"
            planning.refuse("policy", policy.name, what, why)
            if version.default:
                return None
    kept = tuple(version for version in policy.versions if not fault(version.document, Kind.IDENTITY))
    return msgspec.structs.replace(policy, versions=kept)


def _create(planning: Planning, policy: ManagedPolicy) -> None:
    first, *others = policy.versions
    params = {"PolicyName": policy.name, "Path": policy.path, "PolicyDocument": documents.written(first.document)}
    if policy.description:
        params["Description"] = policy.description
    planning.step("CreatePolicy", params, ("policy", policy.name), "policy", makes=("policy", policy.arn))
    for version in others:
        _version(planning, policy, version)


def _version(planning: Planning, policy: ManagedPolicy, version: Version) -> None:
    params = {
        "PolicyArn": policy.arn,
        "PolicyDocument": documents.written(version.document),
        "SetAsDefault": version.default,
    }
    what = f"version {version.id}"
    key = ("policy", policy.arn)  # where the version that counts cannot be made, the policy is not what it should be
    planning.step(
        "CreatePolicyVersion",
        params,
        ("policy", policy.name),
        what,
        makes=key if version.default else None,
        needs=(key,),
        denies=documents.denies(version.document),
    )


def _update(planning: Planning, policy: ManagedPolicy, known: ManagedPolicy) -> None:
    """An import that was stopped goes on with the next version; a policy that was changed here gets what it lacks."""
    here = [version.document for version in known.versions]
    wanted = [version.document for version in policy.versions]
    missing = (
        policy.versions[len(here) :]
        if here == wanted[: len(here)]
        else tuple(version for version in policy.versions if version.document not in here)
    )
    if len(here) + len(missing) > VERSIONS_MAX:
        missing = tuple(version for version in missing if version.default)[: VERSIONS_MAX - len(here)]
        if not missing and policy.default.document not in here:
            why = f"the policy here differs and has {VERSIONS_MAX} versions: delete one and run the import again"
            planning.refuse("policy", policy.name, f"version {policy.default.id}", why)
            return
    for version in missing:
        _version(planning, policy, version)
    if policy.default not in missing and known.default.document != policy.default.document:
        same = next(version for version in known.versions if version.document == policy.default.document)
        params = {"PolicyArn": policy.arn, "VersionId": same.id}
        planning.step("SetDefaultPolicyVersion", params, ("policy", policy.name), "default version")
