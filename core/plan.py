"""What pictures a job needs and which depend on which: shots, held frames, anchors, passes and chunks, as tasks.

A frame agrees with those painted before it in its shot. Every task's key holds the keys of the tasks it depends on,
so that a changed frame makes again what depends on it and nothing else.

At an anchor a new painting takes over. It is begun `LEAD_OVER` paintings earlier, without regard to those before;
that far the frames are painted twice, and cross-faded from the one to the other: a range between two anchors needs no
more from outside than those frames, and yet no seam shows.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from pathlib import Path

from .digests import key_of
from .options import StyleOptions

NEIGHBORS = (1, 2, 4)
"""How many paintings away the frames lie that a new one agrees with (Ruder et al., IJCV 2018, section 4.3)."""
EVERY = 3
"""A painting agrees in part with the one so many before, every third with the one nine before: from frame to frame
small errors add up."""
LEAD_OVER = 24
"""Paintings before an anchor over which those before it are cross-faded into it: a second of film."""
PASSES = "passes"
"""The folder, inside that of the results, for paintings that results are made from."""
LEAD = "lead"
"""The stage of a painting that is begun before its anchor."""


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
    the `second` one; it paints a frame from its `track`. `layers` are folders, beside its picture, for what goes along.
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
    layers: tuple[str, ...] = ()

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
        shown = (task.copied or task for task in self.results)  # all pieces are reported, also where pictures are made
        wanted.update(task.track for task in shown if task.layers and task.track)
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
    parts = [planner.painted(each) for each in ranges]
    mine = part([sum(map(len, each.groups)) for each in ranges], chunk)
    planner.plan.results = [task for i in mine for task in parts[i]]
    return planner.plan


Group = Sequence[Source]
"""The frames that show one painting, that of the first."""


@dataclass(frozen=True)
class _Range:
    """What lies between two anchors: its groups, and the first frames of groups that its painting is begun with.

    `begun` are those before its anchor (none, where a shot begins) and the anchor, last. `next` is `begun` of the
    range after it; nothing, where the shot ends.
    """

    groups: Sequence[Group]
    begun: Sequence[Source]
    next: Sequence[Source]

    @property
    def leaders(self) -> list[Source]:
        return [group[0] for group in self.groups]


def _ranges(sources: Sequence[Source], options: StyleOptions, parts: int) -> list[_Range]:
    anchor = options.anchor if options.stability else 1
    if not anchor and parts > 1:
        anchor = -(-len(sources) // parts)
    ranges: list[_Range] = []
    for shot in shots_of(sources):
        groups = [shot[i:i + options.hold] for i in range(0, len(shot), options.hold)]
        step = max(1, anchor // options.hold) if anchor else len(groups)
        leaders = [group[0] for group in groups]
        starts = range(0, len(groups), step)
        begun = [leaders[max(0, i - min(step - 1, LEAD_OVER)):i + 1] for i in starts]
        ranges += [_Range(groups[i:i + step], here, after)
                   for i, here, after in zip(starts, begun, [*begun[1:], []], strict=True)]
    return ranges


def shots_of(sources: Sequence[Source]) -> list[Sequence[Source]]:
    """The frames of each shot; the first one begins a shot in any case."""
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
    _begun: dict[int, list[Task]] = field(default_factory=dict)

    def painted(self, of: _Range) -> list[Task]:
        """The results of a range's frames."""
        leaders = of.leaders
        chain = self._steady(of) if self.options.stability else [self._paint(source, "", ()) for source in leaders]
        return [result for task, group in zip(chain, of.groups, strict=True)
                for result in (task, *(self._copied(source, task) for source in group[1:]))]

    def _steady(self, of: _Range) -> list[Task]:
        """A range painted forward, then again in passes, then cross-faded into the painting after it."""
        began = self._beginning(of.begun)
        chain = self._forward(began, of.leaders, self._stages(of, 1))[len(began) - 1:]
        for run in range(2, self.options.passes + 1):
            chain = self._again(chain, of.leaders, self._stages(of, run), -1 if run % 2 else 1)
        return self._led_over(chain, self._beginning(of.next)) if of.next else chain

    def _stages(self, of: _Range, run: int) -> list[str]:
        """The stage of each painting of a pass, counted from 1: its number, empty for what is the result already."""
        count = len(of.groups)
        results = count - max(0, len(of.next) - 1) if run == self.options.passes else 0  # the last ones are cross-faded
        return [""] * results + [str(run)] * (count - results)

    def _beginning(self, sources: Sequence[Source]) -> list[Task]:
        """The first frame of a range, last here, and what is painted before it: the same for all who ask for it."""
        anchor = sources[-1]
        if anchor.number not in self._begun:
            stages = [*[LEAD] * (len(sources) - 1), ""]
            self._begun[anchor.number] = self._forward([self._paint(sources[0], stages[0], ())], sources, stages)
        return self._begun[anchor.number]

    def _forward(self, before: Sequence[Task], leaders: Sequence[Source], stages: Sequence[str]) -> list[Task]:
        """What is painted before, the first leader last, and after it the others one by one."""
        chain = list(before)
        for (last, source), stage in zip(pairwise(leaders), stages[1:], strict=True):
            chain.append(self._copied(source, chain[-1], stage) if source.facts == last.facts else
                         self._paint(source, stage, _away(chain, len(chain), -1), origin=self._origin(chain)))
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

    def _led_over(self, chain: Sequence[Task], begun: Sequence[Task]) -> list[Task]:
        """The last paintings of a range, more and more those that the next one's anchor was begun with."""
        *to, _ = begun
        results = list(chain[:len(chain) - len(to)])
        for i, (on, new) in enumerate(zip(chain[len(results):], to, strict=True), 1):
            share = i / (len(to) + 1)
            key = key_of("joined", on.key, new.key, share)
            results.append(self._add(Task(on.number, self.output / on.path.name, on.input, key,
                                          joined=(on, new, share))))
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
