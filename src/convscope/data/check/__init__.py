"""What is wrong with a data set: duplicates, leaks, odd images, classes that are too small."""
