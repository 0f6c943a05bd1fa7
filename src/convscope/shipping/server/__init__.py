"""The prediction server: images in over HTTP, classes and probabilities out."""
