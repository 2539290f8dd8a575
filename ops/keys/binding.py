"""Binding: the bytes that authenticate *what a ciphertext is for*, as a length-prefixed tuple that nobody can re-cut."""


def bind(*parts: str | bytes) -> bytes:
    """Each part as four bytes of length and its UTF-8 bytes: `("ab", "c")` and `("a", "bc")` differ (SECURITY part 2, row 25)."""
    pieces = [part.encode(errors="surrogatepass") if isinstance(part, str) else part for part in parts]
    return b"".join(len(piece).to_bytes(4) + piece for piece in pieces)
