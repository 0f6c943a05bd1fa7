"""Right answers to the exercises of lesson 4."""


def momentum_step(weight, gradient, velocity, rate, momentum):
    new = momentum * velocity + gradient
    return [weight - rate * new, new]


ANSWERS = {"4.1": 2.30, "4.2": momentum_step, "4.3": "b"}
