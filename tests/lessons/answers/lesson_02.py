"""Right answers to the exercises of lesson 2."""


def draw_weights(uniform):
    limit = (3 * 2 / uniform.shape[1]) ** 0.5
    return limit * (2 * uniform - 1)


ANSWERS = {"2.1": [309, 81], "2.2": "b", "2.3": draw_weights}
