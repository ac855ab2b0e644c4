"""The resident identity number (公民身份号码) of GB 11643-1999."""

import re

_OLD, _PRESENT = re.compile(r"[0-9]{15}"), re.compile(r"[0-9]{17}[0-9X]")
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


def check_digit(body: str) -> str:
    """The last character, "0".."9" or "X", for the first 17 digits (ISO 7064 MOD 11-2).

    Raises ValueError unless `body` is 17 digits.
    """
    total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True))
    return _CHECKS[total % 11]


def is_identity(text: str) -> bool:
    """Whether a text is a resident identity number: 18 with a right check digit, or the old 15."""
    plain = text.strip().upper()
    if _OLD.fullmatch(plain):
        return True
    return _PRESENT.fullmatch(plain) is not None and check_digit(plain[:-1]) == plain[-1]
