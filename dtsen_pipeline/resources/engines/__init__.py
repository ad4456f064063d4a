"""The execution engines behind the core, opened by name; nothing else builds one.

An engine is imported when it is opened, so that a run on Polars loads neither DuckDB nor PySpark. What an
engine can do is declared in `core.engine`; how each does it stands in the module of its name.
"""

from importlib import import_module
from pathlib import Path
from typing import Protocol

from dtsen_pipeline.core.engine import Engine
from dtsen_pipeline.schemas.errors import DtsenError

ENGINES = ("polars", "duckdb", "spark")
LOCAL_SPARK = "local[2]"


class OpenEngine(Engine, Protocol):
    """An engine that holds memory, temporary files or a server process until it is closed."""

    def close(self) -> None:
        """Release what the engine holds; its frames cannot be used any more."""
        ...


def open_engine(
    name: str,
    scratch: Path,
    *,
    memory_mb: int = 4096,
    threads: int | None = None,
    spark_master: str = LOCAL_SPARK,
) -> OpenEngine:
    """The engine called `name`, spilling to `scratch`: citizens' data, so a directory of the secure zone.

    `memory_mb` bounds DuckDB and Spark's driver; `threads` is DuckDB's (default: every core).
    """
    if name not in ENGINES:
        allowed = ", ".join(ENGINES)
        raise DtsenError("E_ENGINE", f"there is no engine of that name; allowed: {allowed}")
    scratch.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        module = import_module(f"{__name__}.{name}")
    except ModuleNotFoundError as error:
        raise DtsenError("E_ENGINE", f"the engine {name} is not installed") from error
    options: dict[str, dict[str, object]] = {
        "polars": {},
        "duckdb": {"memory_mb": memory_mb, "threads": threads},
        "spark": {"memory_mb": memory_mb, "master": spark_master},
    }
    engine: OpenEngine = module.connect(scratch, **options[name])
    return engine
