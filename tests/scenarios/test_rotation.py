"""Secrets that rotate themselves: a real server, driven by boto3, with real targets (FEATURES 1f)."""

import json
import secrets
import signal
import time

import boto3
import pytest
from botocore.exceptions import ClientError

from tests.muniment_server import Muniment
from tests.ops.federation.issuer_server import Issuer
from tests.ops.rotation.conftest import Database
from tests.postgres import postgres  # noqa: F401 - a fixture
from tests.redis_server import redis_server  # noqa: F401 - a fixture

SECONDS_MAX = 20


@pytest.fixture(scope="module")
def rotating(postgres, redis_server):  # noqa: F811
    places = (f"{postgres.folder}:5432", f"127.0.0.1:{redis_server.port}")
    with Muniment(None, *(word for place in places for word in ("--rotation-allow", place))) as server:
        yield server


@pytest.fixture
def vault(rotating):
    return rotating.client("secretsmanager")


@pytest.fixture
def name():
    return f"app_{secrets.token_hex(4)}"


@pytest.fixture
def database(postgres):  # noqa: F811
    return Database(postgres)


def rotate(vault, name, rotator, **settings):
    found = {"overlapSeconds": "1"} | settings
    metadata = [{"Key": key, "Value": str(value)} for key, value in found.items()]
    return vault.rotate_secret(
        SecretId=name, RotationLambdaARN=f"muniment-{rotator}", ExternalSecretRotationMetadata=metadata
    )["VersionId"]


def until(found, seconds=SECONDS_MAX):
    give_up = time.monotonic() + seconds
    while not (result := found()):
        assert time.monotonic() < give_up, "it did not happen in time"
        time.sleep(0.05)
    return result


def stages(vault, name, version):
    return vault.describe_secret(SecretId=name)["VersionIdsToStages"].get(version, [])


def value(vault, name):
    return json.loads(vault.get_secret_value(SecretId=name)["SecretString"])


def is_current(vault, name, version):
    return stages(vault, name, version) == ["AWSCURRENT"]


def test_a_generated_value_rotates_at_once_and_is_due_again(vault, name):
    made = vault.create_secret(Name=name, SecretString="first")["VersionId"]
    answer = vault.rotate_secret(
        SecretId=name, RotationLambdaARN="muniment-generated", RotationRules={"ScheduleExpression": "rate(4 hours)"}
    )
    until(lambda: is_current(vault, name, answer["VersionId"]))
    told = vault.describe_secret(SecretId=name)
    assert told["RotationEnabled"]
    assert told["VersionIdsToStages"][made] == ["AWSPREVIOUS"]
    assert told["NextRotationDate"] > told["LastRotatedDate"]
    assert vault.get_secret_value(SecretId=name)["SecretString"] != "first"
    assert vault.get_secret_value(SecretId=name, VersionStage="AWSPREVIOUS")["SecretString"] == "first"


def test_one_token_is_one_rotation(vault, name):
    vault.create_secret(Name=name, SecretString="first")
    token = secrets.token_hex(16)
    for _ in range(3):
        answer = vault.rotate_secret(SecretId=name, RotationLambdaARN="muniment-generated", ClientRequestToken=token)
        assert answer["VersionId"] == token
    until(lambda: is_current(vault, name, token))
    vault.rotate_secret(SecretId=name, ClientRequestToken=token)
    assert len(vault.list_secret_version_ids(SecretId=name)["Versions"]) == 2


def test_a_postgresql_password_rotates_and_the_old_one_dies(vault, name, database):
    before = database.role(name, "old-password")
    vault.create_secret(Name=name, SecretString=json.dumps(before))
    until(lambda version=rotate(vault, name, "postgresql-single-user"): is_current(vault, name, version))
    assert database.takes(value(vault, name))
    assert not database.takes(before)


def test_postgresql_users_alternate_and_the_old_login_dies_after_the_overlap(vault, name, database):
    before = database.role(name, "old-password")
    vault.create_secret(Name=name, SecretString=json.dumps(before))
    vault.create_secret(Name=f"{name}/admin", SecretString=json.dumps(database.admin()))
    version = rotate(vault, name, "postgresql-alternating-users", adminSecretArn=f"{name}/admin", overlapSeconds=2)
    until(lambda: is_current(vault, name, version))
    assert database.takes(before)
    assert value(vault, name)["username"] == f"{name}_clone"
    until(lambda: not database.takes(before))
    assert database.takes(value(vault, name))


def test_a_redis_password_rotates_and_the_old_one_dies_after_the_overlap(vault, name, redis_server):  # noqa: F811
    place = {"host": "127.0.0.1", "port": redis_server.port}
    with redis_server.as_admin() as admin:
        admin.execute_command("ACL", "SETUSER", name, "on", ">old-password", "~*", "+get")
    vault.create_secret(Name=name, SecretString=json.dumps({**place, "username": name, "password": "old-password"}))
    keeper = {**place, "username": "admin", "password": redis_server.password}
    vault.create_secret(Name=f"{name}/admin", SecretString=json.dumps(keeper))
    version = rotate(vault, name, "redis-acl-user", adminSecretArn=f"{name}/admin", overlapSeconds=2)
    until(lambda: is_current(vault, name, version))
    assert redis_server.takes(name, "old-password")
    assert redis_server.takes(name, value(vault, name)["password"])
    until(lambda: not redis_server.takes(name, "old-password"))
    assert redis_server.takes(name, value(vault, name)["password"])


def works(rotating, key):
    client = boto3.client(
        "sts",
        region_name="us-east-1",
        endpoint_url=rotating.endpoint,
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    try:
        client.get_caller_identity()
    except ClientError as error:
        assert error.response["Error"]["Code"] == "InvalidClientTokenId"
        return False
    return True


def key_of(rotating, name, *actions):
    iam = rotating.client("iam")
    arn = iam.create_user(UserName=name)["User"]["Arn"]
    statement = {"Effect": "Allow", "Action": list(actions), "Resource": arn}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
    key = iam.create_access_key(UserName=name)["AccessKey"]
    return {part: key[part] for part in ("AccessKeyId", "SecretAccessKey")}


def test_an_access_key_rotates_and_the_old_one_is_deleted_after_the_overlap(rotating, vault, name):
    before = key_of(rotating, name, "iam:CreateAccessKey", "iam:DeleteAccessKey")
    vault.create_secret(Name=name, SecretString=json.dumps(before))
    version = rotate(vault, name, "access-key", overlapSeconds=2)
    until(lambda: is_current(vault, name, version))
    after = value(vault, name)
    assert after["AccessKeyId"] != before["AccessKeyId"]
    assert works(rotating, before)
    assert works(rotating, after)
    until(lambda: not works(rotating, before))
    assert works(rotating, after)
    keys = rotating.client("iam").list_access_keys(UserName=name)["AccessKeyMetadata"]
    assert [key["AccessKeyId"] for key in keys] == [after["AccessKeyId"]]


def failing(rotating, vault, name, version):
    """The last failure of the rotation, as the log's entries say."""
    with pytest.raises(ClientError) as found:
        vault.rotate_secret(SecretId=name)
    assert found.value.response["Error"]["Code"] == "InvalidRequestException"
    assert "A previous rotation isn't complete" in str(found.value)


def test_a_user_without_the_right_to_make_keys_keeps_its_key(rotating, vault, name):
    """SECURITY 5: the rotation acts with the user's own rights."""
    before = key_of(rotating, name, "iam:GetUser")
    vault.create_secret(Name=name, SecretString=json.dumps(before))
    version = rotate(vault, name, "access-key")
    time.sleep(1)
    failing(rotating, vault, name, version)
    assert value(vault, name) == before
    assert works(rotating, before)
    assert vault.cancel_rotate_secret(SecretId=name)["VersionId"] == version
    assert not vault.describe_secret(SecretId=name)["RotationEnabled"]


def test_a_key_that_the_writer_does_not_hold_is_not_rotated(rotating, vault, name):
    before = key_of(rotating, name, "iam:CreateAccessKey", "iam:DeleteAccessKey")
    vault.create_secret(Name=name, SecretString=json.dumps({**before, "SecretAccessKey": "guess"}))
    version = rotate(vault, name, "access-key")
    time.sleep(1)
    failing(rotating, vault, name, version)
    assert len(rotating.client("iam").list_access_keys(UserName=name)["AccessKeyMetadata"]) == 1


def test_an_administrators_secret_needs_the_right_to_rotate_it_too(rotating, vault, name, database):
    vault.create_secret(Name=name, SecretString=json.dumps(database.role(name, "old-password")))
    own = vault.describe_secret(SecretId=name)["ARN"]
    admin = vault.create_secret(Name=f"{name}/admin", SecretString=json.dumps(database.admin()))["ARN"]
    iam = rotating.client("iam")
    iam.create_user(UserName=name)
    statement = {"Effect": "Allow", "Action": "secretsmanager:*", "Resource": own}
    document = json.dumps({"Version": "2012-10-17", "Statement": [statement]})
    iam.put_user_policy(UserName=name, PolicyName="own", PolicyDocument=document)
    user = rotating.client("secretsmanager", iam.create_access_key(UserName=name)["AccessKey"])
    with pytest.raises(ClientError) as found:
        rotate(user, name, "postgresql-alternating-users", adminSecretArn=admin)
    assert found.value.response["Error"]["Code"] == "AccessDeniedException"
    assert "RotationLambdaARN" not in vault.describe_secret(SecretId=name)


def test_a_target_that_is_away_leaves_the_current_value_and_raises_an_alarm(rotating, vault, name, database):
    before = {**database.role(name, "old-password"), "password": "wrong"}
    vault.create_secret(Name=name, SecretString=json.dumps(before))
    rotating.fresh_output()
    version = rotate(vault, name, "postgresql-single-user")
    until(lambda: "SecretRotationFailed" in rotating.output(), 40)
    assert value(vault, name) == before
    assert stages(vault, name, version) == ["AWSPENDING"]
    failing(rotating, vault, name, version)
    settings = vault.describe_secret(SecretId=name)["ExternalSecretRotationMetadata"]
    (told,) = [each["Value"] for each in settings if each["Key"] == "muniment:failure"]
    assert told.startswith("set: PostgreSQL takes neither the current nor the pending password")
    pending = vault.get_secret_value(SecretId=name, VersionStage="AWSPENDING")["SecretString"]
    assert json.loads(pending)["password"] not in rotating.output()
    database.do(f"ALTER ROLE {name} PASSWORD 'wrong'")  # somebody mends it: the rotation goes on by itself
    until(lambda: is_current(vault, name, version), 60)


@pytest.mark.parametrize(
    ("parameters", "code"),
    [
        ({}, "InvalidRequestException"),
        ({"RotationLambdaARN": "muniment-nothing"}, "InvalidParameterException"),
        ({"RotationLambdaARN": "arn:aws:lambda:us-east-1:123456789012:function:mine"}, "InvalidParameterException"),
        ({"RotationLambdaARN": "muniment-generated", "RotationRules": {}}, "InvalidParameterException"),
        (
            {"RotationLambdaARN": "muniment-generated", "RotationRules": {"ScheduleExpression": "rate(3 hours)"}},
            "InvalidParameterException",
        ),
        (
            {
                "RotationLambdaARN": "muniment-generated",
                "ExternalSecretRotationMetadata": [{"Key": "overlapSeconds", "Value": "-1"}],
            },
            "InvalidParameterException",
        ),
    ],
)
def test_a_rotation_that_cannot_be_is_refused(vault, name, parameters, code):
    vault.create_secret(Name=name, SecretString="first")
    with pytest.raises(ClientError) as found:
        vault.rotate_secret(SecretId=name, **parameters)
    assert found.value.response["Error"]["Code"] == code
    assert "RotationEnabled" not in vault.describe_secret(SecretId=name)


def test_a_secret_without_a_value_is_not_rotated(vault, name):
    vault.create_secret(Name=name)
    with pytest.raises(ClientError, match="no value"):
        vault.rotate_secret(SecretId=name, RotationLambdaARN="muniment-generated")


def test_not_immediately_tests_and_waits_for_the_window(vault, name, database):
    vault.create_secret(Name=name, SecretString=json.dumps(database.role(name, "old-password")))
    vault.rotate_secret(
        SecretId=name,
        RotationLambdaARN="muniment-postgresql-single-user",
        RotationRules={"AutomaticallyAfterDays": 30},
        RotateImmediately=False,
    )
    told = until(lambda: vault.describe_secret(SecretId=name))
    assert told["RotationRules"] == {"AutomaticallyAfterDays": 30}
    time.sleep(1)
    assert value(vault, name)["password"] == "old-password"
    version = rotate(vault, name, "postgresql-single-user")  # the test is over, or this would be refused
    until(lambda: is_current(vault, name, version))


# -- killed in every step ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("step", ["create", "set", "test", "finish", "retire"])
def test_a_server_killed_in_a_step_goes_on_with_it(step, tmp_path):
    """The work of the step is done, and not recorded: it is done again, and the rotation ends as if nothing had been."""
    endpoint = Issuer(tmp_path)
    asked, server = [], None
    real = endpoint.server.RequestHandlerClass.do_POST

    def do_post(handler):
        body = handler.rfile.read(int(handler.headers["Content-Length"]))
        found = json.loads(body)["step"]
        asked.append(found)
        if found == step and asked.count(step) == 1:
            server.process.send_signal(signal.SIGKILL)
            server.process.wait()
        answer = b'{"SecretString": "second"}'
        try:
            handler.send_response(200)
            handler.send_header("Content-Length", str(len(answer)))
            handler.end_headers()
            handler.wfile.write(answer)
        except OSError:
            handler.close_connection = True

    endpoint.server.RequestHandlerClass.do_POST = do_post
    options = ("--rotation-allow", endpoint.place, "--rotation-ca", str(endpoint.ca))
    try:
        server = Muniment(tmp_path / "data", *options)
        with server:
            vault = server.client("secretsmanager")
            vault.create_secret(Name="x", SecretString="first")
            version = rotate(vault, "x", "webhook", url=f"{endpoint.url}/rotate", overlapSeconds=1)
            server.process.wait(SECONDS_MAX)
            server.log.close()
            server.start()
            vault = server.client("secretsmanager")
            until(lambda: is_current(vault, "x", version))
            until(lambda: "retire" in asked and (step != "retire" or asked.count("retire") == 2))
            assert vault.get_secret_value(SecretId="x")["SecretString"] == "second"
            assert len(vault.list_secret_version_ids(SecretId="x")["Versions"]) == 2
        assert asked.count(step) == 2
        assert list(dict.fromkeys(asked)) == ["create", "set", "test", "finish", "retire"]
    finally:
        endpoint.server.RequestHandlerClass.do_POST = real
        endpoint.close()
