"""What is wrong with a data set: duplicates, leaks, odd pictures, classes that are too small."""
