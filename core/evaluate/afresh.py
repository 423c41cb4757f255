"""A collage with every frame cut for itself, as if each began a shot: what a tracked collage is measured against."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from .. import clips, devices, frames
from ..clips import Clip
from ..collage.effect import CollageEffect
from ..digests import digest_of, key_of
from ..effects import Frame, Moment, last
from ..frames import Picture
from ..job import Job
from ..kinds import KINDS
from ..manifest import Manifest, Record
from ..options import parse_frames
from ..sizes import fitted
from ..sources import TRACK_SIDE, resized


def make(job: Job) -> Iterator[int]:
    """Make the job's frames without tracks; yields the number of each as its file stands, those that stood included.

    The seed and all options are the job's, and nothing is kept from frame to frame but the materials; masks and
    depth are not read. Raises GouacheError.
    """
    clip = clips.open_clip(job.input)
    effect = KINDS[job.effect].prepare(job, clip, devices.choose(job.engine), clip.numbers[0])
    assert isinstance(effect, CollageEffect), "only collages are cut"
    folder = Path(job.output)
    manifest, look = Manifest(folder), key_of("afresh", job.look(), effect.weights)
    for number in clips.chosen(clip, parse_frames(job.files.frames)):
        record = Record(f"{clip.stem(number)}.png", clip.digest(number), key_of(look, clip.digest(number)), 0.0)
        before = manifest.get(number)
        if before is None or before.key != record.key or not manifest.holds(before):
            frames.write(folder / record.file, cut(effect, clip, number, effect.options.size), "png")
            manifest.add(number, replace(record, picture=digest_of(folder / record.file)))
        yield number


def cut(effect: CollageEffect, clip: Clip, number: int, size: int) -> Picture:
    """The collage of one frame, its long side at most `size` (0: as it is)."""
    whole = clip.read(number)
    small = resized(whole, fitted(whole.size, TRACK_SIDE))
    large = resized(whole, fitted(whole.size, size))
    alone = CollageEffect(effect.options, effect.materials)  # papers that were made for other frames are not used
    track = alone.follow(Moment(number, small.rgb), None)
    return Picture(last(alone.paint(Frame(number, large, track=track))).rgb, large.alpha)
