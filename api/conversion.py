"""A call's parameters as the action's class, checked against AWS's models, or our own fields where AWS has no such action."""

from typing import Any, Final

import msgspec

from muniment.api.aws import models, validation
from muniment.domain.errors import ValidationError

NAME_CHARACTERS_MAX: Final = 128


def converted(kind: type[Any], service: str, action: str, given: dict[str, Any]) -> Any:
    """The command or query. Raises ValidationError, in AWS's words."""
    model = models.service(service)
    operation = model.operation(action) if model is not None else None
    params = _known(kind, given) if operation is None else validation.validate(operation, given)
    try:
        return msgspec.convert(params, kind)
    except msgspec.ValidationError as error:
        raise ValidationError(f"1 validation error detected: {error}") from None


def _known(kind: type[Any], params: dict[str, Any]) -> dict[str, Any]:
    """The parameters of an action of our own, which AWS's models do not know. Raises ValidationError for one it has not."""
    if unknown := params.keys() - set(kind.__struct_encode_fields__):
        raise ValidationError(f"1 validation error detected: unknown parameter {min(unknown)[:NAME_CHARACTERS_MAX]}")
    return params
