"""The machine: device, precision, memory format, allocator. Chosen by measuring, and said."""
