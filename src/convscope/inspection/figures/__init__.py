"""What inspection finds, as PNG files."""
