import pytest

from convscope.look.canvas import drawable, drawable_names, drawing, shorten


@pytest.mark.parametrize(
    ("text", "longest", "result"),
    [("dog", 3, "dog"), ("doggy", 4, "do…y"), ("abcdefghij", 5, "ab…ij"), ("", 1, "")],
)
def test_shortened_keeps_both_ends(text, longest, result):
    assert shorten(text, longest) == result
    assert len(result) <= longest


def test_names_that_no_font_has_become_numbers():
    assert drawable_names(["cat", "\U000f0000", "été"]) == ["cat", "class 1", "été"]
    assert drawable("\U000f0000", instead="data") == "data"


def test_a_failure_leaves_the_old_image(tmp_path):
    path = tmp_path / "old.png"
    path.write_text("old")
    with pytest.raises(RuntimeError), drawing(path, 2, 1):
        raise RuntimeError
    assert path.read_text() == "old"
    assert [file.name for file in tmp_path.iterdir()] == ["old.png"]


def test_the_style_stays_inside(tmp_path):
    import matplotlib

    before = dict(matplotlib.rcParams)
    with drawing(tmp_path / "a.png", 2, 1):
        assert matplotlib.rcParams["axes.spines.top"] is False
    assert dict(matplotlib.rcParams) == before
