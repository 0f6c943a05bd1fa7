"""The arithmetic behind one number of a network, forwards and backwards."""
