"""Keyed and plain hashes of text, the same Python for every engine that cannot hash by itself.

Imports nothing heavy: Spark ships this module to its workers.
"""

import hashlib
from collections.abc import Iterable
from typing import Any

BLOCK = 64
"""Bytes that SHA-256 takes in at a time."""
HEX_DIGITS = 32
"""How much of a keyed hash an id keeps: 128 bits."""


def keyed(texts: Iterable[str | None], key: bytes) -> list[str | None]:
    """The first 32 hexadecimal digits of each text's HMAC-SHA256; null stays null."""
    begin, finish = (pad.copy for pad in _pads(key))

    def digest(text: str) -> str:
        first, second = begin(), finish()
        first.update(text.encode())
        second.update(first.digest())
        found: str = second.hexdigest()
        return found[:HEX_DIGITS]

    return [None if text is None else digest(text) for text in texts]


def plain(texts: Iterable[str | None]) -> list[str | None]:
    """Each text's SHA-256 in hexadecimal; null stays null."""
    return [None if text is None else hashlib.sha256(text.encode()).hexdigest() for text in texts]


def _pads(key: bytes) -> tuple[Any, Any]:
    """The two begun hashes of HMAC (RFC 2104): the key is mixed in once and not once a text, in half the time."""
    block = (hashlib.sha256(key).digest() if len(key) > BLOCK else key).ljust(BLOCK, b"\0")
    inner, outer = (bytes(byte ^ mask for byte in block) for mask in (0x36, 0x5C))
    return hashlib.sha256(inner), hashlib.sha256(outer)
