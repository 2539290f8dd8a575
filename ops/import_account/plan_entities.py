"""Groups and users: create them, with their boundaries and tags; bring those that are here up to date."""

from typing import Any

from muniment.ops.import_account.inventory import Entity
from muniment.ops.import_account.planning import Planning
from muniment.ops.import_account.steps import Key

RESERVED_TAGS = "aws:"


def plan_groups(planning: Planning) -> None:
    """All groups."""
    for key, group in sorted(planning.wanted.groups.items()):
        if (known := planning.here.groups.get(key)) is not None:
            planning.differs_in_path("group", group, known)
            continue
        params = {"GroupName": group.name, "Path": group.path}
        planning.step("CreateGroup", params, ("group", group.name), "group", makes=("group", key))


def plan_users(planning: Planning) -> None:
    """All users."""
    for key, user in sorted(planning.wanted.users.items()):
        if not boundary_is_there(planning, "user", user):
            continue
        known = planning.here.users.get(key)
        if known is not None:
            planning.differs_in_path("user", user, known)
            update_marks(planning, "User", user, known)
            continue
        params = {"UserName": user.name, "Path": user.path, **marks(planning, "user", user)}
        needs = boundary_needs(user)
        planning.step("CreateUser", params, ("user", user.name), "user", makes=("user", key), needs=needs)


def boundary_is_there(planning: Planning, kind: str, entity: Entity) -> bool:
    """Whether the entity's boundary can be had; without it the entity would be allowed more, so it is left out."""
    why = planning.policy_gap(entity.boundary) if entity.boundary else ""
    if why:
        planning.leave_out(kind, entity.name, f"its permissions boundary {entity.boundary} cannot be had: {why}")
    return not why


def boundary_needs(entity: Entity) -> tuple[Key, ...]:
    """What must have been made before the entity can be."""
    return (("policy", entity.boundary),) if entity.boundary else ()


def tags_of(planning: Planning, kind: str, entity: Entity) -> dict[str, str]:
    """The tags that can be set; those with AWS's own prefix cannot."""
    for key in sorted(entity.tags):
        if key.lower().startswith(RESERVED_TAGS):
            planning.refuse(kind, entity.name, f"tag {key}", "tags of that prefix are AWS's own")
    return {key: value for key, value in entity.tags.items() if not key.lower().startswith(RESERVED_TAGS)}


def tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    """Tags as parameters."""
    return [{"Key": key, "Value": value} for key, value in sorted(tags.items())]


def marks(planning: Planning, kind: str, entity: Entity) -> dict[str, Any]:
    """Boundary and tags, as parameters of a Create…"""
    tags = tags_of(planning, kind, entity)
    bound = {"PermissionsBoundary": entity.boundary} if entity.boundary else {}
    return {**bound, **({"Tags": tag_list(tags)} if tags else {})}


def update_marks(planning: Planning, kind: str, entity: Entity, known: Entity) -> None:
    """Boundary and tags of a user or role that is here."""
    about, named = (kind.lower(), entity.name), {f"{kind}Name": entity.name}
    if entity.boundary and entity.boundary != known.boundary:
        params = {**named, "PermissionsBoundary": entity.boundary}
        planning.step(
            f"Put{kind}PermissionsBoundary",
            params,
            about,
            "permissions boundary",
            makes=(kind.lower(), entity.name.lower()),  # without it the entity gets nothing more
            needs=boundary_needs(entity),
            denies=True,
        )
    tags = {
        key: value for key, value in tags_of(planning, kind.lower(), entity).items() if known.tags.get(key) != value
    }
    if tags:
        planning.step(f"Tag{kind}", {**named, "Tags": tag_list(tags)}, about, f"tags {', '.join(sorted(tags))}")
