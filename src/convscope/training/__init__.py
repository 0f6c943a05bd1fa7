"""The loop, what it optimizes with, and what a person sees while it runs."""
