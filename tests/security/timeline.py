"""The audit timeline of an account, asked as its own root."""

import json


def rows(wire, **question):
    """The rows that answer a question, newest first."""
    answer = wire.native("ListTimeline", {"MaxResults": 1_000, **question}, service="muniment")
    assert answer.status == 200, answer
    return json.loads(answer.text)["Rows"]
