"""Characters that pass for others: which letter each look-alike stands for, and which ones are not seen at all."""

# One line a letter; only what no normal form of Unicode already decomposes is listed.
_ALIKE = {
    "a": "аαΑАɑᴀӑɐ∀ꭺ",
    "b": "ЬьВвΒβвƅʙɓꮟ",
    "c": "сСϲϹᴄⲥꮯ©ҫ",
    "d": "ԁɗժᴅꭰ",
    "đ": "ðÐɖƉƌꟈ",
    "e": "еЕΕεɛҽєЄᴇ℮ꭼ",
    "f": "ƒϝғꜰ",
    "g": "ɡԍցɢǥ",
    "h": "һНнΗհʜҺ",
    "i": "іІΙιɩıɪӏɨ¡ꭵ",
    "j": "јЈϳᴊ",
    "k": "КкΚκᴋқ",
    "l": "ʟłɫℓӀꓡ⎮",
    "m": "МмΜᴍɱ",
    "n": "ΝηпПոռɴŋƞ",
    "o": "оОοΟσօᴏØøⲟө",
    "p": "рРρΡᴘþ",
    "q": "ԛզԚ",
    "r": "гГʀᴦɍ",
    "s": "ѕЅꜱʂ§",
    "t": "тТΤτᴛŧ†",
    "u": "υսᴜʊµиИʉ",
    "v": "νѵᴠʋѴ",
    "w": "ωԝᴡшԜɯ",
    "x": "хХχΧ×",
    "y": "уУүҮΥγʏ",
    "z": "ΖᴢƶŻ",
}

# What stands for a digit, whatever Unicode decomposes it to.
_ROWS = {
    "0": "ʘ〇⓿",
    "1": "ⅠⅰǀƖ",
    "2": "ƧƨⅡⅱ",
    "3": "ЗзƷʒӠⅢⅲ",
    "4": "ᏎⅣⅳ",
    "5": "ƼƽⅤ",
    "6": "бϬⅥⅵ",
    "7": "ⅦⅶႨ",
    "8": "ȢȣⅧⅷ",
    "9": "Ⅸⅸ",
}
DIGITS: dict[str, str] = {alike: digit for digit, row in _ROWS.items() for alike in row}
# Digits in full or thin circles, which Unicode does not decompose.
for _first in (0x2776, 0x2780, 0x278A):
    DIGITS.update({chr(_first + n): str(n + 1) for n in range(9)})

LETTERS: dict[str, str] = {alike: letter for letter, row in _ALIKE.items() for alike in row}
# Coloured squares and flags spell words as well, and Unicode gives them no letter.
for _base in (0x1F150, 0x1F170, 0x1F1E6):
    LETTERS.update({chr(_base + n): chr(ord("a") + n) for n in range(26)})
# Letters in brackets, which Unicode decomposes together with the brackets.
_BRACKETED = {chr(0x249C + n): chr(ord("a") + n) for n in range(26)}

# Pictures that are put in the place of a word.
PICTURES = {
    picture: word
    for word, row in {
        "chó": "🐶🐕🐩",
        "lợn": "🐷🐖🐽",
        "bò": "🐂🐄🐮",
        "khỉ": "🐒🐵",
        "tôm": "🦐🦞",
        "chuột": "🐀🐁🐭",
        "rắn": "🐍",
        "cứt": "💩",
        "chém": "🔪🗡",
        "đạn": "🔫",
        "bom": "💣",
        "10": "🔟",
    }.items()
    for picture in row
} | _BRACKETED

# What the eye does not see: it may stand between two letters and hide a word from a list.
INVISIBLE = frozenset(
    [chr(c) for c in range(0x20) if chr(c) not in "\t\n\r"]
    + [chr(c) for c in range(0x7F, 0xA0) if c != 0x85]
    + [chr(c) for c in range(0x200B, 0x2010)]
    + [chr(c) for c in range(0x202A, 0x202F)]
    + [chr(c) for c in range(0x2060, 0x2070)]
    + [chr(c) for c in range(0xFE00, 0xFE10)]
    + [chr(c) for c in range(0xFFF0, 0xFFFC)]
    + [chr(c) for c in range(0xD800, 0xE000)]
    + [chr(c) for c in range(0x1D173, 0x1D17B)]
    + [chr(c) for c in range(0xE0000, 0xE01F0)]
    + list("\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b\u180c\u180d\u180e\u2800\u3164\ufeff\uffa0"),
)

# The marks Vietnamese is written with: three shapes, five tones. Every other mark only hides a letter.
SHAPES = frozenset("\u0302\u0306\u031b")
TONES = frozenset("\u0300\u0301\u0303\u0309\u0323")
