"""What a refusal must say: code, HTTP status and message, as boto3 shows them."""

import re
from contextlib import contextmanager

import pytest
from botocore.exceptions import ClientError


@contextmanager
def refused(code, status=None, message=None):
    """The block is refused with this code, and with this whole message (a regular expression)."""
    with pytest.raises(ClientError) as caught:
        yield caught
    error = caught.value.response["Error"]
    assert error["Code"] == code, error
    if status is not None:
        assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    if message is not None:
        assert re.fullmatch(message, error["Message"]), error["Message"]
