"""The exercises of each lesson: what a right answer is, and what the usual wrong ones need.

One file a lesson, with its `EXERCISES` in order; the kinds are in `lessons/exercise.py`. Each has
at least three usual mistakes with the hint each deserves. The right answers are in the tests.
"""
