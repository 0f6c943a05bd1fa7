"""Names in encodings that nobody marked, of the kind that classes have.

Tests data/name_encoding.py, data/utf8_by_chance.py.
"""

import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from convscope.data.name_encoding import find_encoding

WORDS = {
    "gbk": "猫 狗 马 鸟 鱼 牛 狮子 大象 熊猫 飞机 汽车 自行车 火车 "
    "苹果 香蕉 葡萄 草莓 番茄 玉米 良品 次品 划痕 裂纹 正常 异常 "
    "肺炎 结节 良性 恶性 男 女 圆形 方形 "
    "红色 绿色 垃圾 塑料 玻璃 金属 可回收 训练集 测试集",
    "shift_jis": "猫 犬 馬 鳥 魚 りんご みかん バナナ ぶどう 飛行機 自動車 "
    "自転車 電車 良品 不良 傷 汚れ 正常 異常 肺炎 男性 "
    "女性 丸 四角 赤 青 紙 "
    "ガラス プラスチック 金属 その他 学習 検証",
    "big5": "貓 狗 馬 鳥 獅子 飛機 汽車 蘋果 葡萄 草莓 "
    "正常 異常 肺炎 圓形 紅色 綠色 塑膠 玻璃 訓練 測試",
    "euc_kr": "고양이 개 말 새 물고기 소 돼지 닭 사과 바나나 포도 "
    "딸기 비행기 자동차 자전거 양품 불량 정상 비정상 폐렴 남자 여자 "
    "사각형 빨강 파랑 종이 유리 플라스틱 금속 기타",
    "cp866": "кошка собака машина Яблоко груша "
    "поезд дерево Цветок норма опухоль",
    "cp437": "Bär Vögel Äpfel Größe Häuser "
    "café niño Müll Schlösser poubelle_recyclée",
}  # fmt: skip
FEWEST = {"gbk": 2, "shift_jis": 2, "big5": 4, "euc_kr": 6, "cp866": 2, "cp437": 2}
"""Words from which on the encoding is found: some share most of their bytes."""


@pytest.mark.parametrize("encoding", WORDS)
def test_words_of_each_language(encoding):
    words = WORDS[encoding].split()
    draw = random.Random(0)
    for _ in range(200):
        chosen = draw.sample(words, min(len(words), FEWEST[encoding] + draw.randrange(6)))
        names = [f"data/{word}/IMG_{i:03}.jpg".encode(encoding) for i, word in enumerate(chosen)]
        assert find_encoding(names)[0] == encoding, chosen


@given(st.lists(st.text(st.characters(exclude_categories=("Cs",)))))
def test_utf8_is_utf8_but_for_few_characters(names):
    encoding, others = find_encoding([name.encode() for name in names])
    characters = {each for name in names for each in name if not each.isascii()}
    if len(characters) >= 4 or any(each > "\u07ff" for each in characters):
        assert (encoding, others) == ("utf-8", ())
    assert encoding == "utf-8" or "utf-8" in others


@pytest.mark.parametrize("language", ["gbk", "shift_jis", "big5", "euc_kr", "cp866", "cp437"])
def test_single_words_in_utf8(language):
    for word in WORDS[language].split():
        assert find_encoding([f"data/{word}/1.jpg".encode()])[0] == "utf-8", word


@pytest.mark.parametrize(
    "names",
    [
        ["café/1.jpg"],
        ["El Niño/1.jpg", "Müll/1.jpg"],
        ["30°/1.jpg", "60°/1.jpg"],
        ["да/1.jpg", "нет/1.jpg"],
        ["α/1.jpg", "β/1.jpg"],
        ["א/1.jpg", "ב/1.jpg"],
    ],
)
def test_few_characters_that_are_words_are_utf8(names):
    assert find_encoding([name.encode() for name in names])[0] == "utf-8"


def test_a_character_that_stands_alone_may_be_utf8_by_chance():
    chance = []
    for word in "猫马鸟鱼牛猪虎茶花脸门车猴蜂蛇龙猩枪":
        name = f"data/{word}/IMG_1.jpg".encode("gbk")
        try:
            chance.append(name.decode("utf-8"))
        except UnicodeDecodeError:
            continue
        encoding, others = find_encoding([b"data/dog/1.jpg", name])
        assert encoding == "gbk", word
        assert others[-1] == "utf-8"
        # Any other name that isn't UTF-8 settles it.
        assert "utf-8" not in find_encoding([name, "狗".encode("gbk")])[1]
    assert len(chance) >= 3


def test_letters_of_one_script_may_be_gbk():
    assert find_encoding(["да".encode()]) == ("utf-8", ("gbk",))


@given(st.lists(st.binary(), min_size=1))
def test_what_is_found_decodes_every_name(names):
    encoding, others = find_encoding(names)
    for each in (encoding, *others):
        for name in names:
            name.decode(each)


def test_what_fits_as_well_is_told():
    assert find_encoding(["猫".encode("gbk"), "狗".encode("gbk")]) == ("gbk", ("big5",))


@pytest.mark.parametrize(
    ("encoding", "words"),
    [
        ("cp932", "①猫 ②犬 りんご みかん 髙橋"),
        ("cp949", "고양이 강아지 자동차 뷁 사과 바나나 쌰"),
        ("gb18030", "猫 狗 飞机 汽车 㐀 划痕 正常"),
    ],
)
def test_what_windows_adds_to_an_encoding(encoding, words):
    found, _ = find_encoding([word.encode(encoding) for word in words.split()])
    assert found == encoding
    narrow = [word.encode(encoding) for word in words.split()[3:4]]
    assert find_encoding(narrow)[0] != "cp437"
