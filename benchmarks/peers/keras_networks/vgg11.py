"""VGG-11 (Simonyan and Zisserman, 2014, column A) with a quarter of the channels, for 224×224."""

import keras
from keras import layers

BLOCKS = ((1, 16), (1, 32), (2, 64), (2, 128), (2, 128))  # convolutions, channels


def build(images: keras.KerasTensor) -> keras.KerasTensor:
    """From (N, 224, 224, 1) to (N, 10)."""
    x = images
    for convolutions, channels in BLOCKS:
        for _ in range(convolutions):
            x = layers.Conv2D(channels, 3, padding="same", activation="relu")(x)
        x = layers.MaxPooling2D(2)(x)
    x = layers.Flatten()(x)
    x = layers.Dense(4096, activation="relu")(x)
    x = layers.Dropout(0.5)(x)
    x = layers.Dense(4096, activation="relu")(x)
    x = layers.Dropout(0.5)(x)
    return layers.Dense(10)(x)
