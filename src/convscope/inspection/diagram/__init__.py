"""The parts of a drawing: what is drawn, where it stands, and how it reaches a file."""
