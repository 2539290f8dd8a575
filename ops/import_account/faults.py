"""What is wrong with a policy document, told before it is sent: the same grammar as the server's."""

from muniment.domain.errors import MalformedPolicyDocument
from muniment.domain.policy.document import Kind, parse_for_writing
from muniment.ops.import_account import documents
from muniment.ops.import_account.documents import Document


def fault(document: Document, kind: Kind) -> str:
    """Why the document would be refused; "" where its grammar is right."""
    try:
        parse_for_writing(documents.written(document), kind)
    except MalformedPolicyDocument as refused:
        return refused.message
    return ""
