import numpy as np
import torch
from torch import nn

from convscope.data.image_set import ImageSet
from convscope.evaluation.ask import ask
from convscope.runs.model_file import ModelCard

CARD = ModelCard(network="", classes=("a", "b"), channels=1, size=4, mean=(0.5,), std=(0.5,))
IMAGES = ImageSet(np.full((5, 1, 2, 2), 255, np.uint8), [0] * 5, CARD.classes)


class Probe(nn.Module):
    """Answers with the first two pixels, and remembers how it was asked."""

    def forward(self, images):
        self.shape = tuple(images.shape)
        self.shortened = torch.backends.cudnn.allow_tf32
        return images[:, 0, 0, :2]


def test_images_are_treated_as_the_card_says():
    probe = Probe()
    outcome = ask(probe, CARD, IMAGES, batch_size=5, device=torch.device("cpu"))
    assert probe.shape == (5, 1, 4, 4)
    assert outcome.logits.tolist() == [[1.0, 1.0]] * 5  # (255 / 255 - 0.5) / 0.5


def test_convolutions_are_not_shortened_and_only_here():
    probe, before = Probe(), torch.backends.cudnn.allow_tf32
    ask(probe, CARD, IMAGES, batch_size=2, device=torch.device("cpu"))
    assert probe.shortened is False
    assert torch.backends.cudnn.allow_tf32 == before
