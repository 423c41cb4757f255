"""What a comparison's figures say: means over all pairs, and one method against another at no more content error.

Every method is a curve: one point (content error, style loss) for each of its strengths. Two methods can be
compared only at an equal content error, since any method trades one for the other.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from .measure import Figures

Pair = tuple[str, str]
"""A photograph's name and a style's."""
Curve = Mapping[float, Mapping[Pair, Figures]]
"""A method's figures by strength and pair; every strength has every pair."""


@dataclass(frozen=True)
class Versus:
    """One method against one setting of another, all at no more content error.

    `setting`: the first one's strength with the lowest mean style loss at no more mean content error, None if it has
    none; `ratio`: its mean style loss by the other's. `wins` counts pairs where that setting has less style loss
    and no more content error. `matched` holds, pair by pair, the ratio of style losses at the other's own
    content error, between our strengths interpolated; pairs whose content error we do not get down to are missing.
    """

    setting: float | None
    ratio: float
    wins: int
    pairs: int
    matched: Sequence[float]


def mean(figures: Mapping[Pair, Figures]) -> Figures:
    """Mean style loss (also by layer) and content error."""
    found = list(figures.values())
    parts = {j: statistics.mean(f.parts[j] for f in found) for j in found[0].parts}
    return Figures(statistics.mean(f.style for f in found), statistics.mean(f.content for f in found), parts)


def versus(ours: Curve, theirs: Mapping[Pair, Figures]) -> Versus:
    """Our curve against one setting of a rival."""
    goal = mean(theirs)
    allowed = {strength: mean(figures) for strength, figures in ours.items()
               if mean(figures).content <= goal.content}
    setting = min(allowed, key=lambda strength: allowed[strength].style, default=None)
    wins, ratio = 0, float("nan")
    if setting is not None:
        ratio = allowed[setting].style / goal.style
        wins = sum(ours[setting][pair].style < f.style and ours[setting][pair].content <= f.content
                   for pair, f in theirs.items())
    matched = [(pair, style_at([figures[pair] for figures in ours.values()], f.content)) for pair, f in theirs.items()]
    return Versus(setting, ratio, wins, len(theirs),
                  [style / theirs[pair].style for pair, style in matched if style is not None])


def style_at(points: Sequence[Figures], content: float) -> float | None:
    """The lowest style loss on a curve at no more than a content error, straight lines between its points.

    None if every point has more content error.
    """
    curve = sorted((p.content, p.style) for p in points)
    reached = [style for error, style in curve if error <= content]
    if not reached:
        return None
    if len(reached) < len(curve):
        (left, low), (right, high) = curve[len(reached) - 1], curve[len(reached)]
        reached.append(low + (high - low) * (content - left) / (right - left))
    return min(reached)


def table(curves: Mapping[str, Curve], seconds: Mapping[str, float]) -> Iterator[str]:
    """Means and medians of every method and strength, and the style loss by layer."""
    layers: Sequence[str] = ()
    for name, curve in curves.items():
        for strength, figures in curve.items():
            average = mean(figures)
            if not layers:
                layers = list(average.parts)
                yield (f"{'method':20}{'strength':>9}{'style':>9}{'median':>9}{'content':>9}{'median':>9}{'seconds':>9}"
                       "  style by layer: " + " ".join(layers))
            middle = [statistics.median(values) for values in zip(*((f.style, f.content) for f in figures.values()),
                                                                  strict=True)]
            yield (f"{name:20}{strength:9.2f}{average.style:9.4f}{middle[0]:9.4f}{average.content:9.3f}{middle[1]:9.3f}"
                   f"{seconds[name]:9.2f}  " + " ".join(f"{average.parts[j]:7.4f}" for j in layers))


def lines(name: str, ours: Curve, rival: str, theirs: Curve) -> Iterator[str]:
    """Our method against each setting of a rival, in words."""
    yield f"{name} against {rival}, neutral style loss ours / theirs at no more content error:"
    for strength, figures in theirs.items():
        found = versus(ours, figures)
        text = "no strength of ours has so little content error"
        if found.setting is not None:
            text = (f"strength {found.setting:.2f}: ratio of means {found.ratio:.3f}, better in {found.wins} of "
                    f"{found.pairs} pairs")
        if found.matched:
            better = sum(ratio < 1 for ratio in found.matched)
            text += (f"; pair by pair at their content error: mean {statistics.mean(found.matched):.3f}, median "
                     f"{statistics.median(found.matched):.3f}, lower in {better} of {len(found.matched)}")
            if len(found.matched) < found.pairs:
                text += f" ({found.pairs - len(found.matched)} not reached)"
        yield f"  {rival} {strength:.2f}: {text}"
