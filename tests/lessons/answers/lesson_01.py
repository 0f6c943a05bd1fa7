"""Right answers to the exercises of lesson 1."""

import numpy as np


def learn_one(weight, bias, x, target):
    answer = 1.0 if weight @ x + bias > 0 else 0.0
    return np.append(weight + (target - answer) * x, bias + target - answer)


ANSWERS = {"1.1": learn_one, "1.2": [-3.0, -1.5], "1.4": "b", "1.3": 5}
