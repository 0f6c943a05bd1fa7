"""Where one number of a network comes from: text, figures, data."""
