"""`make demo`: a synthetic city through the whole pipeline, told with the commands a newcomer would type.

Nothing is done here that the command line does not do; the city is generated, and its people do not exist.
"""

import shutil
import sys
import time
from contextlib import nullcontext, redirect_stdout
from io import StringIO
from pathlib import Path

import polars as pl

from dtsen_pipeline.cli import main as dtsen
from dtsen_pipeline.cli.output import heading, say
from dtsen_pipeline.resources.platform import opened
from dtsen_pipeline.resources.settings import load_settings

FAMILIES, SEED = 3000, 2026
CITY = Path("demo-city")
REASON = "peragaan: kode dicocokkan dengan daftar kode"


def run(*arguments: str, quiet: bool = False) -> None:
    """Type one command and show what it says; stop the demo where it fails."""
    shown = " ".join(f'"{word}"' if " " in word else word for word in arguments)
    heading(f"$ dtsen {shown}")
    with redirect_stdout(StringIO()) if quiet else nullcontext():
        code = dtsen(list(arguments))
    if code:
        sys.exit(code)


def held_token() -> str | None:
    """A file that waits for a person to confirm the codes of its profile."""
    with opened() as platform:
        held = platform.registry.files(verdict="held", code="H_CODES_UNCONFIRMED")
    return held[0].token if held else None


def moved_family() -> str:
    """A family that a visit moved by a desil, else any visited one."""
    with opened() as platform:
        current = platform.registry.current()
        if current is None:
            sys.exit("nothing is published")
        directory = platform.store.directory(current.path)
    families = pl.read_parquet(directory / "keluarga" / "part-00000.parquet")
    changed = (pl.col("desil_estimasi") - pl.col("desil_nasional")).abs()
    ordered = families.with_columns(changed=changed.fill_null(-1)).sort(["changed", "family_id"], descending=True)
    return str(ordered["family_id"][0])


def main() -> None:
    """Generate, ingest, confirm, refresh, show, trace."""
    started = time.monotonic()
    home = load_settings().home
    say("Peragaan dtsen_pipeline: kota buatan, tidak ada orang sungguhan. / A synthetic city; nobody in it exists.")
    if CITY.exists():
        shutil.rmtree(CITY)
    made = ("--families", str(FAMILIES), "--seed", str(SEED), "--out", str(CITY), "--shapes", "--register")
    run("generate", *made, quiet=True)
    later = [str(path) for path in sorted(CITY.glob("batches/*W41*.csv"))]
    run("ingest", *(f"{CITY}/{folder}" for folder in ("shapes", "register", "snapshot_1", "snapshot_2")), *later)
    say("", "Sebelum dipakai, arti kode dicocokkan oleh seseorang. / A person confirms what the codes mean.")
    while (token := held_token()) is not None:
        run("accept", token, "--confirm-codes", "--reason", REASON, quiet=True)
    run("refresh")
    run("show", "current")
    run("rejected", "--limit", "5")
    run("trace", "--family", moved_family(), "--purpose", "peragaan")
    heading(f"Selesai dalam {time.monotonic() - started:.0f} detik. / Done.")
    say(
        f"Semua data ada di {home.name}/ (hanya untuk pengguna ini). / Everything lies there, private to you.",
        "",
        "Buka Dagster / open Dagster:      make dev   → http://127.0.0.1:3000",
        "Telusuri keluarga lain / trace:   .venv/bin/dtsen trace --family ID",
        "Perbaiki yang ditolak / mend:     .venv/bin/dtsen rejected --export karantina.xlsx --purpose peragaan",
        "Cari nomornya / find an id:       .venv/bin/dtsen find --kelurahan 3571010007 --purpose peragaan",
        "Periksa keutuhan / verify:        .venv/bin/dtsen verify <letak rilis di atas>",
    )


if __name__ == "__main__":
    main()
