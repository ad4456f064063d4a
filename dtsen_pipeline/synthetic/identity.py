"""Numbers, names and addresses: built by the real rules, and visibly nobody's.

Serials run from 9000 to 9999 only, every name ends in a word for "invented", every street is an example.
"""

# ruff: noqa: PLR2004 - shares, ages and codes are the model itself

import numpy as np
import polars as pl
from numpy.random import Generator
from numpy.typing import NDArray

from dtsen_pipeline.synthetic.draw import Bools, Ints, Texts, rank_within
from dtsen_pipeline.synthetic.people import FEMALE

FIRST_SERIAL, SERIALS = 9000, 1000

_ELSEWHERE = np.array(
    [*range(350601, 350627), *range(350401, 350420), *range(350501, 350523), *range(351801, 351821),
     *range(357801, 357832), *range(357301, 357306), *range(331101, 331113), *range(317101, 317109)]
)  # fmt: skip
_MALE = (
    "ADI AGUS AHMAD ANDI ANTON ARIF ARIS BAGUS BAMBANG BAYU BUDI CAHYO DANI DEDI DIMAS DJOKO DONI DWI "
    "EDI EKO FAJAR FARID GALIH GATOT GILANG HADI HARI HASAN HENDRA HERI IMAM INDRA IRFAN IWAN JAKA "
    "JOKO KHOIRUL KRISNA KURNIA LUKMAN MULYO NANANG NUR PRASETYO PURWO RAHMAT RANGGA RIZKY RUDI SIGIT "
    "SLAMET SUGENG SUPRI TAUFIK TEGUH TRI UMAR WAHYU WISNU YOGA YUDI ZAINAL"
)
_FEMALE = (
    "AISYAH AMINAH ANIK ANI ASIH ASTUTI AYU CITRA DEWI DIAH DINA ENDANG ERNA ESTI FATIMAH FITRI HANIK "
    "HARTINI IDA INDAH INTAN ISTI JUMIATI KARTIKA KHUSNUL LAILA LESTARI LILIK LINA MARIA MAYA MEGA "
    "MIRA MURNI NANIK NINGSIH NOVI NUNUNG NURUL PUJI PUTRI RATNA RINA RINI ROHMAH SARI SITI SRI SUCI "
    "SULASTRI SUMI SUSI TITIK TUTIK UMI UTAMI WATI WIDYA WULAN YANTI YULI YUNI ZULAIKHAH"
)
_MIDDLE = (
    "ADITYA ANGGRAINI ARDIAN BASKORO BUDIMAN CAHYANI DARMA EKAWATI FIRDAUS GUNARDI HANDAYA HIDAYAT "
    "INDRAWAN IRAWAN JATMIKA KUNCORO KUSUMA LAKSONO MAHARDIKA MAULANA NUGRAHA OKTAVIA PAMUNGKAS "
    "PERMANA PRATAMA PURNAMA RAMADHAN SANTOSA SAPUTRA SETIAWAN SUSANTO SYAHPUTRA TRIANTO UTOMO WIBOWO "
    "WIDODO WIJAYA YULIANTO"
)
_INVENTED = "REKAAN CONTOH SINTETIS FIKTIF TIRUAN BUATAN UJICOBA PURWARUPA SEMU PERAGA ANDAIAN MISALAN"
_STREETS = "MAWAR MELATI KENANGA CEMPAKA DAHLIA FLAMBOYAN TERATAI ANGGREK BOUGENVIL KAMBOJA SERUNI TANJUNG"


def nik(rng: Generator, home: Ints, born: Ints, sex: Ints) -> Ints:
    """Personal numbers: where first registered, birth date with 40 added for women, serial."""
    size = len(home)
    moved = rng.random(size)
    region = np.where(moved < 0.72, home, 357101 + rng.integers(0, 3, size))
    region = np.where(moved > 0.84, rng.choice(_ELSEWHERE, size), region)
    return _numbered(rng, region, _ddmmyy(born) + np.where(sex == FEMALE, 400_000, 0))


def family_card(rng: Generator, home: Ints, recorded: Ints) -> Ints:
    """Family card numbers: where issued, date of recording, serial."""
    return _numbered(rng, home, _ddmmyy(recorded))


def names(rng: Generator, sex: Ints) -> Texts:
    """Two Indonesian name parts and a word that says that nobody bears the name."""
    size = len(sex)
    first = np.where(sex == FEMALE, _words(rng, _FEMALE, size), _words(rng, _MALE, size))
    middle, last = _words(rng, _MIDDLE, size), _words(rng, _INVENTED, size)
    return _joined(pl.Series(first), " ", pl.Series(middle), " ", pl.Series(last))


def addresses(rng: Generator, rt: Ints, rw: Ints) -> Texts:
    """Example streets with a house number, RT and RW."""
    size = len(rt)
    street, number = pl.Series(_words(rng, _STREETS, size)), pl.Series(rng.integers(1, 250, size))
    return _joined("JL. CONTOH ", street, " NO. ", number, " RT ", padded(rt), "/RW ", padded(rw))


def padded(number: Ints) -> pl.Series:
    """Three digits."""
    return pl.Series(number).cast(pl.String).str.zfill(3)


def contradict(rng: Generator, born: Ints, sex: Ints, wrong_day: Bools, wrong_sex: Bools) -> tuple[Ints, Ints]:
    """The birth date and sex as some numbers were issued: wrongly."""
    shift = rng.integers(1, 3000, len(born))
    return np.where(wrong_day, born - shift, born), np.where(wrong_sex, 3 - sex, sex)


def _words(rng: Generator, text: str, size: int) -> NDArray[np.str_]:
    return rng.choice(text.split(), size)


def _joined(*parts: str | pl.Series) -> Texts:
    columns = [pl.lit(part) if isinstance(part, str) else part for part in parts]
    return pl.select(pl.concat_str(columns)).to_series().to_numpy()


def _ddmmyy(days: Ints) -> Ints:
    stamp = days.astype("datetime64[D]")
    month = stamp.astype("datetime64[M]")
    year = stamp.astype("datetime64[Y]")
    day = (stamp - month).astype(np.int64) + 1
    written: Ints = day * 10_000 + ((month - year).astype(np.int64) + 1) * 100 + (year.astype(np.int64) + 1970) % 100
    return written


def _numbered(rng: Generator, region: Ints, middle: Ints) -> Ints:
    """Give each number of a region and date its own serial, in a shuffled order."""
    stem = region.astype(np.int64) * 1_000_000 + middle
    order = rng.permutation(len(stem))
    rank = np.empty(len(stem), dtype=np.int64)
    rank[order] = rank_within(stem[order])
    if rank.max(initial=0) >= SERIALS:
        raise ValueError("more numbers of one region and date than there are serials")
    number: Ints = stem * 10_000 + FIRST_SERIAL + (rank + stem * 7919) % SERIALS
    return number
