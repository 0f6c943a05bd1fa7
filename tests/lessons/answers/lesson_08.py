"""The right answers to the exercises of lesson 8."""


def count_outputs(n, k, p, s, convention):
    zeros = 2 * p if convention == "each" else p
    return (n - k + zeros) // s + 1


ANSWERS = {
    "8.1": [24, 28, 54, 112, 28],
    "8.2": count_outputs,
    "8.3": "c",
    "8.4": (1, 2, 1, 2),
}
