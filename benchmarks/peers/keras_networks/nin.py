"""Network in Network (Lin, Chen and Yan, 2013) with AlexNet's windows, for 224×224."""

import keras
from keras import layers


def block(
    x: keras.KerasTensor, channels: int, kernel: int, strides: int = 1, padding: str = "same"
) -> keras.KerasTensor:
    """A convolution and two of 1×1."""
    x = layers.Conv2D(channels, kernel, strides, padding, activation="relu")(x)
    x = layers.Conv2D(channels, 1, activation="relu")(x)
    return layers.Conv2D(channels, 1, activation="relu")(x)


def build(images: keras.KerasTensor) -> keras.KerasTensor:
    """From (N, 224, 224, 1) to (N, 10)."""
    x = block(images, 96, 11, strides=4, padding="valid")
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = block(x, 256, 5)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = block(x, 384, 3)
    x = layers.MaxPooling2D(3, strides=2)(x)
    x = layers.Dropout(0.5)(x)
    return layers.GlobalAveragePooling2D()(block(x, 10, 3))
