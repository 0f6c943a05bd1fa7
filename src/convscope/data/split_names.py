"""Whether a folder's name says that it is a split: for training, validation or testing.

Case, separators, numbers and words such as "set" or "images" don't matter: `Training`, `train_set`,
`01_train` and `testImages` are splits, and so are their names in a few other languages. A word that
several folders have in common, as in `mnist_train` and `mnist_test`, doesn't matter either.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

WORDS = {
    "train": (
        "train training trainings trn entrenamiento entrainement apprentissage "
        "treino treinamento addestramento обучение обучающая 训练 訓練 学習 學習 훈련 학습"
    ),
    "validation": (
        "val vals valid validation validate validating dev devel develop development validacion "
        "validacao validierung validierungs validazione "
        "валидация проверка 验证 驗證 校验 开发 検証 검증"
    ),
    "test": (
        "test tests testing tst hold held holdout heldout eval evaluation evaluate prueba "
        "pruebas teste тест тестовая 测试 測試 评估 評估 評価 テスト 시험 테스트 평가"
    ),
}
SPLIT_OF = {word: split for split, words in WORDS.items() for word in words.split()}

EVALUATION = frozenset({"eval", "evaluation", "evaluate", "评估", "評估", "評価", "평가"})
"""These are for validation where there is a test split besides."""

FILLERS_TEXT = """
    set sets data dataset datasets image images img imgs pic pics picture pictures photo photos
    sample samples example examples split splits folder folders file files the of for new out
"""
FILLERS = frozenset(FILLERS_TEXT.split())
CJK_FILLERS_TEXT = "数据集 數據集 数据 數據 图片 图像 圖片 集合 集 セット データ 用 세트 데이터"
CJK_FILLERS = CJK_FILLERS_TEXT.split()


COMPOUNDS_TEXT = "daten datensatz satz menge bilder ensemble donnees datos dati dados"
COMPOUNDS = FILLERS | frozenset(COMPOUNDS_TEXT.split())
"""What may follow a split's name without a separator, as in `trainset` and `Testdaten`."""

SHORT = {"tr": "train", "va": "validation", "te": "test"}
"""Only where there is nothing else beside: they may be languages."""


def find_split_roles(folders: Iterable[str]) -> dict[str, str]:
    """The folders whose names say that they are splits, and which: "train", "validation", "test".

    Args:
        folders: Names of folders beside one another.
    """
    words = {name: {_without_compound(word) for word in _words(name)} for name in folders}
    short = {name: next(iter(found)) for name, found in words.items() if len(found) == 1}
    if len(short) == len(words) and {"tr", "te"} <= set(short.values()) <= SHORT.keys():
        return {name: SHORT[word] for name, word in short.items()}
    counts = Counter(word for found in words.values() for word in found)
    shared = {word for word, count in counts.items() if count > 1 and word not in SPLIT_OF}
    roles: dict[str, str] = {}
    for name, found in words.items():
        splits = {SPLIT_OF.get(word) for word in found - shared - FILLERS}
        if len(splits) == 1 and (split := splits.pop()) is not None:
            roles[name] = split
    tests = [name for name, split in roles.items() if split == "test"]
    evaluations = [name for name in tests if words[name] & EVALUATION]
    if len(evaluations) < len(tests):
        roles |= dict.fromkeys(evaluations, "validation")
    return roles


PARTS_TEXT = """
    part parts batch batches chunk chunks shard shards block blocks subset subsets archive zip
    volume vol disk disc folder folders dir directory fold folds image images img imgs photo photos
    picture pictures pic pics file files data dataset
"""
PARTS = frozenset(PARTS_TEXT.split())


def are_parts(folders: Iterable[str]) -> bool:
    """Whether names differ only by a number or letter and say that they are parts of something.

    As `images_001` and `images_002`, or `part_a` and `part_b`.
    """
    words = [frozenset(_words(name)) for name in folders]
    return len(words) > 1 and len(set(words)) == 1 and bool(words[0] & PARTS)


def _without_compound(word: str) -> str:
    """`train` for `trainset`; any other word as it is."""
    for split in sorted(SPLIT_OF, key=len, reverse=True):
        rest = word.removeprefix(split)
        if rest != word and {rest, rest.removeprefix("s")} & COMPOUNDS:
            return split
    return word


def _words(name: str) -> set[str]:
    """The words in a name, in small letters without accents and numbers."""
    text = unicodedata.normalize("NFKC", name)
    text = re.sub(r"([a-z])([A-Z])", r"\1 \2", text).casefold()  # trainSet
    plain = unicodedata.normalize("NFD", text)
    latin = "".join(each for each in plain if not "\u0300" <= each <= "\u036f")
    text = unicodedata.normalize("NFC", latin)
    if not text.isascii():
        for filler in CJK_FILLERS:
            text = text.replace(filler, " ")
    return {word for word in re.split(r"[\W\d_]+", text) if len(word) > 1 or not word.isascii()}
