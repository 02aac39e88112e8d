"""Made-up values for the slots of templates: names of many countries, places, companies, numbers.

Nothing of it ships but the bits of ``experts.sensitive.lexicon``.
"""

import random
import string
import unicodedata
from collections.abc import Callable
from typing import Final

from watchfloor.lab.sensitive_names import lists, written

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


class Values:
    """Slot values of one seeded drawing."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed)
        self._slots: dict[str, Callable[[], str]] = {
            name.removeprefix("slot_"): getattr(self, name) for name in dir(self) if name.startswith("slot_")
        }

    def of(self, slot: str) -> str:
        """A value for a slot.

        Raises:
            KeyError: no such slot.
        """
        return self._slots[slot]()

    def _pick(self, name: str) -> str:
        return self._draw.choice(self._draw.choice(lists()[name]))

    def _digits(self, pattern: str) -> str:
        return "".join(str(self._draw.randrange(10)) if each == "#" else each for each in pattern)

    def slot_first(self) -> str:
        """A first name."""
        return self._pick("first")

    def slot_last(self) -> str:
        """A family name."""
        return self._pick("last")

    def slot_person(self) -> str:
        """A whole name, mostly of one country."""
        place = self._draw.randrange(min(len(lists()["first"]), len(lists()["last"])))
        first = self._draw.choice(lists()["first"][place]) if self._draw.random() < 0.8 else self.slot_first()
        last = self._draw.choice(lists()["last"][place]) if self._draw.random() < 0.8 else self.slot_last()
        middle = self._draw.random()
        if middle < 0.12:
            return f"{first} {self._draw.choice(string.ascii_uppercase)}{self._draw.choice(('.', '.', ''))} {last}"
        if middle < 0.17:
            return f"{first} {self.slot_first()} {last}"
        if middle < 0.21:
            return f"{first} {self._draw.choice(('van der', 'de', 'von', 'da', 'bin', 'el', 'van', 'di', 'le', 'dos'))} {last}"
        return f"{first} {last}" if middle < 0.95 else first

    def slot_title(self) -> str:
        """A form of address."""
        return self._draw.choice(
            ("Mr.", "Mrs.", "Ms.", "Dr.", "Mr", "Mrs", "Ms", "Miss", "Dr", "Prof.", "Mr.", "Mrs.", "Dr.", "Sir")
        )

    def slot_org(self) -> str:
        """An organisation: known, coined, of people's names, or an acronym."""
        way = self._draw.random()
        coined = self._draw.choice(written("company_fronts")) + self._draw.choice(written("company_backs"))
        if self._draw.random() < 0.2:
            coined = coined[:1] + coined[1:].lower() if self._draw.random() < 0.5 else coined.replace("e", "ee", 1)
        if way < 0.2:
            return self._draw.choice(written("companies"))
        if way < 0.5:
            return coined
        if way < 0.62:
            return f"{coined} {self._draw.choice(written('company_kinds'))}"
        if way < 0.74:
            return f"{self.slot_last()} {self._draw.choice(written('company_kinds'))}"
        if way < 0.84:
            return (
                f"{self._draw.choice(written('company_fronts'))} {self._draw.choice(written('company_backs')).title()}"
            )
        if way < 0.88:
            return f"{self.slot_last()}, {self.slot_last()} and {self.slot_last()}"
        if way < 0.92:
            return f"{self.slot_last()}-{self.slot_last()}"
        if way < 0.95:
            return f"{self.slot_last()}'s"
        return "".join(self._draw.choice(string.ascii_uppercase) for _ in range(self._draw.choice((3, 3, 4))))

    def slot_city(self) -> str:
        """A town."""
        city = self._pick("city") if self._draw.random() < 0.6 else self._made_city()
        return city.upper() if self._draw.random() < 0.12 else city

    def _made_city(self) -> str:
        last = self.slot_last()
        end = self._draw.choice(
            (
                "ville",
                "burg",
                "ton",
                " Falls",
                "ham",
                "stad",
                "dorf",
                "by",
                "borg",
                "ovo",
                "ice",
                "hausen",
                "",
                "",
                " Springs",
            )
        )
        start = self._draw.choice(
            ("", "", "", "", "New ", "Port ", "San ", "Saint ", "St. ", "West ", "Bad ", "La ", "Monte ")
        )
        return start + last + end

    def slot_country(self) -> str:
        """A country."""
        return self._pick("country")

    def slot_state(self) -> str:
        """Two letters of a state."""
        return self._draw.choice(written("states"))

    def slot_nrp(self) -> str:
        """A nationality or a religion, sometimes in the plural."""
        found = self._draw.choice(written("peoples"))
        return found + "s" if self._draw.random() < 0.1 and found.endswith("an") else found

    def slot_job(self) -> str:
        """A job."""
        job = self._pick("job").split(",")[0].split("/")[0]
        return job.lower() if self._draw.random() < 0.4 else job

    def slot_street(self) -> str:
        """A street."""
        way = self._draw.random()
        if way < 0.3:
            return f"{self._pick('last')} {self._draw.choice(('Street', 'Road', 'Avenue', 'Lane', 'Drive', 'St', 'Rd.', 'Ave', 'Court', 'Way', 'Place'))}"
        if way < 0.45:
            return f"{self._pick('last')}{self._draw.choice(('strasse', 'straße', 'gata', 'vej', 'gatan', 'straat', 'laan', 'veien', 'weg', 'gasse', 'katu', 'tie'))}"
        if way < 0.65:
            start = (
                "Rue de",
                "Via",
                "Calle",
                "Avenida",
                "Rua",
                "Avda.",
                "C/",
                "ul.",
                "Rue du",
                "Plaza",
                "Strada",
                "Av.",
                "P.O. Box",
                "Place de la",
            )
            return f"{self._draw.choice(start)} {self._pick('last')}"
        return self._pick("street") + (f" {self._draw.randrange(1, 200)}" if self._draw.random() < 0.3 else "")

    def slot_hn(self) -> str:
        """A house number."""
        number = str(
            self._draw.choice(
                (self._draw.randrange(1, 200), self._draw.randrange(1, 20), self._draw.randrange(200, 9999))
            )
        )
        return number + self._draw.choice(("", "", "", "", "a", "B")) if self._draw.random() < 0.8 else number.zfill(2)

    def slot_unit(self) -> str:
        """A part of a house."""
        return f"{self._draw.choice(('Apt.', 'Suite', 'Apt', 'Unit', 'Floor', 'Flat', 'Room'))} {self._draw.randrange(1, 999):0{self._draw.choice((1, 3))}d}"

    def slot_zip(self) -> str:
        """A postal code."""
        return self._digits(
            self._draw.choice(("#####", "#####", "####", "#####-####", "### ##", "####-###", "###", "######"))
        )

    def slot_address(self) -> str:
        """A whole address, on one line or several."""
        if self._draw.random() < 0.06:
            return self._digits(
                self._draw.choice(
                    (
                        "Unit #### Box ####\nDPO AE #####",
                        "PSC ####, Box ####\nAPO AP #####",
                        f"USS {self.slot_last()}\nFPO AA #####",
                    )
                )
            )
        street = self.slot_street()
        line = self._draw.choice(
            (f"{self.slot_hn()} {street}", f"{self.slot_hn()} {street} {self.slot_hn()}", f"{street} {self.slot_hn()}")
        )
        if self._draw.random() < 0.45:
            line += self._draw.choice((" ", "\n", ", ", "\n ")) + self.slot_unit()
        city = self.slot_city()
        tail = self._draw.choice(
            (
                f"\n{city}\n, {self.slot_state()}\n {self.slot_zip()}",
                f"\n{city}, {self.slot_state()} {self.slot_zip()}",
                f"\n {city}\n {self.slot_country()}",
                f", {city}",
                f", {city}, {self.slot_country()}",
                f"\n {city}\n {self.slot_country()} {self.slot_zip()}",
                f"\n{self.slot_zip()} {city}",
                "",
                f" {city} {self.slot_zip()}",
                f"\n{city}\n{self.slot_state()}\n {self.slot_country()} {self.slot_zip()}",
            )
        )
        return line + tail

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
                )
            )
        )

    def slot_email(self) -> str:
        """A mail address."""
        name = self._draw.choice(
            (self.slot_first(), self.slot_first() + self.slot_last(), f"{self.slot_first()}.{self.slot_last()}")
        )
        bare = "".join(
            each for each in unicodedata.normalize("NFKD", name) if each.isascii() and (each.isalnum() or each == ".")
        ).strip(".")
        return f"{bare or 'info'}@{self._coined_host()}"

    def _coined_host(self) -> str:
        return f"{(self._draw.choice(written('company_fronts')) + self._draw.choice(written('company_backs'))).lower()}.{self._draw.choice(('com', 'org', 'de', 'io', 'co.uk', 'se', 'cn', 'hu'))}"

    def slot_url(self) -> str:
        """The address of a site or page."""
        path = self._draw.choice(
            ("", "/", "/", f"/{self._draw.choice(written('company_backs'))}/{self._draw.randrange(999)}")
        )
        return f"{self._draw.choice(('http://', 'https://', 'https://www.'))}{self._coined_host()}{path}"

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
        return f"{self._draw.randrange(1, 900):03d}-{self._draw.randrange(1, 100):02d}-{self._draw.randrange(1, 10000):04d}"

    def slot_dl(self) -> str:
        """A driver's licence number of some state."""
        return (
            self._letters(1)
            + self._digits(
                self._draw.choice(("########", "#######", "############", "##############", "-###-###-###-###"))
            )
            if (self._draw.random() < 0.6)
            else self._digits(self._draw.choice(("#########", "########", "#######", "#########T")))
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

    def slot_zname(self) -> str:
        """A Chinese name."""
        return self._draw.choice(written("zh_surnames")[0]) + "".join(
            self._draw.choice(written("zh_given")[0]) for _ in range(self._draw.choice((1, 2, 2)))
        )

    def slot_zcity(self) -> str:
        """A Chinese place, or a country in Chinese."""
        return self._draw.choice(written("zh_places"))

    def slot_zorg(self) -> str:
        """A Chinese organisation."""
        place = self._draw.choice(("", *written("zh_places")[:36]))
        return (
            place
            + "".join(self._draw.choice(written("zh_company_signs")) for _ in range(2))
            + self._draw.choice(written("zh_company_kinds"))
        )

    def slot_zaddress(self) -> str:
        """A Chinese address."""
        city = self._draw.choice(written("zh_places")[:35])
        return (
            f"{self._draw.choice((*written('zh_provinces'), '', '', ''))}{city}市{self._draw.choice(written('zh_districts'))}{self._draw.choice(written('zh_roads'))}{self._draw.randrange(1, 900)}号"
            + self._draw.choice(
                (
                    "",
                    "",
                    f"{self._draw.randrange(1, 30)}栋",
                    f"{self._draw.randrange(1, 30)}号楼{self._draw.randrange(100, 3000)}室",
                )
            )
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


#: What each slot's value is labelled; slots that are not here are nobody's.
TYPES: Final = {
    "first": "PERSON",
    "last": "PERSON",
    "person": "PERSON",
    "org": "ORGANIZATION",
    "city": "LOCATION",
    "country": "LOCATION",
    "state": "LOCATION",
    "street": "STREET_ADDRESS",
    "hn": "STREET_ADDRESS",
    "unit": "STREET_ADDRESS",
    "address": "STREET_ADDRESS",
    "zip": "ZIP_CODE",
    "phone": "PHONE_NUMBER",
    "email": "EMAIL_ADDRESS",
    "url": "URL",
    "card": "CREDIT_CARD",
    "iban": "IBAN_CODE",
    "ssn": "US_SSN",
    "dl": "US_DRIVER_LICENSE",
    "date": "DATE_TIME",
    "year": "DATE_TIME",
    "weekday": "DATE_TIME",
    "month": "DATE_TIME",
    "age": "AGE",
    "nrp": "NRP",
    "title": "TITLE",
    "job": "TITLE",
    "ip": "IP_ADDRESS",
    "zname": "PERSON",
    "zcity": "LOCATION",
    "zorg": "ORGANIZATION",
    "zaddress": "STREET_ADDRESS",
    "zphone": "PHONE_NUMBER",
    "zid": "CN_RESIDENT_ID",
    "zzip": "ZIP_CODE",
}
