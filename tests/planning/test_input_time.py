"""The time of making a batch is that of all its images, of the shape that the workload has."""

import pytest

from convscope.data.batches import Batches
from convscope.planning import input_time
from convscope.planning.plan import plan


@pytest.fixture
def workload():
    return plan("lenet", image_shape=(1, 28, 28), epochs=1, precision="float32").workload


def test_as_many_images_as_a_batch_has_or_a_share_of_them(workload, monkeypatch):
    seen, clock = [], iter(range(1000))

    class Recorded(Batches):
        def __init__(self, images, batch_size, **options):
            seen.append((images.images.shape, batch_size, options["size"]))
            super().__init__(images, batch_size, **options)

    monkeypatch.setattr(input_time, "Batches", Recorded)
    monkeypatch.setattr(input_time.time, "perf_counter", lambda: next(clock))
    size = workload.size
    few, many = input_time.input_seconds(workload, 8), input_time.input_seconds(workload, 512)
    assert seen[0] == ((24, *workload.stored_shape), 8, size)
    assert seen[1] == ((384, *workload.stored_shape), 128, size)
    assert few > 0
    assert many == 4 * few  # the clock ticks once for each batch
