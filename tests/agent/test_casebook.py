"""Many alerts of one intrusion are one case that names them all, and the bound counts cases, not alerts."""

from tests.agent.staging import backdoor
from watchfloor.agent.case import Alert
from watchfloor.agent.casebook import Casebook
from watchfloor.agent.investigating import Investigator


def test_a_second_alert_of_the_same_intrusion_is_the_same_case() -> None:
    stage, ids = backdoor()
    book = Casebook(Investigator(stage.index()), most=5)
    first = book.work(Alert("a1", (ids["shell"],)))
    second = book.work(Alert("a2", (ids["fetch"],)))
    assert first is not None and second is first
    assert len(book.cases) == 1 and first.alerts == ["a1", "a2"]
    assert first.to_json()["alerts"] == ["a1", "a2"]


def test_a_case_names_the_techniques_of_every_alert_it_explains() -> None:
    stage, ids = backdoor()
    book = Casebook(Investigator(stage.index()), most=5)
    book.work(Alert("a1", (ids["shell"],)))
    case = book.work(Alert("a2", (ids["fetch"],), techniques=("T1195.002", "T1105")))
    assert case is book.cases[0]
    named = [one["id"] for one in case.techniques]
    assert named.count("T1195.002") == named.count("T1105") == 1
    added = next(one for one in case.techniques if one["id"] == "T1195.002")
    assert added["event_ids"] == [ids["fetch"]] and added["from"] == "alert"


def test_the_bound_counts_cases_and_what_they_explain_is_still_told() -> None:
    stage, ids = backdoor()
    book = Casebook(Investigator(stage.index()), most=1)
    case = book.work(Alert("a1", (ids["shell"],)))
    assert book.work(Alert("elsewhere", ("made.log#1",))) is None
    assert book.work(Alert("a2", (ids["drop"], ids["cron"]))) is case


def test_an_alert_that_is_mostly_elsewhere_is_a_case_of_its_own() -> None:
    stage, ids = backdoor()
    book = Casebook(Investigator(stage.index()), most=5)
    book.work(Alert("a1", (ids["shell"],)))
    book.work(Alert("a2", (ids["shell"], "made.log#1", "made.log#3")))
    assert len(book.cases) == 2


def test_an_alert_without_records_is_never_explained_by_another_case() -> None:
    stage, ids = backdoor()
    book = Casebook(Investigator(stage.index()), most=5)
    case = book.work(Alert("a1", (ids["shell"],)))
    assert book.work(Alert("nothing", ())) is not case


def test_a_case_inside_a_worse_one_is_merged_with_its_alerts() -> None:
    stage, ids = backdoor()
    book = Casebook(Investigator(stage.index()), most=5)
    small = book.work(Alert("small", ("made.log#1",)))
    large = book.work(Alert("large", (ids["shell"],)))
    assert small is not None and large is not None
    small.operations = large.operations[:3]
    small.verdict = "benign"
    assert book.merged() == book.merged() == [large]
    assert large.alerts == ["large", "small"]
