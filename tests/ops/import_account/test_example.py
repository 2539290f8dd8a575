"""The import of the example account: everything that can be taken is there, twice changes nothing, and it resumes anywhere."""

import json
import subprocess
import sys
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import botocore.loaders
import pytest
from botocore.model import ServiceModel

from muniment.ops.import_account import documents
from muniment.ops.import_account.moving import Move
from muniment.ops.import_account.reading import read_files
from muniment.ops.import_account.target import everything
from muniment.ops.import_account.tool import import_account

SOURCE, TARGET = "471108150923", "222233334444"


def test_the_example_has_what_it_promises(example: Path) -> None:
    found = json.loads(example.read_text())
    own = [policy for policy in found["Policies"] if SOURCE in policy["Arn"]]
    assert [len(found["UserDetailList"]), len(found["RoleDetailList"]), len(own)] == [200, 60, 120]


def test_everything_that_can_be_taken_is_there_afterwards(house: Any, example: Path) -> None:
    report = import_account([example], house)
    assert report.stopped is None
    wanted, here = Move(SOURCE, TARGET).inventory(read_files([example])), everything(house)
    assert set(here.users) == set(wanted.users)
    assert set(here.groups) == set(wanted.groups)
    left_out = {item.name.lower() for item in report.not_taken if item.kind == item.what == "role"}
    assert left_out == {"awsserviceroleforsupport", "awsserviceroleforecs"}
    assert set(here.roles) == set(wanted.roles) - left_out
    refused = {(item.kind, item.name, item.what) for item in report.not_taken}
    for kind, table, there in (
        ("user", wanted.users, here.users),
        ("group", wanted.groups, here.groups),
        ("role", wanted.roles, here.roles),
    ):
        for key, entity in table.items():
            if key in left_out:
                continue
            found = there[key]
            assert (found.path, found.arn, found.boundary) == (entity.path, entity.arn, entity.boundary)
            assert found.inline == entity.inline
            assert sorted(found.groups) == sorted(entity.groups)
            missing = {f"attachment of {arn}" for arn in set(entity.attached) - set(found.attached)}
            missing |= {f"tag {tag}" for tag in set(entity.tags) - set(found.tags)}
            assert {(kind, entity.name, what) for what in missing} <= refused
            assert set(found.attached) <= set(entity.attached)


def test_policies_have_their_versions_in_order_and_the_same_default(house: Any, example: Path) -> None:
    import_account([example], house)
    wanted, here = Move(SOURCE, TARGET).inventory(read_files([example])), everything(house)
    assert set(here.policies) == set(wanted.policies)
    for key, policy in wanted.policies.items():
        found = here.policies[key]
        assert [version.document for version in found.versions] == [version.document for version in policy.versions]
        assert found.default.document == policy.default.document
        assert found.description == policy.description


def test_trust_in_roles_of_a_circle_and_in_oneself_is_there(house: Any, example: Path) -> None:
    import_account([example], house)
    roles = everything(house).roles
    blue, green, own = (
        f"arn:aws:iam::{TARGET}:role/deploy/{name}" for name in ("deploy-blue", "deploy-green", "self-renewing")
    )
    assert documents.principals(roles["deploy-blue"].trust) == {green, f"arn:aws:iam::{TARGET}:root"}
    assert documents.principals(roles["deploy-green"].trust) == {blue}
    assert documents.principals(roles["self-renewing"].trust) == {own, blue}
    assert documents.principals(roles["break-glass"].trust) == {f"arn:aws:iam::{TARGET}:user/staff/billing/Ana.Abel"}


def test_what_is_not_taken_is_told_with_its_reason(house: Any, example: Path) -> None:
    report = import_account([example], house)
    told = {(item.kind, item.name, item.what): item for item in report.not_taken}
    robot = told["role", "partner-robot", "trust in arn:aws:iam::590013377421:role/kestrel-sync"]
    assert "no such principal" in robot.why
    assert everything(house).roles["partner-robot"].trust == documents.CLOSED
    orphan = next(item for key, item in told.items() if key[1] == "orphaned-trust")
    assert orphan.what.startswith("trust in AIDA")
    quarantine = next(item for item in report.not_taken if "AWSCompromisedKeyQuarantineV3" in item.what)
    assert quarantine.widens  # without it the machine's user may do more
    assert any("AmazonSSMManagedInstanceCore" in item.what and not item.widens for item in report.not_taken)
    assert any(item.what.startswith("instance profile ") for item in report.not_taken)
    assert any(item.what == "tag aws:cloudformation:stack-name" for item in report.not_taken)
    kinds = {item.what.split(" ")[0] for item in report.not_taken}
    assert kinds == {"trust", "attachment", "instance", "tag", "role"}


def test_a_second_run_changes_nothing_and_says_so(house: Any, example: Path) -> None:
    first = import_account([example], house)
    version = house.version
    second = import_account([example], house)
    assert house.version == version
    assert second.changed == 0
    assert second.done == {}
    assert second.not_taken == first.not_taken or {msg.what for msg in second.not_taken} == {
        msg.what for msg in first.not_taken
    }
    assert second.unchanged > 390


@pytest.mark.parametrize("cut", [1, 150, 520, 900, 1_300])
def test_an_import_that_was_stopped_goes_on_to_the_same_end(house: Any, example: Path, cut: int) -> None:
    house.fails_at = cut
    stopped = import_account([example], house)
    assert stopped.stopped == "no answer"
    house.fails_at = 0
    resumed = import_account([example], house)
    assert resumed.stopped is None
    whole = type(house)()
    import_account([example], whole)
    assert _told(everything(house)) == _told(everything(whole))
    assert import_account([example], house).changed == 0


def _told(inventory: Any) -> Any:
    """An inventory without the ids of versions, which depend on nothing that counts."""
    return {
        "users": inventory.users,
        "groups": inventory.groups,
        "roles": inventory.roles,
        "policies": {
            key: ([v.document for v in p.versions], p.default.document) for key, p in inventory.policies.items()
        },
    }


def test_a_dry_run_sends_nothing_and_tells_the_same_number(house: Any, example: Path) -> None:
    dry = import_account([example], house, dry_run=True)
    assert house.commands.total() == 0
    report = import_account([example], house)
    # roles closed for good need no trust policy in the end
    assert dry.changed - report.changed in (0, 1, 2)
    assert dry.dry_run


def test_the_committed_file_is_what_the_script_writes(example: Path) -> None:
    script = example.with_name("make_account.py")
    written = subprocess.run([sys.executable, str(script)], capture_output=True, check=True, text=True).stdout
    assert written == example.read_text()


def test_the_example_has_the_shape_that_aws_prints(example: Path) -> None:
    """Held against botocore's model: no unknown member, nothing required missing, times as the CLI prints them."""
    model = ServiceModel(botocore.loaders.Loader().load_service_model("iam", "service-2"), "iam")
    shape = model.operation_model("GetAccountAuthorizationDetails").output_shape
    faults: list[str] = []
    _hold(shape, json.loads(example.read_text()), "account", faults)
    assert faults == []


def _hold(shape: Any, value: Any, where: str, faults: list[str]) -> None:
    if shape.type_name == "structure":
        faults += [f"{where}: unknown {name}" for name in set(value) - set(shape.members)]
        faults += [f"{where}: missing {name}" for name in set(shape.required_members) - set(value)]
        for name in set(value) & set(shape.members):
            _hold(shape.members[name], value[name], f"{where}.{name}", faults)
    elif shape.type_name == "list":
        for number, item in enumerate(value):
            _hold(shape.member, item, f"{where}[{number}]", faults)
    elif shape.type_name == "timestamp":
        if datetime.fromisoformat(value).utcoffset() != timedelta(0):
            faults.append(f"{where}: {value}")
    elif shape.name == "policyDocumentType":
        if not isinstance(value, dict):  # the CLI prints documents as JSON
            faults.append(f"{where}: not a document")
    elif not isinstance(value, {"string": str, "boolean": bool, "integer": int}[shape.type_name]):
        faults.append(f"{where}: {value!r}")
