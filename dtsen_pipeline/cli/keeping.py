"""`dtsen generate` and `dtsen doctor`: a city to try things on, and what is wrong with a home."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from dtsen_pipeline.cli import house
from dtsen_pipeline.cli.output import NO, count, document, progress, say, table

FEWEST = 60


def generate(
    families: Annotated[
        int,
        typer.Option(
            min=FEWEST,
            metavar="N",
            help="Jumlah keluarga; di bawah 2.000 bisa ada kelurahan kosong, yang ditolak pintu. / How many; "
            "below 2,000 a kelurahan may stay empty, which the door refuses.",
        ),
    ],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Folder hasil. / Where the files go.")],
    seed: Annotated[
        int, typer.Option(min=0, metavar="S", help="Benih; benih sama, berkas sama. / Same seed, same bytes.")
    ] = 1,
    *,
    shapes: Annotated[
        bool, typer.Option("--shapes", help="Juga satu berkas setiap profil. / A file of every profile too.")
    ] = False,
    register: Annotated[
        bool,
        typer.Option("--register", help="Juga petikan data kependudukan. / An extract of the population register too."),
    ] = False,
    as_json: house.JSON = False,
) -> None:
    """Buat kota buatan untuk mencoba. / Make a synthetic city: snapshots, field batches, and the truth apart."""
    from dtsen_pipeline.synthetic import every_shape  # noqa: PLC0415 - imports NumPy and Polars
    from dtsen_pipeline.synthetic import generate as make  # noqa: PLC0415 - imports NumPy and Polars

    with progress(None, "Membuat kota"):
        made = make(families, seed, out, has_extract=register)
        others = every_shape(out) if shapes else []
    folders = sorted({path.parent for path in [*made.files, *others]})
    if as_json:
        facts = {"seed": seed, "families": made.families, "persons": made.persons}
        document(facts | {"planted": made.planted, "folders": [str(folder) for folder in folders]})
        return
    say(f"{count(made.families)} keluarga dan {count(made.persons)} orang buatan; tidak ada yang nyata.")
    say(f"{count(sum(made.planted.values()))} kesalahan ditanam. / Errors were planted; nobody in it exists.")
    say("", f"Berikutnya: dtsen ingest {' '.join(str(folder) for folder in folders)}")


def doctor(
    *,
    thorough: Annotated[
        bool, typer.Option("--all", help="Baca setiap berkas brankas. / Read every file of the vault.")
    ] = False,
    as_json: house.JSON = False,
) -> None:
    """Periksa kesehatan folder data. / Examine the home: modes, key, registry, vault, release, Dagster, runs."""
    from dtsen_pipeline.queries.doctor import doctor as examined  # noqa: PLC0415
    from dtsen_pipeline.resources.settings import ZONE, load_settings  # noqa: PLC0415

    with progress(None, "Memeriksa"):
        found = examined(load_settings(), house.now().astimezone(ZONE).date(), is_thorough=thorough)
    is_sound = all(one.is_sound for one in found)
    if as_json:
        document({"is_sound": is_sound, "examined": found})
    else:
        states = {True: Text("baik", style="green"), False: Text("perlu tindakan", style="red")}
        table(("Pemeriksaan", "Keadaan", "Catatan"), ((one.id, states[one.is_sound], one.note) for one in found))
        for one in found:
            for finding in one.findings:
                say(f"{one.name}: {finding}")
    if not is_sound:
        raise typer.Exit(NO)


COMMANDS: Mapping[str, Callable[..., None]] = {"generate": generate, "doctor": doctor}
