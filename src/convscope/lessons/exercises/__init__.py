"""The exercises of each lesson: what a right answer is, and what the usual wrong ones need.

One file a lesson, with its `EXERCISES` in the order of the lesson. Kinds, and how an answer is
examined, are in `lessons/exercise.py`:

- a number, or several, within a tolerance;
- a prediction, given before the cell that shows what happens, and measured when it is checked;
- a function, tried on 200 random cases beside `definitions/`;
- a design: something built, which the library measures.

Each has at least three usual wrong answers (a prediction: its other options) with the hint that
each deserves, and general hints that come one at a time. All texts are in both languages. The right
answers are in the tests, and so not in the installed package.
"""
