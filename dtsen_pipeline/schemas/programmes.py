"""What programme rules read: every column that a rule names must be declared, and be of the kind the rule needs.

Also renders the programmes' reference page. Whom a rule takes in is decided by the queries.
"""

from collections.abc import Iterator, Mapping

from dtsen_pipeline.reference import Component, MemberTest, Programme, Reading, Rule, code_lists, programmes
from dtsen_pipeline.schemas.columns import Kind
from dtsen_pipeline.schemas.errors import DtsenError
from dtsen_pipeline.schemas.tables import FAMILY, MEMBER, OFFICIAL, tables

CODE = "E_PROGRAMME_RULE"
ABOUT = (
    "Keluarga mana yang dituju sebuah program menurut desil, sebagaimana dinyatakan tiap sumber. Sumber yang berbeda "
    "dimuat berdampingan. Desil yang kosong berarti *belum dapat dinilai*, tidak pernah *tidak*."
)
ABOUT_EN = (
    "Which families a programme is for, as each source states it; sources that disagree stand side by side. A missing "
    "desil is undecided, never no. A reserve desil counts only where places are left, so it is undecided."
)
GRADES = {"secondary": "pers atau portal", "code": "kode publik", "unverified": "belum diperiksa"}


def checked_programmes() -> Mapping[str, Programme]:
    """The programmes, read and checked against the declared columns; raises E_PROGRAMME_RULE."""
    try:
        found = programmes()
    except ValueError as error:
        raise DtsenError(CODE, str(error)) from error
    check(found)
    return found


def check(found: Mapping[str, Programme]) -> None:
    """Raise E_PROGRAMME_RULE where a rule names no declared column, or one that cannot answer it."""
    for programme in found.values():
        for rule in programme.rules:
            if rule.column not in {f"{FAMILY}.{name}" for name in OFFICIAL}:
                raise DtsenError(CODE, f"{programme.id}: {rule.column} is no official desil")
            for component in rule.any_of:
                for test in component.tests:
                    _check_test(test, f"{programme.id}: {component.id}")


def _check_test(test: MemberTest, where: str) -> None:
    declared = {f"{MEMBER}.{column.name}": column for column in tables()[MEMBER].columns}
    for name in test.columns:
        if name not in declared:
            raise DtsenError(CODE, f"{where}: there is no column {name}")
        column = declared[name]
        if test.ages is not None and column.kind is not Kind.DATE:
            raise DtsenError(CODE, f"{where}: {name} holds no date of birth")
        known = code_lists()[column.codes].values if column.codes else ()
        if test.ages is None and not set(test.codes) <= set(known):
            raise DtsenError(CODE, f"{where}: {name} has no such code")


def programmes_page() -> str:
    """Every programme with each source's rules and its components, as Markdown."""
    found = checked_programmes()
    parts = {part.id: part for programme in found.values() for rule in programme.rules for part in rule.any_of}
    blocks = [
        "# Program bantuan",
        "<!-- Generated from reference/programmes.yaml. Do not edit: change it and run `make docs`. -->",
        ABOUT,
        ABOUT_EN,
        *(block for programme in found.values() for block in _programme(programme)),
        "## Komponen",
        "At least one member who lives with the family meets every test of the component.",
        _table(("Komponen", "Arti", "Uji", "Ada dalam data", "Mutu sumber"), map(_component, parts.values())),
    ]
    return "\n\n".join(blocks) + "\n"


def _programme(programme: Programme) -> list[str]:
    rows = (_rule(reading, rule) for reading in programme.readings for rule in reading.rules)
    head = ("Sumber", "Tanggal sumber", "Mutu", "Berlaku", "Kolom", "Desil", "Cadangan", "Salah satu komponen")
    return [f"## {programme.id}", f"**{programme.title}.** {programme.note}", _table(head, rows)]


def _rule(reading: Reading, rule: Rule) -> tuple[str, ...]:
    source = reading.source
    span = f"{rule.effective} sampai {rule.until or 'sekarang'}"
    reserve = f"{rule.last + 1}-{rule.reserve}" if rule.reserve > rule.last + 1 else str(rule.reserve)
    return (
        source.title,
        source.date.isoformat(),
        GRADES[source.grade],
        span,
        f"`{rule.column}`",
        f"{rule.first}-{rule.last}",
        reserve if rule.reserve > rule.last else "",
        ", ".join(part.id for part in rule.any_of),
    )


def _component(part: Component) -> tuple[str, ...]:
    tests = "; ".join(map(_test, part.tests))
    return part.id, part.label, tests, "ya" if part.is_recorded else "tidak", GRADES[part.grade]


def _test(test: MemberTest) -> str:
    columns = ", ".join(f"`{name}`" for name in test.columns)
    if test.ages is not None:
        return f"usia dari {columns} {test.ages[0]} sampai {test.ages[1]}"
    return f"{columns} salah satu kode {', '.join(map(str, test.codes))}"


def _table(head: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> str:
    lines = [head, ("---",) * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)
