"""Calls that do harm with hostile text, and calls that are a mistake whatever the text.

A row names a call by its dotted name, or a method by its last name and what the receiver's name must look like.
"""

import re
from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class Sink:
    """One sink: its kind, which arguments matter (positions and keywords) and what the receiver must look like."""

    kind: str
    places: tuple[int, ...] = (0,)
    words: frozenset[str] = frozenset()
    receiver: re.Pattern[str] | None = None
    #: Words of conditions that ``calls`` knows: ``loader``, ``external``, ``pickle``, ``statement``, ``filter``.
    needs: str = ""


def _rows(kind: str, names: str, places: tuple[int, ...] = (0,), words: str = "", needs: str = "") -> dict[str, Sink]:
    return {name: Sink(kind, places, frozenset(words.split()), needs=needs) for name in names.split()}


_FILES: Final = ("open io.open codecs.open os.open os.remove os.unlink os.rmdir os.mkdir os.makedirs os.listdir os.scandir "  # noqa: E501
                 "os.walk os.stat os.path.exists os.path.isfile os.path.isdir os.path.getsize os.chmod os.chown "
                 "shutil.rmtree flask.send_file bottle.static_file zipfile.ZipFile tarfile.open gzip.open bz2.open "
                 "aiofiles.open fileinput.input linecache.getline django.http.FileResponse sanic.response.file "
                 "starlette.responses.FileResponse fastapi.responses.FileResponse mmap.mmap os.access "
                 "os.readlink")  # fmt: skip
_VERBS: Final = "get post put delete head options patch request"

#: Calls by dotted name.
CALLS: Final[dict[str, Sink]] = {
    **_rows("command", "os.system os.popen os.popen2 os.popen3 os.popen4 commands.getoutput commands.getstatusoutput "
            "subprocess.getoutput subprocess.getstatusoutput asyncio.create_subprocess_shell pty.spawn popen2.popen2 "
            "popen2.popen3 popen2.popen4 popen2.Popen3 asyncio.subprocess.create_subprocess_shell invoke.run "
            "fabric.api.run fabric.api.local fabric.operations.run", words="cmd command"),
    **_rows("command", "subprocess.run subprocess.Popen subprocess.call subprocess.check_call subprocess.check_output",
            words="args", needs="shell"),
    **_rows("command", "os.execl os.execle os.execlp os.execlpe os.execv os.execve os.execvp os.execvpe "
            "os.startfile asyncio.create_subprocess_exec", (0,), "program file path"),
    **_rows("command", "os.spawnl os.spawnle os.spawnlp os.spawnlpe os.spawnv os.spawnve os.spawnvp os.spawnvpe "
            "os.posix_spawn os.posix_spawnp", (0, 1, 2, 3, 4)),
    **_rows("code", "eval exec compile execfile builtins.eval builtins.exec code.interact "
            "code.InteractiveConsole().push code.InteractiveInterpreter().runcode timeit.timeit", (0,), "source"),
    **_rows("template", "flask.render_template_string jinja2.Template jinja2.Environment().from_string "
            "jinja2.from_string mako.template.Template tornado.template.Template django.template.Template "
            "chameleon.PageTemplate bottle.template bottle.SimpleTemplate", (0,), "source"),
    **_rows("import", "__import__ importlib.import_module imp.load_source imp.load_module"),
    **_rows("path", _FILES, (0,), "file path filename name"),
    **_rows("path", "shutil.copy shutil.copyfile shutil.move shutil.copytree os.rename os.replace os.symlink os.link "
            "shutil.copy2", (0, 1), "src dst"),
    **_rows("path", "flask.send_from_directory", (0,), "directory"),
    **_rows("html", "flask.Markup markupsafe.Markup jinja2.Markup django.utils.safestring.mark_safe "
            "django.utils.safestring.SafeString django.utils.safestring.SafeText starlette.responses.HTMLResponse "
            "fastapi.responses.HTMLResponse self.write self.response.write self.response.out.write sanic.response.html"),  # noqa: E501
    **_rows("html", "flask.make_response flask.Response django.http.HttpResponse django.http.response.HttpResponse "
            "django.http.HttpResponseBadRequest django.http.HttpResponseNotFound starlette.responses.Response "
            "werkzeug.wrappers.Response aiohttp.web.Response fastapi.responses.Response", (0,),
            "response content body text", "page"),
    **_rows("sql", "sqlalchemy.text sqlalchemy.sql.text pandas.read_sql pandas.read_sql_query "
            "django.db.models.expressions.RawSQL django.db.connection.cursor().execute peewee.SQL", (0,), "sql text"),
    **_rows("xpath", "lxml.etree.XPath lxml.etree.ETXPath lxml.etree.XPathEvaluator", (0,), "path"),
    **_rows("xpath", "elementpath.select elementpath.iter_select", (1,), "path"),
    **_rows("xpath", "elementpath.Selector", (0,), "path"),
    **_rows("xml", "xml.dom.minidom.parse xml.dom.minidom.parseString xml.dom.pulldom.parse xml.dom.pulldom.parseString "  # noqa: E501
            "xml.sax.parse xml.sax.parseString lxml.etree.parse lxml.etree.fromstring lxml.etree.XML lxml.etree.iterparse "  # noqa: E501
            "lxml.objectify.fromstring lxml.objectify.parse lxml.etree.fromstringlist", (0,), "string source",
            "external"),
    **_rows("unpickle", "pickle.load pickle.loads cPickle.load cPickle.loads _pickle.load _pickle.loads dill.load dill.loads "  # noqa: E501
            "cloudpickle.load cloudpickle.loads marshal.load marshal.loads shelve.open jsonpickle.decode yaml.unsafe_load "  # noqa: E501
            "yaml.full_load yaml.full_load_all yaml.unsafe_load_all pandas.read_pickle joblib.load pickle.Unpickler().load "  # noqa: E501
            "pickle.Unpickler rpyc.classic.unpickle ruamel.yaml.load"),
    **_rows("unpickle", "yaml.load yaml.load_all", needs="loader"),
    **_rows("unpickle", "numpy.load", needs="pickle"),
    **_rows("redirect", "flask.redirect django.shortcuts.redirect django.http.HttpResponseRedirect "
            "django.http.HttpResponsePermanentRedirect starlette.responses.RedirectResponse bottle.redirect "
            "fastapi.responses.RedirectResponse werkzeug.utils.redirect self.redirect aiohttp.web.HTTPFound "
            "sanic.response.redirect quart.redirect", (0,), "location url"),
    **_rows("fetch", "urllib.request.urlopen urllib.urlopen urllib2.urlopen urllib.request.Request urllib2.Request "
            "urllib.request.urlretrieve urllib.urlretrieve http.client.HTTPConnection http.client.HTTPSConnection "
            "httplib.HTTPConnection httplib.HTTPSConnection pycurl.Curl socket.create_connection "
            + " ".join(f"requests.{verb} httpx.{verb} requests.Session().{verb} requests.session().{verb} "
                       f"httpx.Client().{verb} httpx.AsyncClient().{verb} aiohttp.ClientSession().{verb}"
                       for verb in _VERBS.split()), (0,), "url"),
    "requests.request": Sink("fetch", (1,), frozenset({"url"})),
    **_rows("regex", "re.compile re.match re.search re.fullmatch re.findall re.finditer re.sub re.split", (0,), "pattern"),  # noqa: E501
}  # fmt: skip

_DATABASE = re.compile(r"cur|conn|db|engine|session|sql|database|cnx|objects|query|store|tx|self", re.IGNORECASE)
_PATHLIB = re.compile(r"(?:^|\.)(?:pathlib\.)?(?:Pure)?(?:Posix|Windows)?Path\(\)")
_TREE = re.compile(r"etree|elementtree|parse\(\)|fromstring\(\)|getroot|lxml|tree|root|doc", re.IGNORECASE)

#: Methods by their last name; more than one row may fit.
METHODS: Final[dict[str, tuple[Sink, ...]]] = {
    **{name: (Sink("sql", (0,), frozenset({"sql", "query", "statement"}), None, "statement"),)
       for name in ("execute", "executemany", "executescript", "exec_driver_sql", "mogrify")},
    **{name: (Sink("sql", (0,), frozenset(), _DATABASE, "statement"),)
       for name in ("raw", "extra", "from_statement", "read_sql", "query", "fetch", "fetchrow", "fetchval", "runquery")},  # noqa: E501
    **{name: (Sink("ldap", (2, 1, 0), frozenset({"filterstr", "filter", "search_filter", "base", "search_base"})),)
       for name in ("search_s", "search_ext_s", "search_st", "search_ext", "modify_s", "add_s", "delete_s", "simple_bind_s")},  # noqa: E501
    "search": (Sink("ldap", (0, 1), frozenset({"search_filter", "search_base"}), None, "filter"),),
    "paged_search": (Sink("ldap", (0, 1), frozenset({"search_filter", "search_base"})),),
    "xpath": (Sink("xpath", (0,), frozenset({"_path"})),),
    **{name: (Sink("xpath", (0,), frozenset({"path"}), _TREE),) for name in ("find", "findall", "iterfind", "findtext")},  # noqa: E501
    **{name: (Sink("path", (-1,), frozenset(), _PATHLIB),)
       for name in ("open", "read_text", "read_bytes", "write_text", "write_bytes", "exists", "is_file", "is_dir", "unlink",  # noqa: E501
                    "rmdir", "mkdir", "touch", "iterdir", "glob", "rglob", "stat", "rename", "replace", "chmod")},
    "exec_command": (Sink("command", (0,), frozenset({"command"})),),
    "send_command": (Sink("command", (0,), frozenset({"command_string"})),),
    "extractall": (Sink("extract", (-1, 0), frozenset({"path"}), None, "members"),),
    "save": (Sink("path", (0,), frozenset({"dst"}), None, "upload"),),
    "render_template_string": (Sink("template", (0,)),),
    "from_string": (Sink("template", (0,), frozenset(), re.compile(r"env|jinja", re.IGNORECASE)),),
    "mark_safe": (Sink("html", (0,)),),
    "runcode": (Sink("code", (0,)),),
}  # fmt: skip

#: Programs that read their argument as commands.
SHELLS: Final = frozenset({
    "sh", "bash", "zsh", "dash", "ksh", "csh", "cmd", "cmd.exe", "powershell", "powershell.exe", "pwsh", "/bin/sh",
    "/bin/bash", "/usr/bin/bash", "/bin/zsh", "su", "ssh", "/usr/bin/env", "python", "python3", "perl", "ruby", "node",
})  # fmt: skip
#: Loaders of YAML that make plain data only.
SAFE_LOADERS: Final = frozenset({"SafeLoader", "CSafeLoader", "BaseLoader", "CBaseLoader"})
