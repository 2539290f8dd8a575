"""AssumeRoleWithWebIdentity and AssumeRoleWithSAML: for whom an identity provider of the role's account vouches (FEATURES 1h)."""

from typing import Any, Final

import msgspec

from muniment.commands.iam.contexts import Keys, request_tags
from muniment.commands.iam.tags import Tag
from muniment.commands.sts.assuming import AssumingIssue, Beginning, default_duration
from muniment.commands.sts.issue import Accounts, Asking, Drawing, Vouched
from muniment.commands.sts.passing import session_tags
from muniment.domain.caller import Caller
from muniment.domain.errors import AccessDenied, ValidationError
from muniment.domain.federation import Federation, SAMLProof, WebProof
from muniment.domain.ledger import Actor
from muniment.domain.quotas import ROLE_SESSION_SECONDS_MAX, SESSION_SECONDS_MIN
from muniment.domain.session import Session, Step
from muniment.domain.session_errors import IDPRejectedClaim, InvalidIdentityToken

WEB_IDENTITY: Final = "WebIdentityUser"  # CloudTrail's userIdentity.type
SAML: Final = "SAMLUser"
SECOND: Final = 1_000_000  # microseconds


class FederatedIssue(AssumingIssue, frozen=True, kw_only=True, rename="pascal"):
    """An issue to somebody without credentials of ours: the proof is in the parameters."""

    signed = False

    def prove(self, stranger: Caller, accounts: Accounts, federation: Federation, now: int) -> Vouched:
        """Who it is, as the provider says. Raises Refused."""
        raise TypeError(f"{type(self).__name__} proves nothing")

    def begun(self, vouched: Vouched, accounts: Accounts, drawing: Drawing, name: str, seconds: int) -> Session:
        """The session of whom a proof vouches for."""
        proof = vouched.proof
        assert proof is not None
        tags = tuple(Tag(key, value) for key, value in proof.tags.items())
        return self.begin(
            accounts,
            drawing,
            Beginning(
                name=name,
                seconds=seconds,
                lineage=(Step(self.account_number(), proof.provider, "", drawing.now),),
                tags=session_tags(tags, proof.transitive, {}),
                transitive=proof.transitive,
                source_identity=proof.source_identity,
                provider=proof.provider,
                claims=claims_of(proof),
            ),
        )

    def questions(self, vouched: Vouched, accounts: Accounts, name: str) -> tuple[Asking, ...]:
        """This action, and that the provider's tags and source identity may be taken along."""
        proof = vouched.proof
        assert proof is not None
        keys: Keys = {"sts:RoleSessionName": (name,), **request_tags(proof.tags)}
        if proof.transitive:
            keys["sts:TransitiveTagKeys"] = proof.transitive
        if proof.source_identity:
            keys["sts:SourceIdentity"] = (proof.source_identity,)
        further = ["sts:TagSession"] if proof.tags else []
        further += ["sts:SetSourceIdentity"] if proof.source_identity else []
        return self.asking(accounts, keys, *further)


class AssumeRoleWithWebIdentity(FederatedIssue, frozen=True, kw_only=True, rename="pascal"):
    """Get credentials of a role for the bearer of an OpenID Connect ID token.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithWebIdentity.html
    """

    secret_parameters = frozenset({"web_identity_token"})

    role_session_name: str
    web_identity_token: str
    provider_id: str = ""

    def prove(self, stranger: Caller, accounts: Accounts, federation: Federation, now: int) -> Vouched:
        if self.provider_id:
            raise InvalidIdentityToken(
                "ProviderId is for OAuth 2.0 access tokens, which are not accepted: bring an ID token."
            )
        number = self.account_number()
        url = federation.issuer(self.web_identity_token)
        provider = next((each for each in accounts.account(number).oidc_providers.values() if each.url == url), None)
        if provider is None:
            raise InvalidIdentityToken(f"No OpenIDConnect provider found in your account for https://{url}")
        proof = federation.web_identity(self.web_identity_token, provider, now)
        who = f"{proof.provider}:{proof.audience}:{proof.subject}"
        return vouched(stranger, number, WEB_IDENTITY, who, proof)

    def asks(self, vouched: Vouched, accounts: Accounts) -> tuple[Asking, ...]:
        return self.questions(vouched, accounts, self.role_session_name)

    def session(self, vouched: Vouched, accounts: Accounts, drawing: Drawing) -> Session:
        return self.begun(vouched, accounts, drawing, self.role_session_name, default_duration(self.duration_seconds))

    def told(self, vouched: Vouched) -> dict[str, Any]:
        proof = vouched.proof
        assert isinstance(proof, WebProof)
        return {
            "SubjectFromWebIdentityToken": proof.subject,
            "Provider": proof.provider,
            "Audience": proof.audience,
        }


class AssumeRoleWithSAML(FederatedIssue, frozen=True, kw_only=True, rename="pascal"):
    """Get credentials of a role for whom a SAML assertion speaks of.

    https://docs.aws.amazon.com/STS/latest/APIReference/API_AssumeRoleWithSAML.html
    """

    secret_parameters = frozenset({"assertion"})

    principal_arn: str
    assertion: str = msgspec.field(name="SAMLAssertion")

    def prove(self, stranger: Caller, accounts: Accounts, federation: Federation, now: int) -> Vouched:
        number = self.account_number()
        provider = accounts.account(number).saml_providers.get(self.principal_arn)
        if provider is None:  # one of another account counts for nothing: it is the role's that must trust
            raise InvalidIdentityToken("Specified provider doesn't exist")
        proof = federation.saml(self.assertion, provider, self.role_arn, now)
        return vouched(stranger, number, SAML, f"{proof.provider}:{proof.subject}", proof)

    def asks(self, vouched: Vouched, accounts: Accounts) -> tuple[Asking, ...]:
        return self.questions(vouched, accounts, _saml(vouched).session_name)

    def session(self, vouched: Vouched, accounts: Accounts, drawing: Drawing) -> Session:
        """As long as is asked for, as the provider says, and as its own session lasts: the least of them."""
        proof = _saml(vouched)
        wanted = [each for each in (self.duration_seconds, proof.seconds) if each is not None]
        if proof.seconds is not None and not SESSION_SECONDS_MIN <= proof.seconds <= ROLE_SESSION_SECONDS_MAX:
            raise IDPRejectedClaim("SessionDuration in AuthnResponse must be from 900 to 43200 seconds")
        seconds = min(wanted) if wanted else default_duration(None)
        if proof.ends:
            seconds = min(seconds, (proof.ends - drawing.now) // SECOND)
        if seconds < SESSION_SECONDS_MIN:
            raise ValidationError(
                "The session of the SAML response ends too soon: a session lasts at least 900 seconds"
            )
        return self.begun(vouched, accounts, drawing, proof.session_name, seconds)

    def told(self, vouched: Vouched) -> dict[str, Any]:
        proof = _saml(vouched)
        return {
            "Subject": proof.subject,
            "SubjectType": proof.subject_type,
            "Issuer": proof.issuer,
            "Audience": proof.recipient,
        }


def vouched(stranger: Caller, account: str, kind: str, who: str, proof: WebProof | SAMLProof) -> Vouched:
    """The stranger as the one whom the proof vouches for, and the condition keys that it brings."""
    actor = Actor(account, "", who, kind, proof.subject, issuer_arn=proof.provider)
    context = {**stranger.context, **claims_of(proof), "aws:FederatedProvider": (proof.provider,)}
    return Vouched(msgspec.structs.replace(stranger, actor=actor, context=context, session=None), proof=proof)


def claims_of(proof: WebProof | SAMLProof) -> dict[str, tuple[str, ...]]:
    """The condition keys of a proof: IAM User Guide, "AWS STS context keys"; they stay with the session."""
    if isinstance(proof, SAMLProof):
        return {
            "saml:aud": (proof.recipient,),
            "saml:iss": (proof.issuer,),
            "saml:sub": (proof.subject,),
            "saml:sub_type": (proof.subject_type,),
        }
    keys = {f"{proof.issuer}:aud": (proof.audience,), f"{proof.issuer}:sub": (proof.subject,)}
    return keys | ({f"{proof.issuer}:amr": proof.methods} if proof.methods else {})


def _saml(vouched: Vouched) -> SAMLProof:
    if not isinstance(vouched.proof, SAMLProof):
        raise AccessDenied("Not authorized to perform sts:AssumeRoleWithSAML")
    return vouched.proof
