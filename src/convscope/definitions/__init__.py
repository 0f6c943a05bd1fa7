"""What each operation *is*: NumPy written from the formula, forward and backward side by side.

Convolution in several ways that must agree, cross-correlation with its gradients, dense layers,
pooling, normalization, activations, dropout and losses, each with its source; `windows` says where
windows lie, `counting` what layers cost and how much of the image they see.

Slow and readable, computed in float64 and independent of torch: the oracle of the tests and the
source of the arithmetic that is shown to a person. Images are (N, channels, *spatial); a gradient
has the shape of what it is the gradient of. Wrong shapes are refused in words (`UsageError`).

Not here: anything fast, and anything with state. A network is never computed by these functions.

Public names: none in `convscope`; import what you want to read or compare, for example
`convscope.definitions.cross_correlation`.
"""
