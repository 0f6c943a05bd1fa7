"""Right answers of lesson 18."""

import numpy as np
import torch


def recognize(model, image):
    card = model.card
    mean, std = (torch.tensor(each).view(1, -1, 1, 1) for each in (card.mean, card.std))
    x = (torch.from_numpy(image).float()[None] / 255 - mean) / std
    said = (model.network(x) / card.temperature).softmax(dim=1)[0]
    best = int(said.argmax())
    return card.classes[best], float(said[best])


def calibration_error(probabilities, labels):
    confidence = probabilities.max(axis=1)
    right = probabilities.argmax(axis=1) == labels
    error = 0.0
    for low in np.arange(10) / 10:
        inside = (confidence > low) & (confidence <= low + 0.1)
        if inside.any():
            error += inside.mean() * abs(confidence[inside].mean() - right[inside].mean())
    return error


ANSWERS = {"18.1": recognize, "18.2": calibration_error, "18.3": "b", "18.4": 0}
