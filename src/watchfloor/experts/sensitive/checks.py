"""Checksums and registers that tell a number from a number: cards, IBAN, Chinese resident identity numbers.

Every function takes plain ASCII and answers without raising.
"""

import re
from datetime import date
from typing import Final

#: Lengths of IBANs by country (SWIFT IBAN registry).
_IBAN: Final = {
    country: int(size)
    for country, size in re.findall(
        r"([A-Z]{2})(\d\d)",
        "AD24 AE23 AL28 AT20 AZ28 BA20 BE16 BG22 BH22 BR29 BY28 CH21 CR22 CY28 CZ24 DE22 DK18 DO28 EE20 EG29 ES24 FI18 "
        "FO18 FR27 GB22 GE22 GI23 GL18 GR27 GT28 HR21 HU28 IE22 IL23 IQ23 IS26 IT27 JO30 KW30 KZ20 LB28 LC32 LI21 LT20 "
        "LU20 LV21 MC27 MD24 ME22 MK19 MR27 MT31 MU30 NL18 NO15 PK24 PL28 PS29 PT25 QA29 RO24 RS22 SA24 SC31 SE24 SI19 "
        "SK24 SM27 ST25 SV28 TL23 TN24 TR26 UA29 VA22 VG24 XK20",
    )
}
_WEIGHTS: Final = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
#: First two digits of resident identity numbers: the provinces of GB/T 2260.
_PROVINCES: Final = frozenset(
    str(number)
    for number in (
        *range(11, 16),
        *range(21, 24),
        *range(31, 38),
        *range(41, 47),
        *range(50, 55),
        *range(61, 66),
        71,
        81,
        82,
        83,
    )
)


def luhn(digits: str) -> bool:
    """Whether digits end in the check digit of ISO/IEC 7812-1."""
    if not digits.isdigit() or len(set(digits)) == 1:
        return False
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def card(digits: str) -> bool:
    """Whether digits are a card number: a network's first digits, its length, and the check digit."""
    size = len(digits)
    if not luhn(digits):
        return False
    two, four = int(digits[:2]), int(digits[:4])
    if digits[0] == "4":
        return size in (13, 16, 19)
    if 51 <= two <= 55 or 2221 <= four <= 2720:
        return size == 16
    if two in (34, 37):
        return size == 15
    if two in (36, 38, 30):
        return size in (14, 16)
    if two == 62:
        return 16 <= size <= 19
    return (two in (35, 65) or four == 6011) and size in (16, 19)


def iban_length(country: str) -> int:
    """How long the IBANs of a country are, 0 where it has none."""
    return _IBAN.get(country.upper(), 0)


def iban(text: str) -> bool:
    """Whether text, spaces left out, is an IBAN of a country's length with the right check digits (ISO 13616)."""
    bare = text.replace(" ", "").upper()
    if not bare.isascii() or not bare.isalnum() or _IBAN.get(bare[:2]) != len(bare):
        return False
    return int("".join(str(int(each, 36)) for each in bare[4:] + bare[:4])) % 97 == 1


def resident_id(text: str) -> bool:
    """Whether text is a Chinese resident identity number: province, birthday and check character of GB 11643."""
    if len(text) != 18 or not text[:17].isdigit() or text[:2] not in _PROVINCES:
        return False
    try:
        born = date(int(text[6:10]), int(text[10:12]), int(text[12:14]))
    except ValueError:
        return False
    if not 1850 < born.year < 2100:
        return False
    rest = sum(int(digit) * weight for digit, weight in zip(text[:17], _WEIGHTS, strict=True)) % 11
    return text[17].upper() == "10X98765432"[rest]


def us_ssn(text: str) -> bool:
    """Whether ``ddd-dd-dddd`` may be a social security number: no area 000, 666 or 9xx, no group or serial of zeros."""
    area, _, rest = text.replace(" ", "-").partition("-")
    group, _, serial = rest.partition("-")
    return area not in ("000", "666") and area[:1] != "9" and group != "00" and serial != "0000"
