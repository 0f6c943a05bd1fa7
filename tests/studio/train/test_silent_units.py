"""Units that no built-in image excites, against a count by hand."""

import torch
from torch import nn

from convscope.inspection.open.image import open_image
from convscope.studio.images import image_names
from convscope.studio.network.subject import SubjectRequest, read_pixels
from convscope.studio.train.silent_units import count_silent_units


def test_units_that_were_silenced_are_counted():
    image = read_pixels(SubjectRequest(network="catalog:mlp", image="digit-3"))
    opened = open_image("mlp", image)
    first = next(each for each in opened.network.modules() if isinstance(each, nn.Linear))
    with torch.no_grad():
        first.bias[:] = 1e3  # whatever the image, above 0
        first.bias[:7] = -1e3
    found = count_silent_units(opened)
    assert found["images"] == len(image_names())
    assert found["layers"][0]["units"] == first.out_features
    assert found["layers"][0]["dead"] == 7
    assert found["units"] == sum(each["units"] for each in found["layers"])
    assert found["dead"] == sum(each["dead"] for each in found["layers"])


def test_a_network_of_sigmoids_has_none():
    image = read_pixels(SubjectRequest(network="catalog:lenet", image="digit-3"))
    found = count_silent_units(open_image("lenet", image))
    assert (found["units"], found["dead"], found["layers"]) == (0, 0, [])
