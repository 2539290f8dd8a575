"""The QR code that authenticator apps read: an otpauth URI, as a PNG or an SVG."""

import io
from typing import Final
from urllib.parse import quote

import segno

ISSUER: Final = "Muniment"
SCALE: Final = 5  # pixels a module
BORDER: Final = 4  # modules of quiet zone (ISO/IEC 18004)


def otpauth_uri(seed: str, label: str) -> str:
    """https://github.com/google/google-authenticator/wiki/Key-Uri-Format"""
    return f"otpauth://totp/{quote(f'{ISSUER}:{label}', safe=':@')}?secret={seed}&issuer={ISSUER}"


def qr_png(seed: str, label: str) -> bytes:
    """The code as an image."""
    out = io.BytesIO()
    _code(seed, label).save(out, kind="png", scale=SCALE, border=BORDER)
    return out.getvalue()


def qr_svg(seed: str, label: str) -> str:
    """The code as an element of a page, black on white whatever the page's colours are."""
    return str(_code(seed, label).svg_inline(border=BORDER, light="#fff", omitsize=True))


def _code(seed: str, label: str) -> segno.QRCode:
    """Error correction M: it is read off a screen."""
    return segno.make(otpauth_uri(seed, label), error="m", micro=False)
