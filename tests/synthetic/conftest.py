"""One small city for all tests of this room, and its files read line by line."""

from dataclasses import dataclass
from pathlib import Path

import polars as pl
import pytest

from dtsen_pipeline.synthetic import Summary, generate


@dataclass(frozen=True)
class City:
    """A generated city with its truth."""

    summary: Summary
    out: Path

    def truth(self, name: str) -> pl.DataFrame:
        """A table of the truth."""
        return pl.read_parquet(self.out / "truth" / f"{name}.parquet")

    def lines(self, file: str) -> list[bytes]:
        """The physical lines of a data file, the header first."""
        return (self.out / file).read_bytes().removesuffix(b"\n").split(b"\n")

    def intact(self, file: str) -> pl.DataFrame:
        """The undamaged rows of a data file as text, with their truth."""
        is_snapshot = file.startswith("snapshot")
        header, *rows = self.lines(file)
        separator = b"|" if is_snapshot else b","
        names = [name.strip('"') for name in header.decode().split(separator.decode())]
        occurrences = self.truth("occurrences").filter(pl.col("file") == file)
        good = occurrences.filter(~pl.col("kinds").list.eval(pl.element().str.starts_with("line_")).list.any())
        cells = [rows[line - 2].decode().replace('"', "").split(separator.decode()) for line in good["line"]]
        return pl.concat([good, pl.DataFrame(cells, schema=names, orient="row")], how="horizontal")


SNAPSHOTS = {
    "snapshot_1/keluarga_dtsen_v3_2026_3571.csv": "bps_v3_keluarga",
    "snapshot_1/anggota_dtsen_v3_2026_3571.csv": "bps_v3_anggota",
    "snapshot_2/keluarga_dtsen_v4_2026_3571.csv": "bps_v3_keluarga",
    "snapshot_2/anggota_dtsen_v4_2026_3571.csv": "bps_v3_anggota",
}
BATCHES = {
    "batches/kunjungan_2026-W37_trc.csv": "lapangan_v1_kunjungan",
    "batches/anggota_kunjungan_2026-W37_trc.csv": "lapangan_v1_anggota",
    "batches/kunjungan_2026-W41_trc.csv": "lapangan_v1_kunjungan",
    "batches/anggota_kunjungan_2026-W41_trc.csv": "lapangan_v1_anggota",
}
FILES = SNAPSHOTS | BATCHES


@pytest.fixture(scope="session")
def city(tmp_path_factory: pytest.TempPathFactory) -> City:
    """A city of two thousand families."""
    out = tmp_path_factory.mktemp("city")
    return City(generate(2_000, 11, out), out)
