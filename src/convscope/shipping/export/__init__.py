"""A run as one ONNX file that answers as the run does, checked before it is written."""
