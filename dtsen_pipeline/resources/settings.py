"""The environment, read once: one frozen class, one message for a bad value, one table for the documentation.

What the values lead to is opened by the other resources; nothing is read when this module is imported.
"""

import json
from collections.abc import Iterator, Mapping
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_settings import BaseSettings, NoDecode, SettingsConfigDict
from sqlalchemy import URL, make_url
from sqlalchemy.exc import ArgumentError

from dtsen_pipeline.reference import cities
from dtsen_pipeline.schemas.errors import DtsenError

PREFIX: Final = "DTSEN_"
ZONE: Final = ZoneInfo("Asia/Jakarta")
"""In which the office counts its days and weeks."""
MASTERS: Final = r"^(local(\[([0-9]+|\*)\])?|spark://(127\.0\.0\.1|localhost):[0-9]{1,5})$"


def _absolute(path: Path) -> Path:
    return path.expanduser().absolute()


def _sqlite_file(url: str) -> str:
    try:
        parsed = make_url(url)
    except (ArgumentError, ValueError):
        parsed = URL.create("unreadable")
    if parsed.get_backend_name() != "sqlite" or parsed.database in (None, "", ":memory:"):
        problem = "not a SQLite file"
        raise ValueError(problem)
    return url


def _known_city(code: str) -> str:
    if code not in cities():
        problem = "not a city of the reference data"
        raise ValueError(problem)
    return code


def _secrets(value: object) -> object:
    """A JSON object of texts; the message of a bad one repeats nothing."""
    problem = "not a JSON object of texts"
    if not isinstance(value, str):
        return value
    try:
        found = json.loads(value)
    except (ValueError, RecursionError):
        raise ValueError(problem) from None
    if not isinstance(found, dict) or not all(isinstance(text, str) and text for text in found.values()):
        raise ValueError(problem)
    return found


def _about(meaning: str, allowed: str, **limits: Any) -> Any:
    return Field(description=meaning, json_schema_extra={"allowed": allowed}, **limits)


AbsolutePath = Annotated[Path, AfterValidator(_absolute)]


class Settings(BaseSettings):
    """Everything a person may set through the environment, each with its meaning and its allowed values."""

    model_config = SettingsConfigDict(
        env_prefix=PREFIX,
        frozen=True,
        hide_input_in_errors=True,
        env_ignore_empty=True,
        validate_default=True,
    )

    home: Annotated[AbsolutePath, _about("Where all state lives", "a directory")] = Path("dtsen-home")
    database_url: Annotated[
        Annotated[str, AfterValidator(_sqlite_file)] | None,
        _about("The registry (default: `registry.db` in the home)", "`sqlite:///` and the path of a file"),
    ] = None
    engine: Annotated[
        Literal["polars", "duckdb", "spark"],
        _about("What the tables are computed on", "`polars`, `duckdb` or `spark`"),
    ] = "polars"
    spark_master: Annotated[
        str,
        _about(
            "The cluster, when the engine is `spark`",
            "`local[N]`, or `spark://127.0.0.1:PORT` on this machine",
            pattern=MASTERS,
        ),
    ] = "local[2]"
    memory_mb: Annotated[
        int, _about("Memory that DuckDB or Spark's driver may use", "whole megabytes, 256 or more", ge=256)
    ] = 4096
    reference_data: Annotated[
        AbsolutePath | None, _about("Optional external data that tests compare with", "a directory")
    ] = None
    city: Annotated[
        str,
        AfterValidator(_known_city),
        _about("BPS code of the city that is served", " or ".join(f"`{c}`" for c in cities())),
    ] = "3571"
    key_file: Annotated[
        AbsolutePath | None,
        _about("The secret behind family and person ids (default: `key` in the home)", "a file of mode 0600"),
    ] = None
    lease_seconds: Annotated[
        int,
        _about("How long a refresh keeps others out without a sign of life", "whole seconds, 1 or more", ge=1),
    ] = 900
    max_file_mb: Annotated[int, _about("The largest file that is taken in", "whole megabytes, 1 or more", ge=1)] = 4096
    sheet_memory_mb: Annotated[
        int, _about("Memory that opening a workbook may take", "whole megabytes, 64 or more", ge=64)
    ] = 256
    sheet_inflated_mb: Annotated[
        int, _about("What a workbook's archive may inflate to", "whole megabytes, 1 or more", ge=1)
    ] = 1024
    json_mb: Annotated[
        int,
        _about(
            "The largest JSON document that is taken in; reading one takes about ten times its size in memory",
            "whole megabytes, 1 or more",
            ge=1,
        ),
    ] = 64
    zero_id_share: Annotated[
        Decimal,
        _about(
            "Share of different identifiers ending in zero above which a file is refused, where the tenth that chance "
            "gives does not explain it: by six standard deviations, and from 30 identifiers on",
            "a decimal from 0 to 1",
            ge=0,
            le=1,
        ),
    ] = Decimal("0.2")
    numeric_id_share: Annotated[
        Decimal,
        _about(
            "Share of rows with numeric or shortened identifiers above which, from five on, a file is refused",
            "a decimal from 0 to 1",
            ge=0,
            le=1,
        ),
    ] = Decimal("0.01")
    duplicate_share: Annotated[
        Decimal,
        _about("Share of rows that repeat a key above which a file is held", "a decimal from 0 to 1", ge=0, le=1),
    ] = Decimal("0.05")
    rejected_share: Annotated[
        Decimal,
        _about(
            "Share of damaged and rejected rows above which a file is held",
            "a decimal from 0 to 1",
            ge=0,
            le=1,
        ),
    ] = Decimal("0.05")
    snapshot_change: Annotated[
        Decimal,
        _about(
            "Share by which a snapshot may grow or shrink against the one before without being held",
            "a decimal, 0 or more",
            ge=0,
        ),
    ] = Decimal("0.2")
    kelurahan_loss: Annotated[
        Decimal,
        _about(
            "Share of its families that a kelurahan may lose against the snapshot before without the file being held",
            "a decimal from 0 to 1",
            ge=0,
            le=1,
        ),
    ] = Decimal("0.5")
    breaker_floor: Annotated[
        int,
        _about(
            "Rows, or families of a kelurahan, below which a share holds no file", "a whole number, 1 or more", ge=1
        ),
    ] = 20
    batch_history: Annotated[
        int,
        _about("Accepted batches from which on their usual size is known", "a whole number, 1 or more", ge=1),
    ] = 4
    batch_times: Annotated[
        Decimal,
        _about(
            "How many times larger or smaller than usual a batch without a manifest may be without being held",
            "a decimal, 1 or more",
            ge=1,
        ),
    ] = Decimal(5)
    review_required: Annotated[
        bool,
        _about("Whether a file is held whose source knows reviews and whose rows tell no state", "`true` or `false`"),
    ] = False
    pull_sources: Annotated[
        AbsolutePath | None, _about("The form servers that are asked for submissions", "a YAML file")
    ] = None
    pull_tokens: Annotated[
        Mapping[str, SecretStr],
        NoDecode,
        BeforeValidator(_secrets),
        _about("The secret of each source, shown nowhere", "a JSON object: names of sources to tokens"),
    ] = Field(default_factory=dict)

    @property
    def registry_url(self) -> URL:
        """Where the registry database is."""
        if self.database_url is not None:
            return make_url(self.database_url)
        return URL.create("sqlite", database=str(self.home / "registry.db"))

    @property
    def key_path(self) -> Path:
        """Where the key is, or will be made."""
        return self.key_file or self.home / "key"


def load_settings(**given: object) -> Settings:
    """The settings of this process; `given` takes precedence over the environment.

    A bad value raises E_SETTINGS, which names the variables and what they allow and repeats no value.
    """
    try:
        return Settings(**given)  # type: ignore[arg-type]
    except ValidationError as error:
        wrong = sorted({str(item["loc"][0]) for item in error.errors(include_input=False)})
    allowed = dict(_allowed())
    raise DtsenError("E_SETTINGS", "; ".join(f"{_variable(name)} must be {allowed[name]}" for name in wrong))


def settings_table() -> str:
    """The settings as a Markdown table, for the documentation."""
    allowed = dict(_allowed())
    rows = [
        f"| `{_variable(name)}` | {_default(field)} | {allowed[name]} | {field.description} |"
        for name, field in Settings.model_fields.items()
    ]
    return "\n".join(["| Variable | Default | Allowed | Meaning |", "|---|---|---|---|", *rows]) + "\n"


def _allowed() -> Iterator[tuple[str, str]]:
    for name, field in Settings.model_fields.items():
        extra = field.json_schema_extra
        yield name, str(extra["allowed"]) if isinstance(extra, dict) else ""


def _variable(name: str) -> str:
    return f"{PREFIX}{name.upper()}"


def _default(field: FieldInfo) -> str:
    value = field.get_default(call_default_factory=True)
    if value in (None, {}):
        return "none"
    return f"`./{value}`" if isinstance(value, Path) else f"`{value}`"
