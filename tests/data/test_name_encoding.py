"""Names in encodings that nobody marked, of the kind that classes have."""

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
def test_utf8_is_utf8(names):
    assert find_encoding([name.encode() for name in names]) == ("utf-8", ())


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
