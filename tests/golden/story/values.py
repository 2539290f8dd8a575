"""The names, numbers and documents of the story. Changing one changes pinned bytes: add new ones instead."""

from typing import Final

from muniment.domain.ledger import Actor, Sealed

ACCOUNT: Final = "123456789012"
NEW: Final = "210987654321"
ORGANIZATION: Final = "o-abcdefghijklmnop"
START: Final = 1_700_000_000_000_000  # microseconds
READ: Final = f"arn:aws:iam::{ACCOUNT}:policy/team/Read"
ADMIN: Final = "arn:aws:iam::aws:policy/AdministratorAccess"
ANA: Final = f"arn:aws:iam::{ACCOUNT}:user/ana"
ALLOW: Final = '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Action":"iam:Get*","Resource":"*"}]}'
DENY: Final = '{"Version":"2012-10-17","Statement":[{"Effect":"Deny","Action":"iam:*","Resource":"*"}]}'
TRUST: Final = (
    '{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"AWS":"%s"},"Action":"sts:AssumeRole"}]}'
)
USER_ID, GROUP_ID, ROLE_ID, POLICY_ID = (f"{prefix}AAAAAAAAAAAAAAAAA" for prefix in ("AIDA", "AGPA", "AROA", "ANPA"))
KEY, ROOT_KEY, ROOT_KEY_2 = (f"AKIAAAAAAAAAAAAAAAA{n}" for n in "AB2")
SECRET: Final = Sealed("key-1 nonce", b"\x00\x01ciphertext")
ACTOR: Final = Actor(
    ACCOUNT, ANA, USER_ID, "IAMUser", "ana", KEY, source=Sealed("key-1", b"address"), agent=Sealed("key-1", b"agent")
)
SECRET_2: Final = Sealed("key-1 nonce", b"\x00\x02ciphertext")
PHONE: Final = f"arn:aws:iam::{ACCOUNT}:mfa/phone"
SECURITY_KEY: Final = f"arn:aws:iam::{ACCOUNT}:u2f/user/ana/key"
SIGN_IN, SIGN_IN_2 = (f"018bcfe5-6800-7000-b000-00000000000{n}" for n in "12")
DIGEST, DIGEST_2, DIGEST_3 = (letter * 64 for letter in "abc")
FAR: Final = START + 1_000_000_000_000_000_000  # microseconds; no session of the story ends by itself
SECRET_NAME: Final = "shop/database"
SECRET_BOUNDARY: Final = f"secret.{ACCOUNT}-4c78e2274ac7e5db308c1beaba2114e8"
SECRET_ARN: Final = f"arn:aws:secretsmanager:us-east-1:{ACCOUNT}:secret:{SECRET_NAME}-aBc123"
VERSION_1, VERSION_2, VERSION_3 = (f"018bcfe5-6800-7000-c000-00000000000{n}" for n in "123")
