"""What the page of the lessons view asks, under /api/lessons."""

from __future__ import annotations

import asyncio
import weakref
from collections.abc import Callable
from typing import Annotated, Any, Literal

import pydantic
from fastapi import APIRouter, Query, Request
from starlette.responses import Response

from convscope.errors import UsageError
from convscope.lessons.contents_table import Lesson, find_lesson, list_lessons
from convscope.lessons.play_to_file import exercises_in
from convscope.lessons.progress import read_progress
from convscope.studio.lessons.live_parts import live_parts
from convscope.studio.lessons.players import LessonPlayers
from convscope.studio.refusals import refuse
from convscope.web.failures import json_response

router = APIRouter()
Language = Literal["en", "zh"]


class PlayRequest(pydantic.BaseModel, extra="forbid"):
    """A lesson that shall run.

    Attributes:
        lesson: Its number.
        language: Of its texts.
        after: So many cells are there already.
        again: Run it anew.
    """

    lesson: int
    language: Language = "en"
    after: int = 0
    again: bool = False


class ExerciseRequest(pydantic.BaseModel, extra="forbid"):
    """An exercise.

    Attributes:
        exercise: Its id, as "7.2".
        language: Of what is said.
        shown: So many hints were shown already.
    """

    exercise: str = pydantic.Field(max_length=16)
    language: Language = "en"
    shown: int = 0


class AnswerRequest(ExerciseRequest):
    """An answer to an exercise.

    Attributes:
        answer: Numbers, or one of the options.
    """

    answer: list[float] | Annotated[str, pydantic.Field(max_length=64)]


@router.get("/choices", summary="The lessons, and how far the learner is")
async def choices(language: Annotated[Language, Query()] = "en") -> Response:
    """Titles and minutes, exercises with those that are solved; nothing runs for it."""

    def find() -> dict[str, Any]:
        progress = read_progress()
        return {"lessons": [_row(lesson, language, progress.ended, progress.solved)
                            for lesson in list_lessons()]}  # fmt: skip

    return json_response(await asyncio.to_thread(find))


@router.post("/read", summary="What a lesson has shown; it runs if it hasn't yet")
async def read(asked: PlayRequest, request: Request) -> Response:
    """Cells as HTML, in order, each with its claims and exercises; ask again while it runs."""
    lesson = _lesson(asked.lesson)
    state = request.app.state
    if not hasattr(state, "players"):
        state.players = LessonPlayers()
        weakref.finalize(state, state.players.close)

    def find() -> dict[str, Any]:
        if asked.again:
            state.players.again(lesson, asked.language)
        found: dict[str, Any] = state.players.read(lesson, asked.language, asked.after)
        return {**found, "live": live_parts(lesson.number)}

    return json_response(await asyncio.to_thread(find))


@router.post("/exercise", summary="What an exercise asks for")
async def exercise(asked: ExerciseRequest, request: Request) -> Response:
    """Its kind, its options, and whether it can be answered in the page."""

    def find() -> dict[str, Any]:
        from convscope.studio.lessons.answers import describe_exercise

        return describe_exercise(asked.exercise)

    return await _in_thread(request, find)


@router.post("/answer", summary="Whether an answer is right")
async def answer(asked: AnswerRequest, request: Request) -> Response:
    """By the library's own check, which keeps what came of it; a wrong answer gets one hint."""

    def find() -> dict[str, Any]:
        from convscope.studio.lessons.answers import answer_exercise

        return answer_exercise(asked.exercise, asked.answer, asked.language)

    return await _in_thread(request, find)


@router.post("/hint", summary="The next general hint of an exercise")
async def hint(asked: ExerciseRequest, request: Request) -> Response:
    """One at a time; after the last, the last again."""

    def find() -> dict[str, Any]:
        from convscope.studio.lessons.answers import next_hint

        return next_hint(asked.exercise, asked.shown, asked.language)

    return await _in_thread(request, find)


def _lesson(number: int) -> Lesson:
    try:
        return find_lesson(number)
    except UsageError:
        raise refuse("refused.lessons.lesson", number=number) from None


def _row(lesson: Lesson, language: str, ended: set[int], solved: set[str]) -> dict[str, Any]:
    exercises = exercises_in(lesson.source())
    return {
        "number": lesson.number,
        "title": lesson.title.zh if language == "zh" else lesson.title.en,
        "minutes": lesson.minutes,
        "ended": lesson.number in ended,
        "exercises": exercises,
        "solved": [each for each in exercises if each in solved],
    }


async def _in_thread(request: Request, work: Callable[[], dict[str, Any]]) -> Response:
    """In the thread for torch, which the checks of exercises load."""
    thread = request.app.state.torch_thread
    return json_response(await asyncio.get_running_loop().run_in_executor(thread, work))
