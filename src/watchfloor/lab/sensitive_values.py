"""Made-up values for the slots of templates: names of many countries, places, companies, numbers.

Names and places come from Faker's lists (MIT), companies and numbers are coined here. Nothing of it ships but the bits
of ``experts.sensitive.lexicon``.
"""

import importlib
import random
import string
import unicodedata
from collections.abc import Callable, Iterator
from functools import cache
from typing import Any, Final

_LATIN: Final = (
    "cs_CZ da_DK de_AT de_CH de_DE en_GB en_IE en_IN en_NG en_NZ en_US es_AR es_CL es_CO es_ES es_MX et_EE fi_FI fr_BE fr_CA fr_CH "
    "fr_FR ga_IE ha_NG hr_HR hu_HU id_ID ig_NG is_IS it_IT lt_LT lv_LV nl_BE nl_NL no_NO pl_PL pt_BR pt_PT ro_RO sk_SK sl_SI "
    "sv_SE sw tr_TR tw_GH uz_UZ vi_VN yo_NG zu_ZA en_KE en_PK en_TH az_AZ"
).split()
_TURNED: Final = ("ru_RU", "el_GR", "uk_UA", "bg_BG", "ar_PS", "mk_MK")
_CYRILLIC: Final = dict(zip("абвгдежзийклмнопрстуфхцчшщъыьэюяіїєґ", (
    "a b v g d e zh z i y k l m n o p r s t u f kh ts ch sh shch  y  e yu ya i yi ye g").split(" "), strict=False))  # fmt: skip
_GREEK: Final = dict(zip("αβγδεζηθικλμνξοπρστυφχψωςάέήίόύώ", (
    "a v g d e z i th i k l m n x o p r s t y f ch ps o s a e i i o y o").split(), strict=False))  # fmt: skip
#: Words that companies are called by, and ways to coin others.
_KNOWN: Final = (
    "Microsoft,Google,Amazon,Apple,IBM,Oracle,Siemens,Bosch,Toyota,Samsung,Nokia,Ericsson,Volvo,Shell,Nestlé,Roche,Novartis,Airbus,"
    "Boeing,Intel,Cisco,Dell,HP,SAP,Adobe,Netflix,Spotify,Uber,Airbnb,Tesla,Ford,General Motors,General Electric,Goldman Sachs,"
    "JP Morgan,Citigroup,HSBC,Barclays,Deutsche Bank,Credit Suisse,UBS,ING,Santander,Allianz,AXA,Walmart,Target,Costco,IKEA,Starbucks,"
    "Coca-Cola,Pepsico,Unilever,Procter & Gamble,Johnson & Johnson,Pfizer,Merck,Bayer,Moderna,CNN,NBC,Reuters,Bloomberg,The Guardian,"
    "New York Times,Washington Post,Harvard,MIT,Stanford,NASA,UNICEF,UNESCO,WHO,Red Cross,Greenpeace,Amnesty International,FIFA,UEFA,"
    "Sony,Panasonic,Hitachi,Huawei,Lenovo,Alibaba,Tencent,Baidu,Twitter,Facebook,LinkedIn,Salesforce,Accenture,Deloitte,KPMG,McKinsey,"
    "PwC,Ernst & Young,Vodafone,Orange,T-Mobile,Verizon,AT&T,Comcast,Disney,Warner Bros,Universal Music,FedEx,UPS,DHL,Lufthansa,KLM,"
    "Delta Air Lines,Marriott,Hilton,Experian,Equifax,Moody's,Nasdaq,Visa,Mastercard,Paypal,Stripe,Zillow,Yelp,Tripadvisor,Kayak"
).split(",")
_FRONT: Final = (
    "Open Data Geo Health Smart Green Urban Bright Blue Black Red Clear Deep Ever Fair Farm First Fleet Flow Fuel Grid Home Info Iron Key "
    "Land Level Lex Life Light Link Live Mark Med Meta Micro Mind Net Next Nova Omni One Ov Path Peer Pay Pro Quant Rain Rent Safe Sage "
    "Scale Sci Sky Social Soft Solar Spot Stat Sun Swift Tech Terra True Uni Up Vera Verti Vital Walk Wave Web Wise World Zen Zip Zoom "
    "Alpha Agri Aqua Bio Carbon Cargo Cyber Demo Digi Eco Edu Enviro Esti Evo Fin Gov Hydro Legi Loco Nano Opti Pano Poli Predi Proto Simpl"
).split()
_BACK: Final = (
    "gov lytics data map works metrics score sense point bridge stone base box cast desk engine factor field force front gate graph guide "
    "hub lab labs link list logic mark market mind mix net nomics path plan port pulse quest scape scan share shift side sight signal "
    "source space spark sphere stack station stream sync table tech tools track trade vest view vision ware watch wave way wire wise "
    "xis zen ify ist ora io ly ent ance era ium ics able ava eon iq isys ontic"
).split()
_KIND: Final = ("Inc", "Inc.", "LLC", "Ltd", "Ltd.", "GmbH", "AG", "Corp", "Corp.", "Group", "Co", "PLC", "and Sons", "Systems", "Partners",
                "Consulting", "Consulting Group", "Technologies", "Solutions", "Investments", "Labs", "Media", "Bank", "Insurance", "Health",
                "Energy", "Foundation", "Institute", "University", "Research", "Analytics", "Capital", "Ventures", "Software")  # fmt: skip
_ZSURNAMES: Final = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董袁潘于蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付方白邹孟熊秦邱江尹薛闫段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤"
_ZGIVEN: Final = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉兰红建国志文斌婷宇浩然子轩梓涵雨欣怡佳晨欢思琪俊熙天翔雪梅春海波辉鹏飞旭东立成林峰云龙永康德胜家豪晓燕美玲淑珍少峰国栋振宁诗涵一诺泽宇"
_ZCITIES: Final = ("北京,上海,广州,深圳,杭州,南京,成都,重庆,武汉,西安,天津,苏州,长沙,郑州,青岛,大连,沈阳,济南,哈尔滨,昆明,合肥,福州,厦门,"
                   "南昌,贵阳,南宁,太原,石家庄,兰州,海口,宁波,无锡,佛山,东莞,温州,北京市,上海市,广东省,浙江省,四川省,江苏省,湖北省,香港,澳门,台湾,"
                   "中国,美国,日本,法国,德国,英国,俄罗斯").split(",")  # fmt: skip
_ZPROVINCES: Final = "广东省,浙江省,江苏省,四川省,湖北省,湖南省,河南省,山东省,福建省,陕西省,辽宁省,安徽省,,,".split(",")
_ZDISTRICTS: Final = "朝阳区,海淀区,浦东新区,天河区,南山区,福田区,西湖区,武侯区,江汉区,雁塔区,鼓楼区,和平区,历下区,滨江区,高新区,龙岗区".split(",")
_ZROADS: Final = "中山路,人民路,解放路,建设路,和平路,长江路,文一西路,科技园路,天府大道,滨海大道,学院路,北京路,南京东路,复兴街,幸福巷,花园街".split(",")
_ZCOMPANY: Final = "华,中,金,天,海,东,新,信,达,科,联,创,恒,瑞,盛,鼎,博,云,智,安".split(",")
_ZTRADE: Final = ("科技有限公司,信息技术有限公司,网络技术有限公司,股份有限公司,贸易有限公司,银行,集团,大学,医院,研究院,电子商务有限公司,"
                  "物流有限公司,保险公司,证券").split(",")  # fmt: skip
_BIN: Final = (("4", 16), ("51", 16), ("52", 16), ("55", 16), ("37", 15), ("34", 15), ("6011", 16), ("35", 16), ("30", 14), ("4", 13), ("62", 16),
               ("62", 19), ("5018", 12), ("60", 12), ("67", 12))  # fmt: skip


def _values(found: Any) -> Iterator[str]:
    """Strings of a Faker list, whatever it is made of."""
    for each in found if isinstance(found, list | tuple | dict | set) else ():
        if isinstance(each, str):
            yield each
        elif isinstance(each, tuple) and each and isinstance(each[0], str):
            yield each[0]


def _provider(part: str, locale: str) -> Any:
    try:
        return importlib.import_module(f"faker.providers.{part}.{locale}").Provider
    except ModuleNotFoundError:
        return None


def turned(text: str) -> str:
    """Cyrillic and Greek in Latin letters, roughly."""
    out = "".join((_CYRILLIC | _GREEK).get(each, each) for each in text.lower())
    return out.title() if text[:1].isupper() else out


def _mostly_latin(text: str) -> bool:
    return bool(text) and all("LATIN" in unicodedata.name(each, "") or not each.isalpha() for each in text)


@cache
def lists() -> dict[str, tuple[tuple[str, ...], ...]]:
    """First names, last names, cities and streets of each locale of Faker, countries and jobs in one."""
    found: dict[str, list[tuple[str, ...]]] = {"first": [], "last": [], "city": [], "street": []}
    wanted = {
        "first": ("person", ("first_names", "first_names_female", "first_names_male")),
        "last": ("person", ("last_names", "last_names_female", "last_names_male")),
        "city": ("address", ("cities", "city_names", "municipalities", "towns", "villages", "communities")),
        "street": ("address", ("streets", "street_names", "street_prefixes", "street_suffixes")),
    }
    for name, (part, attributes) in wanted.items():
        for locale in (*_LATIN, *_TURNED):
            provider = _provider(part, locale)
            values = {each for attribute in attributes for each in _values(vars(provider).get(attribute, ()) if provider else ())}
            values = {turned(each) if locale in _TURNED else each for each in values}
            kept = tuple(sorted(each for each in values if _mostly_latin(each) and 1 < len(each) < 40 and "{" not in each))
            if len(kept) > 8:
                found[name].append(kept)
    country = tuple(_values(vars(_provider("address", "en") or object).get("countries", ()))) or tuple(
        _values(importlib.import_module("faker.providers.address").Provider.countries))  # fmt: skip
    jobs = tuple(each for each in _values(importlib.import_module("faker.providers.job").Provider.jobs))
    return {name: tuple(each) for name, each in found.items()} | {"country": (country,), "job": (jobs,)}


_NRP: Final = (
    "American,British,English,Scottish,Irish,Welsh,French,German,Italian,Spanish,Portuguese,Dutch,Belgian,Swiss,Austrian,Polish,Czech,Slovak,"
    "Hungarian,Romanian,Bulgarian,Greek,Turkish,Russian,Ukrainian,Swedish,Norwegian,Danish,Finnish,Icelandic,Estonian,Latvian,Lithuanian,"
    "Croatian,Serbian,Slovenian,Albanian,Chinese,Japanese,Korean,Vietnamese,Thai,Indian,Pakistani,Indonesian,Malaysian,Filipino,Australian,"
    "Canadian,Mexican,Brazilian,Argentinian,Chilean,Colombian,Peruvian,Cuban,Egyptian,Moroccan,Nigerian,Kenyan,Ethiopian,Ghanaian,Israeli,"
    "Iranian,Iraqi,Syrian,Lebanese,Saudi,Afghan,Jewish,Muslim,Christian,Catholic,Buddhist,Hindu,Asian,European,African,Bruneian,Greenlander,"
    "Samoan,Fijian,Nepalese,Mongolian,Cambodian,Bolivian,Ecuadorian,Venezuelan,Jamaican,Haitian,Maltese,Cypriot,Georgian,Armenian,Kazakh,Uzbek"
).split(",")
_WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
_MONTHS: Final = ("January February March April May June July August September October November December").split()
_STATES: Final = "AL AK AZ AR CA CO CT DE FL GA HI ID IL IN IA KS KY LA ME MD MA MI MN MS MO MT NE NV NH NJ NM NY NC ND OH OK OR PA TX UT VA WA".split()


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
        return self._draw.choice(("Mr.", "Mrs.", "Ms.", "Dr.", "Mr", "Mrs", "Ms", "Miss", "Dr", "Prof.", "Mr.", "Mrs.", "Dr.", "Sir"))

    def slot_org(self) -> str:
        """An organisation: known, coined, of people's names, or an acronym."""
        way = self._draw.random()
        coined = self._draw.choice(_FRONT) + self._draw.choice(_BACK)
        if self._draw.random() < 0.2:
            coined = coined[:1] + coined[1:].lower() if self._draw.random() < 0.5 else coined.replace("e", "ee", 1)
        if way < 0.2:
            return self._draw.choice(_KNOWN)
        if way < 0.5:
            return coined
        if way < 0.62:
            return f"{coined} {self._draw.choice(_KIND)}"
        if way < 0.74:
            return f"{self.slot_last()} {self._draw.choice(_KIND)}"
        if way < 0.84:
            return f"{self._draw.choice(_FRONT)} {self._draw.choice(_BACK).title()}"
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
        end = self._draw.choice(("ville", "burg", "ton", " Falls", "ham", "stad", "dorf", "by", "borg", "ovo", "ice", "hausen", "", "", " Springs"))
        start = self._draw.choice(("", "", "", "", "New ", "Port ", "San ", "Saint ", "St. ", "West ", "Bad ", "La ", "Monte "))
        return start + last + end

    def slot_country(self) -> str:
        """A country."""
        return self._pick("country")

    def slot_state(self) -> str:
        """Two letters of a state."""
        return self._draw.choice(_STATES)

    def slot_nrp(self) -> str:
        """A nationality or a religion, sometimes in the plural."""
        found = self._draw.choice(_NRP)
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
            start = ("Rue de", "Via", "Calle", "Avenida", "Rua", "Avda.", "C/", "ul.", "Rue du", "Plaza", "Strada", "Av.", "P.O. Box", "Place de la")
            return f"{self._draw.choice(start)} {self._pick('last')}"
        return self._pick("street") + (f" {self._draw.randrange(1, 200)}" if self._draw.random() < 0.3 else "")

    def slot_hn(self) -> str:
        """A house number."""
        number = str(self._draw.choice((self._draw.randrange(1, 200), self._draw.randrange(1, 20), self._draw.randrange(200, 9999))))
        return number + self._draw.choice(("", "", "", "", "a", "B")) if self._draw.random() < 0.8 else number.zfill(2)

    def slot_unit(self) -> str:
        """A part of a house."""
        return f"{self._draw.choice(('Apt.', 'Suite', 'Apt', 'Unit', 'Floor', 'Flat', 'Room'))} {self._draw.randrange(1, 999):0{self._draw.choice((1, 3))}d}"

    def slot_zip(self) -> str:
        """A postal code."""
        return self._digits(self._draw.choice(("#####", "#####", "####", "#####-####", "### ##", "####-###", "###", "######")))

    def slot_address(self) -> str:
        """A whole address, on one line or several."""
        if self._draw.random() < 0.06:
            return self._digits(self._draw.choice(("Unit #### Box ####\nDPO AE #####", "PSC ####, Box ####\nAPO AP #####", f"USS {self.slot_last()}\nFPO AA #####")))
        street = self.slot_street()
        line = self._draw.choice((f"{self.slot_hn()} {street}", f"{self.slot_hn()} {street} {self.slot_hn()}", f"{street} {self.slot_hn()}"))
        if self._draw.random() < 0.45:
            line += self._draw.choice((" ", "\n", ", ", "\n ")) + self.slot_unit()
        city = self.slot_city()
        tail = self._draw.choice((
            f"\n{city}\n, {self.slot_state()}\n {self.slot_zip()}", f"\n{city}, {self.slot_state()} {self.slot_zip()}", f"\n {city}\n {self.slot_country()}",
            f", {city}", f", {city}, {self.slot_country()}", f"\n {city}\n {self.slot_country()} {self.slot_zip()}", f"\n{self.slot_zip()} {city}", "",
            f" {city} {self.slot_zip()}", f"\n{city}\n{self.slot_state()}\n {self.slot_country()} {self.slot_zip()}"))  # fmt: skip
        return line + tail

    def slot_phone(self) -> str:
        """A telephone number, as written in many countries."""
        return self._digits(self._draw.choice((
            "###-###-####", "(###)###-####", "(###) ###-####", "###.###.####", "+1-###-###-####", "###-###-####x####", "+## ## ### ## ##", "0### ## ## ##",
            "0## ### ## ##", "06-########", "### ## ###", "## ## ## ##", "(0#) #### ####", "+##(0)#########", "##########", "0#########", "+## (0)## ### ## ##",
            "### ####", "07# #### ####", "001-###-###-####x#####", "+###########", "## ######", "### ### ###", "####-##-####", "(##) ####-####")))  # fmt: skip

    def slot_email(self) -> str:
        """A mail address."""
        name = self._draw.choice((self.slot_first(), self.slot_first() + self.slot_last(), f"{self.slot_first()}.{self.slot_last()}"))
        bare = "".join(each for each in unicodedata.normalize("NFKD", name) if each.isascii() and (each.isalnum() or each == ".")).strip(".")
        return f"{bare or 'info'}@{self._coined_host()}"

    def _coined_host(self) -> str:
        return f"{(self._draw.choice(_FRONT) + self._draw.choice(_BACK)).lower()}.{self._draw.choice(('com', 'org', 'de', 'io', 'co.uk', 'se', 'cn', 'hu'))}"

    def slot_url(self) -> str:
        """The address of a site or page."""
        path = self._draw.choice(("", "/", "/", f"/{self._draw.choice(_BACK)}/{self._draw.randrange(999)}"))
        return f"{self._draw.choice(('http://', 'https://', 'https://www.'))}{self._coined_host()}{path}"

    def slot_card(self) -> str:
        """A card number with its check digit, grouped or not."""
        start, size = self._draw.choice(_BIN)
        body = start + "".join(str(self._draw.randrange(10)) for _ in range(size - len(start) - 1))
        total = sum(sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(reversed(body)))
        full = body + str(-total % 10)
        if self._draw.random() < 0.15 and size == 16:
            return self._draw.choice((" ", "-")).join(full[at : at + 4] for at in range(0, 16, 4))
        return full

    def slot_iban(self) -> str:
        """A British or German account number."""
        country, body = self._draw.choice((("GB", self._letters(4) + self._digits("#" * 14)), ("DE", self._digits("#" * 18))))
        check = 98 - int("".join(str(int(each, 36)) for each in body + country + "00")) % 97
        return f"{country}{check:02d}{body}"

    def _letters(self, count: int) -> str:
        return "".join(self._draw.choice(string.ascii_uppercase) for _ in range(count))

    def slot_ssn(self) -> str:
        """A social security number."""
        return f"{self._draw.randrange(1, 900):03d}-{self._draw.randrange(1, 100):02d}-{self._draw.randrange(1, 10000):04d}"

    def slot_dl(self) -> str:
        """A driver's licence number of some state."""
        return self._letters(1) + self._digits(self._draw.choice(("########", "#######", "############", "##############", "-###-###-###-###"))) if (
            self._draw.random() < 0.6) else self._digits(self._draw.choice(("#########", "########", "#######", "#########T")))  # fmt: skip

    def slot_date(self) -> str:
        """A day, with or without the time."""
        year, month, day = self._draw.randrange(1930, 2027), self._draw.randrange(1, 13), self._draw.randrange(1, 29)
        name = _MONTHS[month - 1]
        return self._draw.choice((f"{year}-{month:02d}-{day:02d}", f"{month}/{day}/{year}", f"{day}.{month}.{year}", f"{name} {day}, {year}", f"{day} {name} {year}",
                                  f"{year}-{month:02d}-{day:02d} {day:02d}:{month:02d}:{day + 20}", f"{month}/{day}/{year}", f"{name} {day}"))  # fmt: skip

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
        return self._digits(self._draw.choice(("##", "###", "####", "#####", "######", "########", "##########", "############", "AB-######", "##-#####")))

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
        return self._draw.choice(("root", "admin", "www-data", "jsmith", "svc_backup", "oracle", "git", "u1042", "postgres", "deploy"))

    def slot_zname(self) -> str:
        """A Chinese name."""
        return self._draw.choice(_ZSURNAMES) + "".join(self._draw.choice(_ZGIVEN) for _ in range(self._draw.choice((1, 2, 2))))

    def slot_zcity(self) -> str:
        """A Chinese place, or a country in Chinese."""
        return self._draw.choice(_ZCITIES)

    def slot_zorg(self) -> str:
        """A Chinese organisation."""
        place = self._draw.choice(("", *_ZCITIES[:36]))
        return place + "".join(self._draw.choice(_ZCOMPANY) for _ in range(2)) + self._draw.choice(_ZTRADE)

    def slot_zaddress(self) -> str:
        """A Chinese address."""
        city = self._draw.choice(_ZCITIES[:35])
        return (f"{self._draw.choice(_ZPROVINCES)}{city}市{self._draw.choice(_ZDISTRICTS)}{self._draw.choice(_ZROADS)}{self._draw.randrange(1, 900)}号"
                + self._draw.choice(("", "", f"{self._draw.randrange(1, 30)}栋", f"{self._draw.randrange(1, 30)}号楼{self._draw.randrange(100, 3000)}室")))  # fmt: skip

    def slot_zphone(self) -> str:
        """A Chinese mobile number."""
        return self._digits(self._draw.choice(("13#########", "15#########", "18#########", "19#########", "138-####-####", "+86 139########")))

    def slot_zzip(self) -> str:
        """A Chinese postal code."""
        return self._digits("######")

    def slot_zid(self) -> str:
        """A resident identity number with its check character (GB 11643)."""
        body = self._draw.choice(("110101", "310115", "440305", "330106", "510104")) + f"{self._draw.randrange(1950, 2010)}{self._draw.randrange(1, 13):02d}"
        body += f"{self._draw.randrange(1, 29):02d}{self._draw.randrange(1000):03d}"
        weights = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
        return body + "10X98765432"[sum(int(digit) * weight for digit, weight in zip(body, weights, strict=True)) % 11]


#: What each slot's value is labelled; slots that are not here are nobody's.
TYPES: Final = {
    "first": "PERSON", "last": "PERSON", "person": "PERSON", "org": "ORGANIZATION", "city": "LOCATION", "country": "LOCATION", "state": "LOCATION",
    "street": "STREET_ADDRESS", "hn": "STREET_ADDRESS", "unit": "STREET_ADDRESS", "address": "STREET_ADDRESS", "zip": "ZIP_CODE", "phone": "PHONE_NUMBER",
    "email": "EMAIL_ADDRESS", "url": "URL", "card": "CREDIT_CARD", "iban": "IBAN_CODE", "ssn": "US_SSN", "dl": "US_DRIVER_LICENSE", "date": "DATE_TIME",
    "year": "DATE_TIME", "weekday": "DATE_TIME", "month": "DATE_TIME", "age": "AGE", "nrp": "NRP", "title": "TITLE", "job": "TITLE", "ip": "IP_ADDRESS", "zname": "PERSON",
    "zcity": "LOCATION", "zorg": "ORGANIZATION", "zaddress": "STREET_ADDRESS", "zphone": "PHONE_NUMBER", "zid": "CN_RESIDENT_ID", "zzip": "ZIP_CODE",
}  # fmt: skip
