"""A trained model for other programs: exported to one file, or served over HTTP."""
