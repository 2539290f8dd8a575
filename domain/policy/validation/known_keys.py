"""The condition keys of requests: their types, and which of them have several values. IAM User Guide, "AWS global condition context
keys"; Service Authorization Reference, the pages of IAM, STS, Secrets Manager and Organizations.
"""

import enum
from collections.abc import Mapping
from typing import Final

import msgspec


class KeyType(enum.Enum):
    """What a key's values are, by the name of the operators for them."""

    STRING = "String"
    NUMERIC = "Numeric"
    DATE = "Date"
    BOOL = "Bool"
    IP = "IPAddress"
    ARN = "ARN"


class KnownKey(msgspec.Struct, frozen=True):
    """One key. `tag` stands for keys that end in a tag's key: `aws:PrincipalTag/team`."""

    name: str
    type: KeyType
    several: bool = False
    tag: bool = False


GLOBAL: Final = "aws"
_ONE: Final[Mapping[KeyType, str]] = {
    KeyType.STRING: """
        aws:AssumedRoot aws:CalledViaAWSMCP aws:CalledViaFirst aws:CalledViaLast
        aws:Ec2InstanceSourceVpc aws:FederatedProvider aws:PrincipalAccount aws:PrincipalOrgID
        aws:PrincipalServiceName aws:PrincipalType aws:Referer aws:RequestedRegion aws:ResourceAccount aws:ResourceOrgID
        aws:SignInSessionArn aws:SourceAccount aws:SourceIdentity aws:SourceOrgID aws:SourceOwner aws:SourceVpc
        aws:SourceVpcArn aws:SourceVpce aws:UserAgent aws:VpceAccount aws:VpceOrgID aws:userid aws:username
        ec2:RoleDelivery
        iam:AWSServiceName iam:AssociatedResourceArn iam:DelegationDuration iam:DelegationRequestOwner
        iam:FIDO-FIPS-140-2-certification
        iam:FIDO-FIPS-140-3-certification iam:FIDO-certification iam:NotificationChannel iam:OrganizationsPolicyId
        iam:PassedToService iam:PermissionsBoundary iam:RegisterSecurityKey iam:ServiceSpecificCredentialAgeDays
        iam:ServiceSpecificCredentialServiceName iam:TemplateArn
        sts:AWSServiceName sts:DurationSeconds sts:ExternalId sts:IdentityTokenAudience sts:RequestContextProviders
        sts:RoleSessionName sts:SigningAlgorithm sts:SourceIdentity sts:TaskPolicyArn
        secretsmanager:BlockPublicPolicy secretsmanager:Description
        secretsmanager:ExternalSecretRotationRoleArn secretsmanager:ForceDeleteWithoutRecovery
        secretsmanager:ForceOverwriteReplicaSecret secretsmanager:KmsKeyArn secretsmanager:KmsKeyId
        secretsmanager:ModifyRotationRules secretsmanager:Name secretsmanager:RecoveryWindowInDays
        secretsmanager:RotateImmediately secretsmanager:RotationLambdaARN secretsmanager:SecretId
        secretsmanager:SecretPrimaryRegion secretsmanager:Type secretsmanager:VersionId secretsmanager:VersionStage
        secretsmanager:resource/AllowRotationLambdaArn
        organizations:PolicyType organizations:ServicePrincipal organizations:TransferDirection organizations:TransferType
    """,
    KeyType.NUMERIC: "aws:MultiFactorAuthAge",
    KeyType.DATE: "aws:CurrentTime aws:EpochTime aws:TokenIssueTime",
    KeyType.BOOL: """
        aws:MultiFactorAuthPresent aws:PrincipalIsAWSService aws:SecureTransport aws:ViaAWSMCPService aws:ViaAWSService
    """,
    KeyType.IP: "aws:SourceIp aws:VpcSourceIp aws:Ec2InstanceSourcePrivateIPv4",
    KeyType.ARN: """
        aws:ChatbotSourceArn aws:PrincipalArn aws:SourceArn iam:PolicyARN lambda:SourceFunctionArn
    """,
}
_SEVERAL: Final[Mapping[KeyType, str]] = {
    KeyType.STRING: """
        aws:CalledVia aws:PrincipalOrgPaths aws:PrincipalServiceNamesList aws:ResourceOrgPaths aws:SourceOrgPaths aws:TagKeys
        aws:VpceOrgPaths secretsmanager:AddReplicaRegions sts:TransitiveTagKeys
    """,
}
_TAGS: Final = """
    aws:PrincipalTag aws:RequestTag aws:ResourceTag iam:ResourceTag secretsmanager:ResourceTag organizations:ResourceTag
    sts:RequestContext
"""
_MIXED_TYPES: Final = frozenset(  # what the reference calls a string and policies compare as something else, rightly
    {"sts:durationseconds", "secretsmanager:recoverywindowindays", "iam:delegationduration"}
)


def _keys() -> dict[str, KnownKey]:
    found = [
        KnownKey(name, type_, several=several)
        for table, several in ((_ONE, False), (_SEVERAL, True))
        for type_, names in table.items()
        for name in names.split()
    ]
    found += [KnownKey(f"{name}/", KeyType.STRING, tag=True) for name in _TAGS.split()]
    return {key.name.lower(): key for key in found}


KEYS: Final[Mapping[str, KnownKey]] = _keys()
JUDGED: Final = frozenset(
    {"aws", "iam", "sts", "secretsmanager", "organizations"}
)  # of these, every key is in the table


def known(name: str) -> KnownKey | None:
    """The key of that name, without regard to case, the tag-key part set aside; None where it is not in the table."""
    lower = name.lower()
    if (found := KEYS.get(lower)) is not None:
        return found
    prefix, slash, _ = lower.partition("/")
    found = KEYS.get(prefix + slash)
    return found if found is not None and found.tag else None


def has_other_types(name: str) -> bool:
    """Whether values of the key are compared with operators of several types."""
    return name.lower() in _MIXED_TYPES
