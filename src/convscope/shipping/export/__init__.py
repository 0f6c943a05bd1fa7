"""A run's model as one file for other programs.

`export` writes an .onnx file (`onnx_export`) or weights for torchvision (`torchvision_weights`).
An ONNX file is put together (`assemble`) from preprocessing that equals Pillow's to the last bit
(`preprocessing`), the network with normalization, temperature and rejection (`body`, named by
`tidy`), and class names; `format` holds what the file and its readers agree upon. `quantize` makes
it 8 bits.

Promises: before a file is written, ONNX Runtime (`session`) predicts real images (`originals`)
with it, and where the run predicts otherwise (`agreement`) nothing is written. `reader` is the
program that is written beside the file. It doesn't export preprocessing of JPEG bytes: a file
takes decoded pixels.

Public names: `export`, with the results `OnnxExport` and `WeightsExport`.
"""
