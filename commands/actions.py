"""Every command there is: importing this module fills the COMMANDS registry."""

from muniment.commands.command import COMMANDS
from muniment.commands.iam import (
    access_keys,
    account_alias,
    attachments,
    groups,
    inline,
    permissions_boundaries,
    policies,
    policy_versions,
    roles,
    users,
)
from muniment.commands.muniment import accounts
from muniment.commands.organizations import organization

COMMAND_MODULES = (
    access_keys,
    account_alias,
    accounts,
    attachments,
    groups,
    inline,
    organization,
    permissions_boundaries,
    policies,
    policy_versions,
    roles,
    users,
)

__all__ = ["COMMANDS", "COMMAND_MODULES"]
