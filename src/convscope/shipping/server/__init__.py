"""The prediction server: pictures in over HTTP, classes and probabilities out."""
