"""Tests of the lessons: what makes them lessons, and each of them in both languages."""
