import pytest

from convscope.look import numbers
from convscope.planning.alternatives import MOST, Alternatives, forecast_alternatives
from convscope.planning.plan import Plan


@pytest.fixture(scope="module")
def rows():
    made = Plan("lenet", "mnist", batch_size=64)
    known = made.forecasters
    steps = []

    def change(**changes):
        return made.replace(**changes).forecasters

    found = forecast_alternatives(known, made.forecast(), change, steps.append)
    return found.rows, steps, {each.workload.execution.precision for each in known}


@pytest.mark.slow
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


@pytest.mark.slow
def test_every_change_that_is_tried_is_counted(rows):
    found, steps, _ = rows
    assert set(steps) == {1}
    assert len(found) - 1 <= len(steps) <= MOST


@pytest.mark.slow
def test_the_epochs_that_fit_are_written_only_where_a_time_is_given(rows):
    row = rows[0][0]
    assert "fitting_epochs" not in row.as_dict()
    written = row.as_dict(30)
    assert written["fitting_epochs_low"] < written["fitting_epochs"]
    assert written["fitting_epochs"] * written["epoch_seconds"] == pytest.approx(1800)


@pytest.mark.slow
def test_the_variant_for_small_images_is_among_them():
    made = Plan("nin", "cifar10", precision="float32", batch_size=2)
    forecast = made.forecast()
    assert forecast.size == 224
    found = made.alternatives(quiet=True)
    native = next(row for row in found.rows if row.change == "nin-32px, 32 pixels")
    assert native.forecast.network == "nin-32px"
    assert native.forecast.flops < forecast.flops


@pytest.mark.slow
def test_a_table_holds_every_row_and_the_difference_to_the_run_as_it_is(rows):
    found = Alternatives(rows[0], minutes=None)
    title, headings, *lines = str(found).splitlines()
    assert title == "With one thing changed"
    assert headings.split() == ["change", "step", "epoch", "run", "memory"]
    assert all(line.startswith(row.change) for line, row in zip(lines, rows[0], strict=True))
    assert "%" not in lines[0]
    first, second = (row.forecast.memory.value for row in rows[0][:2])
    share = round(100 * (second / first - 1))
    ending = f" {share:+d} %".replace("-", "−") if share else f" {numbers.size(second)}"
    assert lines[1].endswith(ending)
    assert "epochs in 30 min" in str(Alternatives(rows[0], minutes=30.0))
    assert found.as_dict()["rows"] == [row.as_dict() for row in rows[0]]
