"""Whom to visit first: how probably a visit moves a family's desil, and what that would mean for programmes.

Pure functions over NumPy arrays, one row a family. A visit is taken to find a doubtful input as peers have it. Doubt
and stakes are numbers that the caller states with their origin; the order never decides anybody's aid.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr

Floats = NDArray[np.float64]
Ints = NDArray[np.int64]
Bools = NDArray[np.bool_]
DECILES = 10


@dataclass(frozen=True)
class Peers:
    """Mean and variance of each input among a family's peers, families by inputs, in the unit of the inputs."""

    mean: Floats
    variance: Floats


def peers_of(inputs: Floats, group: Ints) -> Peers:
    """What peers (the families of one group) show in each input; the whole city where fewer than two do.

    `inputs`: contributions to the score, families by inputs, NaN where missing. An input that nobody shows counts 0.
    """
    everywhere = np.array([_moments(column) for column in inputs.T])
    mean, variance = np.empty_like(inputs), np.empty_like(inputs)
    for value in np.unique(group):
        rows = group == value
        for place, column in enumerate(inputs.T):
            own = column[rows]
            found = _moments(own) if np.isfinite(own).sum() > 1 else everywhere[place]
            mean[rows, place], variance[rows, place] = found
    return Peers(mean, variance)


def _moments(values: Floats) -> tuple[float, float]:
    known = values[np.isfinite(values)]
    return (float(known.mean()), float(known.var())) if len(known) else (0.0, 0.0)


@dataclass(frozen=True)
class Inputs:
    """The inputs of a model as contributions to the score, families by inputs, in the score's unit.

    `held`: NaN where missing; `doubt`: the probability that a visit finds the input different; `peers`: as `peers_of`;
    `intercept`: of each family's section; `at`: where each family's estimate stands on the scale of the scores, NaN
    where it has none.
    """

    held: Floats
    doubt: Floats
    peers: Peers
    intercept: Floats
    at: Floats

    @property
    def is_known(self) -> Bools:
        """Whether an input is there at all."""
        return np.asarray(np.isfinite(self.held), dtype=np.bool_)

    @property
    def score(self) -> Floats:
        """Where a family stands today: its estimate, else the score with missing inputs as the peers have them.

        A visit moves the estimate by as much as the score, so chances are taken around this point.
        """
        held = np.where(self.is_known, self.held, self.peers.mean)
        return np.where(np.isfinite(self.at), self.at, self.intercept + held.sum(axis=1)).astype(np.float64)

    @property
    def weight(self) -> Floats:
        """What each input may move: its expected squared change, families by inputs."""
        apart = self.peers.mean - self.held
        known = self.doubt * (apart**2 + self.peers.variance)
        return np.asarray(np.where(self.is_known, known, self.peers.variance), dtype=np.float64)


def decile_chances(inputs: Inputs, cuts: Sequence[int]) -> Floats:
    """The probability of each decile of the score that a visit finds, families by ten.

    Missing inputs are found as the peers have them (normal, with their mean and variance). Of the known ones either
    all stand, with the product of 1 - doubt, or one is found as the peers have it, each in proportion to its doubt;
    that several differ at once is left out, so that the chance of large moves is on the low side.
    """
    known = inputs.is_known
    doubt = np.where(known, inputs.doubt, 0.0)
    stands = np.prod(1 - doubt, axis=1)
    spread = np.where(known, 0.0, inputs.peers.variance).sum(axis=1)
    found = stands[:, None] * _between(inputs.score, spread, cuts)
    total = doubt.sum(axis=1)
    for place in np.flatnonzero(doubt.any(axis=0)):
        apart = np.where(known[:, place], inputs.peers.mean[:, place] - inputs.held[:, place], 0.0)
        moved = _between(inputs.score + apart, spread + inputs.peers.variance[:, place], cuts)
        share = np.divide(doubt[:, place], total, out=np.zeros_like(total), where=total > 0)
        found += ((1 - stands) * share)[:, None] * moved
    return np.asarray(found, dtype=np.float64)


def _between(score: Floats, variance: Floats, cuts: Sequence[int]) -> Floats:
    """The normal probability of each decile; a score without spread lies in one, on a cut-off in the lower."""
    ends = np.array([-np.inf, *cuts, np.inf])[None, :]
    spread = np.sqrt(variance)[:, None]
    with np.errstate(divide="ignore", invalid="ignore"):
        steps = (ends - score[:, None]) / spread
    sure = np.where(ends >= score[:, None], np.inf, -np.inf)
    return np.asarray(np.diff(ndtr(np.where(spread > 0, steps, sure)), axis=1), dtype=np.float64)


def expected_stake(chances: Floats, estimate: Ints, stakes: Floats) -> Floats:
    """What is expected to change: the chance of each desil times what moving there means (`stakes`, ten by ten)."""
    return np.asarray((chances * stakes[estimate - 1]).sum(axis=1), dtype=np.float64)


def set_right(stakes: Floats, truth: Floats) -> Floats:
    """What moving from one desil to another sets right, ten by ten, where the desil is only a sign of the truth.

    `stakes`: answers that differ between two deciles; `truth`: the chance of each decile of welfare for families of
    each desil. Answers that were wrong before, less those that are wrong after; a move that sets no more right than
    wrong counts 0.
    """
    before, after = stakes @ truth.T, (truth * stakes).sum(axis=1)
    return np.asarray(np.maximum(before - after[None, :], 0.0), dtype=np.float64)


def lot(seed: str, names: Sequence[str]) -> list[str]:
    """The names in the order of a lottery that the seed alone decides; any first part of it is a random sample."""
    return sorted(names, key=lambda name: (hashlib.sha256(f"{seed}|{name}".encode()).digest(), name))
