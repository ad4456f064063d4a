"""Indonesian names as keys for comparison: titles off, usual abbreviations written out, spelling by sound.

A key says only whether two written names may be one name. It is never published, never stored with a person
and takes no part in ids (see `entities`, whose canonicaliser is frozen). Comparing keys is `levels`' work.
"""

from functools import reduce
from string import ascii_uppercase

import narwhals as nw

LONGEST = 40
"""Characters of a key that are compared."""

TITLES = (
    "H HJ HAJI HAJJAH KH KHJ KYAI KIAI NYAI GUS USTADZ USTAD USTADZAH DR DRS DRA DRG DRH IR PROF R RR RA RM RADEN "
    "TN NY NN BPK BAPAK IBU SDR SDRI ALM ALMH ALMARHUM ALMARHUMAH"
)
"""Words before a name that are no part of it."""
DEGREES = (
    "SPD SPDI SPDSD SSI SH SE SEI SKOM SKED SKEP SSOS SAG SHI SIP SPT SSN SHUM SFARM SGZ SKM SPSI STP STH SST SSTP AMD "
    "AMDKEB AMDKEP AMAPD MPD MPDI MSI MKOM MM MH MT MAG MHI MKES MHUM MA BA BSC MSC PHD NS"
)
"""Degrees behind a name, without their dots."""
SPELT_OUT = {
    "MUHAMMAD": "MOH MOHD MOCH MOCHAMAD MOCHAMMAD MOCHAMMED MOHAMAD MOHAMMAD MOHAMED MOHAMMED MUH MUHD MUHAMAD "
    "MUHAMED MUHAMMED MUCH MUCHAMAD MUCHAMMAD MUKHAMAD MUKHAMMAD MOKHAMAD MOKHAMMAD MHD",
    "AHMAD": "ACH ACHMAD ACHMED AKHMAD AHMED AKH AHMMAD",
    "SITI": "ST STI SITTI SITY SITIE",
    "ABDUL": "ABD ABDOEL ABDL",
    "NUR": "NOR NOER NOOR NR",
    "DEWI": "DW DEWY",
    "EKO": "EK",
}
"""The word under which the abbreviations and spellings of common words are compared."""
PATRONYMS = "BIN BINTI BINTE BTE BT IBN IBNU"
"""Words between a name and the father's."""
_SOUNDS = (
    ("OE", "U"), ("OO", "U"), ("DJ", "J"), ("TJ", "C"), ("NJ", "NY"), ("CH", "H"), ("KH", "H"), ("DH", "D"),
    ("TH", "T"), ("SH", "S"), ("SY", "S"), ("SJ", "S"), ("DZ", "Z"), ("TS", "S"), ("GH", "G"), ("PH", "P"),
    ("F", "P"), ("V", "P"), ("Z", "S"), ("Q", "K"), ("X", "KS"), ("IE", "I"), ("Y", "I"),
)  # fmt: skip


_DEGREES = "|".join(r"(?:[.] ?)?".join(degree) for degree in DEGREES.split())
"""Every degree, with or without dots between its letters."""


def name_key(raw: nw.Expr) -> nw.Expr:
    """The words that are compared, single spaces between them; null where no letter is left.

    Case, marks, titles before a name, degrees behind it and `bin`/`binti` do not count. A name of nothing but
    titles keeps them.
    """
    letters = _letters(raw)
    bare = _without_titles(letters)
    kept = nw.when(bare.str.strip_chars(" ") != "").then(bare).otherwise(letters)
    spelt = reduce(_spelt_out, SPELT_OUT.items(), kept)
    plain = _single(spelt.str.replace_all(f" {_any_of(PATRONYMS)} ", " "))
    return nw.when(plain != "").then(plain)


def sound_key(key: nw.Expr) -> nw.Expr:
    """`name_key` by sound: old and new spelling, single for double letters, no final H."""
    heard = reduce(lambda text, pair: text.str.replace_all(*pair, literal=True), _SOUNDS, key)
    single = reduce(lambda text, letter: text.str.replace_all(letter * 2, letter, literal=True), ascii_uppercase, heard)
    silent = single.str.replace_all(r"H( |\z)", " ").str.strip_chars(" ")
    return nw.when(silent != "").then(silent).otherwise(key)


def squeezed(key: nw.Expr) -> nw.Expr:
    """A key without its spaces, at most `LONGEST` characters."""
    return key.str.replace_all(" ", "", literal=True).str.slice(0, LONGEST)


def first_word(key: nw.Expr) -> nw.Expr:
    """The first word of a key."""
    return key.str.replace_all(" .*", "")


def last_word(key: nw.Expr) -> nw.Expr:
    """The last word of a key; empty where there is only one."""
    return nw.when(key.str.contains(" ")).then(key.str.replace_all(".* ", "")).otherwise(_blank_like(key))


def middle_words(key: nw.Expr) -> nw.Expr:
    """What stands between the first and the last word of a key; empty where nothing does."""
    inner = key.str.replace_all(r"\A[^ ]+ ", "").str.replace_all(r" ?[^ ]+\z", "")
    return nw.when(key.str.contains(" ")).then(inner).otherwise(_blank_like(key))


def _blank_like(key: nw.Expr) -> nw.Expr:
    """Empty text where the key is known, null where it is not."""
    return key.str.slice(0, 0)


def _single(text: nw.Expr) -> nw.Expr:
    return text.str.replace_all(" {2,}", " ").str.strip_chars(" ")


def _letters(raw: nw.Expr) -> nw.Expr:
    """Words of A to Z, each with a space of its own on both sides; degrees and what follows a comma are left out."""
    written = raw.str.replace_all("[^ -~]", "").str.to_uppercase().str.replace_all(",.*", "")
    name = written.str.replace_all(rf"(?:[ .]+(?:{_DEGREES})[ .]*)+\z", "")
    words = _single(name.str.replace_all("['`]", "").str.replace_all("[^A-Z]", " "))
    return nw.concat_str(nw.lit(" "), words.str.replace_all(" ", "  ", literal=True), nw.lit(" "))


def _without_titles(words: nw.Expr) -> nw.Expr:
    return words.str.replace_all(rf"\A(?: {_any_of(TITLES)} )+", "")


def _spelt_out(text: nw.Expr, entry: tuple[str, str]) -> nw.Expr:
    word, others = entry
    return text.str.replace_all(f" {_any_of(others)} ", f" {word} ")


def _any_of(words: str) -> str:
    """A pattern for each of the words."""
    return f"(?:{'|'.join(words.split())})"
