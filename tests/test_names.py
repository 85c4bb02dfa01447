"""Names: look-alikes of existing names clash, genuine names of all scripts don't, and slugs are safe."""

import itertools
import re
import time
from pathlib import Path

import pytest
from django.core.exceptions import ValidationError
from hypothesis import assume, example, given
from hypothesis import strategies as st

from chat.names.normalize import MAX_KEY_LENGTH, display_name, nickname_key, room_key, room_lookalike_key
from chat.names.slugs import initials, name_suggestions, slug_candidates
from chat.names.validators import MAX_NAME_LENGTH, validate_name

DATA = Path(__file__).parents[1] / "chat/data"


@pytest.fixture(autouse=True, scope="module")
def confusables_table():
    """Load the table of confusables first, so that Hypothesis doesn't count the time it takes."""
    validate_name("Añn\u0332")


def refusal(name):
    """The code of the error for this name, or None if it is valid."""
    try:
        validate_name(name)
    except ValidationError as error:
        return error.code


def clash(new, existing):
    return refusal(new) is not None or nickname_key(new) == nickname_key(existing)


LOOK_ALIKES = [
    # case and spaces
    ("ALICE", "Alice"),
    ("aLiCe", "Alice"),
    ("Al ice", "Alice"),
    ("  Alice  ", "Alice"),
    ("Al\u00a0ice", "Alice"),
    ("Al\u2009ice", "Alice"),
    ("Al\u3000ice", "Alice"),
    ("Alice\tB", "Alice B"),
    ("MaryAnn", "Mary Ann"),
    # i l 1 | and o 0
    ("AIice", "Alice"),
    ("A1ice", "Alice"),
    ("A|ice", "Alice"),
    ("Al1ce", "Alice"),
    ("B0b", "Bob"),
    ("CaroI", "Carol"),
    # capitals that look like digits, but whose small letters don't
    *[(f"Agent {other}", f"Agent {digit}") for other, digit in zip("ꝚⲜƼϬⳜ𐓒Ꝯ𑢯𑢻", "235667945", strict=True)],
    ("Mallοry", "Mallory"),
    ("rnallory", "mallory"),
    ("Ⅿallory", "Mallory"),
    ("İlker", "Ilker"),
    ("ılker", "Ilker"),
    ("Weiβ", "Weiß"),
    ("WEISS", "Weiß"),
    # Cyrillic
    ("\u0410lice", "Alice"),
    ("Ali\u0441e", "Alice"),
    ("Alic\u0435", "Alice"),
    ("Al\u0456ce", "Alice"),
    ("A\u04cfice", "Alice"),
    ("\u0412ob", "Bob"),
    ("\u0412\u041e\u0412", "BOB"),
    ("\u042cob", "Bob"),
    ("\u0421\u0430r\u043el", "Carol"),
    ("\u041c\u0410LL\u041eRY", "Mallory"),
    ("\u0422om", "Tom"),
    ("\u041aate", "Kate"),
    ("\u041denry", "Henry"),
    ("Agent \u0417", "Agent 3"),
    ("ВОВА", "Вова"),
    ("Boвa", "Вова"),
    # Greek
    ("\u0391lice", "Alice"),
    ("Al\u0399ce", "Alice"),
    ("Al\u03b9ce", "Alice"),
    ("\u0392ob", "Bob"),
    ("B\u03bfb", "Bob"),
    ("\u0395ve", "Eve"),
    ("\u0396oe", "Zoe"),
    ("\u0397enry", "Henry"),
    ("\u039cary", "Mary"),
    ("\u039dina", "Nina"),
    ("\u039dinä 東京", "Ninä 東京"),
    ("\u03bdictor", "victor"),
    ("\u03a5ves", "Yves"),
    ("\u0391\u039d\u039d\u0391", "Anna"),
    ("\u03f9arol", "Carol"),
    ("\u03f2arol", "carol"),
    ("νίνα", "Νίνα"),
    ("νανα", "Νανα"),
    ("ΝΊΚΟΣ", "Νίκος"),
    # Armenian, Cherokee, Coptic, Lisu, Deseret
    ("\u0555scar", "Oscar"),
    ("\u054fam", "Sam"),
    ("\u13aalice", "Alice"),
    ("Ca\uab81ol", "Carol"),
    ("\u2c9eliver", "Oliver"),
    ("\ua4d0ob", "Bob"),
    ("\U00010404liver", "Oliver"),
    # full-width, mathematical, circled, raised and small capitals
    ("Ａｌｉｃｅ", "Alice"),
    ("𝐀𝐥𝐢𝐜𝐞", "Alice"),
    ("𝒜𝓁𝒾𝒸ℯ", "Alice"),
    ("𝔄𝔩𝔦𝔠𝔢", "Alice"),
    ("Ⓐⓛⓘⓒⓔ", "Alice"),
    ("ᴬˡⁱᶜᵉ", "Alice"),
    ("ᴀʟɪᴄᴇ", "Alice"),
    ("ｱｷﾗ", "アキラ"),
    # invisible characters
    ("Al\u200bice", "Alice"),
    ("Al\u200cice", "Alice"),
    ("Al\u200dice", "Alice"),
    ("Al\u2060ice", "Alice"),
    ("Al\u00adice", "Alice"),
    ("Al\u034fice", "Alice"),
    ("Al\ufe0fice", "Alice"),
    ("Al\U000e0100ice", "Alice"),
    ("Al\ufeffice", "Alice"),
    ("Al\u2800ice", "Alice"),
    ("Al\u3164ice", "Alice"),
    ("Al\u115fice", "Alice"),
    ("Al\u180eice", "Alice"),
    ("Al\U000e0041ice", "Alice"),
    ("\U0001d159Alice", "Alice"),
    # bidi
    ("\u200eAlice", "Alice"),
    ("Alice\u200f", "Alice"),
    ("\u202eecilA", "Alice"),
    ("\u202eecilA\u202c", "Alice"),
    ("\u2066Alice\u2069", "Alice"),
    ("Al\u061cice", "Alice"),
    # combining accents: loose, or imitating an accented letter
    ("A\u0332lice", "Alice"),
    ("A\u0336l\u0336i\u0336c\u0336e\u0336", "Alice"),
    ("Ali\u0307ce", "Alice"),
    ("Alice\u20dd", "Alice"),
    ("Jose\u0301", "José"),
    ("Jose\u0341", "José"),
    ("Jose\u034f\u0301", "José"),
    ("Jos\u0435\u0301", "José"),
    ("Jose\u064e", "José"),
    ("Franc\u0326ois", "François"),
    ("So\u0338ren", "Søren"),
    ("G\u0326irts", "Ģirts"),
    ("Luc\u0306ic", "Lučic"),
    ("Ma\u030cria", "Măria"),
    # other scripts
    ("علی", "على"),
    ("سارہ", "ساره"),
    ("می\u200cترا", "میترا"),
    ("ﻋﻠﻲ", "علي"),
    ("ヘレン", "へレン"),
]


@pytest.mark.parametrize(("new", "existing"), LOOK_ALIKES, ids=ascii)
def test_a_name_that_looks_like_an_existing_one_clashes(new, existing):
    assert refusal(existing) is None
    assert clash(new, existing)


def test_every_confusable_of_a_latin_letter_clashes():
    table = (DATA / "confusables.txt").read_text(encoding="utf-8")
    pairs = re.findall(r"^(\w+);00(4[1-9A-F]|5[0-9A]|6[1-9A-F]|7[0-9A])$", table, re.M)
    imitations = [(chr(int(source, 16)), chr(int(target, 16))) for source, target in pairs]
    assert len(imitations) > 1000
    unseen = {s for s, t in imitations if not clash(f"Qq{s}", f"Qq{t}")}
    assert unseen == {"ſ"}  # the long s looks like an f, but must count as s: `Congreſs`


GENUINE = [
    *("Alice", "Ann", "Anna", "Bob", "Carol", "Jose", "José", "Søren", "Soren", "François", "Łukasz", "Đorđe", "Çelik"),
    *("O'Brien", "Ad-hoc", "Mary Ann", "Müller", "Muller", "Ģirts", "Năstase", "Ẹniọlá", "Kamakaʻeha", "Þóra", "Weiß"),
    *("Nguyễn", "Nguyên", "Đặng Thị Hằng", "Phạm", "Pham", "İbrahim", "Oğuz", "ŋaire", "Ðagur", "ǰani", "jani"),
    *("محمد", "مُحَمَّد", "أحمد", "فاطمة", "عبد الله", "می‌ترانه", "زهرا", "پریسا"),
    *("דוד", "שָׂרָה", "שרה", "משה"),
    *("राहुल", "रोहित", "प्रिया", "मंगल", "मगल", "সুমন", "ਗੁਰਪ੍ਰੀਤ", "காமாட்சி", "கமாட்சி", "முருகன்", "లక్ష్మి", "ನಾಗರಾಜ", "മീര"),
    *("สมชาย", "สมหญิง", "ສົມສັກ", "မောင်မောင်", "សុភា", "བསྟན་འཛིན"),
    *("さくら", "サクラ", "太郎", "大郎", "花子", "がく", "かく", "ばば", "ぱぱ"),
    *("王芳", "王方", "李娜", "김민준", "김민지", "이서연"),
    *("Владимир", "Вова", "Анна", "Андрей", "Андреи", "Наталья", "Алёна", "Алена", "Ђорђе", "Олексій", "Єва", "Жанна"),
    *("Νίκος", "Νίνα", "Ελένη", "Γιώργος", "Ωραία"),
    *("გიორგი", "ნინო", "Արմեն", "Անի", "አበበ", "ሰላም", "ᏣᎳᎩ", "ᠮᠣᠩᠭᠣᠯ", "ⵉⴷⵉⵔ"),
    *("👍", "❤️", "👩‍🚀", "👩🏽‍🚀", "🇩🇪", "🇫🇷", "\U0001fae8", "★ Ann ★"),
    *("・", "|", "#", "+", "C++", "42", "(^_^)", "?!"),
]


@pytest.mark.parametrize("name", GENUINE, ids=ascii)
def test_a_genuine_name_is_valid_and_displayed_as_typed(name):
    assert refusal(name) is None
    assert display_name(name) == name
    assert nickname_key(name)
    assert room_key(name)
    assert room_lookalike_key(name)


def test_genuine_names_do_not_clash_with_each_other():
    clashing = [pair for pair in itertools.combinations(GENUINE, 2) if clash(*pair)]
    assert clashing == []


@pytest.mark.parametrize(
    ("typed", "shown"),
    [
        ("  Ann \t\n Lee ", "Ann Lee"),
        ("Ann\u00a0\u3000Lee", "Ann Lee"),
        ("Ann\u2028Lee", "Ann Lee"),
        ("Ann\x1c Lee", "Ann\x1c Lee"),  # a control character, not white space: refused, not removed
        ("\u200b\u2060Ann\u200d\ufeff", "Ann"),
        (" \u200b Ann \u200b ", "Ann"),
        ("Jose\u0301", "Jos\u00e9"),
        ("❤\ufe0f\u200b", "❤\ufe0f"),
        ("Ann\ufe0f", "Ann"),
        ("می\u200cترانه", "می\u200cترانه"),
        ("\u200b \u3164", ""),
        ("", ""),
    ],
    ids=ascii,
)
def test_display_name_normalizes_spaces_and_invisible_characters(typed, shown):
    assert display_name(typed) == shown


@pytest.mark.parametrize(
    ("name", "code"),
    [
        *[
            (blank, "blank")
            for blank in ("", "   ", "\u3000", "\u200b", "\u3164", "\u2800", "\ufe0f\ufe0f", "\u0301", "´")
        ],
        *[("x" * 65, "long"), ("👍" * 65, "long"), ("e\u0301" * 65, "long"), ("x" * 1_000_000, "long")],
        *[("ﷺ" * 60, "long"), ("꽦" * 60, "long")],  # short names whose keys are too long
        *[(f"a{c}b", "forbidden") for c in "\0\x07\x1b\x1c\x7f\x80\ue000\U000f0301\ud800\u0378\U000e01f0\ufdd0\uffff"],
        *[
            (f"a{c}b", "forbidden")
            for c in "\u061c\u200e\u200f\u202a\u202d\u202e\u2066\u2069\u2028\u2029\ufeff\ufff9\ufffc"
        ],
        ("🏴\U000e0067\U000e0062\U000e0065\U000e006e\U000e0067\U000e007f", "forbidden"),
        ("Z" + "\u0335\u0327\u0316\u0359\u0353", "marks"),
        ("Z" + "\u0335\u0327\u200d\u0316\u034f\u0359\u0353", "marks"),
        ("Jos\u0435\u0301", "accent"),
    ],
    ids=lambda value: ascii(value)[:40],
)
def test_an_invalid_name_is_refused(name, code):
    assert refusal(name) == code


@pytest.mark.parametrize(
    "name", ["x" * 64, "👍" * 64, "각" * 64, "e\u0301" * 64, "Z\u0316\u0359\u0353\u0347", " a " + " " * 99]
)
def test_the_longest_names_are_accepted(name):
    assert refusal(name) is None


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Mail", "MAIL"),
        ("Mail", "ma il"),
        ("Mail", "Ｍａｉｌ"),
        ("Mail", "ma\u200bil"),
        ("Café", "CAFE\u0301"),
        ("Straße", "STRASSE"),
        ("Ω", "\u2126"),
        ("a\u3164b", "AB"),
        ("Cafe´", "Café"),
    ],
    ids=ascii,
)
def test_spellings_of_one_room_name_share_a_key(one, other):
    assert room_key(one) == room_key(other)
    assert room_lookalike_key(one) == room_lookalike_key(other)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("mail", "mall"),
        ("Mail", "Mall"),
        ("C++", "C#"),
        ("cafe", "café"),
        ("room 1", "room i"),
        ("room 1", "room 0"),
        ("room 1", "room 2"),
        ("нора", "нога"),
        ("日本", "日木"),
        ("👍", "👎"),
    ],
    ids=ascii,
)
def test_different_room_names_have_different_keys(one, other):
    assert room_key(one) != room_key(other)
    assert room_lookalike_key(one) != room_lookalike_key(other)


@pytest.mark.parametrize(
    ("new", "there"),
    [
        ("m\u0430il", "mail"),
        ("\u041cail", "Mail"),
        ("\u0412ank", "Bank"),
        ("\u041delp", "Help"),
        ("room l", "room 1"),
        ("room |", "room 1"),
        ("r00m", "room"),
        ("modern", "modem"),
        ("B\u03bfoks", "Books"),
        ("ma\u0332il", "mail"),
    ],
    ids=ascii,
)
def test_room_names_that_look_alike_share_a_lookalike_key(new, there):
    assert room_key(new) != room_key(there)
    assert room_lookalike_key(new) == room_lookalike_key(there)


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Tea & Biscuits", "tea-biscuits"),
        ("C++", "c"),
        ("C#", "c"),
        ("Straße 7", "straße-7"),
        ("Чай", "чай"),
        ("../etc/passwd", "etcpasswd"),
        ("admin", "admin"),
        ("a/b", "ab"),
        ("a\u3164b", "ab"),
        ("x" * 99, "x" * 64),
    ],
)
def test_a_slug_is_made_from_the_name(name, slug):
    assert next(slug_candidates(name)) == slug


@pytest.mark.parametrize("name", ["👍", "+++", "..", "・", "/", "\u3164"])
def test_a_name_without_letters_gets_a_random_slug(name):
    assert re.fullmatch("[a-z0-9]{8}", next(slug_candidates(name)))
    first = list(itertools.islice(slug_candidates(name), 50))
    assert len(set(first)) == 50
    assert all(re.fullmatch("[a-z0-9]{8}", slug) for slug in first)


def test_there_is_another_slug_if_the_first_is_taken():
    assert list(itertools.islice(slug_candidates("C++"), 3)) == ["c", "c-2", "c-3"]
    assert list(itertools.islice(slug_candidates("x" * 99), 2)) == ["x" * 64, "x" * 62 + "-2"]


def test_suggestions_for_a_taken_name():
    assert list(itertools.islice(name_suggestions(" Ann "), 3)) == ["Ann 2", "Ann 3", "Ann 4"]
    assert next(name_suggestions("x" * 64)) == "x" * 62 + " 2"
    assert next(name_suggestions("x" * 61 + " yy")) == "x" * 61 + " 2"


@pytest.mark.parametrize(
    ("name", "letters"),
    [
        ("Ann", "A"),
        ("ann lee", "AL"),
        ("Anna Maria da Costa", "AC"),
        ("élodie", "É"),
        ("ßen", "ß"),
        ("ნინო", "ნ"),
        ("Νίκος Ωραίος", "ΝΩ"),
        ("محمد علي", "مع"),
        ("김 민준", "김민"),
        ("#", "#"),
        ("C++", "C"),
        ("👍 up", "👍U"),
        ("❤️ Ann", "❤️A"),
        ("👩🏽‍🚀 Ada 🇩🇪", "👩🏽‍🚀🇩🇪"),
        ("👩‍❤️‍👨👍", "👩‍❤️‍👨"),
        ("1️⃣ two", "1️⃣T"),
        ("a\u200bb \u200b \u200bc", "AC"),
    ],
)
def test_the_initials_of_a_name(name, letters):
    assert initials(name) == letters


def test_the_confusables_table_is_complete_and_comes_with_its_licence():
    data = DATA
    lines = data.joinpath("confusables.txt").read_text(encoding="utf-8").splitlines()
    assert "# Version: 17.0.0" in "\n".join(lines)
    assert sum(not line.startswith("#") for line in lines) == 6565
    assert "UNICODE LICENSE V3" in data.joinpath("UNICODE-LICENSE.txt").read_text(encoding="utf-8")


def test_no_name_takes_long_to_check():
    nickname_key("warm")
    started = time.perf_counter()
    for evil in (
        "a\u0327\u0301" * 100_000,
        "\u200b" * 300_000,
        " a" * 100_000,
        "\U000e0100" * 100_000,
        "ﷺ" * 64,
        "꽦" * 64,
    ):
        refusal(evil)
    for name in ("x" * 64, "꽦" * 36, "ﷺ" * 17, "Ν" * 64, "Νa " * 21):
        for _time in range(20):
            nickname_key(name)
    assert time.perf_counter() - started < 2  # usually takes 0.1 s


TRICKY = (
    "iIl1|oO0mrnνΝΥυϲßİıſﬃ\u0301\u0307\u0327\u0338\u034f\u200b\u200d\u3164\ufe0f \u00a0\u2028éęøçğţαΆσςвьᏴꮁ각ㅏﷺ👍🏽´¨"
)
any_text = st.text(max_size=40) | st.text(alphabet=TRICKY, max_size=20) | st.sampled_from(GENUINE)
valid_names = any_text.filter(lambda name: refusal(name) is None)


@given(any_text)
@example("❤\ufe0f\ufe0f")
@example("x\u0301" * 600)
def test_display_name_is_idempotent(text):
    shown = display_name(text)
    assert display_name(shown) == shown
    assert "  " not in shown
    assert shown == shown.strip()


@given(any_text)
@example("ΝΙΚΟΣ ϲ")
@example("e\u200b\u0301")
def test_the_key_of_a_key_is_the_key(text):
    for key in (nickname_key, room_key, room_lookalike_key):
        assert key(key(text)) == key(text)


@given(valid_names)
def test_a_valid_name_has_keys_initials_and_a_slug(name):
    for key in (nickname_key, room_key, room_lookalike_key):
        assert 0 < len(key(name)) <= MAX_KEY_LENGTH
    assert initials(name)
    assert next(slug_candidates(name))
    assert 0 < len(display_name(name)) <= MAX_NAME_LENGTH


@given(valid_names)
def test_the_displayed_name_is_valid_and_has_the_same_keys(name):
    shown = display_name(name)
    assert refusal(shown) is None
    assert nickname_key(shown) == nickname_key(name)
    assert room_key(shown) == room_key(name)


@given(any_text, st.data())
def test_spaces_case_and_invisible_characters_do_not_change_the_keys_of_a_room(name, data):
    at = data.draw(st.integers(0, len(name)))
    other = name[:at] + data.draw(st.sampled_from(["", " ", "\u200b", "\u3164", "\t"])) + name[at:]
    assume(room_key(other.upper()) == room_key(name))  # false only where case or an accent changes letters
    assert room_lookalike_key(other.upper()) == room_lookalike_key(name)


@given(
    st.text(
        alphabet="abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZéñôçабвгдежзиклмнопрстуфхцчшщыэюя ", min_size=1
    )
)
def test_case_does_not_change_the_nickname_key(name):
    assert nickname_key(name.upper()) == nickname_key(name.lower()) == nickname_key(name)


@given(any_text)
@example("x" * 63 + "--")
@example("." * 9)
def test_slugs_have_no_unsafe_characters(text):
    for slug in itertools.islice(slug_candidates(text), 3):
        assert re.fullmatch(r"[\w-]{1,64}", slug)
        assert not re.search(r"[/.\\\s]", slug)


@given(valid_names)
def test_suggested_names_are_valid_and_have_other_keys(name):
    for suggestion in itertools.islice(name_suggestions(name), 3):
        assert len(suggestion) <= MAX_NAME_LENGTH
        assert refusal(suggestion) is None
        assert nickname_key(suggestion) != nickname_key(name)
