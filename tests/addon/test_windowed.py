"""Jobs as a window drives them: ticks of a timer, progress, Esc, undo steps, and what waits for what."""

import sys
import time
from types import MethodType, SimpleNamespace

import bpy
import pytest
from stage import MODULE


class Window:
    """What a modal operator uses of a window, written down."""

    def __init__(self):
        self.status, self.progress, self.timers, self.modal = [], [], 0, None
        self.window = self.workspace = self.window_manager = self
        self.windows = []

    def event_timer_add(self, _seconds, window):
        self.timers += 1
        return object()

    def event_timer_remove(self, _timer):
        self.timers -= 1

    def progress_begin(self, *_range):
        self.progress.append("begin")

    def progress_update(self, value):
        self.progress.append(value)

    def progress_end(self):
        self.progress.append("end")

    def modal_handler_add(self, operator):
        self.modal = operator

    def status_text_set(self, text):
        self.status.append(text)


def windowed(gouache, monkeypatch, make_job, kind="LongJob"):
    """A modal operator as the window drives it, without Blender's own registration."""
    modal = gouache.module("ui.modal")
    monkeypatch.setattr(modal, "bpy", SimpleNamespace(app=SimpleNamespace(background=False)))
    bake = gouache.module("bake")

    class Operator(getattr(gouache.module("ui.jobs"), kind)):
        said = []
        bl_label = "Paint Strip"

        def start(self, context):
            return make_job()

        def set_current(self, job):
            bake.current = job

        def text_and_fraction(self):
            return self._job.status.text, self._job.status.fraction

        def report(self, kind, text):
            self.said.append((*kind, text))
    return Operator()


def drive(operator, window, until=lambda: False):
    """Send ticks until the operator ends; once `until` holds, press Esc."""
    pressed = False
    for _ in range(5000):
        time.sleep(0.005)
        answer = operator.modal(window, SimpleNamespace(type="TIMER", value="NOTHING"))
        if answer & {"FINISHED", "CANCELLED"}:
            return answer
        if not pressed and until():
            assert operator.modal(window, SimpleNamespace(type="ESC", value="PRESS")) == {"RUNNING_MODAL"}
            pressed = True
    raise AssertionError("the operator never ends")


def test_modal_painting(gouache, monkeypatch):
    bake, window = gouache.module("bake"), Window()
    order = gouache.order(gouache.clip())
    operator = windowed(gouache, monkeypatch, lambda: bake.Bake([order]))
    assert operator.invoke(window, None) == {"RUNNING_MODAL"} and window.modal is operator
    assert bake.current is not None and not bpy.ops.gouache.stylize_strip.poll()
    assert operator.modal(window, SimpleNamespace(type="MOUSEMOVE", value="NOTHING")) == {"PASS_THROUGH"}
    assert drive(operator, window) == {"FINISHED"}
    assert bake.current is None and window.timers == 0 and window.progress[-1] == "end" and window.status[-1] is None
    assert any(text and "Painted frame 6 (6 of 6)" in text and "Esc: Cancel" in text for text in window.status)
    numbers = [value for value in window.progress if isinstance(value, int)]
    assert numbers == sorted(numbers) and numbers[-1] == 100 and len(gouache.strips) == 2


def test_status_in_every_workspace_is_taken_away(gouache, monkeypatch):
    """An artist who looks elsewhere meanwhile finds no old line there."""
    bake, window, shading = gouache.module("bake"), Window(), Window()
    order, editing = gouache.order(gouache.clip()), window.workspace
    operator = windowed(gouache, monkeypatch, lambda: bake.Bake([order]))
    operator.invoke(window, None)
    operator.modal(window, SimpleNamespace(type="TIMER", value="NOTHING"))
    window.workspace = shading
    drive(operator, window)
    for workspace in (editing, shading):
        assert workspace.status[0].startswith("Gouache: ") and workspace.status[-1] is None


def begun(gouache, monkeypatch, mode):
    """A strip that is being painted in a window, by the fake engine in a mode: the operator and the window."""
    bake, window = gouache.module("bake"), Window()
    gouache.set_engine(mode)
    order = gouache.order(gouache.clip())
    operator = windowed(gouache, monkeypatch, lambda: bake.Bake([order]))
    operator.invoke(window, None)
    return operator, window


def test_modal_escape(gouache, monkeypatch):
    bake = gouache.module("bake")
    operator, window = begun(gouache, monkeypatch, "wait")
    assert drive(operator, window, lambda: bake.current.status.fraction > 0.2) == {"CANCELLED"}
    assert operator.said == [("INFO", "Cancelled; finished frames are kept")]
    assert bake.current is None and window.timers == 0 and window.status[-1] is None and len(gouache.strips) == 1


def test_a_batch_cancelled_in_its_second_strip_can_be_undone(gouache, monkeypatch):
    """The first strip's painting is there, so it has an undo step of its own."""
    bake, jobs, window, steps = gouache.module("bake"), gouache.module("ui.jobs"), Window(), []
    gouache.set_engine("wait")
    orders = [gouache.order(gouache.clip(1, name="Short")), gouache.order(gouache.clip(channel=3))]
    operator = windowed(gouache, monkeypatch, lambda: bake.Bake(orders), "BakeJob")
    undo = SimpleNamespace(undo_push=lambda message: steps.append((message, len(gouache.strips))))
    monkeypatch.setattr(jobs, "bpy", SimpleNamespace(app=SimpleNamespace(background=False),
                                                     ops=SimpleNamespace(ed=undo)))
    operator.invoke(window, None)
    assert drive(operator, window, lambda: bake.current.status.fraction > 0.6) == {"CANCELLED"}
    assert steps == [("Paint Strip", 3)]


def test_modal_error(gouache, monkeypatch):
    bake = gouache.module("bake")
    operator, window = begun(gouache, monkeypatch, "crash")
    assert drive(operator, window) == {"CANCELLED"}
    kind, text = operator.said[0]
    assert kind == "ERROR" and "The engine stopped with code 3" in text
    assert bake.current is None and window.timers == 0 and window.status[-1] is None


def test_check_and_painting_wait_for_each_other(gouache, monkeypatch):
    """One of them would end the other's engine. Esc ends a check without an error."""
    bake, upkeep, window = gouache.module("bake"), gouache.module("ui.upkeep"), Window()
    ours = bpy.ops.gouache
    operators = (ours.stylize_strip, ours.preview_frame, ours.bake_nodes, ours.check_engine, ours.collage_to_planes)
    check = windowed(gouache, monkeypatch, lambda: upkeep.DoctorJob(0.0))
    monkeypatch.setattr(check, "set_current", MethodType(upkeep.GOUACHE_OT_check_engine.set_current, check))
    monkeypatch.setattr(check, "text_and_fraction", lambda: ("Checking", 0.5))
    monkeypatch.setattr(check, "cancelled_text", upkeep.GOUACHE_OT_check_engine.cancelled_text)
    assert all(operator.poll() for operator in operators)
    check.invoke(window, None)
    assert not any(operator.poll() for operator in operators)
    check.modal(window, SimpleNamespace(type="ESC", value="PRESS"))
    assert drive(check, window) == {"CANCELLED"} and check.said == [("INFO", "Cancelled")]
    assert all(operator.poll() for operator in operators)
    bake.current = bake.Bake([])
    assert not any(operator.poll() for operator in operators)
    bake.current = None


def test_strip_removed_while_it_is_painted(gouache, monkeypatch):
    """An undo or a Delete in mid-job must not crash Blender: strips are looked up anew by their names."""
    bake, window = gouache.module("bake"), Window()
    strip = gouache.clip()
    operator = windowed(gouache, monkeypatch, lambda: bake.Bake([gouache.order(strip)]))
    operator.invoke(window, None)
    operator.modal(window, SimpleNamespace(type="TIMER", value="NOTHING"))
    gouache.strips.remove(strip)
    assert drive(operator, window) == {"CANCELLED"}
    assert "There is no strip 'Clip'" in operator.said[0][1]


def test_switching_off_while_it_paints(gouache, monkeypatch):
    """As an update does: no timer, no progress and no status text are left in the window, and no engine."""
    bake, engine = gouache.module("bake"), gouache.module("engine")
    operator, window = begun(gouache, monkeypatch, "wait")
    operator.modal(window, SimpleNamespace(type="TIMER", value="NOTHING"))
    job, running = operator._job, engine._kept
    modal = gouache.module("ui.modal")
    monkeypatch.setattr(sys.modules[f"{MODULE}.blender_addon"], "bpy", SimpleNamespace(context=window))
    gouache.disable()
    assert window.timers == 0 and window.progress[-1] == "end" and window.status[-1] is None
    assert bake.current is None and modal._running == [] and job._cancelled and not (running and running.alive)


def rendering(monkeypatch, gouache, answers):
    """Let Blender seem to render in a window for as long as there are answers."""
    jobs = SimpleNamespace(is_job_running=lambda kind: kind == "RENDER" and bool(answers and answers.pop()),
                           handlers=bpy.app.handlers)
    blender = SimpleNamespace(app=jobs, ops=bpy.ops, data=bpy.data, context=bpy.context)
    monkeypatch.setattr(gouache.module("rendering"), "bpy", blender)


def test_capturing_waits_for_a_render(gouache, monkeypatch):
    """A render inside another one crashes Blender 5.2; the painting goes on by itself, and Esc is heard meanwhile."""
    bake = gouache.module("bake")
    order = gouache.order(gouache.clip())
    rendering(monkeypatch, gouache, [True] * 3)
    texts = [status.text for status in bake.Bake([order], capture_seconds=0.0)]
    assert texts[:4] == ["Waiting for Blender's render"] * 3 + ["Capturing frame 1 of 6"]
    rendering(monkeypatch, gouache, [True] * 100)
    job = bake.Bake([order])
    with pytest.raises(Exception) as stopped:
        for _ in job:
            job.cancel()
    assert type(stopped.value).__name__ == "Cancelled"


def test_a_painting_is_shown_when_the_render_is_over(gouache, monkeypatch):
    order, answers, texts = gouache.order(gouache.clip()), [], []
    rendering(monkeypatch, gouache, answers)
    for status in gouache.module("bake").Bake([order]):
        texts.append(status.text)
        if status.frame == 6:
            answers += [True] * 2
    assert texts[-2:] == ["Waiting for Blender's render"] * 2 and len(gouache.strips) == 2


@pytest.mark.parametrize("what", ["strip", "node"])
def test_nothing_is_captured_beside_a_render(graph, monkeypatch, what):
    """A script cannot wait for a render of the window that it holds up."""
    gouache = graph.gouache
    gouache.clip()
    rendering(monkeypatch, gouache, [True] * 100)
    with pytest.raises(RuntimeError, match=r"another render is under way\. Try again when that is done"):
        if what == "strip":
            bpy.ops.gouache.stylize_strip(strips="Clip")
        else:
            graph.bake()
