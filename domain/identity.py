"""The resident identity number (公民身份号码) of GB 11643-1999."""

_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"


def check_digit(body: str) -> str:
    """The last character, "0".."9" or "X", for the first 17 digits (ISO 7064 MOD 11-2).

    Raises ValueError unless `body` is 17 digits.
    """
    total = sum(int(digit) * weight for digit, weight in zip(body, _WEIGHTS, strict=True))
    return _CHECKS[total % 11]
