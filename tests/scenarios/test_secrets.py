"""Secrets Manager through boto3, unchanged (FEATURES 1f)."""

import json
import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.scenarios import refusing

NOT_FOUND = r"Secrets Manager can't find the specified secret\."
MARKED = "marked for deletion"


def refused(code, status, part=""):
    """Refused with this code, in words that hold `part`."""
    return refusing.refused(code, status, f".*{part}.*" if part else None)


@pytest.fixture
def secrets(server):
    return server.client("secretsmanager")


def token():
    return str(uuid.uuid4())


def test_a_secret_is_made_and_read_by_name_arn_and_partial_arn(secrets):
    made = secrets.create_secret(Name="shop/db", SecretString="first", Description="of the shop")
    assert made["ARN"].startswith("arn:aws:secretsmanager:us-east-1:")
    assert made["ARN"].partition(":secret:")[2].startswith("shop/db-")
    assert len(made["ARN"].rpartition("-")[2]) == 6
    for name in ("shop/db", made["ARN"], made["ARN"][:-7]):
        read = secrets.get_secret_value(SecretId=name)
        assert (read["SecretString"], read["VersionStages"], read["VersionId"]) == (
            "first",
            ["AWSCURRENT"],
            made["VersionId"],
        )
        assert (read["ARN"], read["Name"]) == (made["ARN"], "shop/db")
    for wrong in ("shop/d", "SHOP/DB", f"{made['ARN'][:-1]}!", f"{made['ARN'][:-6]}AAAAAA"):
        with refused("ResourceNotFoundException", 400, NOT_FOUND):
            secrets.get_secret_value(SecretId=wrong)


def test_a_name_that_ends_like_a_suffix_is_found_by_its_partial_arn(secrets):
    made = secrets.create_secret(Name="shop-secret", SecretString="first")
    assert secrets.get_secret_value(SecretId=made["ARN"][:-7])["SecretString"] == "first"
    secrets.put_secret_value(SecretId=made["ARN"][:-7], SecretString="second")
    assert secrets.get_secret_value(SecretId="shop-secret")["SecretString"] == "second"


def test_a_binary_value_comes_back_as_it_was(secrets):
    value = bytes(range(256)) * 256
    assert len(value) == 65_536
    secrets.create_secret(Name="binary", SecretBinary=value)
    read = secrets.get_secret_value(SecretId="binary")
    assert read["SecretBinary"] == value
    assert "SecretString" not in read


def test_a_new_value_is_current_and_the_old_one_previous(secrets):
    first = secrets.create_secret(Name="s", SecretString="1")["VersionId"]
    second = secrets.put_secret_value(SecretId="s", SecretString="2")
    assert second["VersionStages"] == ["AWSCURRENT"]
    third = secrets.update_secret(SecretId="s", SecretString="3")["VersionId"]
    stages = secrets.describe_secret(SecretId="s")["VersionIdsToStages"]
    assert stages == {third: ["AWSCURRENT"], second["VersionId"]: ["AWSPREVIOUS"]}
    assert secrets.get_secret_value(SecretId="s", VersionStage="AWSPREVIOUS")["SecretString"] == "2"
    assert secrets.get_secret_value(SecretId="s", VersionId=first)["SecretString"] == "1"
    shown = secrets.list_secret_version_ids(SecretId="s")["Versions"]
    assert [version["VersionId"] for version in shown] == [third, second["VersionId"]]
    every = secrets.list_secret_version_ids(SecretId="s", IncludeDeprecated=True)["Versions"]
    assert [version["VersionId"] for version in every] == [third, second["VersionId"], first]
    with refused("InvalidRequestException", 400, "not associated"):
        secrets.get_secret_value(SecretId="s", VersionId=first, VersionStage="AWSCURRENT")


def test_the_token_makes_a_repeat_harmless_and_another_value_a_conflict(secrets):
    one = token()
    made = secrets.create_secret(Name="s", SecretString="1", ClientRequestToken=one)
    assert made["VersionId"] == one
    again = secrets.create_secret(Name="s", SecretString="1", ClientRequestToken=one)
    assert (again["ARN"], again["VersionId"]) == (made["ARN"], one)
    with refused("ResourceExistsException", 400, "already in use for a version of secret"):
        secrets.create_secret(Name="s", SecretString="2", ClientRequestToken=one)
    with refused("ResourceExistsException", 400, "the secret s already exists"):
        secrets.create_secret(Name="s", SecretString="1")
    two = token()
    for _ in range(2):
        assert secrets.put_secret_value(SecretId="s", SecretString="2", ClientRequestToken=two)["VersionId"] == two
    with refused("ResourceExistsException", 400, "already in use"):
        secrets.put_secret_value(SecretId="s", SecretString="3", ClientRequestToken=two)
    with refused("ResourceExistsException", 400, "already in use"):
        secrets.update_secret(SecretId="s", SecretBinary=b"2", ClientRequestToken=two)
    assert len(secrets.list_secret_version_ids(SecretId="s", IncludeDeprecated=True)["Versions"]) == 2


def test_stages_move_and_one_version_is_always_current(secrets):
    first = secrets.create_secret(Name="s", SecretString="1")["VersionId"]
    second = secrets.put_secret_value(SecretId="s", SecretString="2", VersionStages=["AWSPENDING"])["VersionId"]
    assert secrets.get_secret_value(SecretId="s")["VersionId"] == first

    def move(**to):
        return secrets.update_secret_version_stage(SecretId="s", **to)

    with refused("InvalidParameterException", 400, "RemoveFromVersionId can't be empty"):
        move(VersionStage="AWSCURRENT", MoveToVersionId=second)
    with refused("InvalidParameterException", 400, "completely removed"):
        move(VersionStage="AWSCURRENT", RemoveFromVersionId=first)
    with refused("InvalidParameterException", 400, "is not attached to version"):
        move(VersionStage="AWSCURRENT", RemoveFromVersionId=second, MoveToVersionId=first)
    with refused("ResourceNotFoundException", 400):
        move(VersionStage="AWSCURRENT", RemoveFromVersionId=first, MoveToVersionId=token())
    move(VersionStage="AWSCURRENT", RemoveFromVersionId=first, MoveToVersionId=second)
    stages = secrets.describe_secret(SecretId="s")["VersionIdsToStages"]
    assert {version: sorted(each) for version, each in stages.items()} == {
        second: ["AWSCURRENT", "AWSPENDING"],
        first: ["AWSPREVIOUS"],
    }
    move(VersionStage="AWSPENDING", RemoveFromVersionId=second)
    move(VersionStage="mine", MoveToVersionId=first)
    assert secrets.get_secret_value(SecretId="s", VersionStage="mine")["SecretString"] == "1"
    with refused("ResourceNotFoundException", 400, "staging label: AWSPENDING"):
        secrets.get_secret_value(SecretId="s", VersionStage="AWSPENDING")


def test_a_secret_has_at_most_twenty_stages(secrets):
    secrets.create_secret(Name="s", SecretString="1")
    secrets.put_secret_value(SecretId="s", SecretString="2", VersionStages=[f"stage-{n}" for n in range(19)])
    with refused("LimitExceededException", 400):
        secrets.put_secret_value(SecretId="s", SecretString="3", VersionStages=["one-more"])


def test_a_secret_may_begin_without_a_value(secrets):
    assert "VersionId" not in secrets.create_secret(Name="s")
    with refused("ResourceNotFoundException", 400, "staging label: AWSCURRENT"):
        secrets.get_secret_value(SecretId="s")
    put = secrets.put_secret_value(SecretId="s", SecretString="1", VersionStages=["AWSPENDING"])
    assert sorted(put["VersionStages"]) == ["AWSCURRENT", "AWSPENDING"]
    assert secrets.get_secret_value(SecretId="s")["SecretString"] == "1"


def test_deletion_waits_for_its_window_and_can_be_taken_back(secrets):
    secrets.create_secret(Name="s", SecretString="1")
    for days in (6, 31):
        with refused("InvalidParameterException", 400, "between 7 and 30 days"):
            secrets.delete_secret(SecretId="s", RecoveryWindowInDays=days)
    with refused("InvalidParameterException", 400, "in conjunction"):
        secrets.delete_secret(SecretId="s", RecoveryWindowInDays=7, ForceDeleteWithoutRecovery=True)
    gone = secrets.delete_secret(SecretId="s", RecoveryWindowInDays=7)
    assert secrets.describe_secret(SecretId="s")["DeletedDate"] == gone["DeletionDate"]
    for act in (
        lambda: secrets.get_secret_value(SecretId="s"),
        lambda: secrets.put_secret_value(SecretId="s", SecretString="2"),
        lambda: secrets.tag_resource(SecretId="s", Tags=[{"Key": "a", "Value": "b"}]),
    ):
        with refused("InvalidRequestException", 400, MARKED):
            act()
    with refused("InvalidRequestException", 400, "already scheduled for deletion"):
        secrets.create_secret(Name="s", SecretString="2")
    with refused("InvalidRequestException", 400, "marked deleted"):
        secrets.delete_secret(SecretId="s")
    assert secrets.list_secrets()["SecretList"] == []
    assert [each["Name"] for each in secrets.list_secrets(IncludePlannedDeletion=True)["SecretList"]] == ["s"]
    secrets.restore_secret(SecretId="s")
    assert secrets.get_secret_value(SecretId="s")["SecretString"] == "1"
    assert "DeletedDate" not in secrets.describe_secret(SecretId="s")


def test_forced_deletion_frees_the_name_for_another_secret(secrets):
    old = secrets.create_secret(Name="s", SecretString="1")
    gone = secrets.delete_secret(SecretId="s", ForceDeleteWithoutRecovery=True)
    assert gone["ARN"] == old["ARN"]
    for act in (secrets.get_secret_value, secrets.describe_secret, secrets.restore_secret, secrets.delete_secret):
        with refused("ResourceNotFoundException", 400, NOT_FOUND):
            act(SecretId="s")
    new = secrets.create_secret(Name="s", SecretString="2")
    assert new["ARN"] != old["ARN"]
    assert secrets.get_secret_value(SecretId="s")["SecretString"] == "2"
    with refused("ResourceNotFoundException", 400, NOT_FOUND):
        secrets.get_secret_value(SecretId=old["ARN"])


def test_what_is_described(secrets):
    secrets.create_secret(
        Name="s", SecretString="1", Description="first", KmsKeyId="alias/k", Tags=[{"Key": "team", "Value": "blue"}]
    )
    shown = secrets.describe_secret(SecretId="s")
    assert (shown["Description"], shown["KmsKeyId"], shown["Tags"]) == (
        "first",
        "alias/k",
        [{"Key": "team", "Value": "blue"}],
    )
    assert "LastAccessedDate" not in shown
    secrets.update_secret(SecretId="s", Description="second", KmsKeyId="alias/other")
    secrets.tag_resource(SecretId="s", Tags=[{"Key": "stage", "Value": "test"}])
    secrets.untag_resource(SecretId="s", TagKeys=["team", "none"])
    shown = secrets.describe_secret(SecretId="s")
    assert (shown["Description"], shown["KmsKeyId"], shown["Tags"]) == (
        "second",
        "alias/other",
        [{"Key": "stage", "Value": "test"}],
    )
    assert shown["LastChangedDate"] >= shown["CreatedDate"]


def test_the_day_of_the_last_read_is_told(secrets):
    secrets.create_secret(Name="s", SecretString="1")
    secrets.get_secret_value(SecretId="s")
    for _ in range(50):
        shown = secrets.describe_secret(SecretId="s")
        if "LastAccessedDate" in shown:
            break
    assert (shown["LastAccessedDate"].minute, shown["LastAccessedDate"].second) == (0, 0)
    assert 0 <= (shown["CreatedDate"] - shown["LastAccessedDate"]).total_seconds() <= 86_400


def test_lists_are_filtered_sorted_and_paged(secrets):
    for name, text, tags in (
        ("prod/db", "the Shop's database", [{"Key": "Team", "Value": "blue"}]),
        ("prod/mail", "for letters", [{"Key": "Team", "Value": "red"}]),
        ("test/db", "a toy", []),
    ):
        secrets.create_secret(Name=name, SecretString="1", Description=text, Tags=tags)

    def names(**asked):
        return [each["Name"] for each in secrets.list_secrets(**asked)["SecretList"]]

    def found(key, *values):
        return sorted(names(Filters=[{"Key": key, "Values": list(values)}]))

    assert names() == ["test/db", "prod/mail", "prod/db"]
    assert names(SortBy="name", SortOrder="asc") == ["prod/db", "prod/mail", "test/db"]
    assert names(SortBy="name", SortOrder="desc") == ["test/db", "prod/mail", "prod/db"]
    assert names(SortOrder="asc") == ["prod/db", "prod/mail", "test/db"]
    assert found("name", "prod/") == ["prod/db", "prod/mail"]
    assert found("name", "PROD/") == []
    assert found("name", "!prod/") == ["test/db"]
    assert found("description", "shop") == ["prod/db"]
    assert found("tag-key", "Team") == ["prod/db", "prod/mail"]
    assert found("tag-value", "blue", "red") == ["prod/db", "prod/mail"]
    assert found("all", "toy") == ["test/db"]
    page = secrets.list_secrets(MaxResults=2)
    assert [each["Name"] for each in page["SecretList"]] == ["test/db", "prod/mail"]
    rest = secrets.list_secrets(MaxResults=2, NextToken=page["NextToken"])
    assert [each["Name"] for each in rest["SecretList"]] == ["prod/db"]
    assert "NextToken" not in rest
    with refused("InvalidNextTokenException", 400):
        secrets.list_secrets(MaxResults=2, NextToken=page["NextToken"], SortOrder="asc")


def test_a_batch_tells_values_and_what_could_not_be_had(secrets):
    for name in ("a", "b", "c"):
        secrets.create_secret(Name=name, SecretString=f"value of {name}")
    secrets.delete_secret(SecretId="c")
    got = secrets.batch_get_secret_value(SecretIdList=["a", "b", "c", "d"])
    assert [each["SecretString"] for each in got["SecretValues"]] == ["value of a", "value of b"]
    assert [(each["SecretId"], each["ErrorCode"]) for each in got["Errors"]] == [
        ("c", "InvalidRequestException"),
        ("d", "ResourceNotFoundException"),
    ]
    found = secrets.batch_get_secret_value(Filters=[{"Key": "name", "Values": ["a"]}])
    assert [each["Name"] for each in found["SecretValues"]] == ["a"]
    with refused("InvalidParameterException", 400):
        secrets.batch_get_secret_value()


def test_a_batch_holds_only_what_the_caller_may_read(secrets, member):
    arns = {name: secrets.create_secret(Name=name, SecretString=name)["ARN"] for name in ("mine", "theirs")}
    client = member(
        "ana",
        {"Effect": "Allow", "Action": "secretsmanager:BatchGetSecretValue", "Resource": "*"},
        {"Effect": "Allow", "Action": "secretsmanager:GetSecretValue", "Resource": arns["mine"]},
    )("secretsmanager")
    got = client.batch_get_secret_value(SecretIdList=["mine", "theirs"])
    assert [each["SecretString"] for each in got["SecretValues"]] == ["mine"]
    assert [(each["SecretId"], each["ErrorCode"]) for each in got["Errors"]] == [("theirs", "AccessDeniedException")]
    with refused("AccessDeniedException", 400):
        client.batch_get_secret_value(Filters=[{"Key": "name", "Values": ["mine"]}])


def test_random_passwords_hold_what_is_asked_for(secrets):
    made = secrets.get_random_password()["RandomPassword"]
    assert len(made) == 32
    assert any(each.isdigit() for each in made)
    assert any(each.isupper() for each in made)
    digits = secrets.get_random_password(
        PasswordLength=4096, ExcludeLowercase=True, ExcludeUppercase=True, ExcludePunctuation=True
    )["RandomPassword"]
    assert len(digits) == 4096
    assert digits.isdigit()
    assert "a" not in secrets.get_random_password(PasswordLength=4096, ExcludeCharacters="abc")["RandomPassword"]
    with refused("InvalidParameterException", 400):
        secrets.get_random_password(PasswordLength=3)
    with refused("InvalidParameterException", 400):
        secrets.get_random_password(
            ExcludeNumbers=True, ExcludeLowercase=True, ExcludeUppercase=True, ExcludePunctuation=True
        )


@pytest.mark.parametrize(
    ("given", "code"),
    [
        ({"Name": "has space", "SecretString": "x"}, "ValidationException"),
        ({"Name": "ümlaut", "SecretString": "x"}, "ValidationException"),
        ({"Name": "n" * 513, "SecretString": "x"}, "ValidationException"),
        ({"Name": "", "SecretString": "x"}, "ValidationException"),
        ({"Name": "s", "SecretString": "x" * 65_537}, "ValidationException"),
        ({"Name": "s", "SecretString": "ü" * 32_769}, "InvalidParameterException"),
        ({"Name": "s", "SecretBinary": b"x" * 65_537}, "ValidationException"),
        ({"Name": "s", "SecretString": ""}, "ValidationException"),
        ({"Name": "s", "SecretString": "x", "SecretBinary": b"x"}, "InvalidParameterException"),
        ({"Name": "s", "SecretString": "x", "ClientRequestToken": "short"}, "ValidationException"),
        ({"Name": "s", "Tags": [{"Key": "aws:x", "Value": "1"}]}, "InvalidParameterException"),
        ({"Name": "s", "AddReplicaRegions": [{"Region": "eu-west-1"}]}, "InvalidParameterException"),
    ],
)
def test_bad_secrets_are_refused(calm, given, code):
    secrets = calm.server.client("secretsmanager", parameter_validation=False)
    with refused(code, 400):
        secrets.create_secret(**given)
    assert secrets.list_secrets()["SecretList"] == []


def test_cancelling_a_rotation_that_is_not_on_changes_nothing(secrets):
    made = secrets.create_secret(Name="s", SecretString="1")
    assert secrets.cancel_rotate_secret(SecretId="s")["ARN"] == made["ARN"]
    assert "RotationEnabled" not in secrets.describe_secret(SecretId="s")


def test_a_read_is_in_the_trail_before_its_answer(secrets, server):
    made = secrets.create_secret(Name="s", SecretString="1")
    secrets.get_secret_value(SecretId="s")
    trail = server.client("cloudtrail")
    found = []
    for _ in range(100):
        found = trail.lookup_events(
            LookupAttributes=[{"AttributeKey": "EventName", "AttributeValue": "GetSecretValue"}]
        )["Events"]
        if found:
            break
    (event,) = found
    record = json.loads(event["CloudTrailEvent"])
    assert record["eventSource"] == "secretsmanager.amazonaws.com"
    assert record["requestParameters"]["secretId"] == "s" or record["requestParameters"]["SecretId"] == "s"
    assert made["ARN"] in json.dumps(record)


def test_everything_that_happened_to_a_secret_is_found_by_its_arn(secrets, server):
    arn = secrets.create_secret(Name="shop/db", SecretString="1")["ARN"]
    secrets.create_secret(Name="shop/other", SecretString="1")
    secrets.put_secret_value(SecretId="shop/db", SecretString="2")
    secrets.tag_resource(SecretId="shop/db", Tags=[{"Key": "Team", "Value": "blue"}])
    secrets.get_secret_value(SecretId="shop/db")
    secrets.delete_secret(SecretId="shop/db", ForceDeleteWithoutRecovery=True)
    trail = server.client("cloudtrail")

    def found(name):
        asked = [{"AttributeKey": "ResourceName", "AttributeValue": name}]
        events = trail.lookup_events(LookupAttributes=asked)["Events"]
        return {event["EventName"] for event in events}, events

    for _ in range(100):
        names, events = found(arn)
        if {"GetSecretValue", "DeleteSecret"} <= names:
            break
    told = {"CreateSecret", "PutSecretValue", "TagResource", "GetSecretValue", "DeleteSecret"}
    assert names - {"NoteSecretAccess"} == told  # the server's own note of the day it was read
    kinds = {resource["ResourceType"] for event in events for resource in event["Resources"]}
    assert kinds == {"AWS::SecretsManager::Secret"}
    assert {"CreateSecret", "DeleteSecret"} <= found("shop/db")[0]


def together(count, act):
    """What `act(number)` answers or raises, all begun at once."""
    with ThreadPoolExecutor(count) as threads:
        done = [threads.submit(act, number) for number in range(count)]
    return [each.exception() or each.result() for each in done]


def test_of_many_that_make_one_secret_at_once_one_succeeds(secrets):
    answers = together(8, lambda number: secrets.create_secret(Name="s", SecretString=f"value {number}"))
    made = [each for each in answers if isinstance(each, dict)]
    refusals = [each.response["Error"]["Code"] for each in answers if not isinstance(each, dict)]
    assert (len(made), refusals) == (1, ["ResourceExistsException"] * 7)
    assert secrets.get_secret_value(SecretId="s")["VersionId"] == made[0]["VersionId"]


def test_values_put_at_once_leave_one_current_and_one_previous(secrets):
    secrets.create_secret(Name="s", SecretString="0")
    put = together(8, lambda number: secrets.put_secret_value(SecretId="s", SecretString=f"value {number}"))
    assert len({each["VersionId"] for each in put}) == 8
    stages = secrets.describe_secret(SecretId="s")["VersionIdsToStages"]
    assert sorted(stages.values()) == [["AWSCURRENT"], ["AWSPREVIOUS"]]
    assert len(secrets.list_secret_version_ids(SecretId="s", IncludeDeprecated=True)["Versions"]) == 9


def test_different_secrets_are_made_and_deleted_at_once(secrets):
    def live(number):
        secrets.create_secret(Name=f"s{number}", SecretString="1")
        secrets.delete_secret(SecretId=f"s{number}", ForceDeleteWithoutRecovery=number % 2 == 0)
        return number

    assert together(8, live) == list(range(8))
    assert secrets.list_secrets()["SecretList"] == []
    marked = secrets.list_secrets(IncludePlannedDeletion=True)["SecretList"]
    assert sorted(each["Name"] for each in marked) == ["s1", "s3", "s5", "s7"]
