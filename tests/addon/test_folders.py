"""Films of one name that were copied from one template, with a cache in common: whose frames are whose."""

import shutil
from pathlib import Path

import bpy
import pytest
from graph import Graph
from stage import picture, write_png


@pytest.fixture
def films(gouache):
    """Two copies of a template, in a folder each, with a strip and a node; and a Cache Folder beside them."""
    if gouache is None:
        return None
    gouache.preferences.cache_directory = str(gouache.folder / "cache")
    graph = Graph(gouache)
    graph.add(graph.footage())
    gouache.clip()
    gouache.save("template.blend")
    found = [gouache.folder / name / "shot.blend" for name in ("one", "two")]
    for film in found:
        film.parent.mkdir()
        shutil.copy(bpy.data.filepath, film)
    return found


def opened(gouache, film):
    """Open a film; its strip and its node."""
    bpy.ops.wm.open_mainfile(filepath=str(film))
    gouache.scene = bpy.context.scene
    node, = gouache.module("compositor.find").nodes_of(gouache.scene)
    return gouache.scene.sequence_editor.strips_all["Clip"], node


def painted(gouache, film):
    """The bake folders of a film's strip and node, after both were painted and the film was saved."""
    strip, node = opened(gouache, film)
    gouache.paint(strip)
    bpy.ops.gouache.bake_nodes(nodes=node.name)
    bpy.ops.wm.save_mainfile()
    folders = gouache.bake_folder(strip), gouache.module("compositor.groups").painting_folder(node.node_tree).parent
    return [folder.resolve() for folder in folders]


def test_films_of_one_template_have_folders_of_their_own(gouache, films):
    one, two = (painted(gouache, film) for film in films)
    assert not set(one) & set(two)
    assert painted(gouache, films[0]) == one and painted(gouache, films[1]) == two


def test_a_film_that_was_moved_keeps_its_folders(gouache, films):
    """Alone, or together with another one of its name: whichever is opened first."""
    one, two = (painted(gouache, film) for film in films)
    moved = [film.parent.rename(gouache.folder / f"{film.parent.name} moved") / film.name for film in films]
    assert painted(gouache, moved[1]) == two and painted(gouache, moved[0]) == one


def test_machines_that_have_a_film_in_different_places_share_its_folders(gouache, films):
    """Where the film is not there that a folder was made for, it may be this one."""
    one = painted(gouache, films[0])
    for folder in one:
        (folder / "film.txt").write_text("/mnt/elsewhere/shot.blend")
    assert painted(gouache, films[0]) == one
    for folder in one:  # by an earlier version
        (folder / "film.txt").unlink()
    assert painted(gouache, films[0]) == one and all((folder / "film.txt").is_file() for folder in one)


@pytest.mark.parametrize("content", [b"", b".", b"\xff\xfe\0x"])
def test_a_note_of_the_film_that_is_damaged_tells_of_no_other_film(gouache, films, content):
    one = painted(gouache, films[0])
    for folder in one:
        (folder / "film.txt").write_bytes(content)
    assert painted(gouache, films[0]) == one


def test_layered_styles_are_offered_a_films_own_painting(gouache, films):
    """Not that of another one, though it was painted later."""
    one, _ = (painted(gouache, film) for film in films)
    strip, _ = opened(gouache, films[0])
    (_, path), = gouache.module("sequencer.materials").paintings(strip)
    assert Path(bpy.path.abspath(path)).parent.resolve() == one[0]


def test_a_painted_film_that_is_copied(gouache, films):
    """The copy takes over what is painted, and goes on in a folder of its own."""
    one = painted(gouache, films[0])
    before = (one[0] / "result" / "00002.png").read_bytes()
    shutil.copy(films[0], films[1])
    write_png(gouache.folder / "footage Clip" / "0002.png", picture(9))
    two = painted(gouache, films[1])
    assert one[0] != two[0] and (one[0] / "result" / "00002.png").read_bytes() == before
    assert (two[0] / "result" / "00002.png").read_bytes() != before
