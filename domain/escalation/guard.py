"""The guard against escalation: nobody gives, to itself or others, more than it may do itself. SECURITY rule 4.

Two states of an account are compared, so that no way of granting is forgotten: whatever a command changed, each principal that may
do more by it may do no more than the granter, and whoever can be acted as from now on neither. It passes what is certain.
"""

from collections.abc import Iterator
from functools import cached_property

import msgspec

from muniment.domain.account.state import Account
from muniment.domain.escalation import entering
from muniment.domain.escalation.changes import Taken, reached, taken
from muniment.domain.escalation.excess import Escalation, Excess
from muniment.domain.escalation.granter import Granter
from muniment.domain.escalation.held import Held, document, entity, held, person
from muniment.domain.escalation.personal import mentions_who
from muniment.domain.escalation.tagged import ask_for_tags
from muniment.domain.ids import ROLE
from muniment.domain.policy.checks.person import ANYBODY, Person, concerning
from muniment.domain.policy.checks.result import TooComplex, Work
from muniment.domain.policy.checks.rights import ALL, NOTHING, Cover, Rights, cover, rights, uncovered
from muniment.domain.policy.checks.rules import Box, Rule, rule_of
from muniment.domain.policy.statements import Statement, Verdict
from muniment.domain.policy.variables import MalformedVariable


def check(before: Account, after: Account, who: Granter) -> None:
    """Return where the change gives nobody more than the granter may do. Raises Escalation."""
    try:
        if before.escalation_guarded and not after.escalation_guarded:
            check_unrestricted(who)
        if who.rights is not None:
            _Comparison(before, after, who.id, who.rights).check()
    except TooComplex:
        raise Escalation("the policies are too complex to show that this gives nobody more") from None
    except MalformedVariable:
        raise Escalation("a policy holds a variable that cannot be read") from None


def check_unrestricted(who: Granter) -> None:
    """Only whoever may do everything switches the guard off. Raises Escalation, TooComplex."""
    if who.rights is not None and not cover(who.rights, NOTHING, Work()).covers(ALL, Work()):
        raise Escalation("only the root user and whoever may do everything may switch the guard off")


class _Comparison:
    """Two states and a granter."""

    def __init__(self, before: Account, after: Account, granter_id: str, granter: Rights) -> None:
        self.before, self.after, self.granter_id, self.granter = before, after, granter_id, granter
        self.work = Work()
        self.fine: dict[str, bool] = {}  # documents that give no more than the granter has, whoever holds them
        self.followed: set[str] = set()

    @cached_property
    def particular(self) -> list[entering.Door]:
        """The doors that let in somebody for who it is, but for those that name a principal by its id."""
        return [door for door in entering.doors(self.after) if door.asks_who or _names_session(door)]

    def check(self) -> None:
        """Raises Escalation, TooComplex, MalformedVariable."""
        for unique_id in reached(self.before, self.after):
            self._check_gain(unique_id)
            if unique_id.startswith(ROLE) and self._may_be_tagged_open(unique_id):
                self._check_reach(unique_id, "by its tags")
        for one in taken(self.before, self.after):
            if not self._is_own(one):
                self._check_reach(one.id, f"by {one.how}")

    def _is_own(self, one: Taken) -> bool:
        """Whether the granter acts as this one already: of a second factor that counts only for the first."""
        if one.id != self.granter_id:
            return False
        return not one.proof or not any(device.owner == one.id for device in self.before.mfa_devices.values())

    # -- what somebody gained ------------------------------------------------------------------------------------

    def _check_gain(self, unique_id: str) -> None:
        was, now = held(self.before, unique_id), held(self.after, unique_id)
        assert now is not None
        same = self._is_same_person(unique_id, was, now)
        added = [text for text in now.identity if was is None or text not in was.identity]
        if was is not None and self._is_loosened(was, now, same):
            added = list(now.identity)
        doubtful = [text for text in added if not self._is_fine(text)]
        if doubtful:
            gain = _Gain(self, unique_id, was, now, same)
            for text in doubtful:
                if (excess := gain.excess(text)) is not None:
                    raise Escalation(f"it would let {now.arn} do {excess.told}, which the caller may not itself do")
        self._check_doors(unique_id, added, same)

    def _is_same_person(self, unique_id: str, was: Held | None, now: Held) -> bool:
        """Whether all that policies may ask of who it is, is as it was."""
        if was is None:
            return False
        return person(self.before, unique_id, generous=True) == person(self.after, unique_id, generous=True) and (
            _tags(self.before, unique_id) == _tags(self.after, unique_id)
        )

    def _is_loosened(self, was: Held, now: Held, same: bool) -> bool:
        """Whether policies that stay may give more than they gave: another boundary, a Deny that is gone, another name or tag."""
        if was.boundary != now.boundary:
            return True
        gone = [text for text in was.identity if text not in now.identity]
        if any(one.verdict is Verdict.DENY for text in gone for one in document(text).statements):
            return True
        return not same and any(mentions_who(text) for text in (*now.identity, now.boundary or ""))

    def _is_fine(self, text: str) -> bool:
        """Whether a document gives nobody more than the granter has."""
        if (known := self.fine.get(text)) is None:
            holder = rights(((document(text),),), ANYBODY)
            covers = (cover(self.granter, holder, self.work),)
            known = all(uncovered(rule, holder, covers, self.work) is None for rule in holder.allowing[0])
            self.fine[text] = known
        return known

    def _check_doors(self, unique_id: str, added: list[str], same: bool) -> None:
        """Roles that let it in for who it is, and did not before: because its name or tags did not fit, or it might not assume
        roles."""
        particular = self.particular
        if not particular or (same and not added):
            return
        own = self._most(unique_id)
        new = rights((tuple(document(text) for text in added),), person(self.after, unique_id, generous=True))
        for door in particular:
            role_arn = self.after.role_arn(door.role)
            if not door.may_admit(self.after, unique_id):
                continue
            named = door.names(self.after, unique_id) or door.everyone
            may = named or (door.delegates(self.after) and entering.may_assume(own.allowing[0], role_arn, self.work))
            newly = not same or (not named and entering.may_assume(new.allowing[0], role_arn, self.work))
            if may and newly and not self._enters_too(door):
                self._check_reach(door.role.id, f"by letting {_arn(self.after, unique_id)} assume it")

    def _may_be_tagged_open(self, role_id: str) -> bool:
        """Whether a role has other tags, and somebody's permission to assume it may hang on those."""
        was, now = _tags(self.before, role_id), _tags(self.after, role_id)
        changed = {key for key in was.keys() | now.keys() if was.get(key) != now.get(key)}
        return bool(changed) and ask_for_tags(self.after, changed)

    # -- who can be acted as -------------------------------------------------------------------------------------

    def _check_reach(self, unique_id: str, how: str) -> None:
        """Whoever acts as this one may do no more than the granter, also by the roles that let it in for who it is."""
        if unique_id == self.after.number:
            raise Escalation(f"it would let somebody act as the root user {how}")
        queue = [unique_id]
        while queue:
            current = queue.pop()
            if current in self.followed:
                continue
            self.followed.add(current)
            own = self._most(current)
            covers = (cover(self.granter, own, self.work),)
            for rule in own.allowing[0]:
                if (box := uncovered(rule, own, covers, self.work)) is not None:
                    excess = Excess(_arn(self.after, current), box, rule.statement)
                    raise Escalation(
                        f"it would let somebody act as {_arn(self.after, unique_id)} {how}, and so do {excess.told}"
                        f"{self._by_way_of(unique_id, current)}, which the caller may not itself do"
                    )
            queue.extend(self._next(current, own))

    def _by_way_of(self, begin: str, end: str) -> str:
        return "" if begin == end else f" as {_arn(self.after, end)}"

    def _next(self, unique_id: str, own: Rights) -> Iterator[str]:
        """The roles that let it in where the granter would perhaps stay outside."""
        for door in entering.doors(self.after):
            if door.role.id in self.followed or self._enters_too(door):
                continue
            if entering.lets_in(door, self.after, unique_id, own, self.granter, self.work):
                yield door.role.id

    def _enters_too(self, door: entering.Door) -> bool:
        return door.role.id == self.granter_id or entering.surely_enters(
            door, self.after, self.granter_id, self.granter, self.work
        )

    def _most(self, unique_id: str) -> Rights:
        found = held(self.after, unique_id)
        layers = () if found is None else found.layers()
        return rights(layers or ((),), person(self.after, unique_id, generous=True))


class _Gain:
    """One principal before and after."""

    def __init__(self, about: _Comparison, unique_id: str, was: Held | None, now: Held, same: bool) -> None:
        self.about, self.arn, self.same = about, now.arn, same
        self.person = person(about.after, unique_id, generous=True)
        self.now = rights(now.layers(), self.person)
        self.covers = (cover(about.granter, self.now, about.work),)
        self.raw = rights(now.layers())
        then: Person | None = None if same else person(about.before, unique_id, generous=False)
        before = NOTHING if was is None else rights(was.layers(), then)
        self.before: Cover = cover(before, self.raw if same else self.now, about.work)

    def excess(self, text: str) -> Excess | None:
        """What of a document it may do now, and neither could before nor can the granter; None where there is nothing."""
        read = document(text)
        for statement in read.statements:
            if statement.verdict is Verdict.DENY or statement.unknown:
                continue
            for part in (statement,) if self._whole(statement, read.version) else _parts(statement):
                if (box := self._excess(part, read.version)) is not None:
                    return Excess(self.arn, box, statement)
        return None

    def _whole(self, statement: Statement, version: str) -> bool:
        return self._excess(statement, version) is None

    def _excess(self, statement: Statement, version: str) -> Box | None:
        work = self.about.work
        raw = rule_of(statement, version)
        if self.same and uncovered(raw, self.raw, (self.before,), work) is None:
            return None
        left = concerning(statement, version, self.person)
        if left is None:
            return None
        rule: Rule = rule_of(left, version)
        covers = self.covers if self.same else (*self.covers, self.before)
        return uncovered(rule, self.now, covers, work)


def _parts(statement: Statement) -> Iterator[Statement]:
    """The statement piece by piece, each with one action and one resource as far as they are listed."""
    for action in statement.actions or (None,):
        for resource in statement.resources or (None,):
            yield msgspec.structs.replace(
                statement,
                actions=None if action is None else (action,),
                resources=None if resource is None else (resource,),
            )


def _names_session(door: entering.Door) -> bool:
    named = () if door.statement.principals is None else door.statement.principals.aws
    return any(":assumed-role/" in name for name in named)


def _tags(account: Account, unique_id: str) -> dict[str, str]:
    found = entity(account, unique_id)
    return {} if found is None else found.tags


def _arn(account: Account, unique_id: str) -> str:
    found = held(account, unique_id)
    return unique_id if found is None else found.arn
