"""What an exported ONNX file and those that read it agree upon."""

from __future__ import annotations

OPSET = 18
"""Version of the ONNX operators, of December 2022: every ONNX Runtime from 1.14 on reads it."""

UNKNOWN = "unknown"
"""The label of an image that looks like nothing the model was trained on."""
