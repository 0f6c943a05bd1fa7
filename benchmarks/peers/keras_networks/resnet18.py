"""ResNet-18 (He, Zhang, Ren and Sun, 2015, table 1), for grey images of 96×96."""

import keras
from keras import layers


def convolution(
    x: keras.KerasTensor, channels: int, kernel: int, strides: int = 1
) -> keras.KerasTensor:
    """A convolution and a batch norm."""
    x = layers.Conv2D(channels, kernel, strides, "same", use_bias=False)(x)
    return layers.BatchNormalization(momentum=0.9, epsilon=1e-5)(x)


def residual(x: keras.KerasTensor, channels: int, strides: int = 1) -> keras.KerasTensor:
    """Two 3×3 convolutions beside a shortcut."""
    y = layers.ReLU()(convolution(x, channels, 3, strides))
    y = convolution(y, channels, 3)
    shortcut = convolution(x, channels, 1, strides) if strides > 1 else x
    return layers.ReLU()(layers.Add()([y, shortcut]))


def build(images: keras.KerasTensor) -> keras.KerasTensor:
    """From (N, 96, 96, 1) to (N, 10)."""
    x = layers.ReLU()(convolution(images, 64, 7, strides=2))
    x = layers.MaxPooling2D(3, strides=2, padding="same")(x)
    x = residual(residual(x, 64), 64)
    for channels in (128, 256, 512):
        x = residual(residual(x, channels, strides=2), channels)
    return layers.Dense(10)(layers.GlobalAveragePooling2D()(x))
