"""LeNet (LeCun and others, 1998), with sigmoids and plain average pooling, for 28×28."""

import keras
from keras import layers


def build(images: keras.KerasTensor) -> keras.KerasTensor:
    """From (N, 28, 28, 1) to (N, 10)."""
    x = layers.Conv2D(6, 5, padding="same", activation="sigmoid")(images)
    x = layers.AveragePooling2D(2)(x)
    x = layers.Conv2D(16, 5, activation="sigmoid")(x)
    x = layers.AveragePooling2D(2)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(120, activation="sigmoid")(x)
    x = layers.Dense(84, activation="sigmoid")(x)
    return layers.Dense(10)(x)
