import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch import nn

from convscope.inspection.attribution import occlusion as module
from convscope.inspection.attribution.occlusion import _starts, occlusion
from tests.inspection import peculiar


class OnePixel(nn.Module):
    """Its only logit is one pixel."""

    def forward(self, x):
        return x[:, 0, 6, 9, None]


def test_only_windows_over_what_counts_count():
    image = torch.rand(1, 1, 21, 28)
    found = occlusion(OnePixel(), image, 0)
    assert found.facts["window"] == [3, 4]
    # each window that covers the pixel replaces it by the mean
    fall = float(image[0, 0, 6, 9] - image.mean())
    assert found.heat[6, 9] == pytest.approx(fall, abs=1e-5)
    assert found.facts["score"] == pytest.approx(float(image[0, 0, 6, 9]))
    far = torch.ones(21, 28, dtype=torch.bool)
    far[4:9, 6:13] = False  # a window of 3 × 4 that covers the pixel reaches no farther
    assert not torch.from_numpy(found.heat)[far].any()
    assert found.signed


@given(st.integers(1, 300), st.integers(1, 300))
def test_windows_cover_all_of_the_side_and_stay_within(side, window):
    window = min(side, window)
    covered = {pixel for start in _starts(side, window) for pixel in range(start, start + window)}
    assert covered == set(range(side))


def test_batches_don_t_change_the_result(monkeypatch):
    network, image = peculiar.made(peculiar.EndsInFunctions), peculiar.images()
    expected = occlusion(network, image, 0).heat
    monkeypatch.setattr(module, "IMAGES_AT_ONCE", 5)
    found = occlusion(network, image, 0).heat
    torch.testing.assert_close(torch.from_numpy(found), torch.from_numpy(expected))


def test_images_smaller_than_the_windows_per_side():
    assert occlusion(nn.Sequential(nn.Flatten()), torch.rand(1, 1, 2, 3), 0).heat.shape == (2, 3)
