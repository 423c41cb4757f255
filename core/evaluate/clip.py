"""`evaluate clip`: a result clip against its source. Is it steady, and does it still have the style and the content?

Doing nothing wins every measure of steadiness: each figure therefore stands beside the source's own (the floor), and
beside the style and the content as a network sees them that nothing here was trained with (`neutral.py`).
"""

from __future__ import annotations

import json
import statistics
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from torch import Tensor
from tqdm import tqdm

from .. import frames, weights
from ..errors import OptionError
from ..sizes import size_of
from . import differences, steadiness
from .footage import Footage, Moment
from .neutral import HED, neutral_judge
from .steadiness import Drift, PairError, StaticRegions, WarpError

GAPS = (1, 10)
"""Frames apart at which warp errors are taken: the neighbor shows flicker, the tenth strokes that swim."""
MOST_JUDGED = 12
"""At most so many frames of a clip go through the judge's network."""


@dataclass(frozen=True)
class ClipFigures:
    """What was measured of a clip.

    `exact_motion` says whether neighbors were compared by recorded motion; `warp` holds E(i) by i, None where the clip
    has no two frames so far apart in one shot; `cuts` the frames that begin a new shot; `drift` is None for fewer than
    three frames; `seams` holds, by frame, E(1) across it by the clip's median; `style_loss` (None without a style
    image) and `content_error` are means over `judged` frames, as in `measure.Figures`.
    """

    frames: Sequence[int]
    size: tuple[int, int]
    exact_motion: bool
    cuts: Sequence[int]
    warp: Mapping[int, WarpError | None]
    drift: Drift | None
    seams: Mapping[int, float | None]
    style_loss: float | None
    content_error: float
    judged: Sequence[int]

    def to_json(self) -> dict[str, Any]:
        """Plain values, floats rounded to six places; `size` is (height, width)."""
        plain: dict[str, Any] = _rounded(asdict(self))
        return plain


def run(footage: Footage, *, style: Path | None, gaps: Sequence[int], seams: Sequence[int], sheet: Path | None,
        as_json: bool) -> None:
    """Measure, print a table or one JSON object, write the sheet if there is to be one.

    Raises InputError, OptionError, OutputError, WeightsError.
    """
    figures = measure(footage, None if style is None else frames.read(style).rgb, gaps or GAPS, seams)
    if as_json:
        print(json.dumps(figures.to_json(), sort_keys=True))
    else:
        for line in lines(figures):
            print(line)
    if sheet is not None:
        differences.write(sheet, footage, around=least_steady(figures))


def measure(footage: Footage, style: Tensor | None = None, gaps: Sequence[int] = GAPS,
            seams: Sequence[int] = ()) -> ClipFigures:
    """Every figure in one pass, with at most max(gaps) + 1 frames in memory.

    `style` is the style image, 1,3,H,W. Raises InputError, OptionError (gaps, seams), WeightsError (no judge).
    """
    if wrong := [gap for gap in gaps if gap < 1]:
        raise OptionError(f"Frames cannot be {wrong[0]} apart.", "The least gap is 1.")
    if unknown := [frame for frame in seams if frame not in footage.numbers[1:]]:
        raise OptionError(f"There is no frame before frame {unknown[0]} to compare it with.",
                          f"The clip has the frames {footage.numbers[0]} to {footage.numbers[-1]}.")
    weights.load(HED)  # now, so that a missing judge shows before the work and not after it
    asked = sorted({1, *gaps} if seams else set(gaps))
    passed = _Pass(footage, style, asked)
    for moment in tqdm(footage.moments(), total=len(footage.numbers), unit="frame", desc="evaluate", leave=False,
                       disable=None):
        passed.take(moment)
    return passed.figures(gaps, seams)


class _Pass:
    """One pass over a clip's frames."""

    def __init__(self, footage: Footage, style: Tensor | None, gaps: Sequence[int]) -> None:
        self.footage, self.style = footage, style
        self.pairs: dict[int, list[PairError]] = {gap: [] for gap in gaps}
        self.window: deque[Moment] = deque(maxlen=max(gaps) + 1)
        self.regions = StaticRegions()
        self.cuts: list[int] = []
        self.judged: dict[int, tuple[float, float]] = {}
        every = -(-len(footage.numbers) // MOST_JUDGED)
        self.to_judge = set(footage.numbers[::every])

    def take(self, moment: Moment) -> None:
        if self.window and self.window[-1].shot != moment.shot:
            self.cuts.append(moment.number)
        self.window.append(moment)
        self.regions.add(moment.source.rgb, moment.result)
        for gap, pairs in self.pairs.items():
            pairs.extend(self._pair(moment, gap))
        if moment.number in self.to_judge:
            self.judged[moment.number] = self._judge(moment)

    def figures(self, gaps: Sequence[int], seams: Sequence[int]) -> ClipFigures:
        style = statistics.fmean(style for style, _ in self.judged.values()) if self.style is not None else None
        return ClipFigures(
            self.footage.numbers, size_of(self.window[-1].result), self.footage.exact, self.cuts,
            {gap: steadiness.over_clip(gap, self.pairs[gap]) for gap in sorted(set(gaps))},
            self.regions.drift(),
            {frame: steadiness.seam(frame, self.pairs[1]) for frame in seams},
            style, statistics.fmean(content for _, content in self.judged.values()), list(self.judged))

    def _pair(self, here: Moment, gap: int) -> Iterator[PairError]:
        """The errors against the frame so many before; none without such a frame in the shot, or anything reliable."""
        there = next((m for m in self.window if (m.place, m.shot) == (here.place - gap, here.shot)), None)
        if there is None:
            return
        link = self.footage.link(here, there)
        error = steadiness.warp_error(here.result, there.result, link.flow, link.reliability)
        floor = steadiness.warp_error(here.source.rgb, there.source.rgb, link.flow, link.reliability)
        if error is not None and floor is not None:
            yield PairError(here.number, error, floor)

    def _judge(self, moment: Moment) -> tuple[float, float]:
        """Style loss (meaningless without a style image) and content error of one frame."""
        source = moment.source.rgb
        found = neutral_judge(source, source if self.style is None else self.style)(moment.result)
        return found.style, found.content


def least_steady(figures: ClipFigures) -> int:
    """The frame with the largest E(1); the first one if that was not measured."""
    near = figures.warp.get(1)
    return max(near.pairs, key=lambda pair: pair.error).frame if near else figures.frames[0]


def lines(figures: ClipFigures) -> Iterator[str]:
    """The figures for a person."""
    height, width = figures.size
    cuts = "no scene cut" if not figures.cuts else "scene cuts at " + ", ".join(map(str, figures.cuts))
    motion = "exact" if figures.exact_motion else "estimated"
    yield f"{len(figures.frames)} frames, {width} x {height}, {cuts}, {motion} motion between neighbors"
    yield f"{'':14}{'result':>9}{'source':>9}{'ratio':>9}{'median':>9}{'pairs':>9}"
    for gap, warp in figures.warp.items():
        name = f"E({gap})"
        if warp is None:
            yield f"{name:14}      n/a  no two frames of a shot are {gap} apart"
        else:
            ratio = f"{warp.ratio:9.2f}" if warp.ratio is not None else f"{'n/a':>9}"
            yield f"{name:14}{warp.error:9.4f}{warp.floor:9.4f}{ratio}{warp.median:9.4f}{len(warp.pairs):9}"
    for frame, ratio_there in figures.seams.items():
        name = f"seam {frame}"
        yield f"{name:14}" + ("      n/a" if ratio_there is None else f"{ratio_there:9.2f}  times the median E(1)")
    yield f"{'drift':14}{_drift_words(figures.drift)}"
    if figures.style_loss is not None:
        yield f"{'style loss':14}{figures.style_loss:9.4f}  mean of {len(figures.judged)} frames"
    yield f"{'content error':14}{figures.content_error:9.4f}  mean of {len(figures.judged)} frames"


def _drift_words(drift: Drift | None) -> str:
    if drift is None:
        return "      n/a  fewer than three frames"
    if drift.worst is None or drift.sharpness_worst is None or drift.sharpness_median is None:
        return "      n/a  nothing stands still"
    return (f"{drift.worst:9.2f}  /255 at worst in {drift.blocks} still blocks; sharpness "
            f"{drift.sharpness_worst:+.0%} at worst, {drift.sharpness_median:+.0%} median")


def _rounded(value: Any) -> Any:
    if isinstance(value, float):
        return round(value, 6)
    if isinstance(value, Mapping):
        return {str(key): _rounded(inner) for key, inner in value.items()}
    return [_rounded(inner) for inner in value] if isinstance(value, Sequence) and not isinstance(value, str) else value
