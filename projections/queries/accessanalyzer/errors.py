"""Refusals of the service Access Analyzer, as its API reference names them."""

from muniment.domain.errors import Refused


class InvalidParameter(Refused):
    """A policy, an action or a resource of a check is not well formed."""

    code = "InvalidParameterException"
