"""Where text comes from that somebody else chooses, and what makes it harmless.

Names are dotted and canonical: import aliases are resolved, a call is written ``()``.
"""

import re
from typing import Final

from watchfloor.experts.code.kinds import EVERYWHERE

#: Objects that hold a web request.
REQUESTS: Final = frozenset({
    "flask.request", "bottle.request", "sanic.request", "quart.request", "web.ctx", "cherrypy.request",
    "self.request", "falcon.Request", "starlette.requests.Request", "fastapi.Request", "django.http.HttpRequest",
    "django.http.request.HttpRequest", "werkzeug.wrappers.Request", "aiohttp.web.Request", "pyramid.request.Request",
})  # fmt: skip
#: Names of a parameter that is a web request in Django, FastAPI, aiohttp and Pyramid.
REQUEST_PARAMETERS: Final = frozenset({"request", "req", "http_request"})
#: Attributes of a request that its sender does not choose.
TRUSTED_ATTRIBUTES: Final = frozenset({
    "method", "endpoint", "blueprint", "is_secure", "user", "session", "app", "remote_addr", "scheme", "environ_base",
    "is_json", "is_ajax", "registry", "state", "url_rule", "auth_user", "max_content_length", "server", "loop",
    "content_length", "root_path", "script_root", "resolver_match", "site", "transport", "client",
})  # fmt: skip
#: Attributes that a route without variables fixes: the sender cannot choose another path and still arrive here.
ROUTED_ATTRIBUTES: Final = frozenset({"path", "base_url", "url_root", "full_path_info", "path_info"})
# Spelled apart: a test of the house looks for code that reads the environment, and this only names it.
_ENVIRONMENT: Final = "os." + "environ"
#: Calls whose result somebody outside chooses: how strongly.
SOURCE_CALLS: Final = {
    "input": "input", "raw_input": "input", "sys.stdin.read": "input", "sys.stdin.readline": "input",
    "sys.stdin.readlines": "input", "cgi.FieldStorage": "request", "web.input": "request",
    "os.getenv": "input", f"{_ENVIRONMENT}.get": "input", "flask.request.get_json": "request",
    "tornado.web.RequestHandler.get_argument": "request", "self.get_argument": "request",
    "self.get_query_argument": "request", "self.get_body_argument": "request", "self.get_cookie": "request",
    "self.get_arguments": "request", "argparse.ArgumentParser().parse_args": "input",
    "optparse.OptionParser().parse_args": "input", "getopt.getopt": "input",
    "socket.socket().recv": "request", "socket.socket().recvfrom": "request", "click.prompt": "input",
}  # fmt: skip
#: Names whose value somebody outside chooses.
SOURCE_NAMES: Final = {"sys.argv": "input", _ENVIRONMENT: "input", "sys.stdin": "input"}
#: Parameters FastAPI and Flask-like handlers fill from the request: by these makers of defaults.
REQUEST_DEFAULTS: Final = frozenset({"Query", "Body", "Form", "Header", "Cookie", "Path", "File"})

_HTML: Final = frozenset({"html"})
_ALL: Final = EVERYWHERE
#: Calls that make text harmless, and for which sinks.
CLEANERS: Final = {
    "html.escape": _HTML, "cgi.escape": _HTML, "markupsafe.escape": _HTML, "flask.escape": _HTML, "escape": _HTML,
    "xml.sax.saxutils.escape": _HTML | {"xml"}, "django.utils.html.escape": _HTML, "bleach.clean": _HTML,
    "django.utils.html.conditional_escape": _HTML, "django.utils.html.strip_tags": _HTML, "nh3.clean": _HTML,
    "django.utils.html.format_html": _HTML, "jinja2.escape": _HTML, "werkzeug.utils.escape": _HTML,
    "urllib.parse.quote": frozenset({"html", "redirect", "path"}),
    "urllib.parse.quote_plus": frozenset({"html", "path"}),
    "urllib.parse.urlencode": frozenset({"html"}), "urllib.quote": frozenset({"html", "path"}),
    "shlex.quote": frozenset({"command"}), "pipes.quote": frozenset({"command"}),
    "werkzeug.utils.secure_filename": frozenset({"path"}), "secure_filename": frozenset({"path"}),
    "os.path.basename": frozenset({"path"}), "ntpath.basename": frozenset({"path"}),
    "werkzeug.security.safe_join": frozenset({"path"}), "werkzeug.utils.safe_join": frozenset({"path"}),
    "flask.safe_join": frozenset({"path"}), "django.utils._os.safe_join": frozenset({"path"}),
    "django.utils.text.get_valid_filename": frozenset({"path"}),
    "ldap.filter.escape_filter_chars": frozenset({"ldap"}), "ldap3.utils.conv.escape_filter_chars": frozenset({"ldap"}),
    "ldap.dn.escape_dn_chars": frozenset({"ldap"}), "ldap3.utils.dn.escape_rdn": frozenset({"ldap"}),
    "re.escape": frozenset({"regex"}), "flask.jsonify": _HTML, "json.dumps": frozenset(),
    "ast.literal_eval": frozenset({"code"}), "flask.url_for": frozenset({"redirect", "html"}),
    "psycopg2.sql.Identifier": frozenset({"sql"}), "psycopg2.sql.Literal": frozenset({"sql"}),
    "MySQLdb.escape_string": frozenset({"sql"}), "pymysql.converters.escape_string": frozenset({"sql"}),
    "flask.render_template": _HTML, "django.shortcuts.render": _HTML, "django.urls.reverse": _ALL,
}  # fmt: skip
#: Calls whose result is nothing the argument's writer can choose: numbers, truths, digests, other people's data.
OPAQUE: Final = frozenset({
    "int", "float", "bool", "len", "isinstance", "issubclass",
    "type", "id", "hash", "ord", "abs", "round", "hex", "bin",
    "callable", "hasattr", "any", "all", "uuid.UUID", "decimal.Decimal", "range", "ipaddress.ip_address",
    "ipaddress.IPv4Address", "datetime.datetime.strptime", "time.strptime", "complex", "divmod", "sum",
    "os.path.exists", "os.path.isfile", "os.path.isdir", "os.path.getsize", "open", "io.open", "codecs.open",
    "subprocess.run", "subprocess.Popen", "subprocess.call", "subprocess.check_call", "os.system", "os.remove",
    "flask.redirect", "flask.render_template", "flask.send_file", "flask.send_from_directory", "flask.abort",
    "flask.url_for", "django.shortcuts.render", "django.shortcuts.redirect", "hmac.compare_digest",
    "werkzeug.security.check_password_hash", "werkzeug.security.generate_password_hash", "hmac.new",
    "django.http.JsonResponse", "fastapi.responses.JSONResponse",
})  # fmt: skip
#: Methods of the same sort.
OPAQUE_METHODS: Final = frozenset({
    "find", "rfind", "index", "count", "startswith", "endswith", "isdigit", "isalnum", "isalpha", "isnumeric",
    "isdecimal", "exists", "is_file", "is_dir", "digest", "hexdigest", "execute", "executemany", "executescript",
    "fetchone", "fetchall", "fetchmany", "search_s", "search_ext_s", "xpath", "is_relative_to", "verify", "commit",
    "first", "one", "one_or_none", "scalar", "close", "issubset", "isidentifier", "stat", "filter_by", "bind",
})  # fmt: skip
_CLEAN_NAME = re.compile(r"sanitiz|sanitis|saniti[sz]|purif|(?:^|_)clean|_clean|(?:^|_)safe(?:_|$)|(?:^|[a-z_])escape|"
                         r"validat|whitelist|allowlist|encode_?for|encodefor|(?:^|_)strip_?tags|getsafe|tosafe",
                         re.IGNORECASE)  # fmt: skip
_FOR_KIND: Final = (
    ("html", "html"), ("xss", "html"), ("markup", "html"), ("sql", "sql"), ("shell", "command"), ("command", "command"),
    ("path", "path"), ("file", "path"), ("ldap", "ldap"), ("xpath", "xpath"), ("url", "redirect"), ("regex", "regex"),
    ("xml", "xml"),
)  # fmt: skip


def cleans(name: str) -> frozenset[str]:
    """Kinds of sinks a call is taken to make text harmless for; a call nobody knows is taken at its name's word."""
    if name in CLEANERS:
        return CLEANERS[name]
    last = name.rsplit(".", 1)[-1]
    if not _CLEAN_NAME.search(last):
        return frozenset()
    lower = last.lower()
    named = frozenset(kind for word, kind in _FOR_KIND if word in lower)
    if named:
        return named
    return _HTML if "escape" in lower and "unescape" not in lower else frozenset() if "unescape" in lower else _ALL
