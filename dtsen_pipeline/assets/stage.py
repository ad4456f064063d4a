"""What all stages share: the weekly partitions, how an output is declared, and how a frame is handed over.

No asset stands here.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from typing import Any, ParamSpec, TypeVar

import dagster as dg

from dtsen_pipeline.core.engine import Frame
from dtsen_pipeline.resources.session import Session, failure
from dtsen_pipeline.resources.settings import ZONE
from dtsen_pipeline.resources.stages import STAGES, table_schema
from dtsen_pipeline.schemas.errors import DtsenError

WEEKS = dg.WeeklyPartitionsDefinition(start_date="2026-01-05", day_offset=1, end_offset=1, timezone=ZONE.key)
"""A partition is a week and is named after its Monday; the running week is the last one."""
SESSION = {"session"}


@dataclass(frozen=True)
class Origin:
    """An upstream asset whose columns are carried on: under their own name, or as `renamed` declares."""

    asset: tuple[str, str]
    columns: frozenset[str]
    renamed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def sources(self, name: str) -> tuple[str, ...]:
        """The columns of the upstream asset that `name` comes from."""
        declared = self.renamed.get(name, (name,))
        return tuple(source for source in declared if source in self.columns)


P = ParamSpec("P")
T = TypeVar("T")


def outs(stage: str, names: Mapping[str, str]) -> dict[str, dg.AssetOut]:
    """Outputs `stage/name` by name, each with its description."""
    return {
        name: dg.AssetOut(key=[stage, name], io_manager_key=STAGES, description=text, group_name=stage)
        for name, text in names.items()
    }


def ins(stage: str, *names: str) -> dict[str, dg.AssetIn]:
    """Inputs `stage/name` as arguments called `stage_name`."""
    return {
        f"{stage}_{name}": dg.AssetIn(key=[stage, name], input_manager_key=STAGES, dagster_type=dg.Any)
        for name in names
    }


INPUTS = {"inputs": dg.AssetIn(key="inputs", input_manager_key=STAGES, dagster_type=dg.Any)}


def frames(
    stage: str,
    values: Mapping[str, Frame],
    origins: Mapping[str, Sequence[Origin]] | None = None,
    facts: Mapping[str, Any] | None = None,
) -> Iterator[dg.MaterializeResult[Any]]:
    """Hand over the frames of a stage with their column schemas, and never a value of a row.

    `origins`: for an output, the upstream assets whose columns of the same name it carries on; `facts`: more to show.
    """
    for name, frame in values.items():
        metadata: dict[str, Any] = {"dagster/column_schema": table_schema(frame)} | dict(facts or {})
        if origins and name in origins:
            columns = frame.collect_schema().names()
            metadata["dagster/column_lineage"] = column_lineage(columns, origins[name])
        yield dg.MaterializeResult(asset_key=[stage, name], value=frame, metadata=metadata)


def column_lineage(columns: Sequence[str], origins: Sequence[Origin]) -> dg.TableColumnLineage:
    """Which upstream columns each column comes from, as declared in the schemas."""
    found = {
        name: [
            dg.TableColumnDep(dg.AssetKey(list(origin.asset)), source)
            for origin in origins
            for source in origin.sources(name)
        ]
        for name in columns
    }
    return dg.TableColumnLineage({name: deps for name, deps in found.items() if deps})


def session_of(context: dg.AssetExecutionContext) -> Session:
    """The session of the run."""
    session: Session = context.resources.session
    return session


def told(step: Callable[P, Iterator[T]]) -> Callable[P, Iterator[T]]:
    """A step whose domain errors are shown as failures with code and place."""

    @wraps(step)
    def shown(*args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
        try:
            yield from step(*args, **kwargs)
        except DtsenError as error:
            raise failure(error) from None

    return shown
