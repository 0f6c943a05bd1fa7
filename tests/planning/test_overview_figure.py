import pytest
from PIL import Image

from convscope.planning.accuracies import best_accuracies
from convscope.planning.overview import NetworkCost, Overview, forecast_all
from convscope.planning.overview_figure import overview_figure


@pytest.fixture(scope="module")
def networks():
    costs = [
        NetworkCost("softmax-regression", 7_850, 7_840),
        NetworkCost("mlp", 109_386, 109_184),
        NetworkCost("lenet", 61_706, 416_520),
    ]
    few = Overview(28, 1, tuple(costs), ())
    return few, forecast_all(few, "digits", None, batch_size=32)


@pytest.mark.parametrize("with_runs", [True, False])
def test_networks_are_drawn(networks, with_runs, digits_run, tmp_path):
    found, forecasts = networks
    evaluated = best_accuracies(digits_run.folder.parent, "digits") if with_runs else {}
    file = tmp_path / "networks.png"
    overview_figure(found, forecasts, evaluated, "digits", file)
    with Image.open(file) as image:
        assert image.size == (1950, 990)
        assert len(image.convert("RGB").getcolors(2**24)) > 50
