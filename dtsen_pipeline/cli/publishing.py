"""`dtsen refresh`, `releases`, `show`, `rollback`, `verify`: from accepted files to a release, and its standing."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.text import Text

from dtsen_pipeline.cli import house
from dtsen_pipeline.cli.output import NO, complain, count, document, heading, progress, say, table
from dtsen_pipeline.reference.models import model_label
from dtsen_pipeline.schemas.errors import DtsenError

if TYPE_CHECKING:
    from dtsen_pipeline.queries.show import Counted, Shown

STATUS = {
    "published": "terbit / published",
    "unchanged": "tidak berubah / unchanged",
    "preview": "pratinjau / preview, nothing was published",
    "withdrawn": "ditarik / withdrawn",
}
MOST_REASONS = 12
NO_SIGNATURE = (
    "Tanpa tanda tangan, pemeriksaan ini menemukan kerusakan, bukan pemalsuan.",
    "Without a signature this detects damage, not forgery: who can write here can seal again.",
)


def refresh(
    as_of: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            metavar="TTTT-BB-HH",
            help="Berkas yang diterima sampai hari ini dipakai (bawaan: hari ini). / Files received until that day.",
        ),
    ] = None,
    *,
    preview: Annotated[
        bool, typer.Option("--preview", help="Berhenti sesudah pintu. / Stop after the door; publish nothing.")
    ] = False,
    as_json: house.JSON = False,
) -> None:
    """Jalankan penyegaran mingguan. / Run the weekly refresh, the job that the schedule runs."""
    with progress(None, "Menyegarkan data"):
        from dtsen_pipeline.refresh import refresh as run  # noqa: PLC0415 - imports Dagster

        done = run(as_of.date() if as_of else _today(), preview=preview)
    if done.status == "failed":
        code, _, problem = (done.problem or "E_UNEXPECTED").partition(":")
        error = _as_error(code, problem.strip(), done.failed_checks)
        raise typer.Exit(complain(error, is_json=as_json))
    if as_json:
        document(done)
        return
    say(f"Minggu {done.week}: {STATUS.get(done.status, done.status)} ({done.seconds:.0f} detik).")
    if done.release_id:
        standing = "berlaku sekarang / current" if done.moved else "rilis yang berlaku tidak berganti / not moved"
        say(f"Rilis {done.release_id}: {standing}.", f"Lihat isinya: dtsen show {done.release_id}")


def _today() -> date:
    from dtsen_pipeline.resources.settings import ZONE  # noqa: PLC0415 - imports Polars

    return house.now().astimezone(ZONE).date()


def _as_error(code: str, problem: str, failed_checks: Sequence[str]) -> DtsenError:
    """A failed run's problem as an error; its code may be followed by the place."""
    bare, _, place = code.strip().partition(" ")
    listed = f" ({', '.join(failed_checks)})" if failed_checks else ""
    return DtsenError(bare, f"{place}{': ' if place else ''}{problem}{listed}")


def releases(*, as_json: house.JSON = False) -> None:
    """Daftar rilis, yang terbaru di atas. / The releases, the latest first."""
    from dtsen_pipeline.queries.show import releases as listed  # noqa: PLC0415

    with house.house() as platform:
        found = listed(platform)
    if as_json:
        document({"releases": found})
        return
    if not found:
        say("Belum ada rilis. Jalankan dtsen refresh. / Nothing has been published yet.")
        return
    table(
        ("Rilis", "Minggu", "Keadaan", "Berlaku", "Terbit (UTC)", "Keluarga", "Orang"),
        (
            (
                one.release_id,
                one.week,
                STATUS[one.status].partition(" ")[0],
                "ya" if one.is_current else "",
                f"{one.published_at:%Y-%m-%d %H:%M}",
                one.families,
                one.persons,
            )
            for one in found
        ),
        numbers=(5, 6),
    )


def show(
    release: Annotated[
        str, typer.Argument(metavar="RELEASE", help="Nomor rilis, atau current. / A release id, or current.")
    ] = "current",
    *,
    as_json: house.JSON = False,
) -> None:
    """Isi sebuah rilis dalam hitungan. / What a release holds, in counts."""
    from dtsen_pipeline.queries.show import show as shown  # noqa: PLC0415

    with house.house() as platform:
        found = shown(platform, release)
    if as_json:
        document(found)
    else:
        _print_release(found)


def _print_release(found: "Shown") -> None:
    release, model = found.release, found.release["model"]
    standing = ", berlaku sekarang" if found.is_current else ""
    say(
        Text(
            f"Rilis {release['release_id']} · minggu {release['week']} · {STATUS[found.status]}{standing}", style="bold"
        ),
        f"Potret dasar {release['base_version']} (tanggal data {release['base_date']}).",
        f"Berkas yang diterima sampai {release['as_of']}.",
        f"{count(found.tables['keluarga'])} keluarga, {count(found.tables['anggota'])} orang.",
    )
    heading("Yang masuk / What came in")
    _incoming(found)
    _words("Nasib baris / What became of the rows", found.fates)
    _words("Ditolak / Rejected", found.rejected)
    _words("Ditahan / Held", found.held)
    _words("Peringatan / Warnings", found.warned)
    _words("Keluarga tidak lengkap / Incomplete families", found.incomplete)
    heading("Desil: resmi dan estimasi / official and estimate")
    table(
        ("Desil", "Resmi", "Estimasi"),
        ((one.desil or "tidak ada", one.official, one.estimate) for one in found.deciles),
        numbers=(1, 2),
    )
    steps = ", ".join(f"{step:+d}: {count(families)}" for step, families in found.moves.items() if step)
    say(f"{count(found.moved)} keluarga berpindah desil menurut estimasi{f' ({steps})' if steps else ''}.")
    say(f"Model {model_label(model)}: estimasi kota, bukan keputusan BPS. / Not BPS's decision.")
    say("", f"Letak / Where it lies: {found.directory}")


def _incoming(found: "Shown") -> None:
    table(
        ("Token", "Tabel", "Versi atau batch", "Tanggal data", "Baris", "Ditolak", "Ditahan"),
        (
            (
                file.token,
                file.table,
                file.version or file.batch,
                file.data_date,
                file.rows,
                file.fates.get("rejected", 0),
                file.fates.get("held", 0),
            )
            for file in found.incoming
        ),
        numbers=(4, 5, 6),
    )


def _words(title: str, counted: "Sequence[Counted]") -> None:
    if not counted:
        return
    heading(title)
    table(("Kode", "Jumlah", "Arti"), ((one.word, one.count, one.id) for one in counted[:MOST_REASONS]), numbers=(1,))
    if len(counted) > MOST_REASONS:
        say(f"… dan {len(counted) - MOST_REASONS} lagi (--json)")


def rollback(
    release: Annotated[str, typer.Argument(metavar="RELEASE", help="Rilis tujuan. / The release to go back to.")],
    reason: house.Reason = None,
    *,
    as_json: house.JSON = False,
) -> None:
    """Kembali ke rilis lain. / Go back to a release; the one left behind counts as withdrawn.

    A withdrawn release can be brought back too; then nothing else is withdrawn.
    """
    because = house.reasoned(reason)
    with house.house() as platform:
        registry, store = platform.registry, platform.store
        target = registry.release(release)
        if store.verify(store.directory(target.path), target.manifest_sha256):
            raise DtsenError("E_RELEASE_DAMAGED", "that release is not whole, so it does not become current")
        left, move = registry.current(), registry.rollback
        if target.status == "withdrawn":
            left, move = None, registry.republish
        done = move(release, because, house.actor(), house.now())
    if as_json:
        document({"current": done.release_id, "withdrawn": left.release_id if left else None})
    else:
        say(f"Rilis {done.release_id} berlaku lagi. / Current again.")


def verify(
    release_dir: Annotated[Path, typer.Argument(metavar="RELEASE_DIR", help="Direktori rilis. / A release directory.")],
    *,
    as_json: house.JSON = False,
) -> None:
    """Periksa keutuhan sebuah rilis. / Check that a release is as it was sealed."""
    from dtsen_pipeline.queries.verify import verify as verified  # noqa: PLC0415
    from dtsen_pipeline.resources.settings import load_settings  # noqa: PLC0415

    if not release_dir.is_dir():
        raise DtsenError("E_RELEASE_UNKNOWN", "there is no such directory; dtsen show names a release's place")
    with progress(None, "Memeriksa berkas"):
        found = verified(load_settings(), release_dir)
    if as_json:
        document(_facts(found.findings) | {"release_id": found.release_id, "is_registered": found.is_registered})
    else:
        for finding in found.findings:
            say(Text(f"{finding}", style="red"))
        known = "hash manifes cocok dengan pencatatan" if not found.findings else "dibandingkan dengan pencatatan"
        basis = known if found.is_registered else "tidak ada dalam pencatatan; hanya dibandingkan dengan manifesnya"
        whole = f"Utuh: {found.files} berkas. / Whole." if not found.findings else "Tidak utuh. / Not whole."
        say(f"{whole} ({basis})", *NO_SIGNATURE)
    if found.findings:
        raise typer.Exit(NO)


def _facts(findings: Sequence[Any]) -> dict[str, Any]:
    return {"is_whole": not findings, "findings": findings, "detects": "damage, not forgery"}


COMMANDS: Mapping[str, Callable[..., None]] = {
    "refresh": refresh,
    "releases": releases,
    "show": show,
    "verify": verify,
    "rollback": rollback,
}
