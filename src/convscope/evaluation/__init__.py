"""How good a trained network is: accuracy, confusion, worst mistakes, predictions."""
