import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional as F

from convscope.data.check.geometry import WHOLE, blur, cut_windows, measure_slopes
from convscope.data.check.views import WINDOWS, _pool_view


@given(
    st.integers(8, 33),
    st.lists(st.floats(-0.3, 0.3), min_size=2, max_size=2),
    st.lists(st.floats(0.7, 1.1), min_size=2, max_size=2),
)
def test_a_window_is_what_torch_samples(side, centre, extent):
    images = torch.rand(3, 2, side, side)
    window = torch.tensor([[centre[0], extent[0], centre[1], extent[1]]]).expand(3, 4)
    affine = torch.tensor([[extent[1], 0, centre[1]], [0, extent[0], centre[0]]]).expand(3, 2, 3)
    grid = F.affine_grid(affine, list(images.shape), align_corners=False)
    expected = F.grid_sample(images, grid, padding_mode="border", align_corners=False)
    torch.testing.assert_close(cut_windows(images, window), expected, atol=1e-4, rtol=1e-4)


def test_the_whole_image_is_itself():
    images = torch.rand(2, 9, 9)
    torch.testing.assert_close(cut_windows(images, torch.tensor([WHOLE, WHOLE])), images)


def test_blurring_keeps_a_plain_image_and_spreads_a_point():
    torch.testing.assert_close(
        blur(torch.full((1, 12, 12), 7.0), 1.0), torch.full((1, 12, 12), 7.0)
    )
    point = torch.zeros(1, 21, 21)
    point[0, 10, 10] = 1
    spread = blur(point, 1.5)[0]
    torch.testing.assert_close(
        spread[10, 11] / spread[10, 10], torch.exp(torch.tensor(-0.5 / 2.25))
    )
    assert spread.sum() == torch.tensor(1.0) or abs(float(spread.sum()) - 1) < 1e-5


def test_slopes_of_a_ramp():
    ramp = torch.arange(8.0)[:, None] * 3 + torch.arange(8.0) * 2
    down, right = measure_slopes(ramp)
    assert (down[1:-1] == 3).all()
    assert (right[:, 1:-1] == 2).all()


def test_a_mirrored_view_is_the_view_of_the_mirrored_image():
    images = torch.rand(2, 20, 20)
    for window in range(len(WINDOWS)):
        torch.testing.assert_close(
            _pool_view(images, len(WINDOWS) + window), _pool_view(images.flip(-1), window)
        )
