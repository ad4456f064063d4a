"""Persons whom the linkage is sure of: which of them are tied without a reviewer, and the edge that decides each tie.

Two persons can be one where they stand in no list together (a snapshot, a visit), one of them at least has no NIK, and
no reviewer keeps them apart. What is doubtful stays on the review list (`queries.alike`). Weights come from `linkage`,
ids are given in `identity`; here the pairs of a run are few and are decided one by one, whatever the engine.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import combinations

import narwhals as nw
import polars as pl

from dtsen_pipeline.core.engine import Engine, Frame
from dtsen_pipeline.core.entities import ID_NAME, NIK, VISIT_ID, with_person_id
from dtsen_pipeline.core.linkage import ID, PAIR, SOURCE, SURE, clusters, keyed, link_few
from dtsen_pipeline.core.rows import pointer
from dtsen_pipeline.reference.linking import MISSING, LinkageModel
from dtsen_pipeline.schemas.release import polars_types
from dtsen_pipeline.schemas.tables import MEMBER

NEEDED = ("name", "date")
"""Kinds of comparisons that a tie needs on both sides: a person of whom one is not known is for a reviewer."""
LISTED = "potret"
"""The list in which all persons of the snapshots stand once they are told apart."""
COLUMNS = polars_types("tautan")
"""What is kept of a tie: the person, both records by the ids and rows that they have by themselves, and the edge."""
NONE = pl.DataFrame(schema=COLUMNS)


@dataclass(frozen=True)
class Side:
    """A person at one end of an edge: the lists that name the person, and whether any row has a NIK."""

    lists: frozenset[str]
    is_numbered: bool

    def excludes(self, other: "Side") -> bool:
        """Whether the two cannot be one without a reviewer's word."""
        return bool(self.lists & other.lists) or (self.is_numbered and other.is_numbered)


@dataclass(frozen=True, order=True)
class Edge:
    """Two persons, and the pair of their records that is most alike, by the tokens of the records' rows."""

    one: str
    other: str
    one_row: str
    other_row: str
    weight: int
    is_sure: bool
    probability_ppm: int

    @property
    def ends(self) -> tuple[str, str]:
        """Both persons."""
        return self.one, self.other

    def beyond(self, person: str) -> str:
        """The person at the other end."""
        return self.other if person == self.one else self.one


@dataclass(frozen=True)
class Linking:
    """The tied member rows of all snapshots (as `written` takes them, with `own_key`), for links among them."""

    rows: Frame
    model: LinkageModel
    engine: Engine

    @cached_property
    def keys(self) -> Frame:
        """Each way in which a snapshot writes a person, `keyed` with `own_key`: once a run, if anybody is sought."""
        return keyed(written(self.rows, "own_key"), self.model, self.engine)


def written(rows: Frame, person: str) -> Frame:
    """`rows` (with born, sex, first_card and kelurahan) as linkage knows people: each way in which `person` is written.

    The id is the token of the first row that is written so. The card is the first of the family's cards, so that a
    family that changed its card is one home.
    """
    line = nw.concat_str(nw.lit("0" * 10), nw.col("row").cast(nw.String)).str.slice(-10)
    told = rows.select(
        person,
        token=nw.concat_str(nw.col("src"), line, separator="-"),
        nik=nw.col(NIK),
        nama=nw.col(ID_NAME),
        tanggal_lahir=nw.when(nw.col("born") != "").then(nw.col("born")),
        jenis_kelamin=nw.when(nw.col("sex") != "").then(nw.col("sex")),
        card=nw.col("first_card"),
        kelurahan=nw.col("kelurahan"),
    )
    facts = [name for name in told.collect_schema().names() if name != "token"]
    return told.group_by(facts).agg(nw.col("token").min().alias(ID))


def between_snapshots(
    rows: Frame, linking: Linking, snapshots: int, apart: Collection[frozenset[str]], engine: Engine
) -> tuple[Edge, ...]:
    """The edges that tie persons of different snapshots, by entity_key.

    `rows`: member rows with own_key, entity_key and version; `apart`: keys that reviewers keep apart.
    """
    if snapshots == 1:
        return ()
    stood = engine.checkpoint(rows.select("entity_key", "version").unique())
    missing = stood.group_by("entity_key").agg(times=nw.len()).filter(nw.col("times") < snapshots)
    numbered = rows.filter(~nw.col(NIK).is_null()).select("entity_key").unique()
    sought = missing.select("entity_key").join(numbered, on="entity_key", how="anti")
    if engine.fetch(sought.head(1)).is_empty():
        return ()
    keys = rows.select("own_key", "entity_key").unique().join(missing, on="entity_key", how="semi")
    known = engine.checkpoint(_of(linking, keys, "entity_key"))
    new = engine.checkpoint(known.join(numbered.select(nw.col("entity_key").alias(SOURCE)), on=SOURCE, how="anti"))
    edges = _edges(link_few(new, known, linking.model, engine), linking.model)
    if not edges:
        return ()
    ends = _ends(edges, "entity_key", engine)
    lists = engine.fetch(stood.join(ends, on="entity_key", how="semi").select("entity_key", "version"))
    named = engine.fetch(numbered.join(ends, on="entity_key", how="semi"))
    return deciding(edges, _sides(edges, lists.rows(), set(named["entity_key"])), apart)


def with_visits(
    strangers: Frame,
    calls: Frame,
    persons: Frame,
    linking: Linking,
    apart: Collection[frozenset[str]],
    engine: Engine,
) -> tuple[tuple[Edge, ...], dict[str, str]]:
    """The edges that tie persons whom officers met to persons of the snapshots, and the latter for each end.

    `strangers`: visits' member rows whose person the exact rules do not know, with the `person_id` of a new one;
    `calls`: the person_id and the visit of every tied row and of the strangers; `persons`: the snapshots' tied rows.
    """
    new = written(strangers, "person_id").with_columns(nw.col("person_id").alias(SOURCE))
    new = keyed(new.drop("person_id"), linking.model, engine)
    met = set(engine.fetch(new.select(SOURCE))[SOURCE])
    if not met:
        return (), {}
    known = _of(linking, persons.select("own_key", "person_id").unique(), "person_id")
    both = engine.checkpoint(nw.concat([known, new.select(known.collect_schema().names())]))
    found = _edges(link_few(new, both, linking.model, engine), linking.model)
    edges = [edge for edge in found if not met.issuperset(edge.ends)]
    if not edges:
        return (), {}
    ends = _ends(edges, "person_id", engine)
    lists = engine.fetch(calls.join(ends, on="person_id", how="semi").select("person_id", VISIT_ID).unique()).rows()
    lists += [(end, LISTED) for edge in edges for end in edge.ends if end not in met]
    rows = nw.concat([frame.select("person_id", NIK) for frame in (persons, strangers)])
    named = engine.fetch(rows.filter(~nw.col(NIK).is_null()).join(ends, on="person_id", how="semi"))
    tied = deciding(edges, _sides(edges, lists, set(named["person_id"])), apart)
    return tied, {end: one for nodes in _sets(tied) for one in nodes if one not in met for end in nodes}


def deciding(edges: Iterable[Edge], sides: Mapping[str, Side], apart: Collection[frozenset[str]]) -> tuple[Edge, ...]:
    """The edges that tie, in whatever order the edges come.

    An edge ties where it is sure and neither end has a rival for the other: somebody who cannot be one with the other,
    and whom an edge connects that is sure too or at least as strong. Where ties would bring two together who cannot
    be one, none of them is made.
    """

    def excludes(one: str, other: str) -> bool:
        return frozenset((one, other)) in apart or sides[one].excludes(sides[other])

    possible = [edge for edge in _strongest(edges) if not excludes(*edge.ends)]
    at = defaultdict[str, list[Edge]](list)
    for edge in possible:
        for end in edge.ends:
            at[end].append(edge)

    def is_contested(edge: Edge) -> bool:
        return any(
            excludes(rival.beyond(end), edge.beyond(end))
            for end in edge.ends
            for rival in at[end]
            if rival is not edge and (rival.is_sure or rival.weight >= edge.weight)
        )

    sure = [edge for edge in possible if edge.is_sure and not is_contested(edge)]
    whole = [nodes for nodes in _sets(sure) if not any(excludes(*pair) for pair in combinations(nodes, 2))]
    tied = {node for nodes in whole for node in nodes}
    return tuple(sorted(edge for edge in sure if edge.one in tied))


def firsts(edges: Sequence[Edge]) -> dict[str, str]:
    """Each tied person with the first, in the order of their names, of those who are one."""
    return {node: nodes[0] for nodes in _sets(edges) for node in nodes}


def table(
    edges: Sequence[Edge], person_of: Mapping[str, str], linking: Linking, engine: Engine, key: bytes
) -> pl.DataFrame:
    """The edges as they are kept; `person_of`: the published id of each end."""
    tokens = sorted({token for edge in edges for token in (edge.one_row, edge.other_row)})
    named = linking.keys.filter(nw.col(ID).is_in(tokens)).select(ID, "own_key")
    ids = dict(engine.fetch(with_person_id(named, "own_key", "own_id", engine, key)).select(ID, "own_id").rows())
    rows = []
    for edge in edges:
        sides = zip(edge.ends, (edge.one_row, edge.other_row), strict=True)
        a, b = sorted((ids.get(token, end), *pointer(token)) for end, token in sides)
        facts = {"person_id": person_of[edge.one], "bobot": edge.weight, "peluang_per_sejuta": edge.probability_ppm}
        facts |= dict(zip(("pihak_a", "src", "row", "pihak_b", "src_b", "row_b"), (*a, *b), strict=True))
        rows.append(facts | {"model": linking.model.sha256})
    return pl.DataFrame(rows, schema=COLUMNS)


def aliases(kept: Frame) -> Frame:
    """Both sides' own ids as aliases of the person, where they differ."""
    sides = [
        kept.select(nw.lit(MEMBER).alias("tabel"), alias_id=side, entity_id="person_id")
        for side in ("pihak_a", "pihak_b")
    ]
    return nw.concat(sides).filter(nw.col("alias_id") != nw.col("entity_id"))


def _of(linking: Linking, persons: Frame, person: str) -> Frame:
    """The keys of some persons, whose name is their source; `persons`: own_key and the column `person`."""
    named = linking.keys.join(persons, on="own_key", how="inner").with_columns(nw.col(person).alias(SOURCE))
    return named.drop("own_key", person)


def _edges(found: pl.DataFrame, model: LinkageModel) -> list[Edge]:
    needed = [comparison.name for comparison in model.comparisons if comparison.kind in NEEDED]
    is_sure = (pl.col("decision") == SURE) & ~pl.any_horizontal(pl.col(name) == MISSING for name in needed)
    facts = found.select("source_l", "source_r", *PAIR, "weight", is_sure, "probability_ppm")
    edges = []
    for one, other, row, other_row, *said in facts.iter_rows():
        (first, first_row), (second, second_row) = sorted(((one, row), (other, other_row)))
        edges.append(Edge(first, second, first_row, second_row, *said))
    return edges


def _ends(edges: Iterable[Edge], person: str, engine: Engine) -> Frame:
    ends = sorted({end for edge in edges for end in edge.ends})
    return engine.load(pl.DataFrame({person: ends}, schema={person: pl.String}))


def _sides(edges: Iterable[Edge], lists: Iterable[Sequence[str]], numbered: Collection[str]) -> dict[str, Side]:
    at = defaultdict[str, set[str]](set)
    for person, place in lists:
        at[person].add(place)
    return {end: Side(frozenset(at[end]), end in numbered) for edge in edges for end in edge.ends}


def _strongest(edges: Iterable[Edge]) -> list[Edge]:
    """One edge for each two persons."""
    best = dict[tuple[str, str], Edge]()
    for edge in sorted(edges, key=lambda edge: (-edge.weight, not edge.is_sure, edge)):
        best.setdefault(edge.ends, edge)
    return list(best.values())


def _sets(edges: Sequence[Edge]) -> list[list[str]]:
    """The persons whom edges join, each set in order."""
    if not edges:
        return []
    joined = clusters(pl.DataFrame([edge.ends for edge in edges], schema=list(PAIR), orient="row"))
    return [sorted(nodes) for nodes in joined.group_by("cluster").agg(ID)[ID].to_list()]
