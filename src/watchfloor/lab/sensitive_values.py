"""Made-up values for the slots of templates: names of many countries, places, companies, numbers.

Nothing of it ships but the bits of ``experts.sensitive.lexicon``.
"""

import string
import unicodedata
from collections.abc import Callable
from typing import Final

from watchfloor.lab.sensitive_names import lists, ordinary_words, written
from watchfloor.lab.sensitive_numbers import Numbers

_COMPANY_FRONTS: Final = written("company_fronts")
_COMPANY_BACKS: Final = written("company_backs")
_COMPANY_KINDS: Final = written("company_kinds")
_COMPANIES: Final = written("companies")
_FIRMS: Final = written("firms")
_TRADES: Final = written("trades")
_COMPANY_WORDS: Final = written("company_words")
_PEOPLES: Final = written("peoples")
_STATES: Final = written("states")
_ZH_PLACES: Final = written("zh_places")
_ZH_DISTRICTS: Final = written("zh_districts")
_ZH_ROADS: Final = written("zh_roads")
_ZH_COMPANY_SIGNS: Final = written("zh_company_signs")
_ZH_COMPANY_KINDS: Final = written("zh_company_kinds")
_ZH_PROVINCES: Final = (*written("zh_provinces"), "", "", "")
_ZH_SURNAMES: Final = written("zh_surnames")[0]
_ZH_GIVEN: Final = written("zh_given")[0]
_PARTICLES: Final = ("van der", "de", "von", "da", "bin", "el", "van", "di", "le", "dos")
_ROADS: Final = ("Street", "Road", "Avenue", "Lane", "Drive", "St", "Rd.", "Ave", "Court", "Way", "Place")
_ROAD_ENDS: Final = (
    "strasse",
    "straße",
    "gata",
    "vej",
    "gatan",
    "straat",
    "laan",
    "veien",
    "weg",
    "gasse",
    "katu",
    "tie",
)


class Values(Numbers):
    """Slot values of one seeded drawing."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
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
            return f"{first} {self._draw.choice(_PARTICLES)} {last}"
        return f"{first} {last}" if middle < 0.95 else first

    def slot_title(self) -> str:
        """A form of address."""
        return self._draw.choice(
            ("Mr.", "Mrs.", "Ms.", "Dr.", "Mr", "Mrs", "Ms", "Miss", "Dr", "Prof.", "Mr.", "Mrs.", "Dr.", "Sir")
        )

    def slot_org(self) -> str:
        """An organisation: known, coined, of people's names, or an acronym."""
        pick, last = self._draw.choice, self.slot_last
        ways: dict[Callable[[], str], int] = {
            lambda: pick(_COMPANIES): 12,
            lambda: pick(_FIRMS): 24,
            self._coined: 24,
            lambda: f"{self._coined()} {pick(_COMPANY_KINDS)}": 10,
            lambda: f"{last()} {pick(_COMPANY_KINDS)}": 12,
            lambda: f"{pick(_COMPANY_FRONTS)} {pick(_COMPANY_BACKS).title()}": 8,
            lambda: " ".join(self._draw.sample(_COMPANY_WORDS, pick((1, 2, 2, 3)))): 8,
            lambda: f"{last()}, {last()} and {last()}": 7,
            lambda: f"{last()}-{last()}": 7,
            lambda: f"{last()}'s": 2,
            lambda: self._letters(pick((3, 3, 4))): 4,
        }
        return self._draw.choices(list(ways), list(ways.values()))[0]()

    def _coined(self) -> str:
        coined = self._draw.choice(_COMPANY_FRONTS) + self._draw.choice(_COMPANY_BACKS)
        if self._draw.random() < 0.8:
            return coined
        return coined[:1] + coined[1:].lower() if self._draw.random() < 0.5 else coined.replace("e", "ee", 1)

    def slot_thing(self) -> str:
        """An ordinary word, nobody's."""
        return self._draw.choice(ordinary_words())

    def slot_work(self) -> str:
        """The title of a song, book or film, nobody's."""
        words = [self.slot_thing().title() for _ in range(self._draw.choice((1, 2, 2, 3, 3, 4)))]
        if len(words) > 2 and self._draw.random() < 0.6:
            words.insert(self._draw.randrange(1, len(words)), self._draw.choice(("of the", "and", "in the", "For A")))
        return self._draw.choice(("", "", "", "The ", "A ", "My ")) + " ".join(words)

    def slot_band(self) -> str:
        """A group or a brand, nobody's here."""
        one, two = self.slot_thing().title(), self.slot_thing().title()
        return self._draw.choice(
            (f"The {one}s", f"The {two} {one}s", f"{two} {one}", f"{one} {self.slot_small()}", f"{one} & {two}", one)
        )

    def slot_city(self) -> str:
        """A town."""
        city = self._pick("city") if self._draw.random() < 0.6 else self._made_city()
        return city.upper() if self._draw.random() < 0.18 else city

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
        return self._draw.choice(_STATES)

    def slot_nrp(self) -> str:
        """A nationality or a religion, sometimes in the plural."""
        found = self._draw.choice(_PEOPLES)
        return found + "s" if self._draw.random() < 0.1 and not found.endswith(("s", "sh", "ch")) else found

    def slot_job(self) -> str:
        """A job."""
        way = self._draw.random()
        job = self._pick("job").split(",")[0].split("/")[0] if way < 0.5 else self._draw.choice(_TRADES)
        if way > 0.96:
            job = f"{job}, {self._draw.choice(_TRADES).lower()}, and {self._draw.choice(_TRADES).lower()}"
        return job.lower() if self._draw.random() < 0.4 else job

    def slot_street(self) -> str:
        """A street."""
        way = self._draw.random()
        if way < 0.22:
            return f"{self._pick('last')} {self._draw.choice(_ROADS)}"
        if way < 0.32:
            return f"{self._pick(self._draw.choice(('first', 'last')))} {self._pick('suffix')}"
        if way < 0.45:
            return f"{self._pick('last')}{self._draw.choice(_ROAD_ENDS)}"
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
        street, number, where = self._pick("street"), self._draw.randrange(1, 400), self._draw.random()
        return f"{street} {number}" if where < 0.35 else f"{number} {street}" if where < 0.5 else street

    def slot_hn(self) -> str:
        """A house number."""
        number = str(
            self._draw.choice(
                (self._draw.randrange(1, 200), self._draw.randrange(1, 20), self._draw.randrange(200, 99999))
            )
        )
        return (
            number + self._draw.choice(("", "", "", "", "a", "B"))
            if self._draw.random() < 0.8
            else number.zfill(self._draw.choice((2, 4, 5)))
        )

    def slot_unit(self) -> str:
        """A part of a house."""
        kind = self._draw.choice(("Apt.", "Suite", "Apt", "Unit", "Floor", "Flat", "Room"))
        return f"{kind} {self._draw.randrange(1, 999):0{self._draw.choice((1, 3))}d}"

    def slot_zip(self) -> str:
        """A postal code."""
        return self._digits(
            self._draw.choice(
                ("#####", "#####", "####", "#####-####", "### ##", "####-###", "#####-###", "###", "######")
            )
        )

    def slot_postcode(self) -> str:
        """A postal code as the last part of an envelope's address."""
        return self._digits(self._draw.choice(("#####", "#####", "#####", "####")))

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
        if self._draw.random() < 0.05:
            return f"the corner of {street} and {self.slot_street()}"
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
                f"\n {city}\n {self.slot_country()} {self.slot_postcode()}",
                f"\n{city}\n, {self.slot_state()}\n {self.slot_country()} {self.slot_postcode()}",
                f"\n{self.slot_zip()} {city}",
                "",
                f" {city} {self.slot_zip()}",
                f"\n{city}\n{self.slot_state()}\n {self.slot_country()} {self.slot_zip()}",
            )
        )
        return line + tail

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
        name = (self._draw.choice(_COMPANY_FRONTS) + self._draw.choice(_COMPANY_BACKS)).lower()
        return f"{name}.{self._draw.choice(('com', 'org', 'de', 'io', 'co.uk', 'se', 'cn', 'hu'))}"

    def slot_url(self) -> str:
        """The address of a site or page."""
        path = self._draw.choice(("", "/", "/", f"/{self._draw.choice(_COMPANY_BACKS)}/{self._draw.randrange(999)}"))
        return f"{self._draw.choice(('http://', 'https://', 'https://www.'))}{self._coined_host()}{path}"

    def slot_zname(self) -> str:
        """A Chinese name."""
        return self._draw.choice(_ZH_SURNAMES) + "".join(
            self._draw.choice(_ZH_GIVEN) for _ in range(self._draw.choice((1, 2, 2)))
        )

    def slot_zcity(self) -> str:
        """A Chinese place, or a country in Chinese."""
        return self._draw.choice(_ZH_PLACES)

    def slot_zorg(self) -> str:
        """A Chinese organisation."""
        place = self._draw.choice(("", *_ZH_PLACES[:36]))
        return (
            place
            + "".join(self._draw.choice(_ZH_COMPANY_SIGNS) for _ in range(2))
            + self._draw.choice(_ZH_COMPANY_KINDS)
        )

    def slot_zaddress(self) -> str:
        """A Chinese address."""
        city = self._draw.choice(_ZH_PLACES[:35])
        return (
            f"{self._draw.choice(_ZH_PROVINCES)}{city}市{self._draw.choice(_ZH_DISTRICTS)}{self._draw.choice(_ZH_ROADS)}"
            f"{self._draw.randrange(1, 900)}号"
            + self._draw.choice(
                (
                    "",
                    "",
                    f"{self._draw.randrange(1, 30)}栋",
                    f"{self._draw.randrange(1, 30)}号楼{self._draw.randrange(100, 3000)}室",
                )
            )
        )


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
    "postcode": "STREET_ADDRESS",
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
