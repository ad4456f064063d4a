"""`dtsen form`: the field form that the schema asks for, as an XLSForm for ODK and KoboToolbox."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from dtsen_pipeline.cli import house
from dtsen_pipeline.cli.output import count, document, say, table


def form(
    export: Annotated[
        Path | None, typer.Option(metavar="BERKAS.xlsx", help="Tulis XLSForm. / Write the XLSForm.")
    ] = None,
    *,
    is_prefilled: Annotated[
        bool,
        typer.Option(
            "--prefilled", help="Terisi dari penugasan.csv milik dtsen queue --media. / Reads the queue's file."
        ),
    ] = False,
    as_json: house.JSON = False,
) -> None:
    """Formulir lapangan menurut skema, untuk ODK dan KoboToolbox. / The field form, derived from the schema."""
    from dtsen_pipeline.queries.form_book import form_book  # noqa: PLC0415
    from dtsen_pipeline.queries.prefill import prefilled  # noqa: PLC0415
    from dtsen_pipeline.queries.xlsform import form, outline  # noqa: PLC0415
    from dtsen_pipeline.reference import city  # noqa: PLC0415
    from dtsen_pipeline.resources.home import write_private  # noqa: PLC0415
    from dtsen_pipeline.resources.settings import load_settings  # noqa: PLC0415

    if export is not None:
        house.check_new(export)
    plain = form(city(load_settings().city))
    made = prefilled(plain) if is_prefilled else plain
    parts = outline()
    if export is not None:
        write_private(export, form_book(made))
    if as_json:
        document({"form_id": made.form_id, "version": made.version, "sections": parts})
        return
    say(Text(f"Formulir {made.form_id}, versi {made.version}. / The form and its version.", style="bold"))
    table(("Untuk", "Bagian", "Section", "Pertanyaan"), (tuple(vars(part).values()) for part in parts), numbers=(3,))
    if export is None:
        say(f"{count(len(made.choices))} pilihan jawaban; --export menulis XLSForm. / Choices; --export writes it.")
    else:
        say("XLSForm ditulis; unggah ke ODK Central atau KoboToolbox. / Written; upload it.")


COMMANDS: Mapping[str, Callable[..., None]] = {"form": form}
