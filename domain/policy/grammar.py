"""The grammar of a whole document and of its statements. One walk serves both doors: `Reading` decides whether a fault is refused
or noted. POLICY_EVALUATION 2.6; IAM User Guide, "Grammar of the IAM JSON policy language".
"""

from typing import Final

from muniment.domain.policy import grammar_elements
from muniment.domain.policy.grammar_conditions import conditions
from muniment.domain.policy.grammar_elements import NO_ACTIONS, NO_RESOURCES
from muniment.domain.policy.grammar_principals import principals
from muniment.domain.policy.json_text import ArrayNode, Node, ObjectNode, StringNode
from muniment.domain.policy.reading import SYNTAX, Reading, members, shown
from muniment.domain.policy.statements import Kind, PolicyDocument, Principals, Statement, Verdict
from muniment.domain.policy.variables import VARIABLES_SINCE

VERSION_WHEN_ABSENT: Final = "2008-10-17"
VERSIONS: Final = (VARIABLES_SINCE, VERSION_WHEN_ABSENT)
DOCUMENT_ELEMENTS: Final = ("Version", "Id", "Statement")
STATEMENT_ELEMENTS: Final = (
    "Sid",
    "Effect",
    "Principal",
    "NotPrincipal",
    "Action",
    "NotAction",
    "Resource",
    "NotResource",
    "Condition",
)
SID_NOT_UNIQUE: Final = "Statement IDs (SID) in a single policy must be unique."
SID_CHARACTERS: Final = (
    "Statement IDs (SID) must be alpha-numeric. Check that your input satisfies the regular expression [0-9A-Za-z]*"
)
NO_PRINCIPAL_HERE: Final = "Policy document should not specify a principal."
NO_PRINCIPAL: Final = "Missing required field Principal"
NOT_THIS_TYPE: Final = "The provided policy document does not meet the requirements of the specified policy type."
EVERYTHING: Final = ("*",)
EVERYONE: Final = Principals(everyone=True)


def document(reading: Reading, root: Node) -> PolicyDocument:
    """The document that a JSON tree says."""
    if not isinstance(root, ObjectNode):
        reading.not_understood(SYNTAX, "a policy is a JSON object", root.start)
        return closed(reading.kind, reading.unknown)
    elements = members(root)
    for member in root.members:
        if member.name not in DOCUMENT_ELEMENTS:
            reading.not_understood(SYNTAX, f"unknown element `{shown(member.name)}`", member.start)
    version_known = _version(reading, elements.get("Version"))
    identifier = _text(reading, "Id", elements.get("Id"))
    common = tuple(reading.unknown)
    body = elements.get("Statement")
    items = body.items if isinstance(body, ArrayNode) else (body,) if body is not None else ()
    if not items:
        reading.not_understood(
            SYNTAX, "a policy needs at least one statement", root.start if body is None else body.start
        )
        return closed(reading.kind, reading.unknown)
    statements = tuple(_statement(reading, index, item, common, version_known) for index, item in enumerate(items))
    _check_sids(reading, items)
    return PolicyDocument(reading.kind, reading.version, statements, identifier)


def closed(kind: Kind, unknown: list[str]) -> PolicyDocument:
    """What a document means of which nothing is understood: it might have denied anything, so it does (SECURITY rule 1)."""
    return PolicyDocument(
        kind, VARIABLES_SINCE, (_deny_everything(kind, Statement(0, Verdict.DENY, unknown=tuple(unknown))),)
    )


def _deny_everything(kind: Kind, known: Statement) -> Statement:
    """A Deny whose every element is unknown: it matches whatever it might have matched."""
    return Statement(
        index=known.index,
        verdict=Verdict.DENY,
        sid=known.sid,
        actions=EVERYTHING,
        resources=None if kind is Kind.TRUST else EVERYTHING,
        principals=EVERYONE if kind.names_principals else None,
        unknown=known.unknown,
        start=known.start,
        end=known.end,
    )


def _version(reading: Reading, node: Node | None) -> bool:
    """Note the Version, and answer whether it is one we know; absent it is 2008-10-17 (2.6)."""
    reading.version = VERSION_WHEN_ABSENT
    if node is None:
        return True
    if isinstance(node, StringNode) and node.text in VERSIONS:
        reading.version = node.text
        return True
    reading.not_understood(SYNTAX, f"element `Version` must be one of {', '.join(VERSIONS)}", node.start)
    return False


def _text(reading: Reading, name: str, node: Node | None) -> str:
    """An element that must be a string where it is given."""
    if node is None:
        return ""
    if isinstance(node, StringNode):
        return node.text
    reading.not_understood(SYNTAX, f"element `{name}` must be a string", node.start)
    return ""


def _statement(reading: Reading, index: int, node: Node, common: tuple[str, ...], version_known: bool) -> Statement:
    """One statement. `common` is what was not understood about the whole document."""
    reading.unknown = list(common)
    start, end = reading.lines.place(node.start), reading.lines.place(node.end)
    if not isinstance(node, ObjectNode):
        reading.not_understood(SYNTAX, "a statement is a JSON object", node.start)
        unknown = tuple(reading.unknown)
        return _deny_everything(reading.kind, Statement(index, Verdict.DENY, unknown=unknown, start=start, end=end))
    elements = members(node)
    for member in node.members:
        if member.name not in STATEMENT_ELEMENTS:
            reading.not_understood(SYNTAX, f"unknown element `{shown(member.name)}`", member.start)
    verdict = _effect(reading, node, elements.get("Effect"))
    sid = _text(reading, "Sid", elements.get("Sid"))
    who, not_who = _principals(reading, node, elements, verdict)
    actions, not_actions = _actions(reading, node, elements)
    resources, not_resources = _resources(reading, node, elements)
    tests = conditions(reading, elements["Condition"]) if "Condition" in elements else ()
    if reading.kind is Kind.RCP:
        _check_rcp(reading, node, verdict, elements)
    statement = Statement(
        index,
        verdict,
        sid,
        actions,
        not_actions,
        resources,
        not_resources,
        who,
        not_who,
        tests,
        tuple(reading.unknown),
        start,
        end,
    )
    return statement if version_known or verdict is Verdict.ALLOW else _deny_everything(reading.kind, statement)


def _effect(reading: Reading, statement: ObjectNode, node: Node | None) -> Verdict:
    """Exactly `Allow` or `Deny`. What is neither might have been a Deny, so it is taken for one."""
    if isinstance(node, StringNode) and node.text in ("Allow", "Deny"):
        return Verdict(node.text)
    place = statement.start if node is None else node.start
    reading.not_understood(SYNTAX, "element `Effect` must be `Allow` or `Deny`", place)
    return Verdict.DENY


def _actions(
    reading: Reading, statement: ObjectNode, elements: dict[str, Node]
) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """Exactly one of Action and NotAction; where neither is understood, every action."""
    if _both(reading, statement, elements, "Action", "NotAction"):
        return EVERYTHING, None
    for name in ("Action", "NotAction"):
        if name in elements:
            found = grammar_elements.actions(reading, name, elements[name])
            if found is None:
                return EVERYTHING, None
            return (found, None) if name == "Action" else (None, found)
    reading.not_understood(NO_ACTIONS, "element `Action` is missing", statement.start)
    return EVERYTHING, None


def _resources(
    reading: Reading, statement: ObjectNode, elements: dict[str, Node]
) -> tuple[tuple[str, ...] | None, tuple[str, ...] | None]:
    """Exactly one of Resource and NotResource, or none in a trust policy; where neither is understood, every resource."""
    if reading.kind is Kind.TRUST:
        for name in ("Resource", "NotResource"):
            if name in elements:
                reading.not_understood(f"Has prohibited field {name}", f"element `{name}`", elements[name].start)
        return None, None
    if _both(reading, statement, elements, "Resource", "NotResource"):
        return EVERYTHING, None
    for name in ("Resource", "NotResource"):
        if name in elements:
            found = grammar_elements.resources(reading, name, elements[name])
            if found is None:
                return EVERYTHING, None
            return (found, None) if name == "Resource" else (None, found)
    reading.not_understood(NO_RESOURCES, "element `Resource` is missing", statement.start)
    return EVERYTHING, None


def _principals(
    reading: Reading, statement: ObjectNode, elements: dict[str, Node], verdict: Verdict
) -> tuple[Principals | None, Principals | None]:
    """Exactly one of Principal and NotPrincipal in a policy of a resource, none elsewhere; not understood, everyone."""
    given = [name for name in ("Principal", "NotPrincipal") if name in elements]
    if not reading.kind.names_principals:
        for name in given:
            reading.not_understood(NO_PRINCIPAL_HERE, f"Has prohibited field {name}", elements[name].start)
        return None, None
    if _both(reading, statement, elements, "Principal", "NotPrincipal"):
        return EVERYONE, None
    if not given:
        reading.not_understood(NO_PRINCIPAL, "element `Principal` is missing", statement.start)
        return EVERYONE, None
    name = given[0]
    node = elements[name]
    found = principals(reading, name, node)
    if name == "NotPrincipal" and reading.kind is not Kind.RESOURCE:
        reading.not_understood("Has prohibited field NotPrincipal", "element `NotPrincipal`", node.start)
        return EVERYONE, None
    if name == "NotPrincipal" and verdict is Verdict.ALLOW:
        reading.not_wanted(SYNTAX, "element `NotPrincipal` with effect `Allow`", node.start)
    if found is None:
        return EVERYONE, None
    return (found, None) if name == "Principal" else (None, found)


def _both(reading: Reading, statement: ObjectNode, elements: dict[str, Node], one: str, other: str) -> bool:
    """Whether two elements that exclude each other are both given."""
    if one not in elements or other not in elements:
        return False
    reading.not_understood(SYNTAX, f"elements `{one}` and `{other}` exclude each other", statement.start)
    return True


def _check_rcp(reading: Reading, statement: ObjectNode, verdict: Verdict, elements: dict[str, Node]) -> None:
    """A resource control policy that a customer writes only denies, and names everyone and no bare `*` action.

    Source: AWS Organizations User Guide, "RCP syntax".
    """
    who = elements.get("Principal")
    action = elements.get("Action")
    listed = action.items if isinstance(action, ArrayNode) else (action,)
    faults = {
        "element `Effect` must be `Deny`": verdict is Verdict.ALLOW,
        'element `Principal` must be "*"': not (isinstance(who, StringNode) and who.text == "*"),
        "element `NotAction`": "NotAction" in elements,
        'action "*"': any(isinstance(item, StringNode) and item.text == "*" for item in listed),
    }
    for detail, wrong in faults.items():
        if wrong:
            reading.not_wanted(NOT_THIS_TYPE, detail, statement.start)


def _check_sids(reading: Reading, items: tuple[Node, ...]) -> None:
    """Sids hold letters and digits, and each is used once (2.6). An empty one is none."""
    seen: set[str] = set()
    for item in items:
        sid = members(item).get("Sid") if isinstance(item, ObjectNode) else None
        if not isinstance(sid, StringNode) or not sid.text:
            continue
        if not (sid.text.isascii() and sid.text.isalnum()):
            reading.not_wanted(SID_CHARACTERS, f"element `Sid` is `{shown(sid.text)}`", sid.start)
        if sid.text in seen:
            reading.not_wanted(SID_NOT_UNIQUE, f"element `Sid` `{shown(sid.text)}` is given twice", sid.start)
        seen.add(sid.text)
