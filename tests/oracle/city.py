"""City folders for the judge: the files as it reads them, and a copy of a city made noisy."""

import json
import shutil
from pathlib import Path

from dtsen_pipeline.reference import profiles
from tests.oracle.judge import Judgement, Release, judge
from tests.oracle.noise import batch, extract, snapshot
from tests.oracle.raw import RawFile
from tests.running import Run, delivered

OLDEST = {"version": "v2_2026", "data_date": "2026-04-01", "region": "3571"}


def raw_files(city: Path) -> list[RawFile]:
    """Every delivered file of a city folder."""
    return [RawFile(file.data, file.table, file.note.get("version"), file.data_date) for file in delivered(city)]


def with_noise(city: Path, out: Path, seed: int, share: float) -> Path:
    """A copy of a city with worn snapshots, a third and oldest one, and many visits that say anything at all."""
    shutil.copytree(city, out)
    for file in delivered(out):
        if file.data_date is not None:
            raw = RawFile(file.data, file.table, None, None)
            file.path.write_bytes(snapshot(raw, seed))
            if file.path.parent.name == "snapshot_1":
                name = file.path.name.replace("v3_2026", "v2_2026")
                _deliver(out / "snapshot_0" / name, snapshot(raw, seed + 1), OLDEST)
    visits, members = batch(raw_files(out), seed, share)
    header = profiles()["dukcapil_v1"].header
    for number, day in enumerate(("2026-05-01", "2026-09-01")):
        name = f"kependudukan_3571_{number}.csv"
        _deliver(
            out / "register" / name,
            extract(raw_files(out), seed + number, header),
            {"region": "3571", "data_date": day},
        )
    note = {"batch_id": "2026-W50-NOISE"}
    _deliver(out / "batches" / "kunjungan_2026-W50_noise.csv", visits, note)
    _deliver(out / "batches" / "anggota_kunjungan_2026-W50_noise.csv", members, note)
    return out


def _deliver(path: Path, data: bytes, note: dict[str, str]) -> None:
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(data)
    path.with_name(f"{path.name}.json").write_text(json.dumps(note), encoding="utf-8")


def judged(run: Run, city: Path) -> Judgement:
    """The judgement of a run over a city folder."""
    return judge(Release(run.tables, run.outcome.cuts), raw_files(city))
