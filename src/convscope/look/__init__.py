"""What all figures, tables and terminals share: one palette, one way to write numbers."""
