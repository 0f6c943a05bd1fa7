"""Looking into a network: its dataflow graph, layer by layer, and what each unit sees and does."""
