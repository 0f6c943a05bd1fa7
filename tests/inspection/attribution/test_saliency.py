import torch
from torch import nn

from convscope.inspection.attribution.saliency import saliency


def test_of_a_linear_network_it_is_the_largest_weight_of_each_pixel():
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 4 * 5, 2))
    image = torch.randn(1, 3, 4, 5)
    weights = network[1].weight[1].detach().view(3, 4, 5)
    found = saliency(network, image, 1)
    torch.testing.assert_close(torch.from_numpy(found.heat), weights.abs().amax(0))
    assert not found.signed
