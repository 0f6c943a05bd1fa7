import pytest

from convscope.planning.alternatives import alternatives
from convscope.planning.plan import forecasters


@pytest.fixture(scope="module")
def rows():
    known = forecasters("lenet", "mnist", batch_size=64)
    forecast = known[0].at(64)
    steps = []
    found = alternatives("lenet", "mnist", known, forecast, steps.append)
    return found, steps, {forecast.precision, known[1].workload.execution.precision}


def test_one_thing_is_changed_at_a_time(rows):
    found, _, precisions = rows
    assert found[0].change == "as it is"
    first = found[0].forecast
    for row in found[1:]:
        forecast = row.forecast
        differing = [
            forecast.batch_size != first.batch_size,
            forecast.precision != first.precision,
            forecast.size != first.size,
        ]
        assert sum(differing) <= 1, row.change
    assert {row.forecast.batch_size for row in found} == {32, 64, 128}
    assert {row.forecast.precision for row in found} == precisions
    assert {row.forecast.size for row in found} == {28, 14, 21}


def test_every_change_that_is_tried_is_counted(rows):
    found, steps, _ = rows
    assert set(steps) == {1}
    assert len(steps) >= len(found) - 1


def test_the_epochs_that_fit_are_written_only_where_a_time_is_given(rows):
    row = rows[0][0]
    assert "fitting_epochs" not in row.as_dict()
    written = row.as_dict(30)
    assert written["fitting_epochs_low"] < written["fitting_epochs"]
    assert written["fitting_epochs"] * written["epoch_seconds"] == pytest.approx(1800)


def test_the_variant_for_small_images_is_among_them():
    known = forecasters("nin", "cifar10", precision="float32", batch_size=2)
    forecast = known[0].at(2, measuring_seconds=0)
    assert forecast.size == 224
    found = alternatives("nin", "cifar10", known, forecast)
    native = next(row for row in found if row.change == "nin-32px, 32 pixels")
    assert native.forecast.network == "nin-32px"
    assert native.forecast.flops < forecast.flops
