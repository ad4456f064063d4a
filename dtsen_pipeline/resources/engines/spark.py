"""PySpark, for a cluster: a session on the loopback address that spills to one directory and logs nothing."""

import os
import sys
import warnings
from collections.abc import Callable, Sequence
from pathlib import Path

import narwhals as nw
import polars as pl
import pyarrow as pa  # type: ignore[import-untyped]
import pyarrow.parquet as pq  # type: ignore[import-untyped]
from py4j.protocol import Py4JJavaError  # type: ignore[import-untyped]
from pyspark import cloudpickle
from pyspark.errors import AnalysisException, PySparkException, PySparkRuntimeError
from pyspark.logger import PySparkLogger
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F  # noqa: N812 - the customary name
from pyspark.sql.pandas.functions import arrow_udf
from pyspark.sql.types import StringType

from dtsen_pipeline.core.engine import Frame
from dtsen_pipeline.resources.engines import digests
from dtsen_pipeline.resources.engines.files import (
    POINTER,
    ROW_GROUP,
    ZSTD_LEVEL,
    height,
    parts,
    private,
)
from dtsen_pipeline.resources.engines.silence import Result, silently
from dtsen_pipeline.schemas.errors import DtsenError

SETTINGS: dict[str, bool | float | str | None] = {
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.driver.maxResultSize": "0",
    "spark.log.level": "OFF",
    "spark.python.sql.dataFrameDebugging.enabled": "false",
    "spark.sql.session.timeZone": "UTC",
    "spark.sql.shuffle.partitions": "4",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}

ECHOES = ("DataFrameQueryContextLogger", "SQLQueryContextLogger")
"""PySpark's own loggers, which print the text of a failure, cells and all, on standard error."""


def connect(scratch: Path, *, memory_mb: int, master: str) -> "SparkEngine":
    """The engine on the cluster `master`; shuffles and cached tables go to `scratch`."""
    settings = SETTINGS | {
        "spark.driver.memory": f"{memory_mb}m",
        "spark.driver.extraJavaOptions": f"-Djava.io.tmpdir={scratch} -XX:-UsePerfData",
        "spark.local.dir": str(scratch),
        "spark.sql.warehouse.dir": str(scratch / "warehouse"),
    }
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    os.environ.setdefault("SPARK_LOCAL_IP", "127.0.0.1")
    session = _started(master, settings)
    for name in ECHOES:
        PySparkLogger.getLogger(name).disabled = True
    cloudpickle.register_pickle_by_value(digests)  # type: ignore[no-untyped-call]
    return SparkEngine(session)


def _started(master: str, settings: dict[str, bool | float | str | None]) -> SparkSession:
    """The session; PySpark's note that it does not know pandas 3 is dropped, since no pandas frame is used."""
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "PySpark does not yet fully support pandas", FutureWarning)
        try:
            return SparkSession.builder.master(master).config(map=settings).getOrCreate()
        except PySparkRuntimeError:
            raise DtsenError("E_ENGINE", "the engine spark did not start; it needs Java 17") from None


class SparkEngine:
    """Data frames of one session. A sunk file is sorted on the cluster and written here, from Arrow."""

    name = "spark"

    def __init__(self, session: SparkSession) -> None:
        self._session = session

    def scan(self, path: Path) -> Frame:
        """See `core.engine`."""
        files = [str(part.resolve()) for part in parts(path)]
        return nw.from_native(self._session.read.parquet(*files))

    def sink(self, frame: Frame, path: Path, by: Sequence[str]) -> int:
        """See `core.engine`."""
        table = self._collected(frame.sort(*by))
        table = table.cast(pa.schema([pa.field(f.name, f.type) for f in table.schema]))
        has_pointer = POINTER in table.column_names
        with private(path) as target:
            pq.write_table(
                table,
                target,
                row_group_size=ROW_GROUP,
                compression="zstd",
                compression_level=ZSTD_LEVEL,
                use_dictionary=[name for name in table.column_names if name != POINTER],
                column_encoding={POINTER: "DELTA_BINARY_PACKED"} if has_pointer else None,
                store_schema=False,
            )
        return height(path)

    def checkpoint(self, frame: Frame) -> Frame:
        """See `core.engine`."""
        rows: DataFrame = frame.to_native()
        return nw.from_native(_silently(rows.localCheckpoint))

    def load(self, frame: pl.DataFrame) -> Frame:
        """See `core.engine`."""
        table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
        return nw.from_native(self._session.createDataFrame(table))

    def fetch(self, frame: Frame) -> pl.DataFrame:
        """See `core.engine`."""
        return pl.DataFrame(pl.from_arrow(self._collected(frame)))

    def hmac(self, frame: Frame, column: str, key: bytes) -> Frame:
        """See `core.engine`."""
        rows: DataFrame = frame.to_native()
        hashed = arrow_udf(_over_arrow(key), StringType())  # type: ignore[call-overload]
        return nw.from_native(rows.withColumn(column, hashed(F.col(column))))

    def sha256(self, frame: Frame, column: str) -> Frame:
        """See `core.engine`."""
        rows: DataFrame = frame.to_native()
        return nw.from_native(rows.withColumn(column, F.sha2(F.col(column), 256)))

    def close(self) -> None:
        """Stop the session, and with it every frame of the process that uses it."""
        self._session.stop()

    def _collected(self, frame: Frame) -> pa.Table:
        rows: DataFrame = frame.to_native()
        return _silently(rows.toArrow)


def _over_arrow(key: bytes) -> Callable[[pa.Array], pa.Array]:
    def hashed(texts: pa.Array) -> pa.Array:
        return pa.array(digests.keyed(texts.to_pylist(), key), type=pa.string())

    return hashed


def _silently(step: Callable[[], Result]) -> Result:
    failures = (PySparkException, Py4JJavaError)
    return silently("spark", step, failures, passing=(AnalysisException,))
