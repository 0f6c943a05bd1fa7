"""Right answers of lesson 12."""

ANSWERS = {
    "12.1": [2416, 48120],
    "12.2": "c",
    "12.3": "b",
    "12.4": {
        "activation": "relu",
        "pooling": "max",
        "initialization": "xavier",
        "learning_rate": 0.1,
        "batch_size": 16,
    },
}
