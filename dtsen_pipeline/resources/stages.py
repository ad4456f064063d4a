"""How a table passes from asset to asset: written as sorted Parquet under the input list's hash, and scanned.

No pickle, no value in memory. What a table means is not known here. The default IO manager refuses.
"""

from collections.abc import Sequence
from typing import Any

import dagster as dg
import narwhals as nw

from dtsen_pipeline.core.engine import Frame
from dtsen_pipeline.core.inputs import InputList
from dtsen_pipeline.resources.home import make_private, write_private
from dtsen_pipeline.resources.session import Session, failure, telling
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.release import KEYS

STAGES = "stages"
CANDIDATE = "candidate"


def week_of(context: dg.OutputContext | dg.InputContext | dg.AssetExecutionContext) -> str:
    """The partition of a run: the Monday of its week."""
    return context.partition_key


class Stages(dg.IOManager):
    """Scans and sinks frames; the input list itself is a small JSON file of its week."""

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:
        """Write a frame, or the frozen input list."""
        with telling():
            self._write(context, obj)

    def load_input(self, context: dg.InputContext) -> InputList | Frame:
        """Scan a frame, or read the frozen input list."""
        with telling():
            return self._read(context)

    def _write(self, context: dg.OutputContext, obj: Any) -> None:
        session: Session = context.resources.session
        session.renew()
        week = week_of(context)
        if isinstance(obj, InputList):
            path = session.list_path(week)
            make_private(path.parent)
            path.unlink(missing_ok=True)
            write_private(path, obj.to_json().encode())
            return
        asset = context.asset_key.to_user_string()
        path = session.stage_path(week, asset)
        path.unlink(missing_ok=True)
        rows = session.engine.sink(obj, path, sort_key(asset, obj))
        context.add_output_metadata({"dagster/row_count": rows})

    def _read(self, context: dg.InputContext) -> InputList | Frame:
        session: Session = context.resources.session
        week = week_of(context)
        asset = context.asset_key.to_user_string()
        if asset == "inputs":
            return session.inputs(week)
        path = session.stage_path(week, asset)
        if not path.is_file():
            raise DtsenError("E_NO_STAGE", f"{asset} is not computed for this week's input list yet; run it first")
        return session.engine.scan(path)


class Refusing(dg.IOManager):
    """The default IO manager: an asset that forgot to name one must not leave a pickle behind."""

    def handle_output(self, context: dg.OutputContext, obj: Any) -> None:  # noqa: ARG002 - the interface
        """Refuse a value; a step that returns none passes."""
        if obj is not None:
            raise failure(DtsenError("E_IO_MANAGER", "this asset names no IO manager, so its value is not stored"))

    def load_input(self, context: dg.InputContext) -> Any:  # noqa: ARG002 - the interface
        """Refuse."""
        raise failure(DtsenError("E_IO_MANAGER", "this input names no IO manager"))


@dg.io_manager(required_resource_keys={"session"})
def stages(_: dg.InitResourceContext) -> Stages:
    """Stage files of the session's house."""
    return Stages()


def sort_key(asset: str, frame: Frame) -> Sequence[str]:
    """The order of a stage file: a release table's key, else the row, else every column."""
    stage, _, table = asset.partition("/")
    names = frame.collect_schema().names()
    if stage == CANDIDATE:
        return KEYS[table]
    own = [name for name in ("src", "row") if name in names]
    return own if len(own) == 2 else names  # noqa: PLR2004 - a row is named by both


def table_schema(frame: Frame) -> dg.TableSchema:
    """Column names and types as Dagster shows them."""
    schema: nw.Schema = frame.collect_schema()
    return dg.TableSchema(columns=[dg.TableColumn(name, str(dtype)) for name, dtype in schema.items()])
