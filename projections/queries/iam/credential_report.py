"""GetCredentialReport: every user's passwords, keys and factors as a table of 22 columns (FEATURES 1j).

https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_getting-report.html
"""

import csv
import io
from datetime import UTC, datetime
from typing import Any, Final

from muniment.domain import arn
from muniment.domain.account.mfa import devices_of
from muniment.domain.account.proving import LoginProfile
from muniment.domain.account.state import AccessKey, Account
from muniment.domain.errors import ReportExpired, ReportNotPresent
from muniment.domain.resource import Resource
from muniment.projections.queries.iam import resources
from muniment.projections.queries.iam.query import IAMQuery
from muniment.projections.query import Asked, Views

FOUR_HOURS: Final = 4 * 3_600 * 1_000_000  # microseconds
ROOT_NAME: Final = "<root_account>"
NOT_APPLICABLE: Final = "N/A"
NOT_SUPPORTED: Final = "not_supported"
NO_INFORMATION: Final = "no_information"
_OF_KEY: Final = ("active", "last_rotated", "last_used_date", "last_used_region", "last_used_service")
COLUMNS: Final = (
    "user",
    "arn",
    "user_creation_time",
    "password_enabled",
    "password_last_used",
    "password_last_changed",
    "password_next_rotation",
    "mfa_active",
    *(f"access_key_{number}_{column}" for number in (1, 2) for column in _OF_KEY),
    *(f"cert_{number}_{column}" for number in (1, 2) for column in ("active", "last_rotated")),
)


def report(account: Account) -> str:
    """The table as CSV: root first, then the users by name."""
    out = io.StringIO()
    table = csv.writer(out, lineterminator="\n")
    table.writerow(COLUMNS)
    who = [ROOT_NAME, arn.root(account.number), _time(account.created)]
    table.writerow([*who, *_password(account, account.root_login, root=True), *_factors(account, account.number),
                    *_keys(account.root_keys)])  # fmt: skip
    for user in sorted(account.users.values(), key=lambda user: user.name.lower()):
        who = [user.name, account.user_arn(user), _time(user.created)]
        table.writerow(
            [*who, *_password(account, user.login, root=False), *_factors(account, user.id), *_keys(user.keys)]
        )
    return out.getvalue()


def _password(account: Account, login: LoginProfile | None, *, root: bool) -> list[str]:
    """Enabled, last used, last changed, next rotation. Of root the report knows the use only."""
    if root:
        used = _time(login.last_used) if login is not None and login.last_used else NO_INFORMATION
        return [NOT_SUPPORTED, used, NOT_SUPPORTED, NOT_SUPPORTED]
    if login is None:
        return ["false", NOT_APPLICABLE, NOT_APPLICABLE, NOT_APPLICABLE]
    expires = login.expires(account.password_policy)
    used = _time(login.last_used) if login.last_used else NO_INFORMATION
    return ["true", used, _time(login.changed), _time(expires) if expires else NOT_APPLICABLE]


def _factors(account: Account, unique_id: str) -> list[str]:
    return [_truth(bool(devices_of(account, unique_id)))]


def _keys(keys: tuple[AccessKey, ...]) -> list[str]:
    """Both keys, and both certificates, which nobody has."""
    cells: list[str] = []
    for number in range(2):
        key = keys[number] if number < len(keys) else None
        if key is None:
            cells += ["false", *[NOT_APPLICABLE] * 4]
            continue
        used = [_time(key.last_used), key.last_region, key.last_service] if key.last_used else [NOT_APPLICABLE] * 3
        cells += [_truth(key.active), _time(key.created), *(cell or NOT_APPLICABLE for cell in used)]
    return [*cells, "false", NOT_APPLICABLE, "false", NOT_APPLICABLE]


def _truth(value: bool) -> str:
    return "true" if value else "false"


def _time(moment: int) -> str:
    return datetime.fromtimestamp(moment // 1_000_000, UTC).isoformat()


class GetCredentialReport(IAMQuery, frozen=True, kw_only=True, rename="pascal"):
    """The credential report. https://docs.aws.amazon.com/IAM/latest/APIReference/API_GetCredentialReport.html"""

    def resources(self, views: Views, asked: Asked) -> tuple[Resource, ...]:
        return resources.ANY

    def answer(self, views: Views, asked: Asked) -> dict[str, Any]:
        account = self.account(views, asked)
        if not account.report_requested:
            raise ReportNotPresent("Credential report not present.")
        if asked.now - account.report_requested >= FOUR_HOURS:
            raise ReportExpired("Credential report has expired.")
        return {"Content": report(account).encode(), "ReportFormat": "text/csv", "GeneratedTime": asked.now}
