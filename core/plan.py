"""What pictures a job needs and which depend on which: shots, held frames, anchors, passes and chunks, as tasks.

A frame agrees with those painted before it in its shot. Every task's key holds the keys of the tasks it depends on,
so that a changed frame makes again what depends on it and nothing else.

An anchor is painted without regard to other frames. The last frames before the next anchor are painted twice, on
from the frames before and back from that anchor, and led over from the one to the other: a range between two anchors
needs nothing from outside, and yet no seam shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from pathlib import Path

from .manifest import key_of
from .options import StyleOptions

NEIGHBORS = (1, 2, 4)
"""How many paintings away the frames lie that a new one agrees with (Ruder et al., IJCV 2018, section 4.3)."""
EVERY = 3
"""A painting agrees in part with the one so many before, every third with the one nine before: from frame to frame
small errors add up."""
LEAD_OVER = 16
"""Paintings before an anchor that lead over to it."""
PASSES = "passes"
"""The folder, inside that of the results, for paintings that results are made from."""


@dataclass(frozen=True)
class Source:
    """A frame that goes into the plan: its number, its result's file name, hashes of its pixels and of its own facts.

    `facts` cover all that decides how this one frame looks alone: its pixels, mask and animated values. `moved` is the
    hash of the recorded motion that leads to it, empty without any. A frame that is not `wanted` is there for others.
    """

    number: int
    file: str
    input: str
    facts: str
    begins_shot: bool = False
    wanted: bool = True
    moved: str = ""


@dataclass(frozen=True, eq=False)
class Task:
    """A picture to make. Tasks of one key are equal pictures.

    It is painted, in agreement with `neighbors` (the nearest first), in part with one further back (`origin`), and
    beginning with what an earlier pass made of its frame (`begun`); or it is `joined` from two others: a, b and the
    share of b; or it is `copied`. An effect that follows things has tasks for what it knows of each frame (`is_track`),
    which go on from that of the frame before (`follows`) or, where a shot begins, look at how the frame moves on to
    the `second` one; it paints a frame from its `track`.
    """

    number: int
    path: Path
    input: str
    key: str
    neighbors: tuple[Task, ...] = field(default=(), repr=False)
    origin: Task | None = field(default=None, repr=False)
    begun: Task | None = field(default=None, repr=False)
    joined: tuple[Task, Task, float] | None = field(default=None, repr=False)
    copied: Task | None = field(default=None, repr=False)
    track: Task | None = field(default=None, repr=False)
    follows: Task | None = field(default=None, repr=False)
    second: Source | None = field(default=None, repr=False)
    is_track: bool = False

    @property
    def needs(self) -> Iterator[Task]:
        """The tasks whose pictures this one is made from."""
        yield from self.whole
        yield from self.neighbors
        for one in (self.origin, self.begun, self.follows):
            if one:
                yield one

    @property
    def whole(self) -> Iterator[Task]:
        """Those of them without which it cannot be made at all."""
        yield from self.joined[:2] if self.joined else ()
        for one in (self.copied, self.track):
            if one:
                yield one


@dataclass
class Plan:
    """All tasks, each after those it needs, and those among them that are the job's results."""

    tasks: list[Task] = field(default_factory=list)
    results: list[Task] = field(default_factory=list)

    def needed(self, finished: Iterable[Task]) -> list[Task]:
        """What there is to make, in order, when these are finished."""
        done, wanted = set(finished), set(self.results)
        for task in reversed(self.tasks):
            if task in wanted and task not in done:
                wanted.update(task.needs)
        return [task for task in self.tasks if task in wanted and task not in done]


def plan(sources: Sequence[Source], options: StyleOptions, look: str, output: Path,
         chunk: tuple[int, int] = (1, 1)) -> Plan:
    """The tasks for a clip's frames, given in order; with a chunk (K, N) the results are those of part K of N only.

    `look` is the hash of what changes every frame. Without anchors of its own, a clip in N parts gets one at least
    after every Nth of it: a part's pictures depend on N, but not on which parts are made here.
    """
    planner = _Planner(options, look, output)
    ranges = _ranges(sources, options, chunk[1])
    parts = [planner.range_of(groups, anchor) for groups, anchor in ranges]
    mine = part([sum(map(len, groups)) for groups, _ in ranges], chunk)
    planner.plan.results = [task for i in mine for task in parts[i]]
    return planner.plan


Group = Sequence[Source]
"""The frames that show one painting, that of the first."""


def _ranges(sources: Sequence[Source], options: StyleOptions,
            parts: int) -> list[tuple[Sequence[Group], Source | None]]:
    """The groups of each range, and the anchor after it (None: the shot ends there)."""
    anchor = options.anchor if options.stability else 1
    if not anchor and parts > 1:
        anchor = -(-len(sources) // parts)
    ranges: list[tuple[Sequence[Group], Source | None]] = []
    for shot in shots_of(sources):
        groups = [shot[i:i + options.hold] for i in range(0, len(shot), options.hold)]
        step = max(1, anchor // options.hold) if anchor else len(groups)
        pieces = [groups[i:i + step] for i in range(0, len(groups), step)]
        ranges += [(piece, after[0][0]) for piece, after in pairwise(pieces)] + [(pieces[-1], None)]
    return ranges


def shots_of(sources: Sequence[Source]) -> list[Sequence[Source]]:
    begins = [i for i, source in enumerate(sources) if source.begins_shot or i == 0]
    return [sources[i:j] for i, j in pairwise([*begins, len(sources)])]


def part(lengths: Sequence[int], chunk: tuple[int, int]) -> Iterator[int]:
    """Which ranges belong to part K of N: those next to each other, all parts about equally long."""
    which, of = chunk
    total = sum(lengths)
    for i, (end, length) in enumerate(zip(accumulate(lengths), lengths, strict=True)):
        middle = 2 * end - length
        if middle * of // (2 * total) == which - 1:
            yield i


@dataclass
class _Planner:
    """Makes the tasks of one range after the other."""

    options: StyleOptions
    look: str
    output: Path
    plan: Plan = field(default_factory=Plan)
    _afresh: dict[int, Task] = field(default_factory=dict)

    def range_of(self, groups: Sequence[Group], anchor: Source | None) -> list[Task]:
        """The results of a range's frames."""
        leaders = [group[0] for group in groups]
        painted = self._painted(leaders, anchor) if self.options.stability else [self.afresh(s) for s in leaders]
        return [result for task, group in zip(painted, groups, strict=True)
                for result in (task, *(self._copied(source, task) for source in group[1:]))]

    def afresh(self, source: Source) -> Task:
        """A frame painted without regard to others: the first of every range stays as this has it."""
        if source.number not in self._afresh:
            self._afresh[source.number] = self._paint(source, "", ())
        return self._afresh[source.number]

    def _painted(self, leaders: Sequence[Source], anchor: Source | None) -> list[Task]:
        """A range painted forward, then again in passes, then led over to the anchor after it."""
        led = min(LEAD_OVER, len(leaders) - 1) if anchor else 0
        chain = [self.afresh(leaders[0])]
        for run in range(1, self.options.passes + 1):
            stages = ["" if run == self.options.passes and i < len(leaders) - led else str(run)
                      for i in range(len(leaders))]
            chain = self._forward(leaders, stages) if run == 1 else self._again(
                chain, leaders, stages, -1 if run % 2 else 1)
        return self._led_over(chain, leaders, anchor, led) if anchor else chain

    def _forward(self, leaders: Sequence[Source], stages: Sequence[str]) -> list[Task]:
        chain = [self.afresh(leaders[0])]
        for i, source in enumerate(leaders[1:], 1):
            chain.append(self._copied(source, chain[-1], stages[i]) if source.facts == leaders[i - 1].facts else
                         self._paint(source, stages[i], _away(chain, i, -1), origin=self._origin(chain)))
        return chain

    def _origin(self, chain: Sequence[Task]) -> Task | None:
        """What lies further back that the next painting of a chain agrees with. The fast engine has no time for it."""
        far = EVERY if len(chain) % EVERY or len(chain) < EVERY**2 else EVERY**2
        return chain[-far] if self.options.engine == "optimize" and len(chain) >= far else None

    def _again(self, chain: Sequence[Task], leaders: Sequence[Source], stages: Sequence[str],
               toward: int) -> list[Task]:
        """Another pass; each frame agrees with those this pass has come from, which lie `toward` (1 or -1) it."""
        new: list[Task | None] = [chain[0], *[None] * (len(chain) - 1)]
        for i in range(1, len(chain)) if toward == -1 else range(len(chain) - 1, 0, -1):
            come_from = new[i + toward] if i + toward < len(new) else None
            if come_from is not None and leaders[i].facts == leaders[i + toward].facts:
                new[i] = self._copied(leaders[i], come_from, stages[i])
                continue
            neighbors = _away(new, i, toward) + tuple(chain[j] for j in (i - toward,) if 0 <= j < len(chain))
            new[i] = self._paint(leaders[i], stages[i], neighbors, chain[i])
        return [task for task in new if task]

    def _led_over(self, chain: Sequence[Task], leaders: Sequence[Source], anchor: Source, led: int) -> list[Task]:
        """The last paintings of a range, more and more those that were painted back from the anchor."""
        first = len(leaders) - led
        back = [self.afresh(anchor)]
        for source in reversed(leaders[first:]):
            back.insert(0, self._paint(source, "back", _away(back, -1, 1)))
        results = list(chain[:first])
        for i, source in enumerate(leaders[first:]):
            on, share = chain[first + i], (i + 1) / (led + 1)
            key = key_of("joined", on.key, back[i].key, share)
            results.append(self._add(Task(source.number, self._path(source, ""), source.input, key,
                                          joined=(on, back[i], share))))
        return results

    def _paint(self, source: Source, stage: str, neighbors: tuple[Task, ...], begun: Task | None = None,
               origin: Task | None = None) -> Task:
        key = key_of(source.facts, self.look, [task.key for task in neighbors], begun.key if begun else "",
                     *([origin.key] if origin else []))
        return self._add(Task(source.number, self._path(source, stage), source.input, key, neighbors, origin, begun))

    def _copied(self, source: Source, task: Task, stage: str = "") -> Task:
        return self._add(Task(source.number, self._path(source, stage), source.input, task.key, copied=task))

    def _path(self, source: Source, stage: str) -> Path:
        return (self.output / PASSES / stage if stage else self.output) / source.file

    def _add(self, task: Task) -> Task:
        self.plan.tasks.append(task)
        return task


def _away(tasks: Sequence[Task | None], i: int, toward: int) -> tuple[Task, ...]:
    """The tasks that lie 1, 2 and 4 places from `i` to one side, as far as there are any."""
    places = (i + toward * distance for distance in NEIGHBORS)
    return tuple(task for j in places if 0 <= j < len(tasks) and (task := tasks[j]) is not None)
