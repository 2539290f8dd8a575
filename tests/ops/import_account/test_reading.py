"""Files of an import: one document, pages one after another, several files; and what is said of files that are something else."""

import json
from pathlib import Path
from typing import Any

import pytest

from muniment.ops.import_account.inventory import NotAnAccount, inventory
from muniment.ops.import_account.reading import pages_of, read_files

ACCOUNT = "111111111111"


def user(name: str, **more: Any) -> dict[str, Any]:
    return {"UserName": name, "Path": "/", "Arn": f"arn:aws:iam::{ACCOUNT}:user/{name}", **more}


def page(*names: str) -> dict[str, Any]:
    return {
        "UserDetailList": [user(name) for name in names],
        "GroupDetailList": [],
        "RoleDetailList": [],
        "Policies": [],
    }


def test_pages_after_one_another_are_one_account(tmp_path: Path) -> None:
    file = tmp_path / "all.json"
    file.write_text(f"\ufeff{json.dumps(page('ana'), indent=4)}\n{json.dumps(page('bea'))}\n\n")
    assert set(read_files([file]).users) == {"ana", "bea"}


def test_several_files_are_one_account_and_what_comes_twice_counts_once(tmp_path: Path) -> None:
    (tmp_path / "a").write_text(json.dumps(page("ana", "bea")))
    (tmp_path / "b").write_text(json.dumps(page("bea", "carl")))
    found = read_files([tmp_path / "a", tmp_path / "b"])
    assert set(found.users) == {"ana", "bea", "carl"}
    assert found.account == ACCOUNT


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "it is empty"),
        ("{", "it is not JSON \\(line 1: "),
        ("hello", "it is not JSON \\(line 1: "),
        ("[]", "it holds none of UserDetailList"),
        ('{"Users": []}', "it holds none of UserDetailList"),
        ('{"UserDetailList": 5}', "UserDetailList is not a list"),
        ('{"UserDetailList": ["ana"]}', "UserDetailList is not a list"),
        ('{"UserDetailList": [{"UserName": "ana"}]}', "an entry lacks its Arn"),
        (
            '{"RoleDetailList": [{"RoleName": "r", "Arn": "arn:aws:iam::1:role/r"}]}',
            "AssumeRolePolicyDocument is missing",
        ),
        ("[" * 100_000, "nested too deeply"),
    ],
)
def test_another_file_is_refused_with_its_name_and_the_reason(tmp_path: Path, text: str, why: str) -> None:
    file = tmp_path / "some.json"
    file.write_text(text)
    with pytest.raises(
        NotAnAccount, match=f"some.json is not what `aws iam get-account-authorization-details` prints: .*{why}"
    ):
        read_files([file])


def test_a_binary_file_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "some.json"
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(NotAnAccount, match="not text in UTF-8"):
        read_files([file])


def test_a_policy_without_its_default_version_is_refused() -> None:
    policy = {
        "PolicyName": "p",
        "Arn": f"arn:aws:iam::{ACCOUNT}:policy/p",
        "DefaultVersionId": "v2",
        "PolicyVersionList": [],
    }
    with pytest.raises(NotAnAccount, match="lacks its default version v2"):
        inventory([{"Policies": [policy]}])


def test_versions_are_put_in_order_by_number() -> None:
    versions = [{"VersionId": f"v{n}", "Document": {"n": n}, "IsDefaultVersion": n == 9} for n in (10, 9, 2)]
    policy = {
        "PolicyName": "p",
        "Arn": f"arn:aws:iam::{ACCOUNT}:policy/p",
        "DefaultVersionId": "v9",
        "PolicyVersionList": versions,
    }
    found = inventory([{"Policies": [policy]}]).policies["p"]
    assert [version.id for version in found.versions] == ["v2", "v9", "v10"]
    assert found.default.document == {"n": 9}


def test_the_account_is_the_one_most_entities_are_of() -> None:
    assert inventory([page()]).account == ""
    assert inventory([page("ana", "bea")]).account == ACCOUNT


def test_pages_are_told_apart_without_white_space() -> None:
    assert list(pages_of('{"a":1}{"b":2}[3]')) == [{"a": 1}, {"b": 2}, [3]]
