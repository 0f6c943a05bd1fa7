"""The dataflow graph of any network, and what each of its operations is."""
