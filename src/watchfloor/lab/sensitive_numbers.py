"""Made-up numbers and dates for the slots of templates: telephones, cards, accounts, identity numbers, addresses."""

import random
import string
from typing import Final

#: First digits and lengths of card numbers.
_CARD_STARTS: Final = (
    *(("4", 16), ("51", 16), ("52", 16), ("55", 16), ("37", 15), ("34", 15), ("6011", 16), ("35", 16), ("30", 14)),
    *(("4", 13), ("62", 16), ("62", 19), ("5018", 12), ("60", 12), ("67", 12)),
)
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)


class Numbers:
    """Values that are mostly digits, of one seeded drawing."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)

    def _digits(self, pattern: str) -> str:
        return "".join(str(self._draw.randrange(10)) if each == "#" else each for each in pattern)

    def slot_phone(self) -> str:
        """A telephone number, as written in many countries."""
        return self._digits(
            self._draw.choice(
                (
                    "###-###-####",
                    "(###)###-####",
                    "(###) ###-####",
                    "###.###.####",
                    "+1-###-###-####",
                    "###-###-####x####",
                    "+## ## ### ## ##",
                    "0### ## ## ##",
                    "0## ### ## ##",
                    "06-########",
                    "### ## ###",
                    "## ## ## ##",
                    "(0#) #### ####",
                    "+##(0)#########",
                    "##########",
                    "0#########",
                    "+## (0)## ### ## ##",
                    "### ####",
                    "07# #### ####",
                    "001-###-###-####x#####",
                    "+###########",
                    "## ######",
                    "### ### ###",
                    "####-##-####",
                    "(##) ####-####",
                    "(##) ###-###",
                    "+## (0)# ### ### ##",
                    "#### ### ## ##",
                    "#### ## ## ##",
                    "##-##-##-##",
                    "### ## ###",
                    "0#### ## ## ##",
                    "## ### ### ####",
                    "0##/#######",
                    "+1-###-###-####x####",
                )
            )
        )

    def slot_card(self) -> str:
        """A card number with its check digit, grouped or not."""
        start, size = self._draw.choice(_CARD_STARTS)
        body = start + "".join(str(self._draw.randrange(10)) for _ in range(size - len(start) - 1))
        total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(reversed(body)))
        full = body + str(-total % 10)
        if self._draw.random() < 0.15 and size == 16:
            return self._draw.choice((" ", "-")).join(full[at : at + 4] for at in range(0, 16, 4))
        return full

    def slot_iban(self) -> str:
        """A British or German account number."""
        country, body = self._draw.choice(
            (("GB", self._letters(4) + self._digits("#" * 14)), ("DE", self._digits("#" * 18)))
        )
        check = 98 - int("".join(str(int(each, 36)) for each in body + country + "00")) % 97
        return f"{country}{check:02d}{body}"

    def _letters(self, count: int) -> str:
        return "".join(self._draw.choice(string.ascii_uppercase) for _ in range(count))

    def slot_ssn(self) -> str:
        """A social security number."""
        area = f"{self._draw.randrange(1, 900):03d}"
        return f"{area}-{self._draw.randrange(1, 100):02d}-{self._draw.randrange(1, 10000):04d}"

    def slot_dl(self) -> str:
        """A driver's licence number of some state or country."""
        return "".join(
            self._letters(1) if each == "A" else each
            for each in self._digits(
                self._draw.choice(
                    (
                        *("A########", "A#######", "A############", "A##############", "A-###-###-###-###"),
                        *("A###-####-####", "A##-##-####", "AA######A", "##AAA#####", "AA####", "A#####", "AA########"),
                        *("#######", "########", "#########", "##########", "#######A", "#########T", "## ### ###"),
                        *("### ### ###", "###-##-####", "####-##-####", "AAAAA######AA#AA", "AAAA######", "A######"),
                    )
                )
            )
        )

    def slot_date(self) -> str:
        """A day, with or without the time."""
        year, month, day = self._draw.randrange(1930, 2027), self._draw.randrange(1, 13), self._draw.randrange(1, 29)
        name = _MONTHS[month - 1]
        return self._draw.choice(
            (
                f"{year}-{month:02d}-{day:02d}",
                f"{month}/{day}/{year}",
                f"{day}.{month}.{year}",
                f"{name} {day}, {year}",
                f"{day} {name} {year}",
                f"{year}-{month:02d}-{day:02d} {day:02d}:{month:02d}:{day + 20}",
                f"{month}/{day}/{year}",
                f"{name} {day}",
            )
        )

    def slot_time(self) -> str:
        """A time of day."""
        return f"{self._draw.randrange(24):02d}:{self._draw.randrange(60):02d}" + self._draw.choice(("", ":12", ""))

    def slot_year(self) -> str:
        """A year."""
        return str(self._draw.randrange(1900, 2027))

    def slot_month(self) -> str:
        """A month."""
        return self._draw.choice(_MONTHS)

    def slot_weekday(self) -> str:
        """A day of the week."""
        return self._draw.choice(_WEEKDAYS)

    def slot_age(self) -> str:
        """A small number."""
        return str(self._draw.randrange(2, 99))

    def slot_num(self) -> str:
        """A number that is nobody's."""
        return self._digits(
            self._draw.choice(
                (
                    "##",
                    "###",
                    "####",
                    "#####",
                    "######",
                    "########",
                    "##########",
                    "############",
                    "AB-######",
                    "##-#####",
                )
            )
        )

    def slot_small(self) -> str:
        """A small number that is nobody's age."""
        return str(self._draw.randrange(1, 120))

    def slot_port(self) -> str:
        """A port."""
        return str(self._draw.randrange(20, 65536))

    def slot_hash(self) -> str:
        """Hexadecimal digits of a hash."""
        return "".join(self._draw.choice("0123456789abcdef") for _ in range(self._draw.choice((7, 32, 40, 64))))

    def slot_ip(self) -> str:
        """A network address."""
        if self._draw.random() < 0.15:
            return ":".join(f"{self._draw.randrange(65536):x}" for _ in range(8))
        return ".".join(str(self._draw.randrange(1, 255)) for _ in range(4))

    def slot_user(self) -> str:
        """An account."""
        return self._draw.choice(
            ("root", "admin", "www-data", "jsmith", "svc_backup", "oracle", "git", "u1042", "postgres", "deploy")
        )

    def slot_zphone(self) -> str:
        """A Chinese mobile number."""
        return self._digits(
            self._draw.choice(
                ("13#########", "15#########", "18#########", "19#########", "138-####-####", "+86 139########")
            )
        )

    def slot_zzip(self) -> str:
        """A Chinese postal code."""
        return self._digits("######")

    def slot_zid(self) -> str:
        """A resident identity number with its check character (GB 11643)."""
        body = (
            self._draw.choice(("110101", "310115", "440305", "330106", "510104"))
            + f"{self._draw.randrange(1950, 2010)}{self._draw.randrange(1, 13):02d}"
        )
        body += f"{self._draw.randrange(1, 29):02d}{self._draw.randrange(1000):03d}"
        weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
        return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11]
