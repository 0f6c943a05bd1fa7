"""What a run leaves on disk: recipe, metrics, checkpoints and the model file."""
