"""Right answers of lesson 13."""

ANSWERS = {
    "13.1": [26218496, 34790],
    "13.2": [54, 55, 55, 56],
    "13.3": "c",
    "13.4": {
        "initialization": "kaiming",
        "last_relu": False,
        "batch_norm": True,
        "learning_rate": 0.1,
    },
}
