"""Events are the same on both sides of the line of JSON that carries them."""

from __future__ import annotations

import json

import pytest

from core import events
from core.checks import Check


@pytest.mark.parametrize("event", [
    events.Ready("1.0", "cpu"), events.Frame(7, 1, 2, "00007.png", 0.5, cached=False), events.Error("No.", "Rest."),
    events.Doctor(False, [Check("Python", True, "3.11"), Check("Memory", False, "1 GiB", "Close something.")])])
def test_an_event_is_the_same_on_the_other_side(event: events.Event) -> None:
    assert events.from_json(json.loads(json.dumps(events.to_json(event)))) == event


@pytest.mark.parametrize("chatter", [3, None, "text", [1, 2], {}, {"event": "dance"}, {"event": ["done"]},
                                     {"event": "done"}, {"event": "doctor", "ok": True, "checks": [1]}])
def test_what_is_no_event_is_refused(chatter: object) -> None:
    with pytest.raises(ValueError, match="This is no event"):
        events.from_json(chatter)
