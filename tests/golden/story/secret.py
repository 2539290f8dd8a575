"""What happens to a secret: its versions, a rotation that fails and one that ends, its deletion."""

from typing import Final

from muniment.domain.ledger import Fact
from muniment.domain.secret.rotations import (
    SecretRetirementFailed,
    SecretRetirementScheduled,
    SecretRotationCancelled,
    SecretRotationFailed,
    SecretRotationFinished,
    SecretRotationPostponed,
    SecretRotationScheduled,
    SecretRotationStarted,
    SecretRotationStepCompleted,
    SecretRotationStepFailed,
    SecretVersionRetired,
)
from muniment.domain.secret.secrets import (
    SecretAccessed,
    SecretCreated,
    SecretDeleted,
    SecretDeletionScheduled,
    SecretDescriptionChanged,
    SecretKeyErased,
    SecretKeyReplaced,
    SecretPolicyDeleted,
    SecretPolicyPut,
    SecretRestored,
    SecretTagged,
    SecretUntagged,
)
from muniment.domain.secret.versions import (
    SecretVersionCreated,
    SecretVersionPromoted,
    SecretVersionsPurged,
    SecretVersionStaged,
    SecretVersionUnstaged,
)
from tests.golden.story.values import (
    ACCOUNT,
    ALLOW,
    FAR,
    SECRET,
    SECRET_2,
    SECRET_ARN,
    SECRET_BOUNDARY,
    SECRET_NAME,
    START,
    VERSION_1,
    VERSION_2,
    VERSION_3,
)

BOUNDARY: Final = SECRET_BOUNDARY
ROTATOR: Final = "arn:muniment:rotator:::postgresql-single-user"
REASON: Final = "the target did not answer within 5 s"
FACTS: Final[tuple[Fact, ...]] = (
    SecretCreated(
        ACCOUNT, SECRET_NAME, "SECRAAAAAAAAAAAAAAAAA", SECRET_ARN, "of the shop", "alias/shop", {"Team": "blue"}
    ),
    SecretVersionCreated(VERSION_1, SECRET, True, ("first",)),
    SecretVersionPromoted(VERSION_1),
    SecretVersionStaged(VERSION_1, "golden"),
    SecretDescriptionChanged("of the shop's database"),
    SecretKeyReplaced("alias/other"),
    SecretTagged({"Stage": "test"}),
    SecretUntagged(("Team",)),
    SecretPolicyPut(ALLOW),
    SecretAccessed(START + 86_400_000_000),
    SecretRotationScheduled(
        ROTATOR, 30, "rate(30 days)", "3h", 60, {"database": "shop"}, START + 2_592_000_000_000, "due-1"
    ),
    SecretRotationStarted(VERSION_2, "due-1", True),
    SecretRotationStepFailed(VERSION_2, "create", REASON, 1, START + 1_000_000),
    SecretRotationStepCompleted(VERSION_2, "create", "set"),
    SecretVersionCreated(VERSION_2, SECRET_2, False, ("AWSPENDING",)),
    SecretRotationFailed(VERSION_2, "set", REASON, 5),
    SecretVersionPromoted(VERSION_2),
    SecretRotationFinished(VERSION_2, False),
    SecretRotationPostponed(START + 5_184_000_000_000, "due-2"),
    SecretRetirementScheduled(VERSION_1, START + 60_000_000, "retire-1"),
    SecretRetirementFailed(VERSION_1, REASON, 1, START + 61_000_000),
    SecretVersionRetired(VERSION_1, START + 62_000_000, "the password was replaced"),
    SecretRotationCancelled(VERSION_3),
    SecretVersionUnstaged(VERSION_1, "golden"),
    SecretVersionCreated(VERSION_3, SECRET_2),
    SecretVersionsPurged((VERSION_3,)),
    SecretPolicyDeleted(),
    SecretDeletionScheduled(FAR, 7),
    SecretRestored(),
    SecretDeleted("SECRAAAAAAAAAAAAAAAAA", SECRET_NAME, SECRET_ARN, True),
    SecretKeyErased("SECRAAAAAAAAAAAAAAAAA"),
)
