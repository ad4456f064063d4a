"""Reads a data file exactly and says what is wrong with a value. It knows no record.

Every fault is a ValueError that names the file or the entry.
"""

from collections import Counter
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import Any, TypeVar

import yaml

try:
    from yaml import CSafeLoader as _SafeLoader
except ImportError:  # pragma: no cover - PyYAML built without libyaml
    from yaml import SafeLoader as _SafeLoader  # type: ignore[assignment]

T = TypeVar("T")


class _Strict(_SafeLoader):
    """A safe loader for which a key given twice is an error."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:  # noqa: FBT001, FBT002 - PyYAML's signature
        keys = Counter(key.value for key, _ in node.value if key.tag != "tag:yaml.org,2002:merge")
        once(keys, "key")
        return super().construct_mapping(node, deep=deep)


def once(counts: Mapping[Any, int], what: str, where: str = "") -> None:
    """Refuse what is counted more than once."""
    twice = sorted(str(item) for item, count in counts.items() if count > 1)
    if twice:
        message = f"{where + ': ' if where else ''}duplicate {what}: {', '.join(twice)}"
        raise ValueError(message)


def read_yaml(path: Path) -> object:
    """Read a YAML file; a key given twice is an error."""
    try:
        return yaml.load(path.read_bytes(), Loader=_Strict)  # noqa: S506 - a subclass of the safe loader
    except (ValueError, yaml.YAMLError) as error:
        message = f"{path.name}: {error}"
        raise ValueError(message) from error


def fields(value: object, where: str, required: str, optional: str = "") -> dict[str, Any]:
    """Expect a mapping with these keys and no others."""
    if not isinstance(value, dict):
        message = f"{where}: a mapping is expected"
        raise ValueError(message)  # noqa: TRY004 - every fault of a data file is a ValueError
    needed, allowed = set(required.split()), set(f"{required} {optional}".split())
    for what, names in (("unknown", value.keys() - allowed), ("missing", needed - value.keys())):
        if names:
            message = f"{where}: {what} keys: {', '.join(sorted(map(str, names)))}"
            raise ValueError(message)
    return value


def one_of(value: object, allowed: Iterable[T], where: str) -> T:
    """Expect one of the allowed values."""
    options = tuple(allowed)
    for option in options:
        if value == option:
            return option
    message = f"{where}: {value!r} is not one of {', '.join(map(str, options))}"
    raise ValueError(message)


def typed(value: object, kind: type[T], where: str) -> T:
    """Expect a value of one type; a truth value is not a number."""
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        message = f"{where}: {value!r} is not of type {kind.__name__}"
        raise ValueError(message)
    return value


def texts(value: object, where: str) -> tuple[str, ...]:
    """Expect a list of texts."""
    return tuple(typed(item, str, where) for item in typed(value, list, where))


def ascii_text(value: object, where: str) -> str:
    """Expect a text that every engine folds and compares alike."""
    text = typed(value, str, where)
    if not text.isascii() or not text.strip():
        message = f"{where}: {text!r} is not plain ASCII text"
        raise ValueError(message)
    return text
