"""Every fact there is: importing this module fills the FACTS registry, which readers of the log need before they decode."""

from muniment.domain.account import (
    account,
    attachments,
    groups,
    inline,
    keys,
    permissions_boundaries,
    policies,
    roles,
    users,
)
from muniment.domain.activity import requests
from muniment.domain.ledger import FACTS
from muniment.domain.organization import state as organization
from muniment.domain.site import state as site

FACT_MODULES = (
    account,
    attachments,
    groups,
    inline,
    keys,
    organization,
    permissions_boundaries,
    policies,
    requests,
    roles,
    site,
    users,
)

__all__ = ["FACTS", "FACT_MODULES"]
