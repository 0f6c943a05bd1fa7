import convscope as cs
from convscope.comparison.text import comparison_text
from tests.comparison.runs_on_disk import write_run


def test_a_comparison_prints_shows_and_draws_itself(tmp_path):
    write_run(tmp_path / "a", range(10))
    write_run(tmp_path / "<b>", range(40), seed=1)
    comparison = cs.compare([tmp_path / "a", tmp_path / "<b>"])
    wide, narrow = comparison_text(comparison, 200), comparison_text(comparison, 40)
    assert wide.splitlines()[0] == "100 test images of pets"
    assert "where the recipes differ" in wide
    assert "\x1b" not in wide
    for sentence in comparison.sentences:
        assert sentence in " ".join(wide.split())
    assert "All figures and fields: --csv." in narrow
    assert "The recipes differ in seed." in narrow
    html = comparison._repr_html_()
    assert "&lt;b&gt;" in html
    assert "<b>" not in html
    assert len(comparison.figure().axes) == 2
