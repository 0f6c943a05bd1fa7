"""What each operation *is*: NumPy written from the formula, forward and backward side by side.

Slow, readable, computed in float64, and independent of torch: the oracle of the tests and the
source of the arithmetic that is shown to a person. Images are (N, channels, *spatial).
"""
