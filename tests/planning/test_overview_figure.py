from dataclasses import replace

import pytest
from PIL import Image

from convscope.planning.accuracies import best_accuracies
from convscope.planning.overview import count_costs, forecast_costs
from tests.conftest import slow


@pytest.fixture(scope="module")
def networks():
    few = ["softmax-regression", "mlp", "small", "lenet"]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("convscope.planning.overview.list_networks", lambda: few)
        found = count_costs("digits", size=28)
    return replace(found, forecasts=forecast_costs(found, batch_size=32))


@pytest.mark.slow
@pytest.mark.parametrize("with_runs", [*slow(True), False])
def test_networks_are_drawn(networks, with_runs, digits_run, tmp_path):
    evaluated = best_accuracies(digits_run.folder.parent, "digits") if with_runs else {}
    found = replace(networks, accuracies=evaluated)
    file = tmp_path / "networks.png"
    figure = found.figure(file)
    with Image.open(file) as image:
        assert image.size == (1950, 990)
    left, right = figure.axes
    points = dict(tuple(marks.get_offsets()[0]) for marks in left.collections)
    expected = {each.macs: found.forecasts[each.network].epoch.value for each in found.costs}
    assert points == pytest.approx(expected)
    assert [text.get_text() for text in right.texts] == (
        [*evaluated] if with_runs else ["No run on these images yet: convscope train"]
    )
