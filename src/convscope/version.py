"""The version of Convscope, here alone."""

__version__ = "0.1.0"
