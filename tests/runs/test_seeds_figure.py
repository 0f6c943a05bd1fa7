from matplotlib.figure import Figure

from convscope.runs.seed_group import SeedGroup
from convscope.runs.seeds_figure import seeds_figure
from tests.comparison.runs_on_disk import write_group


def test_every_seed_is_a_point_and_the_median_a_line(tmp_path):
    group = write_group(tmp_path / "g", [20, 30, 90, None], {3: "NaN"})
    figure = seeds_figure(group, tmp_path / "seeds.png")
    assert (tmp_path / "seeds.png").read_bytes().startswith(b"\x89PNG")
    (axes,) = figure.axes
    median, points = axes.lines
    assert list(median.get_ydata()) == [0.7, 0.7]
    assert list(points.get_xdata()) == [0, 1, 2]
    assert [round(value, 6) for value in points.get_ydata()] == [0.8, 0.7, 0.1]


def test_without_a_result_it_says_so(tmp_path):
    figure = SeedGroup(write_group(tmp_path / "g", [None, None]).folder).figure()
    assert isinstance(figure, Figure)
    assert "no seed has a result yet" in figure.get_suptitle()
