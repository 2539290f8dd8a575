"""Every limit, in one place, each with the AWS quota it stands for.

Sources: IAM User Guide, "IAM and AWS STS quotas"; POLICY_EVALUATION 2.7; FEATURES 1b; SECURITY 17. Where the sources give a default
and a raised maximum, the larger one is taken, and the comment says so.
"""

from typing import Final

# Names and paths
USER_NAME_CHARACTERS_MAX: Final = 64
ROLE_NAME_CHARACTERS_MAX: Final = 64
GROUP_NAME_CHARACTERS_MAX: Final = 128
POLICY_NAME_CHARACTERS_MAX: Final = 128
PATH_CHARACTERS_MAX: Final = 512
DESCRIPTION_CHARACTERS_MAX: Final = 1_000
ACCOUNT_ALIAS_CHARACTERS_MIN: Final = 3
ACCOUNT_ALIAS_CHARACTERS_MAX: Final = 63

# Counts in one account
USERS_PER_ACCOUNT_MAX: Final = 5_000
GROUPS_PER_ACCOUNT_MAX: Final = 500  # "Groups in an account": 300, raised to 500
ROLES_PER_ACCOUNT_MAX: Final = 5_000  # 1,000, raised to 5,000
POLICIES_PER_ACCOUNT_MAX: Final = 5_000  # "Customer managed policies": 1,500, raised to 5,000
PROVIDERS_PER_ACCOUNT_MAX: Final = 100  # of each kind: OpenID Connect, SAML
CLIENTS_PER_PROVIDER_MAX: Final = 100
THUMBPRINTS_PER_PROVIDER_MAX: Final = 5
ALIASES_PER_ACCOUNT_MAX: Final = 1
GROUPS_PER_USER_MAX: Final = 10
ACCESS_KEYS_PER_USER_MAX: Final = 2
MFA_DEVICES_PER_USER_MAX: Final = 8
VIRTUAL_MFA_DEVICES_PER_ACCOUNT_MAX: Final = 10_000  # ours: AWS bounds them by users only, but unassigned ones pile up
SIGN_IN_SESSIONS_PER_PRINCIPAL_MAX: Final = 50  # ours: the oldest ends when there would be more
VERSIONS_PER_POLICY_MAX: Final = 5
ATTACHED_POLICIES_PER_USER_MAX: Final = 20  # 10, raised to 20
ATTACHED_POLICIES_PER_ROLE_MAX: Final = 20  # 10, raised to 20
ATTACHED_POLICIES_PER_GROUP_MAX: Final = 10
TAGS_PER_ENTITY_MAX: Final = 50
TAG_KEY_CHARACTERS_MAX: Final = 128
TAG_VALUE_CHARACTERS_MAX: Final = 256
ACCOUNTS_PER_ORGANIZATION_MAX: Final = 10_000
UNITS_PER_ORGANIZATION_MAX: Final = 2_000  # "OUs in an organization"
UNIT_DEPTH_MAX: Final = 5  # units under each other below the root
POLICIES_PER_NODE_MAX: Final = 10  # of one type, given ones among them (FEATURES 1a; 5 before May 2026)
POLICIES_PER_ORGANIZATION_MAX: Final = 10_000  # of one type; AWS takes 10,000 SCPs and 1,000 RCPs

# Applications that use the engine for their own permissions: ours, AWS has none
APPLICATIONS_PER_ACCOUNT_MAX: Final = 50
TYPES_PER_APPLICATION_MAX: Final = 50
ACTIONS_PER_TYPE_MAX: Final = 200
ENTITIES_PER_ACCOUNT_MAX: Final = 10_000
PROPERTIES_PER_ENTITY_MAX: Final = 50
POLICIES_PER_SUBJECT_TYPE_MAX: Final = 20

# Policy documents: characters without white space, unless said
MANAGED_POLICY_CHARACTERS_MAX: Final = 6_144
USER_INLINE_POLICY_CHARACTERS_MAX: Final = 2_048  # the sum over a user's inline policies
GROUP_INLINE_POLICY_CHARACTERS_MAX: Final = 5_120
ROLE_INLINE_POLICY_CHARACTERS_MAX: Final = 10_240
TRUST_POLICY_CHARACTERS_MAX: Final = 4_096  # 2,048, raised to 4,096
SESSION_POLICY_CHARACTERS_MAX: Final = 2_048
SCP_CHARACTERS_MAX: Final = 10_240  # white space counted
RCP_CHARACTERS_MAX: Final = 5_120  # white space counted
ORGANIZATION_POLICY_CHARACTERS_MAX: Final = 10_000  # of the types that decide nothing; white space counted
POLICY_DOCUMENT_CHARACTERS_MAX: Final = 131_072  # what the API takes at all, white space counted

# Roles and sessions
ROLE_SESSION_SECONDS_MIN: Final = 3_600
ROLE_SESSION_SECONDS_MAX: Final = 43_200
SESSION_SECONDS_MIN: Final = 900
SESSION_SECONDS_DEFAULT: Final = 43_200  # GetSessionToken, GetFederationToken
ROOT_SESSION_SECONDS_MAX: Final = 3_600
CHAINED_SESSION_SECONDS_MAX: Final = 3_600
CHAINED_SESSIONS_MAX: Final = 32  # ours: AWS lets a chain of roles go on for ever
SESSION_POLICY_ARNS_MAX: Final = 10
PACKED_SESSION_BYTES_MAX: Final = 3_072  # ours: AWS tells percents only
SESSION_TOKEN_CHARACTERS_MAX: Final = 8_192  # ours; a request's headers may have 16 KiB
REVOCATIONS_PER_ACCOUNT_MAX: Final = 10_000  # ours: single sessions ended before their time and not yet forgotten

# Secrets (FEATURES 1f; Secrets Manager User Guide, "Quotas")
SECRETS_PER_ACCOUNT_MAX: Final = 500_000
SECRET_NAME_CHARACTERS_MAX: Final = 512
SECRET_VALUE_BYTES_MAX: Final = 65_536
SECRET_POLICY_CHARACTERS_MAX: Final = 20_480
STAGES_PER_SECRET_MAX: Final = 20  # over all its versions
SECRET_VERSIONS_KEPT: Final = 100  # beyond those the oldest without a stage are purged
SECRET_VERSION_KEPT_SECONDS: Final = 86_400  # but none that is younger
SECRET_VERSIONS_MAX: Final = 2_000  # ours: of any age, whoever keeps putting new ones
SECRET_BYTES_MAX: Final = 8_388_608  # ours: ciphertext of all versions of one secret
RECOVERY_DAYS_MIN: Final = 7
RECOVERY_DAYS_MAX: Final = 30

# Passwords and factors (FEATURES 1a, 1e; SECURITY 7, 8)
PASSWORD_CHARACTERS_MIN: Final = 6
PASSWORD_CHARACTERS_MAX: Final = 128
PASSWORD_CHARACTERS_DEFAULT_MIN: Final = 8  # where the account has no password policy
PASSWORD_BYTES_MAX: Final = 1_024
PASSWORDS_REMEMBERED_MAX: Final = 24
PASSWORD_AGE_DAYS_MAX: Final = 1_095
RECOVERY_CODES: Final = 10

# Requests (SECURITY 17)
BODY_BYTES_MAX: Final = 1_048_576
HEADER_BYTES_MAX: Final = 16_384
JSON_DEPTH_MAX: Final = 32
JSON_NODES_MAX: Final = 10_000
COMPARISONS_PER_DECISION_MAX: Final = 20_000  # characters looked at while policies are matched (SECURITY 1)
PAGE_ITEMS_MAX: Final = 1_000
PAGE_ITEMS_DEFAULT: Final = 100
ENTRY_BYTES_MAX: Final = 262_144
BATCH_ENTRIES_MAX: Final = 1_000  # JetStream's atomic batch (NATS.md)

# Idempotency (DESIGN §3): remembered for a day or the last so many commands of a boundary
IDEMPOTENCY_SECONDS: Final = 86_400
IDEMPOTENCY_COMMANDS_MAX: Final = 10_000
