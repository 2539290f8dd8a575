"""What the pages and the JSON of the sign-in need; `ops/proving.py` fills it in."""

from dataclasses import dataclass, field

from muniment.api.signin.origins import Origins
from muniment.commands.signin.flow import SignIn
from muniment.commands.signin.house import House
from muniment.commands.signin.standing import Standing


@dataclass(frozen=True)
class SignInServices:
    """The parts."""

    house: House
    flow: SignIn
    standing: Standing
    form_key: bytes = field(repr=False)  # MACs the tokens of forms
    origins: Origins
