"""Right answers of lesson 17."""


def kept_units(layers, length):
    starts = range(0, layers, length)
    return max(place + min(length, layers - start) for place, start in enumerate(starts, 1))


ANSWERS = {
    "17.1": "c",
    "17.2": kept_units,
    "17.3": 9.8,
    "17.4": {"network": "resnet9", "width": 8, "epochs": 6, "learning_rate": 0.003},
}
