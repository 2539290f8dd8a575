"""Attachments, inline policies and permissions boundaries of the three kinds of entity (FEATURES 1b)."""

import pytest

from muniment.commands.iam import attachments, inline, permissions_boundaries
from muniment.domain.account.groups import GroupCreated
from muniment.domain.account.policies import PolicyCreated
from muniment.domain.account.roles import RoleCreated
from muniment.domain.account.users import UserCreated
from muniment.domain.errors import InvalidInput, LimitExceeded, MalformedPolicyDocument, NoSuchEntity
from tests.commands.given import ACCOUNT, ALLOW, DENY, ROOT, House, after, arn, now, policy_arn, refused, trust

READ = policy_arn("Read")
ADMIN = "arn:aws:iam::aws:policy/AdministratorAccess"
ENTITIES = (
    PolicyCreated("Read", "ANPA1", ALLOW),
    UserCreated("Ana", "AIDAANA", tags={"Team": "blue"}),
    GroupCreated("Ops", "AGPAOPS"),
    RoleCreated("App", "AROAAPP", trust(ACCOUNT)),
)
KINDS = [("User", "Ana"), ("Group", "Ops"), ("Role", "App")]
BOUNDED = [("User", "Ana"), ("Role", "App")]


def command(module, verb, kind, noun, name, **parameters):
    return getattr(module, f"{verb}{kind}{noun}")(**{f"{kind.lower()}_name": name}, **parameters)


def entity(account, kind, name):
    return getattr(account, kind.lower())(name)


@pytest.mark.parametrize(("kind", "name"), KINDS)
class TestAttachments:
    def attach(self, kind, name, policy=READ):
        return command(attachments, "Attach", kind, "Policy", name, policy_arn=policy)

    def detach(self, kind, name, policy=READ):
        return command(attachments, "Detach", kind, "Policy", name, policy_arn=policy)

    def test_a_policy_is_attached_once(self, kind, name):
        house = House(after(*ENTITIES))
        assert house.do(self.attach(kind, name.upper())) == {}
        assert entity(house.account, kind, name).attached == (READ,)
        assert house.account.attachments == {READ: 1}
        assert self.attach(kind, name).decide(house.account, now()) is None

    def test_policies_of_aws_are_counted_too(self, kind, name):
        house = House(after(*ENTITIES))
        house.do(self.attach(kind, name, ADMIN))
        assert house.account.attachments == {ADMIN: 1}

    def test_a_detached_policy_is_not_counted(self, kind, name):
        house = House(after(*ENTITIES))
        house.do(self.attach(kind, name))
        house.do(self.detach(kind, name))
        assert (entity(house.account, kind, name).attached, house.account.attachments) == ((), {})

    def test_detaching_what_is_not_attached_is_refused(self, kind, name):
        with refused(NoSuchEntity, f"Policy {READ} was not found."):
            self.detach(kind, name).decide(after(*ENTITIES), now())

    @pytest.mark.parametrize(
        "missing", [policy_arn("None"), "arn:aws:iam::aws:policy/None", READ.replace("1234", "4321")]
    )
    def test_a_missing_policy_is_not_attached(self, kind, name, missing):
        with refused(NoSuchEntity, f"Policy {missing} does not exist or is not attachable."):
            self.attach(kind, name, missing).decide(after(*ENTITIES), now())

    def test_what_is_no_policys_arn_is_not_attached(self, kind, name):
        with refused(InvalidInput, f"ARN {arn('user', 'Ana')} is not valid."):
            self.attach(kind, name, arn("user", "Ana")).decide(after(*ENTITIES), now())

    def test_one_attachment_more_than_the_quota_is_refused(self, kind, name):
        most = {"User": 20, "Group": 10, "Role": 20}[kind]
        house = House(after(*ENTITIES, *(PolicyCreated(f"p{n}", f"ANPAP{n}", ALLOW) for n in range(most))))
        for n in range(most):
            house.do(self.attach(kind, name, policy_arn(f"p{n}")))
        assert self.attach(kind, name, policy_arn("p0")).decide(house.account, now()) is None
        with refused(LimitExceeded, f"Cannot exceed quota for PoliciesPer{kind}: {most}"):
            self.attach(kind, name).decide(house.account, now())

    def test_the_entity_must_exist(self, kind, name):
        with refused(NoSuchEntity, f"The {kind.lower()} with name ghost cannot be found."):
            self.attach(kind, "ghost").decide(after(*ENTITIES), now())

    def test_the_gate_is_told_the_policy(self, kind, name):
        for asked in (self.attach(kind, name), self.detach(kind, name)):
            (resource,) = asked.resources(after(*ENTITIES), ROOT)
            assert resource.arn == arn(kind.lower(), name)
            assert resource.context["iam:PolicyARN"] == (READ,)


@pytest.mark.parametrize(("kind", "name"), KINDS)
class TestInlinePolicies:
    def put(self, kind, name, policy="p", document=ALLOW):
        return command(inline, "Put", kind, "Policy", name, policy_name=policy, policy_document=document)

    def delete(self, kind, name, policy="p"):
        return command(inline, "Delete", kind, "Policy", name, policy_name=policy)

    def test_a_policy_is_put_and_replaced_and_deleted(self, kind, name):
        house = House(after(*ENTITIES))
        house.do(self.put(kind, name))
        assert entity(house.account, kind, name).inline == {"p": ALLOW}
        assert self.put(kind, name).decide(house.account, now()) is None
        house.do(self.put(kind, name, document=DENY))
        assert entity(house.account, kind, name).inline == {"p": DENY}
        house.do(self.delete(kind, name))
        assert entity(house.account, kind, name).inline == {}

    def test_a_missing_inline_policy_is_not_deleted(self, kind, name):
        with refused(NoSuchEntity, f"The {kind.lower()} policy with name p cannot be found."):
            self.delete(kind, name).decide(after(*ENTITIES), now())

    def test_the_quota_is_on_the_sum_of_all_inline_policies(self, kind, name):  # POLICY_EVALUATION 2.7
        most = {"User": 2_048, "Group": 5_120, "Role": 10_240}[kind]
        house = House(after(*ENTITIES))
        count, rest = divmod(most, len(ALLOW))
        for n in range(count):
            house.do(self.put(kind, name, f"p{n}", ALLOW + "\n \t"))
        assert self.put(kind, name, "p0", DENY).decide(house.account, now()) is not None
        assert rest < len(ALLOW)
        with refused(LimitExceeded, f"Maximum policy size of {most} bytes exceeded for {kind.lower()} {name}"):
            self.put(kind, name, "one-more").decide(house.account, now())

    def test_a_malformed_document_is_refused(self, kind, name):
        with pytest.raises(MalformedPolicyDocument):
            self.put(kind, name, document=trust(ACCOUNT)).decide(after(*ENTITIES), now())


@pytest.mark.parametrize(("kind", "name"), BOUNDED)
class TestPermissionsBoundaries:
    def put(self, kind, name, policy=READ):
        return command(permissions_boundaries, "Put", kind, "PermissionsBoundary", name, permissions_boundary=policy)

    def delete(self, kind, name):
        return command(permissions_boundaries, "Delete", kind, "PermissionsBoundary", name)

    def test_there_is_one_boundary_which_is_counted_apart_from_attachments(self, kind, name):
        house = House(after(*ENTITIES))
        house.do(self.put(kind, name))
        assert self.put(kind, name).decide(house.account, now()) is None
        house.do(self.put(kind, name, ADMIN))
        assert entity(house.account, kind, name).boundary == ADMIN
        assert (house.account.bounds, house.account.attachments) == ({ADMIN: 1}, {})
        house.do(self.delete(kind, name))
        assert (entity(house.account, kind, name).boundary, house.account.bounds) == ("", {})

    def test_removing_what_is_not_there_changes_nothing(self, kind, name):
        assert self.delete(kind, name).decide(after(*ENTITIES), now()) is None

    def test_a_boundary_must_exist_and_be_a_managed_policy(self, kind, name):
        missing = policy_arn("None")
        with refused(NoSuchEntity, f"Scope ARN: {missing} does not exist or is not attachable."):
            self.put(kind, name, missing).decide(after(*ENTITIES), now())
        with refused(InvalidInput, f"ARN {arn('role', 'App')} is not valid."):
            self.put(kind, name, arn("role", "App")).decide(after(*ENTITIES), now())

    def test_the_gate_is_told_the_boundary_that_is_and_the_one_to_be(self, kind, name):
        # Service Authorization Reference, IAM: iam:PermissionsBoundary on these actions
        house = House(after(*ENTITIES))
        house.do(self.put(kind, name, ADMIN))
        (put,) = self.put(kind, name).resources(house.account, ROOT)
        assert put.context["iam:PermissionsBoundary"] == (READ,)
        held = [
            self.delete(kind, name),
            command(attachments, "Attach", kind, "Policy", name, policy_arn=READ),
            command(attachments, "Detach", kind, "Policy", name, policy_arn=READ),
            command(inline, "Put", kind, "Policy", name, policy_name="p", policy_document=ALLOW),
            command(inline, "Delete", kind, "Policy", name, policy_name="p"),
        ]
        for asked in held:
            (resource,) = asked.resources(house.account, ROOT)
            assert resource.context["iam:PermissionsBoundary"] == (ADMIN,)
            (absent,) = asked.resources(after(*ENTITIES), ROOT)
            assert "iam:PermissionsBoundary" not in absent.context
