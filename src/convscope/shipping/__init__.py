"""A trained model for other programs: as a file, or over HTTP.

- `export`: one ONNX file that takes raw images, or weights under torchvision's names.
- `server`: predictions over HTTP.

Both give the predictions of `evaluation.predict` (`tests/shipping/test_unknown.py` compares all
three), and neither trains nor evaluates. Both need packages that are not always installed, so
nothing of them is imported before it is used: `pip install 'convscope[onnx]'`, `pip install
'convscope[web]'`.

Public names: `export`; the server is started with `convscope serve`.
"""
