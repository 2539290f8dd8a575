"""AuthZEN's words as the engine's: whose ids may be read as what, which properties count, and what a search must not do."""

import pytest

from muniment.domain.account.applications import (
    ApplicationEntityPut,
    ApplicationPolicyPut,
    ApplicationRegistered,
    ApplicationTypesChanged,
)
from muniment.domain.account.inline import RoleInlinePolicyPut
from muniment.domain.account.roles import RoleCreated
from muniment.domain.account.users import UserCreated
from muniment.domain.errors import MalformedPolicyDocument, ValidationError
from muniment.domain.policy.request import PrincipalKind
from muniment.domain.session import Passed
from muniment.projections.authzen import evaluating, searching
from muniment.projections.authzen.asking import Asker
from muniment.projections.authzen.questions import Batch, Deed, Entity, Options, Pages, Question, Search
from tests.golden.story.values import TRUST
from tests.projections.access.test_model import allow
from tests.projections.worlds import World

NUMBER = "111122223333"
NOW = 1_700_000_000_000_000
ANA_ID = "AIDAAAAAAAAAAAAAAAANA"
ADMIN_ARN = f"arn:aws:iam::{NUMBER}:user/admin"
RECORD = Entity("record", "1")
READ = Deed("read")


def asker(*facts, now=NOW, number=NUMBER):
    return Asker(World(*facts).access, number, now)


CRM = ApplicationRegistered("crm", ("customer",), {"record": ("read", "write")})
PEOPLE = (UserCreated("ana", ANA_ID), UserCreated("admin", "AIDAADMIN"))
ADMINS = ApplicationPolicyPut(
    "crm", "admins", "customer", allow("app:*", StringEquals={"authzen:subject/role": "admin"})
)


def decide(asking, subject, resource=RECORD, action=READ, **more):
    return bool(evaluating.evaluate(asking, Question(subject, action, resource, **more)))


@pytest.mark.parametrize("name", [ADMIN_ARN, "arn:muniment:app::111122223333:customer/other", "*", "admin"])
def test_the_id_of_an_applications_subject_is_never_read_as_anybody_else(name):
    asking = asker(CRM, *PEOPLE)
    found = asking.principal(Entity("customer", name))
    assert found.kind is PrincipalKind.APPLICATION
    assert found.arn == f"arn:muniment:app::{NUMBER}:customer/{name}"


@pytest.mark.parametrize("name", ["arn:muniment:app::111122223333:secret/1", "*", "a/b", "../x"])
def test_the_id_of_an_applications_resource_is_never_read_as_another(name):
    assert asker(CRM).resource(Entity("record", name)) == f"arn:muniment:app::{NUMBER}:record/{name}"


@pytest.mark.parametrize("kind", ["a/b", "a:b", "", "*", "a b", "x" * 65])
def test_a_type_that_could_be_taken_for_anothers_id_is_refused(kind):
    with pytest.raises(ValidationError):
        asker(CRM).resource(Entity(kind, "1"))


def test_iams_users_are_told_by_their_own_type_where_an_application_takes_the_name():
    world = World(*PEOPLE)
    before = Asker(world.access, NUMBER, NOW)
    assert before.principal(Entity("user", "ana")).unique_id == ANA_ID
    world.happened(ApplicationRegistered("app", ("user",)))
    later = Asker(world.access, NUMBER, NOW)
    assert later.principal(Entity("user", "ana")).kind is PrincipalKind.APPLICATION
    assert later.principal(Entity("user", ADMIN_ARN)).kind is PrincipalKind.APPLICATION
    assert later.principal(Entity("iam:user", "ana")).unique_id == ANA_ID
    assert later.principal(Entity("iam:user", ADMIN_ARN)).unique_id == "AIDAADMIN"


def test_roles_and_the_account_are_subjects_of_the_account_asked_in_only():
    asking = asker(*PEOPLE, RoleCreated("app", "AROAAPP", TRUST % ANA_ID))
    assert asking.principal(Entity("role", "app")).issuer_id == "AROAAPP"
    assert asking.principal(Entity("account", NUMBER)).kind is PrincipalKind.ROOT
    for foreign in (Entity("account", "999988887777"), Entity("user", "arn:aws:iam::999988887777:user/x")):
        assert asking.principal(foreign) is None
    assert asking.principal(Entity("spaceship", "1")) is None
    assert asking.principal(Entity("session", "AROAAPP:s")) is None  # what was passed to it is not known here


def test_properties_of_the_question_count_before_those_made_known():
    known = ApplicationEntityPut("crm", "customer", "c", {"role": ("admin",)})
    asking = asker(CRM, ADMINS, known)
    assert decide(asking, Entity("customer", "c"))
    assert not decide(asking, Entity("customer", "c", {"role": "guest"}))
    assert not decide(asking, Entity("customer", "c", {"ROLE": "guest"}))  # in whatever case: both would count together
    assert not decide(asking, Entity("customer", "d"))
    assert decide(asking, Entity("customer", "d", {"role": "admin"}))


def test_a_subject_holds_the_policies_of_its_type_as_long_as_the_type_is_there():
    world = World(CRM, ADMINS)
    admin = Entity("customer", "c", {"role": "admin"})
    assert decide(Asker(world.access, NUMBER, NOW), admin)
    world.happened(ApplicationTypesChanged("crm", (), {"record": ()}))
    assert not decide(Asker(world.access, NUMBER, NOW), admin)


def test_two_accounts_share_no_types():
    assert asker(CRM, ADMINS, number="444455556666").principal(Entity("customer", "c")) is None


def test_the_time_is_known_unless_the_question_tells_another():
    until = allow("app:*", DateLessThan={"aws:CurrentTime": "2023-11-15T00:00:00Z"})
    asking = asker(CRM, ApplicationPolicyPut("crm", "p", "customer", until))
    assert decide(asking, Entity("customer", "c"))  # 2023-11-14T22:13:20Z
    later = {"AWS:currentTime": "2023-11-16T00:00:00Z"}
    assert not decide(asking, Entity("customer", "c"), context=later)


def test_a_context_is_read_anew_for_each_question_that_has_its_own():
    asking = asker(CRM, ApplicationPolicyPut("crm", "p", "customer", allow("*", StringEquals={"app:tenant": "a"})))
    subject = Entity("customer", "c")
    answers = [decide(asking, subject, context=given) for given in ({"app:tenant": "a"}, {"app:tenant": "b"}, None)]
    assert answers == [True, False, False]


def questions(*decisions):
    """A batch in which the given decisions fall."""
    return [Question(None, Deed("read" if yes else "write")) for yes in decisions]


@pytest.mark.parametrize(
    ("semantic", "expected"),
    [
        (None, [True, False, True, False]),
        ("execute_all", [True, False, True, False]),
        ("deny_on_first_deny", [True, False]),
        ("permit_on_first_permit", [True]),
    ],
)
def test_a_batch_ends_where_its_semantic_says(semantic, expected):
    asking = asker(CRM, ApplicationPolicyPut("crm", "p", "customer", allow("app:read")))
    batch = Batch(Entity("customer", "c"), None, RECORD, options=Options(semantic))
    batch.evaluations = questions(True, False, True, False)
    found = evaluating.evaluate_all(asking, evaluating.evaluations(batch), evaluating.semantic_of(batch))
    assert [evaluating.answer_of(outcome)["decision"] for outcome in found] == expected


def test_an_evaluation_that_cannot_be_asked_counts_as_a_denial():
    asking = asker(CRM)
    batch = Batch(None, None, RECORD, options=Options("deny_on_first_deny"), evaluations=questions(True, True))
    found = list(evaluating.evaluate_all(asking, evaluating.evaluations(batch), evaluating.semantic_of(batch)))
    assert [evaluating.answer_of(each)["context"]["error"]["status"] for each in found] == [400]


def test_a_batch_has_a_thousand_evaluations_at_most():
    assert len(evaluating.evaluations(Batch(evaluations=questions(*[True] * 1_000)))) == 1_000
    with pytest.raises(ValidationError):
        evaluating.evaluations(Batch(evaluations=questions(*[True] * 1_001)))
    with pytest.raises(ValidationError):
        evaluating.semantic_of(Batch(options=Options("whatever")))


ENTITIES = tuple(ApplicationEntityPut("crm", "record", f"r{number:03}") for number in range(57))
ODD = ApplicationPolicyPut(
    "crm", "odd", "customer", allow("app:read", resource=f"arn:muniment:app::{NUMBER}:record/*1")
)


def pages(asking, search, limit, look=searching.resources):
    found, token = [], ""
    while True:
        search.page = Pages(token, limit)
        answer = look(asking, search, b"k" * 32, NOW)
        found.append([each.get("id") or each["name"] for each in answer["results"]])
        token = answer["page"]["next_token"]
        if not token:
            return found


@pytest.mark.parametrize("limit", [1, 2, 5, 6, 7, 1_000])
def test_pages_hold_every_result_once_and_each_evaluates_true(limit):
    asking = asker(CRM, ODD, *ENTITIES)
    search = Search(Entity("customer", "c"), READ, Entity("record"))
    found = pages(asking, search, limit)
    flat = [each for page in found for each in page]
    assert flat == [f"r{number:03}" for number in range(57) if number % 10 == 1]
    assert all(len(page) <= limit for page in found)
    assert all(decide(asking, Entity("customer", "c"), Entity("record", each)) for each in flat)


def test_a_page_ends_when_enough_was_looked_at(monkeypatch):
    monkeypatch.setattr(searching, "LOOKED_AT_MAX", 10)
    asking = asker(CRM, ODD, *ENTITIES)
    found = pages(asking, Search(Entity("customer", "c"), READ, Entity("record")), 100)
    assert len(found) == 6
    assert [each for page in found for each in page] == [f"r{number:03}" for number in (1, 11, 21, 31, 41, 51)]


@pytest.mark.parametrize(
    "other",
    [
        Search(Entity("customer", "d"), READ, Entity("record")),
        Search(Entity("customer", "c"), Deed("write"), Entity("record")),
        Search(Entity("customer", "c"), READ, Entity("customer")),
        Search(Entity("customer", "c", {"a": 1}), READ, Entity("record")),
        Search(Entity("customer", "c"), READ, Entity("record"), context={"a": 1}),
    ],
)
def test_a_search_must_not_change_between_its_pages(other):
    asking = asker(CRM, ODD, *ENTITIES)
    first = Search(Entity("customer", "c"), READ, Entity("record", "ignored"), page=Pages(limit=1))
    token = searching.resources(asking, first, b"k" * 32, NOW)["page"]["next_token"]
    first.resource, first.page = Entity("record"), Pages(token, 3)
    assert len(searching.resources(asking, first, b"k" * 32, NOW)["results"]) == 3  # another limit is no other search
    other.page = Pages(token)
    with pytest.raises(ValidationError):
        searching.resources(asking, other, b"k" * 32, NOW)
    with pytest.raises(ValidationError):
        searching.resources(asking, first, b"x" * 32, NOW)  # SECURITY CVE row 30
    with pytest.raises(ValidationError):
        searching.subjects(asking, first, b"k" * 32, NOW)


def test_actions_of_a_service_are_searched_for_its_own_resources():
    from muniment.ops import actions as _actions  # noqa: F401 - importing it registers every command and query

    asking = asker(*PEOPLE)
    search = Search(Entity("account", NUMBER), None, Entity("user", ADMIN_ARN))
    found = [each for page in pages(asking, search, 1_000, searching.actions) for each in page]
    assert "iam:DeleteUser" in found
    assert all(name.startswith("iam:") for name in found)


def test_iams_own_entities_are_found_by_their_arns():
    asking = asker(*PEOPLE)
    search = Search(Entity("account", NUMBER), Deed("iam:GetUser"), Entity("user"))
    assert pages(asking, search, 10) == [[ADMIN_ARN, f"arn:aws:iam::{NUMBER}:user/ana"]]


SESSION_ARN = f"arn:aws:sts::{NUMBER}:assumed-role/app/job-7"
ROLE = (
    RoleCreated("app", "AROAAPP", TRUST % ANA_ID, path="/jobs/"),
    RoleInlinePolicyPut("app", "p", allow("s3:*")),
)
LETTER = Entity("object", "arn:aws:s3:::letters/a")


@pytest.mark.parametrize("name", [SESSION_ARN, "app/job-7"])
def test_a_session_is_limited_by_what_was_passed_to_it(name):
    # INTERFACES, AuthZEN, our profile: subject.type session
    asking = asker(*PEOPLE, *ROLE)

    def may(action, **properties):
        return decide(asking, Entity("session", name, properties), LETTER, Deed(action))

    assert may("s3:GetObject", policy_arns=[])
    assert may("s3:GetObject", policy=allow("s3:Get*"))
    assert not may("s3:PutObject", policy=allow("s3:Get*"))
    assert not may("s3:GetObject", policy_arns=[f"arn:aws:iam::{NUMBER}:policy/gone"])  # it may have held a Deny
    assert not may("iam:ListUsers", policy=allow("*"))


def test_a_session_that_does_not_say_what_was_passed_is_no_role():
    """An answer for its role would allow what the session may not."""
    asking = asker(*PEOPLE, *ROLE)
    for properties in (None, {}, {"team": "blue"}):
        with pytest.raises(ValidationError, match="what was passed"):
            decide(asking, Entity("session", SESSION_ARN, properties), LETTER, Deed("s3:GetObject"))
    for wrong in ({"policy": 1}, {"policy_arns": "x"}, {"policy_arns": ["x"]}):
        with pytest.raises(ValidationError):
            decide(asking, Entity("session", SESSION_ARN, wrong), LETTER, Deed("s3:GetObject"))
    with pytest.raises(MalformedPolicyDocument):
        decide(asking, Entity("session", SESSION_ARN, {"policy": "{"}), LETTER, Deed("s3:GetObject"))


@pytest.mark.parametrize(
    "name", ["app", "App/job-7", "app/", "app/a/b", "nobody/x1", "arn:aws:sts::999988887777:assumed-role/app/x1"]
)
def test_what_sts_would_not_give_out_is_no_session(name):
    asking = asker(*PEOPLE, *ROLE)
    question = Question(Entity("session", name, {"policy_arns": []}), Deed("s3:GetObject"), LETTER)
    assert evaluating.evaluate(asking, question) is None


def test_a_session_is_asked_about_by_its_roles_arn_and_its_policies_are_no_condition_keys():
    asking = asker(*PEOPLE, *ROLE)
    subject = Entity("session", SESSION_ARN, {"policy": allow("*"), "team": "blue"})
    assert asking.asked_about(subject) == f"arn:aws:iam::{NUMBER}:role/jobs/app"
    request = asking.request(Question(subject, Deed("s3:GetObject"), LETTER))
    assert request.principal.arn == SESSION_ARN
    assert [name for name in request.context if name.startswith("authzen:")] == ["authzen:subject/team"]


def test_what_was_passed_to_a_session_is_logged_with_its_decision():
    """A what-if question asks again: without its session policies it would be another request."""
    asking, noted = asker(*PEOPLE, *ROLE), []
    asking.access.note = lambda *one: noted.append(one)
    decide(asking, Entity("session", SESSION_ARN, {"policy": allow("s3:Get*")}), LETTER, Deed("s3:GetObject"))
    assert noted[0][3] == Passed(allow("s3:Get*"))


def test_the_actions_of_a_session_are_searched_within_its_policies():
    asking = asker(*PEOPLE, *ROLE, RoleInlinePolicyPut("app", "q", allow("iam:*")))
    subject = Entity("session", SESSION_ARN, {"policy": allow("iam:GetUser")})
    resource = Entity("user", f"arn:aws:iam::{NUMBER}:user/ana")
    found = searching.actions(asking, Search(subject, None, resource), b"s" * 32, NOW)
    assert found["results"] == [{"name": "iam:GetUser"}]


@pytest.mark.parametrize("own", [{"as_of": 1}, {"min_revision": 1}])
def test_one_of_many_evaluations_cannot_be_of_another_moment(own):
    """It once was answered for the moment of the others, as if it had not said so."""
    asking = asker(CRM, *PEOPLE)
    batch = Batch(Entity("customer", "c"), READ, RECORD, evaluations=[Question(**own), Question()])
    refused, answered = evaluating.evaluate_all(asking, evaluating.evaluations(batch), "execute_all")
    assert isinstance(refused, ValidationError)
    assert not isinstance(answered, ValidationError)
