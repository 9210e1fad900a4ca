"""Futures of one career, sampled for many paths at once by the learned models.

A language model writes titles token by token. Its career so far is read once and shared by all
paths; what paths have in common of their futures is run once. A path holds one uniform number per
year and follows it down the title tree like an arithmetic decoder, so its fate does not depend on
how many paths run beside it. A number that falls outside the titles is replaced by another: the
titles come out with their normalised probabilities exactly, which masking each step would not give.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from occu_core.careers import CareerHistory, Education, Query
from occu_core.models.career import CareerInputs, CareerModel
from occu_core.models.language_model import LanguageModel
from occu_core.models.path_errors import PathError
from occu_core.models.shared_context import Tails, joined, shared_context
from occu_core.models.title_walk import downward
from occu_core.titles import NO_PARENT, Tokens

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
Attempt = Callable[[int], Floats]

MOST_ATTEMPTS = 50
_LEVELS = tuple(Education)
_LOST = -2
_BELOW_ONE = float(np.nextafter(1.0, 0.0))


@torch.inference_mode()
def career_probabilities(model: CareerModel, queries: Sequence[Query]) -> Floats:
    """CAREER's answers to queries whose pasts have equally many records; (queries, states)."""
    read = [model.encoder.inputs(query.past, query) for query in queries]
    inputs = CareerInputs(
        *(torch.cat([getattr(one, name) for one in read]) for name in CareerInputs.__slots__)
    )
    found: Floats = model.network(inputs, only_last=True)[:, 0].exp().numpy()
    return found


@dataclass(frozen=True, slots=True)
class _Read:
    """Rows that have each read some nodes of the title tree, one below another.

    Attributes:
        tails: of the rows.
        following: probabilities, shape (rows, tokens, vocabulary).
        nodes: read by each row, from the top.
        first: where in `following` its first node stands.
        columns: how many columns of the tails come before those of `following`.
    """

    tails: Tails
    following: npt.NDArray[np.float32]
    nodes: list[list[int]]
    first: Ints
    columns: int

    def up_to(self, rows: Ints, depths: Ints) -> Tails:
        """The tails of some rows as they were at a depth of their nodes."""
        return self.tails.take(rows).until(self.columns + self.first[rows] + depths + 1)


class ResumePaths:
    """Paths of one career as a language model writes them on, year by year.

    Raises:
        PathError: if tokens cross from one record to the next, or the architecture cannot
            share a context; ask such a model for whole distributions instead.
    """

    def __init__(self, model: LanguageModel, past: CareerHistory, paths: int) -> None:
        resume, trie = model.tokens.resume(past), model.tokens.separable
        if resume is None or trie is None:
            raise PathError("the tokenizer does not keep records apart")
        self.model = model
        self.tree = downward(trie)
        self.context = shared_context(model, resume.tokens)
        self.tails = self.context.no_tail()
        self.unread: list[Tokens] = [()]  # of each row: the end of its last title
        self.state = [model.taxonomy.position(r.occupation.code) for r in past.records[-1:]] or [-1]
        self.row = np.zeros(paths, np.int64)  # of each path

    def advance(self, year: int, levels: Ints, uniform: Attempt) -> Ints:
        """The state of each path in a year; shape (paths,).

        Every row reads the cue and, ahead of need, the title of its last state: most paths stay.

        Args:
            year: after the last.
            levels: the education of each path, as a position in `Education`, -1 if unknown.
            uniform: the numbers in [0, 1) of an attempt, shape (paths,).
        """
        (rows, cues), which = _distinct(self.row, levels)
        asked = [self.unread[r] + self._cue(year, c) for r, c in zip(rows, cues, strict=True)]
        nodes = [[NO_PARENT, *self.tree.inner(self.state[r])] for r in rows]
        tokens = [cue + self.tree.words(n[1:]) for cue, n in zip(asked, nodes, strict=True)]
        first = np.array([len(cue) - 1 for cue in asked])
        untold = int(first.min())
        read = self.context.read(self.tails.take(rows), tokens, untold)
        start = _Read(*read, nodes, first - untold, self.tails.valid.shape[1] + untold)
        ends = _Ends(len(levels))
        for attempt in range(MOST_ATTEMPTS):
            self._descend(start, which, uniform(attempt), ends)
            if not len(ends.missing):
                break
        else:
            raise PathError(f"no title is written in {year}, in {MOST_ATTEMPTS} attempts")
        self.tails, self.unread, self.row, self.state = ends.gathered()
        return ends.states

    def _descend(self, read: _Read, which: Ints, uniform: Floats, ends: _Ends) -> None:
        """Follow the numbers of paths without a title down the tree, to a leaf or out of it."""
        paths = ends.missing
        rows, numbers = which[paths], uniform[paths]
        while len(paths):
            depths, nodes, numbers = self._walk(read, rows, numbers)
            leaf = np.array([self.tree.state.get(int(node), -1) for node in nodes], np.int64)
            done, going = leaf >= 0, (leaf < 0) & (nodes != _LOST)
            if done.any():
                tokens = [self.tree.token[node] for node in nodes[done]]
                ends.add(read, rows[done], depths[done], leaf[done], tokens, paths[done])
            paths, numbers = paths[going], numbers[going]
            if len(paths):
                columns = (rows[going], depths[going], nodes[going])
                (taken, at, reached), rows = _distinct(*columns)
                read = self._read_on(read.up_to(taken, at), reached)

    def _walk(self, read: _Read, rows: Ints, numbers: Floats) -> tuple[Ints, Ints, Floats]:
        """Each path's way through what its row has read.

        Returns:
            The depth of the last node on the way, the child chosen there that its row has not read
            (or `_LOST`), and what remains of the number.
        """
        depths, chosen, rest = np.zeros_like(rows), np.full_like(rows, _LOST), numbers.copy()
        for row in np.unique(rows):
            nodes, here = read.nodes[row], np.flatnonzero(rows == row)
            for depth, node in enumerate(nodes):
                following = read.following[row, read.first[row] + depth]
                found, rest[here] = self._choose(following, node, rest[here])
                depths[here], chosen[here] = depth, found
                ahead = nodes[depth + 1] if depth + 1 < len(nodes) else None
                here = here[found == ahead] if ahead is not None else here[:0]
                if not len(here):
                    break
        return depths, chosen, rest

    def _choose(
        self, following: npt.NDArray[np.float32], node: int, numbers: Floats
    ) -> tuple[Ints, Floats]:
        """The child in whose share each number lies, or `_LOST`, and where in it, in [0, 1)."""
        children, tokens = self.tree.below[node]
        shares = following[tokens].astype(np.float64)
        ends = shares.cumsum()
        place = np.searchsorted(ends, numbers, side="right")
        inside = place < len(children)
        place = np.minimum(place, len(children) - 1)
        within = (numbers - (ends - shares)[place]) / shares[place]
        return np.where(inside, children[place], _LOST), np.clip(within, 0.0, _BELOW_ONE)

    def _read_on(self, tails: Tails, nodes: Ints) -> _Read:
        """Each row reads a node, and below it all that have no sister."""
        chains = [self.tree.chain(int(node)) for node in nodes]
        columns = tails.valid.shape[1]
        read = self.context.read(tails, [self.tree.words(chain) for chain in chains])
        return _Read(*read, chains, np.zeros(len(chains), np.int64), columns)

    def _cue(self, year: int, level: int) -> Tokens:
        text = self.model.template.cue(year, _LEVELS[level] if level >= 0 else None)
        return tuple(self.model.tokens.tokenizer.encode(text, add_special_tokens=False))


class _Ends:
    """Where paths ended in one year: their states, and rows to go on from."""

    def __init__(self, paths: int) -> None:
        self.states = np.full(paths, -1, np.int64)
        self._row = np.full(paths, -1, np.int64)
        self._pieces: list[Tails] = []
        self._unread: list[Tokens] = []
        self._state: list[int] = []

    @property
    def missing(self) -> Ints:
        """The paths that have no state yet."""
        return np.flatnonzero(self.states < 0)

    def add(
        self,
        read: _Read,
        rows: Ints,
        depths: Ints,
        leaves: Ints,
        tokens: Sequence[int],
        paths: Ints,
    ) -> None:
        """Paths that chose a leaf below a node their row has read; its token is still unread."""
        (taken, at, states, unread), which = _distinct(rows, depths, leaves, np.array(tokens))
        self._row[paths] = which + len(self._unread)
        self.states[paths] = leaves
        self._pieces.append(read.up_to(taken, at))
        self._unread += [(int(token),) for token in unread]
        self._state += [int(state) for state in states]

    def gathered(self) -> tuple[Tails, list[Tokens], Ints, list[int]]:
        """All rows with what each has still to read, the row of each path, each row's state."""
        return joined(self._pieces).packed(), self._unread, self._row, self._state


def _distinct(*columns: Ints) -> tuple[tuple[Ints, ...], Ints]:
    """The distinct rows of some columns, and which of them each row is."""
    rows, which = np.unique(np.stack(columns, axis=1), axis=0, return_inverse=True)
    return tuple(np.ascontiguousarray(column) for column in rows.T), which.reshape(-1)
