"""``watchfloor lab``: experts made from one's own labelled texts, and the screen made to fit one's own recordings."""

from types import ModuleType

from watchfloor.cli import lab_evaluate, lab_film, lab_finetune, lab_key, lab_pretrain, lab_promote

NAME = "lab"
SUMMARY = "make, measure and promote experts; adapt the screen to your own recordings"
DESCRIPTION = """Make experts from labelled texts, and adapt the screen to labelled recordings of your own. Needs
`pip install 'watchfloor[lab]'`.

examples:
  watchfloor lab finetune --task phishing --data mails.csv --report phishing.html
  watchfloor lab evaluate phishing.expert --data new-mails.csv
  watchfloor lab promote phishing-2.expert --over phishing.expert --data held-out.csv --into experts/
  watchfloor lab film --recordings logs/ --labels labels.csv --out my-screen --report adapted.html"""

COMMANDS: tuple[ModuleType, ...] = (lab_finetune, lab_evaluate, lab_promote, lab_film, lab_pretrain, lab_key)
