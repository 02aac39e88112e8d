"""The expert ``code``: each sink vulnerable and nearly the same but safe, and texts that mean harm."""

from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from watchfloor.experts.code import make_code
from watchfloor.experts.code.python import analyse
from watchfloor.experts.code.scanning import decoded
from watchfloor.lab.code_data import benchmark
from watchfloor.lab.measure_code import scores

HEAD = (
    "from flask import Flask, request, session\nimport flask\napp = Flask(__name__)\n\n@app.route('/x')\ndef view():\n"
)


def page(body: str) -> str:
    return HEAD + "".join(f"    {line}\n" for line in body.splitlines())


PAIRS = {
    "CWE-78": ("import os\nos.system('ls ' + request.args['d'])\nreturn ''",
               "import os, shlex\nos.system('ls ' + shlex.quote(request.args['d']))\nreturn ''"),
    "CWE-22": ("f = open('/data/' + request.args['f'])\nreturn ''",
               "n = request.args['f']\nif '../' in n:\n    return 'no'\nf = open('/data/' + n)\nreturn ''"),
    "CWE-79": ("return 'hello ' + request.args['n']",
               "import html\nreturn 'hello ' + html.escape(request.args['n'])"),
    "CWE-89": ("q = request.form['q']\ncur.execute(f\"select * from t where a = '{q}'\")\nreturn ''",
               "q = request.form['q']\ncur.execute('select * from t where a = ?', (q,))\nreturn ''"),
    "CWE-643": ("import lxml.etree\nt.xpath(\"//a[@b='\" + request.args['b'] + \"']\")\nreturn ''",
                "import lxml.etree\nt.xpath('//a[@b=$b]', b=request.args['b'])\nreturn ''"),
    "CWE-502": ("import pickle\npickle.loads(request.data)\nreturn ''",
                "import json\njson.loads(request.data)\nreturn ''"),
    "CWE-94": ("eval(request.args['e'])\nreturn ''", "import ast\nast.literal_eval(request.args['e'])\nreturn ''"),
    "CWE-601": ("return flask.redirect(request.args['u'])", "return flask.redirect('/home')"),
    "CWE-501": ("session['u'] = request.args['u']\nreturn ''", "session['u'] = 'guest'\nreturn ''"),
    "CWE-328": ("import hashlib\nhashlib.md5(b'x')\nreturn ''", "import hashlib\nhashlib.sha256(b'x')\nreturn ''"),
    "CWE-330": ("import random\nreturn str(random.random())", "import secrets\nreturn secrets.token_hex()"),
    "CWE-614": ("r = flask.make_response('')\nr.set_cookie('a', 'b', secure=False)\nreturn r",
                "r = flask.make_response('')\nr.set_cookie('a', 'b', secure=True)\nreturn r"),
    "CWE-611": ("import xml.sax, xml.dom.minidom\np = xml.sax.make_parser()\n"
                "p.setFeature(xml.sax.handler.feature_external_ges, True)\n"
                "xml.dom.minidom.parseString(request.data, p)\nreturn ''",
                "import xml.sax, xml.dom.minidom\np = xml.sax.make_parser()\n"
                "xml.dom.minidom.parseString(request.data, p)\nreturn ''"),
}  # fmt: skip


@pytest.mark.parametrize("cwe", PAIRS)
def test_a_weakness_is_told_from_its_safe_twin(cwe: str) -> None:
    bad, good = make_code().ask([page(each) for each in PAIRS[cwe]])
    assert bad.labels[0].name == "vulnerable"
    named = bad.facts["cwe"]
    assert (named if isinstance(named, str) else named[0]) == cwe
    assert bad.facts["lines"]
    assert good.labels[0].name == "safe"


@pytest.mark.parametrize(("body", "vulnerable"), [
    ("d = {}\nd['a'] = 'x'\nd['b'] = request.args['q']\nreturn d['b']", True),
    ("d = {}\nd['a'] = 'x'\nd['b'] = request.args['q']\nreturn d['a']", False),
    ("l = ['a', request.args['q'], 'b']\nl.pop(0)\nreturn l[0]", True),
    ("l = ['a', request.args['q'], 'b']\nl.pop(0)\nreturn l[1]", False),
    ("s = request.args['q'] if 7 * 6 > 40 else 'x'\nreturn s", True),
    ("s = request.args['q'] if 7 * 6 > 50 else 'x'\nreturn s", False),
    ("s = 'ab' + request.args['q']\nreturn s[0:2]", False),
    ("def same(x):\n    return x\nreturn same(request.args['q'])", True),
    ("def same(x):\n    return 'fixed'\nreturn same(request.args['q'])", False),
])  # fmt: skip
def test_the_element_that_is_read_decides(body: str, vulnerable: bool) -> None:
    found = [each for each in analyse(page(body)).findings if each.kind == "html"]
    assert bool(found) is vulnerable


def test_the_sink_comes_first_and_the_source_after_it() -> None:
    judged = make_code().ask([page("a = request.args['q']\nb = a.strip()\nreturn b")])[0]
    assert judged.facts["lines"][0] == 9
    assert 7 in judged.facts["lines"]
    assert "request.args" in judged.facts["why"]


def test_f_strings_of_a_newer_python_are_read() -> None:
    assert analyse("x = f'{', '.join(['a'])}'\nimport os\nos.system(input())\n").parsed


@pytest.mark.parametrize("text", [
    "", "\0", "(" * 100_000, "[" * 5000 + "]" * 5000, "x = " + "1+" * 20_000 + "1", "def f(:\n  pass", "\ufeffx=1",
    "a" * 500_000, "x = 'a' * 10**9\ny = x * 10**9\n", "x = 9**9**9**9\n", "if 1:\n" * 90, "x=[]\n" + "x=[x,x]\n" * 60,
    "x = f'{" + "f'{" * 50, "\ud800",
], ids=lambda text: repr(text[:12]))  # fmt: skip
def test_hostile_texts_get_an_answer(text: str) -> None:
    judged = make_code().ask([text])[0]
    assert judged.labels


@settings(max_examples=40, deadline=None)
@given(st.binary(max_size=400))
def test_random_bytes_never_raise(data: bytes) -> None:
    make_code().ask([decoded(data)])


@settings(max_examples=40, deadline=None)
@given(st.lists(st.sampled_from([
    "x = request.args['a']", "y = x", "if x:", "    y = [x]", "return y", "for a in x:", "    break", "try:",
    "    eval(y)",
    "except Exception:", "    pass", "while True:", "    continue", "match x:", "    case [a, *b]:", "        z = a",
    "del x", "x[0] = y", "x += y", "y = {**x}", "lambda: x", "y = [a for a in x if a]", "with x as y:", "global q",
]), max_size=14))  # fmt: skip
def test_random_programs_never_raise(lines: list[str]) -> None:
    analyse("\n".join(lines))


def test_java_and_c_are_read_lexically() -> None:
    java = ('public class A { public void doGet(HttpServletRequest request) { String q = request.getParameter("q");\n'
            'statement.executeQuery("select * from t where a=\'" + q + "\'"); } }')  # fmt: skip
    c = "#include <string.h>\nint f(char *a) {\n  char b[8];\n  strcpy(b, a);\n  return 0;\n}\n"
    judged = make_code().ask([java, c])
    assert [each.facts["language"] for each in judged] == ["java", "c"]
    assert judged[0].facts["cwe"] == "CWE-89"
    assert judged[1].facts["lines"] == [4]


@pytest.mark.shared_data
def test_the_measured_claim_holds(shared_data: Path) -> None:
    """F1 of at least 0.75 on the held-out third of BenchmarkPython, giveaways masked; docs/results/code.md."""
    cases = [each for each in benchmark(shared_data) if each.part == "test"]
    judged = make_code().ask([each.text for each in cases])
    said = [each.labels[0].name == "vulnerable" for each in judged]
    assert scores([(case.vulnerable, one) for case, one in zip(cases, said, strict=True)])["f1"] >= 0.75
