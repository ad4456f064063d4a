"""The reference page of the source profiles, rendered from the reference data: in which shape each source delivers.

What a column means stands in the data dictionary; reading files is not done here.
"""

from collections import defaultdict
from collections.abc import Iterator

from dtsen_pipeline.reference import Profile, profiles
from dtsen_pipeline.reference.profile import CSV, JSON, XLSX
from dtsen_pipeline.schemas.docs import grid, page
from dtsen_pipeline.schemas.tables import tables

NEWLINES = {"lf": "LF", "crlf": "CRLF"}
QUOTING = {"all": "semua sel berkutip", "minimal": "kutip bila perlu"}
NUMBERS = {"integer": "bilangan bulat", "integer_or_point_zero": "bilangan bulat, boleh berakhiran `.0`"}
REGIONS = {"bps": "BPS", "kemendagri": "Kemendagri"}
STATUS = {"inferred": "*disimpulkan*", "confirmed": "*dipastikan*"}


def profiles_page() -> str:
    """Every source profile with its dialect, columns, synonyms, codes and dates."""
    known = profiles()
    return page(
        "Profil sumber",
        "Bentuk setiap berkas yang diterima. Berkas dikenali dari bentuknya, tidak pernah ditebak: kepalanya harus "
        "persis sama. Menambah profil: [cara](../how-to/add-a-source-profile.md); arti kolom: "
        "[kamus data](data-dictionary.md).",
        "The shape of every file that is taken. *Disimpulkan* (inferred): known from public descriptions; *dipastikan* "
        "(confirmed): the format is this project's own. A code outside a map is an unknown code.",
        grid(
            ("Profil", "Sumber", "Tabel", "Format", "Status", "Desil resmi"),
            (
                (
                    f"[`{one.id}`](#{one.id})",
                    one.family,
                    one.table,
                    one.format,
                    STATUS[one.status],
                    "ya" if one.is_ranked else "",
                )
                for one in known.values()
            ),
        ),
        *(block for profile in known.values() for block in _profile(profile)),
    )


def _profile(profile: Profile) -> Iterator[str]:
    yield f"## {profile.id}"
    status = f"{STATUS[profile.status]}, berlaku {profile.effective.isoformat()}"
    yield f"{profile.title}. {status}. {profile.source.strip()}"
    yield grid(("Hal", "Isi"), _facts(profile))
    yield grid(("Kolom berkas", "Kolom kontrak", "Kode sumber"), _columns(profile))


def _facts(profile: Profile) -> Iterator[tuple[str, str]]:
    yield "versi profil", str(profile.version)
    yield "nama berkas", f"`{profile.file_name_pattern}`"
    yield from _shape(profile)
    yield "kolom nomor identitas", _named(_identifiers(profile)) or "tidak ada"
    yield "tanggal", profile.date_format
    if profile.moment_format:
        yield "waktu", profile.moment_format
    yield "bilangan", NUMBERS[profile.number_format]
    yield "kode wilayah", REGIONS[profile.region_codes]
    if profile.id_prefix:
        yield "awalan nomor kunjungan yang tidak dipakai", f"`{profile.id_prefix}`"
    if profile.cleared_token:
        yield "ditanyakan dan tidak ada", f"`{profile.cleared_token}`"


def _shape(profile: Profile) -> Iterator[tuple[str, str]]:
    """What belongs to the format of the file."""
    if profile.format == CSV:
        mark = ", boleh diawali BOM" if profile.may_have_bom else ""
        yield "penyandian", f"{profile.encoding.upper()}{mark}"
        yield "pemisah dan kutip", f"`{profile.delimiter}`, {QUOTING[profile.quoting]}"
        yield "akhir baris", " atau ".join(NEWLINES[end] for end in profile.newlines)
        yield "ganti baris di dalam sel", "boleh" if profile.has_quoted_newlines else "tidak"
    if profile.format == XLSX:
        yield "lembar", f"`{profile.sheet}`" if profile.sheet else "satu-satunya"
        if profile.other_sheets:
            yield "lembar lain yang boleh ada", _named(profile.other_sheets)
    if profile.format == JSON:
        repeat = f", pengulangan `{profile.repeat}` dari `{profile.parent_id}`" if profile.repeat else ""
        yield "daftar kiriman", f"`{profile.records}`{repeat}"
    if profile.carries:
        yield "bagian lain berkas ini", ", ".join(f"[`{name}`](#{name})" for name in profile.carries)


def _identifiers(profile: Profile) -> list[str]:
    return [name for name in profile.columns if tables()[profile.table].column(name).is_identifier]


def _columns(profile: Profile) -> Iterator[tuple[str, str, str]]:
    """Every column of the file in its order: as it is delivered, as the contract calls it, and its code map."""
    delivered = defaultdict[str, list[str]](list)
    for own, name in profile.synonyms.items():
        delivered[name].append(own)
    for name in profile.header:
        contract = "hanya disimpan" if name in profile.ignored else f"`{name}`"
        codes = ", ".join(f"`{own}` = {code}" for own, code in profile.codes.get(name, {}).items())
        yield _named(delivered.get(name, [name])), contract, codes


def _named(names: list[str] | tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)
