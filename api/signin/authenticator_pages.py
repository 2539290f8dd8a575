"""Pages on which whoever is signed in makes an authenticator app a second factor: a name, a QR code, two codes."""

from typing import Any

from muniment.api.aws.http import HTTPAnswer
from muniment.api.signin.account_pages import to_confirm
from muniment.api.signin.callers import caller_of
from muniment.api.signin.pages import Page
from muniment.api.signin.registration import check_name
from muniment.api.signin.sensitive import check_recent
from muniment.api.signin.services import SignInServices
from muniment.api.signin.visit import Visit
from muniment.commands.command import Command
from muniment.commands.iam.mfa import EnableMFADevice
from muniment.commands.iam.mfa_devices import CreateVirtualMFADevice, label_of
from muniment.commands.iam.qr import qr_svg
from muniment.commands.signin.standing import Signed
from muniment.commands.task import Context, Outcome
from muniment.domain.errors import ReauthenticationRequired, Refused

PATH, TITLE = "/signin/authenticator", "Add an authenticator app"
GROUP = 4  # characters of the key between spaces, for those who type it
SERIAL_CHARACTERS_MAX = 256  # botocore's model of EnableMFADevice


class AuthenticatorPages:
    """What CreateVirtualMFADevice and EnableMFADevice do, in three pages, under the same permissions."""

    def __init__(self, services: SignInServices, region: str) -> None:
        self._services, self._region = services, region

    def routes(self) -> dict[tuple[str, str], Page]:
        """The pages, by method and path."""
        return {
            ("GET", PATH): self._begin,
            ("POST", PATH): self._create,
            ("POST", f"{PATH}/codes"): self._enable,
        }

    def _begin(self, visit: Visit) -> HTTPAnswer:
        signed = visit.must_be_signed()
        if not signed.is_recent(self._services.house.now()):
            return to_confirm(visit, PATH)
        return visit.page("authenticator.html", TITLE, name=signed.principal.name or "root")

    def _create(self, visit: Visit) -> HTTPAnswer:
        form, signed = visit.form(), visit.must_be_signed()
        name = form.get("name", "")
        try:
            check_name(name)
            made = self._execute(visit, signed, CreateVirtualMFADevice(virtual_mfa_device_name=name))
        except ReauthenticationRequired:
            return to_confirm(visit, PATH)
        except Refused as refused:
            return visit.page("authenticator.html", TITLE, status=refused.status, problem=refused.message, name=name)
        device = made.result["VirtualMFADevice"]
        seed, serial = device["Base32StringSeed"].decode(), device["SerialNumber"]
        picture = qr_svg(seed, label_of(signed.principal.account, serial))
        key = " ".join(seed[at : at + GROUP] for at in range(0, len(seed), GROUP))
        return visit.page("authenticator_codes.html", TITLE, serial=serial, picture=picture, seed=key)

    def _enable(self, visit: Visit) -> HTTPAnswer:
        form, signed = visit.form(), visit.must_be_signed()
        serial = form.get("serial", "")[:SERIAL_CHARACTERS_MAX]
        command = EnableMFADevice(
            user_name=signed.principal.name,
            serial_number=serial,
            authentication_code1=form.get("code1", "").replace(" ", ""),
            authentication_code2=form.get("code2", "").replace(" ", ""),
        )
        try:
            self._execute(visit, signed, command)
        except ReauthenticationRequired:
            return to_confirm(visit, PATH)
        except Refused as refused:
            values: dict[str, Any] = {"problem": refused.message, "serial": serial, "picture": "", "seed": ""}
            return visit.page("authenticator_codes.html", TITLE, status=refused.status, **values)
        return visit.go("/signin/account")

    def _execute(self, visit: Visit, signed: Signed, command: Command[Any]) -> Outcome:
        """Raises ReauthenticationRequired and whatever the command refuses with."""
        house = self._services.house
        check_recent(signed, house.now())
        caller = caller_of(signed, visit.http, visit.peer, self._region, house.now())
        outcome = house.ledger.execute(command, Context(caller, visit.request_id))
        house.wait(outcome.position)
        return outcome
