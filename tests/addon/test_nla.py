"""Animation that was pushed down into the NLA, which neither a painting nor a job can follow: refused in words."""

import pytest


def push_down(animated):
    """What the NLA Editor's button does to an action."""
    data = animated.animation_data
    action, slot = data.action, data.action_slot
    strip = data.nla_tracks.new().strips.new("Pushed", 1, action)
    strip.action_slot = slot
    data.action = None
    return strip


def key(owner, animated, path, *values):
    """Key a property at frames 1 and 6."""
    holder = owner.path_resolve(path.rpartition(".")[0]) if "." in path else owner
    for frame, value in zip((1, 6), values, strict=True):
        setattr(holder, path.rpartition(".")[2], value)
        start = "" if owner == animated else owner.path_from_id() + "."
        animated.keyframe_insert(start + path, frame=frame)


@pytest.mark.parametrize(("path", "told"), [("gouache.strength", "Strength is animated in the NLA"),
                                            ("transform.offset_x", "'Clip' cannot be captured: offset x of it"),
                                            ("blend_alpha", "'Clip' cannot be captured: blend alpha of it")])
def test_a_strip(gouache, path, told):
    strip = gouache.clip()
    key(strip, gouache.scene, path, 0.25, 0.75)
    pushed = push_down(gouache.scene)
    with pytest.raises(RuntimeError, match=f"{told}.*Bring its keyframes back into the action"):
        gouache.paint(strip)
    pushed.mute = True
    gouache.paint(strip)


def test_a_meta_around_it(gouache):
    strip = gouache.clip()
    meta = gouache.meta(strip)
    key(meta, gouache.scene, "transform.offset_x", 0, 9)
    push_down(gouache.scene)
    with pytest.raises(RuntimeError, match="a strip around or beside it, is animated in the NLA"):
        gouache.paint(strip)


def test_what_is_in_the_pictures_anyway(gouache):
    """A picture with a modifier that depends on its place is captured where it lies, wherever the NLA moves it to."""
    strip, other = gouache.clip(), gouache.clip(name="Other", channel=5)
    key(other, gouache.scene, "transform.offset_x", 0, 9)  # and of other strips only what shows or hides them counts
    key(strip, gouache.scene, "transform.offset_x", 0, 20)
    push_down(gouache.scene)
    strip.modifiers.new("Mask", "MASK")
    strip.gouache.mute_source = True
    other.mute = True
    before = gouache.render(1, 6)
    gouache.paint(strip)
    assert all(abs(a - b).max() <= 1 for a, b in zip(before, gouache.render(1, 6), strict=True))


def test_a_node(graph):
    tree = graph.node.node_tree
    key(tree, tree, "gouache.strength", 0.25, 0.75)
    push_down(tree)
    with pytest.raises(RuntimeError, match="Strength is animated in the NLA"):
        graph.bake(graph.node.name)
