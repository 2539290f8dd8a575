"""A tour with the aws CLI, as somebody types it: half of the actions, in the order they are needed."""

import json
import shlex
import sys

import pytest

from tests.muniment_server import AWS

TRUST = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Allow", "Principal": {"AWS": "*"}, "Action": "sts:AssumeRole"}],
}
ALLOW = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": "iam:Get*", "Resource": "*"}]}
DENY = {
    "Version": "2012-10-17",
    "Statement": [{"Effect": "Deny", "Principal": "*", "Action": "secretsmanager:RotateSecret", "Resource": "*"}],
}
READ_ONLY = "arn:aws:iam::aws:policy/ReadOnlyAccess"

# Each line is typed; what follows => must be in what it prints. {arn} is the policy's, {n} the account.
TOUR = """
sts get-caller-identity --query Arn --output text => arn:aws:iam::{n}:root
iam create-account-alias --account-alias tour
iam list-account-aliases --query AccountAliases[0] --output text => tour
iam create-user --user-name ana --path /staff/ --tags Key=team,Value=blue => "UserId": "AIDA
iam wait user-exists --user-name ana
iam tag-user --user-name ana --tags Key=a,Value=b
iam list-user-tags --user-name ana --query length(Tags) => 2
iam create-group --group-name staff => AGPA
iam add-user-to-group --group-name staff --user-name ana
iam get-group --group-name staff --query Users[].UserName --output text => ana
iam create-policy --policy-name p --policy-document file://{folder}/allow.json --query Policy.Arn --output text => {arn}
iam attach-group-policy --group-name staff --policy-arn {arn}
iam list-entities-for-policy --policy-arn {arn} --query PolicyGroups[].GroupName --output text => staff
iam create-policy-version --policy-arn {arn} --policy-document file://{folder}/allow.json --set-as-default => v2
iam list-policy-versions --policy-arn {arn} --query length(Versions) => 2
iam put-user-policy --user-name ana --policy-name in --policy-document file://{folder}/allow.json
iam get-user-policy --user-name ana --policy-name in --query PolicyDocument.Statement[0].Action --output text => iam:Get*
iam create-role --role-name r --assume-role-policy-document file://{folder}/trust.json --output text => ROLE
iam get-role --role-name r --query Role.AssumeRolePolicyDocument.Statement[0].Principal.AWS --output text => *
iam attach-role-policy --role-name r --policy-arn {read_only}
iam list-attached-role-policies --role-name r --output table => ReadOnlyAccess
iam put-user-permissions-boundary --user-name ana --permissions-boundary {read_only}
iam get-user --user-name ana --query User.PermissionsBoundary.PermissionsBoundaryArn --output text => {read_only}
iam create-access-key --user-name ana --query AccessKey.Status --output text => Active
iam list-access-keys --user-name ana --query AccessKeyMetadata[0].UserName --output text => ana
iam get-account-summary --query SummaryMap.Users => 1
iam get-account-authorization-details --filter User Role --query UserDetailList[].UserName --output text => ana
organizations create-organization --query Organization.FeatureSet --output text => ALL
organizations create-account --email pay@example.com --account-name pay => IN_PROGRESS
organizations list-accounts --query length(Accounts) => 2
secretsmanager create-secret --name shop/db --secret-string first --tags Key=team,Value=blue => {n}:secret:shop/db-
secretsmanager get-secret-value --secret-id shop/db --query SecretString --output text => first
secretsmanager put-secret-value --secret-id shop/db --secret-string second --query VersionStages[0] --output text => AWSCURRENT
secretsmanager get-secret-value --secret-id shop/db --version-stage AWSPREVIOUS --query SecretString --output text => first
secretsmanager update-secret --secret-id shop/db --description told --secret-string third => shop/db
secretsmanager describe-secret --secret-id shop/db --query Description --output text => told
secretsmanager list-secrets --filters Key=name,Values=shop --query SecretList[].Name --output text => shop/db
secretsmanager batch-get-secret-value --secret-id-list shop/db --query SecretValues[].SecretString --output text => third
secretsmanager list-secret-version-ids --secret-id shop/db --include-deprecated --query length(Versions) => 3
secretsmanager tag-resource --secret-id shop/db --tags Key=stage,Value=test
secretsmanager untag-resource --secret-id shop/db --tag-keys team
secretsmanager put-resource-policy --secret-id shop/db --resource-policy file://{folder}/deny.json --block-public-policy => shop/db
secretsmanager get-resource-policy --secret-id shop/db --query ResourcePolicy --output text => Deny
secretsmanager validate-resource-policy --resource-policy file://{folder}/deny.json --query PolicyValidationPassed => true
secretsmanager delete-resource-policy --secret-id shop/db
secretsmanager get-random-password --password-length 8 --exclude-punctuation => RandomPassword
secretsmanager cancel-rotate-secret --secret-id shop/db
secretsmanager delete-secret --secret-id shop/db --recovery-window-in-days 7 => DeletionDate
secretsmanager restore-secret --secret-id shop/db => shop/db
secretsmanager delete-secret --secret-id shop/db --force-delete-without-recovery => DeletionDate
"""

# The CLI's own entry point, without paying a second of imports for every line.
ONE_PROCESS = """
import contextlib, io, json, sys
from awscli.clidriver import create_clidriver
answers = []
for words in json.loads(sys.argv[1]):
    out = io.TextIOWrapper(io.BytesIO(), "utf-8")
    with contextlib.redirect_stdout(out):
        status = create_clidriver().main(words)
    out.flush()
    answers.append((status, out.buffer.getvalue().decode()))
print(json.dumps(answers))
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "allow.json").write_text(json.dumps(ALLOW))
    (tmp_path / "deny.json").write_text(json.dumps(DENY))
    (tmp_path / "trust.json").write_text(json.dumps(TRUST))
    return tmp_path


def test_the_tour(server, folder):
    names = {
        "n": server.account,
        "arn": f"arn:aws:iam::{server.account}:policy/p",
        "folder": folder,
        "read_only": READ_ONLY,
    }
    lines = [line.partition(" => ") for line in TOUR.strip().splitlines()]
    typed = [line.format(**names) for line, _, _ in lines]
    answers = json.loads(
        server.run(sys.executable, "-c", ONE_PROCESS, json.dumps(list(map(shlex.split, typed)))).stdout
    )
    for line, (status, printed), (_, _, expected) in zip(typed, answers, lines, strict=True):
        assert status == 0, line
        assert expected.format(**names) in printed, line


def test_a_refusal_reads_as_aws_says_it(server):
    answer = server.run(AWS, "iam", "get-user", "--user-name", "nobody", check=False)
    assert answer.returncode == 255  # version 1 of the CLI, which pip installs
    assert (
        "(NoSuchEntity) when calling the GetUser operation: The user with name nobody cannot be found." in answer.stderr
    )
