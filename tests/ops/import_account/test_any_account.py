"""Any account at all: an import that is stopped anywhere and run again reaches one end, and then changes nothing."""

import functools
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from muniment.ops.import_account import documents
from muniment.ops.import_account.reading import read_files
from muniment.ops.import_account.target import everything
from muniment.ops.import_account.tool import import_account

HERE = "222233334444"
IAM = f"arn:aws:iam::{HERE}"
NAMES = ["a", "B", "c-c", "d.d"]
OWN = [f"{IAM}:{kind}/{name}" for kind in ("role", "user") for name in NAMES]
PRINCIPALS = [f"{IAM}:root", *OWN, "arn:aws:iam::999988887777:role/far", "AIDAGONEGONEGONEGONE1"]
names = st.sampled_from(NAMES)
some = functools.partial(st.lists, max_size=3, unique=True)


@st.composite
def policy_documents(draw: Callable[..., Any]) -> Any:
    effect, action = (
        draw(st.sampled_from(["Allow", "Allow", "Deny", "Perhaps"])),
        draw(st.sampled_from(["s3:Get*", "iam:*"])),
    )
    return {"Version": "2012-10-17", "Statement": [{"Effect": effect, "Action": action, "Resource": "*"}]}


@st.composite
def trusts(draw: Callable[..., Any]) -> Any:
    principals = draw(some(st.sampled_from(PRINCIPALS), min_size=1))
    statement = {"Effect": "Allow", "Principal": {"AWS": principals}, "Action": "sts:AssumeRole"}
    return {"Version": "2012-10-17", "Statement": [statement]}


attachments = some(
    st.sampled_from(
        [
            *(f"{IAM}:policy/{name}" for name in NAMES),
            "arn:aws:iam::aws:policy/ReadOnlyAccess",
            "arn:aws:iam::aws:policy/Gone",
        ]
    )
)
boundaries = st.sampled_from(["", "", *(f"{IAM}:policy/{name}" for name in NAMES)])
tag_tables = st.dictionaries(st.sampled_from(["team", "aws:x", "cost"]), st.sampled_from(["1", "2"]))
inlines = st.dictionaries(names, policy_documents(), max_size=2)


@st.composite
def entities(draw: Callable[..., Any], kind: str) -> Any:
    listed = []
    for name in draw(some(names)):
        item = {
            f"{kind}Name": name,
            "Path": "/",
            "Arn": f"{IAM}:{kind.lower()}/{name}",
            f"{kind}PolicyList": [{"PolicyName": key, "PolicyDocument": text} for key, text in draw(inlines).items()],
            "AttachedManagedPolicies": [
                {"PolicyName": arn.rsplit("/")[-1], "PolicyArn": arn} for arn in draw(attachments)
            ],
        }
        if kind != "Group":
            item["Tags"] = [{"Key": key, "Value": value} for key, value in draw(tag_tables).items()]
            if bound := draw(boundaries):
                item["PermissionsBoundary"] = {"PermissionsBoundaryArn": bound}
        if kind == "User":
            item["GroupList"] = draw(some(names))
        if kind == "Role":
            item["AssumeRolePolicyDocument"] = draw(trusts())
        listed.append(item)
    return listed


@st.composite
def policies(draw: Callable[..., Any]) -> Any:
    listed = []
    for name in draw(some(names)):
        versions = draw(st.lists(policy_documents(), min_size=1, max_size=5))
        listed.append(
            {
                "PolicyName": name,
                "Path": "/",
                "Arn": f"{IAM}:policy/{name}",
                "DefaultVersionId": f"v{draw(st.integers(1, len(versions)))}",
                "PolicyVersionList": [{"VersionId": f"v{n}", "Document": text} for n, text in enumerate(versions, 1)],
            }
        )
    return listed


accounts = st.fixed_dictionaries(
    {
        "UserDetailList": entities("User"),
        "GroupDetailList": entities("Group"),
        "RoleDetailList": entities("Role"),
        "Policies": policies(),
    }
)


def _told(house: Any) -> Any:
    found = everything(house)
    versions = {key: ([v.document for v in one.versions], one.default.document) for key, one in found.policies.items()}
    return found.users, found.groups, found.roles, versions


@settings(
    deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow], max_examples=60
)
@given(account=accounts, cuts=st.lists(st.integers(1, 25), max_size=3))
def test_stopped_anywhere_it_reaches_the_same_end_and_then_changes_nothing(
    house: Any, account: Any, cuts: list[int]
) -> None:
    whole, broken = type(house)(), type(house)()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "account.json")
        file.write_text(documents.written(account))
        report = import_account([file], whole)
        assert report.stopped is None
        for cut in cuts:
            broken.commands.clear()
            broken.fails_at = cut
            import_account([file], broken)
        broken.fails_at = 0
        import_account([file], broken)
        assert _told(whole) == _told(broken)
        for house_ in (whole, broken):
            version = house_.version
            again = import_account([file], house_)
            assert (again.changed, house_.version) == (0, version)
        _nobody_is_allowed_more(read_files([file]), whole, report)


def _nobody_is_allowed_more(wanted: Any, house: Any, report: Any) -> None:
    """What is there is in the file, a boundary is never missing, and a Deny only where the report warns of it."""
    here = everything(house)
    warned = {(item.kind, item.name) for item in report.not_taken if item.widens}
    for kind, mine, theirs in (
        ("user", here.users, wanted.users),
        ("group", here.groups, wanted.groups),
        ("role", here.roles, wanted.roles),
    ):
        for key, entity in mine.items():
            meant = theirs[key]
            assert entity.boundary == meant.boundary
            assert set(entity.attached) <= set(meant.attached)
            assert entity.inline.items() <= meant.inline.items()
            lost = {
                name
                for name, document in meant.inline.items()
                if name not in entity.inline and documents.denies(document)
            }
            assert not lost or (kind, entity.name) in warned
            if kind == "role":
                assert documents.principals(entity.trust) <= documents.principals(meant.trust) | {"*"}
