"""Keyed and plain hashes of text, the same Python for every engine that cannot hash by itself.

Imports nothing heavy: Spark ships this module to its workers.
"""

import hashlib
import hmac
from collections.abc import Callable, Iterable

HEX_DIGITS = 32
"""How much of a keyed hash an id keeps: 128 bits."""


def keyed(texts: Iterable[str | None], key: bytes) -> list[str | None]:
    """The first 32 hexadecimal digits of each text's HMAC-SHA256; null stays null."""
    return _each(texts, lambda text: hmac.digest(key, text.encode(), "sha256").hex()[:HEX_DIGITS])


def plain(texts: Iterable[str | None]) -> list[str | None]:
    """Each text's SHA-256 in hexadecimal; null stays null."""
    return _each(texts, lambda text: hashlib.sha256(text.encode()).hexdigest())


def _each(texts: Iterable[str | None], digest: Callable[[str], str]) -> list[str | None]:
    """`digest` of every text, computed once for each distinct one."""
    found: dict[str | None, str | None] = {None: None}
    result = []
    for text in texts:
        if text is not None and text not in found:
            found[text] = digest(text)
        result.append(found[text])
    return result
