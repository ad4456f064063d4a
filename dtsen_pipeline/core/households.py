"""Families against their own members in one snapshot: heads, couples, generations and numbers of people.

Everything here warns: a household that looks odd may be a household that is odd. Judging a row by itself is for
`validate`, and comparing the numbers of several people for `numbers`.
"""

# ruff: noqa: PLR2004 - the codes of kinship are the rules themselves

from collections.abc import Mapping

import narwhals as nw

from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.entities import BORN, CARD, SEX
from dtsen_pipeline.core.findings import SOURCE
from dtsen_pipeline.core.rows import ROW
from dtsen_pipeline.core.rules.context import Predicates
from dtsen_pipeline.core.validate import joined
from dtsen_pipeline.schemas.tables import FAMILY, MEMBER

RELATION, MARITAL, COUNT = "status_hubungan_keluarga", "status_kawin", "jumlah_anggota_keluarga"
DESCENDANTS, PARENTS = (3, 5), (6,)
HOME = ("version", CARD)


def household_rules() -> Mapping[str, Predicates]:
    """The rules by the table whose row they judge.

    Read beside the row: what `_homes` says of its family.
    """
    is_couple, is_headed = nw.col("spouses") == 1, nw.col("heads") == 1
    relation, born, head_born = nw.col(RELATION), nw.col(BORN), nw.col("head_born")
    return {
        FAMILY: {
            "W_FAMILY_EMPTY": nw.col("found").is_null(),
            "W_HEAD_COUNT": nw.col("heads") != 1,
            "W_MEMBER_COUNT": nw.col(COUNT) != nw.col("found"),
            "W_SPOUSE_COUNT": nw.col("spouses") > 1,
            "W_HEAD_UNMARRIED": is_headed & (nw.col("spouses") > 0) & (nw.col("head_marital") == 1),
            "W_COUPLE_SEX": is_headed & is_couple & (nw.col("head_sex") > 0) & (nw.col("head_sex") == nw.col("sex_of")),
        },
        MEMBER: {
            "W_CHILD_OLDER": is_headed & relation.is_in(DESCENDANTS) & (born <= head_born),
            "W_PARENT_YOUNGER": is_headed & relation.is_in(PARENTS) & (born >= head_born),
        },
    }


def check_households(families: Frame, members: Frame, version_of: Mapping[str, str], engine: Engine) -> Frame:
    """Family and member rows that do not fit their family: src, row, sumber, reasons (null), warnings."""
    rules, versioned = household_rules(), _versioned(members, version_of)
    homes = engine.checkpoint(_homes(versioned))
    judged = _versioned(families, version_of).join(homes, on=list(HOME), how="left")
    # Few families hold anybody out of the order of ages: only their members are looked at one by one.
    odd = homes.filter(
        (nw.col("eldest_child") <= nw.col("head_born")) | (nw.col("youngest_parent") >= nw.col("head_born"))
    )
    kin = versioned.join(odd.select(*HOME, "heads", "head_born"), on=list(HOME), how="inner")
    return nw.concat([_broken(judged, rules[FAMILY], FAMILY), _broken(kin, rules[MEMBER], MEMBER)])


def _homes(members: Frame) -> Frame:
    """One row per version and card: how many of whom, and the birth dates that bound the generations."""
    relation = nw.col(RELATION)
    is_head, is_spouse = relation == 1, relation == 2
    return members.group_by(*HOME).agg(
        nw.len().cast(nw.Int64).alias("found"),
        _number(is_head).alias("heads"),
        _number(is_spouse).alias("spouses"),
        nw.when(is_head).then(nw.col(BORN)).max().alias("head_born"),
        nw.when(is_head).then(nw.col(MARITAL)).max().alias("head_marital"),
        nw.when(is_head).then(nw.col(SEX)).max().alias("head_sex"),
        nw.when(is_spouse).then(nw.col(SEX)).max().alias("sex_of"),
        nw.when(relation.is_in(DESCENDANTS)).then(nw.col(BORN)).min().alias("eldest_child"),
        nw.when(relation.is_in(PARENTS)).then(nw.col(BORN)).max().alias("youngest_parent"),
    )


def _number(condition: nw.Expr) -> nw.Expr:
    return nw.when(condition).then(nw.lit(1)).otherwise(nw.lit(0)).sum().cast(nw.Int64)


def _broken(rows: Frame, rules: Predicates, table: str) -> Frame:
    broken = rows.filter(nw.any_horizontal(*rules.values(), ignore_nulls=True))
    return broken.select(
        *ROW,
        nw.lit(table).alias(SOURCE),
        nw.lit(None, dtype=nw.String).alias("reasons"),
        joined(rules, "W_").alias("warnings"),
    )


def _versioned(frame: Frame, version_of: Mapping[str, str]) -> Frame:
    version = nw.col("src").replace_strict(
        list(version_of), list(version_of.values()), default=None, return_dtype=nw.String
    )
    return frame.with_columns(version=version)
