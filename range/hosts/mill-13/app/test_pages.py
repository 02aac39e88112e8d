import unittest

from pages import page, table


class Pages(unittest.TestCase):
    def test_a_table_escapes_what_it_shows(self):
        self.assertIn("&lt;b&gt;", table([("<b>",)]))

    def test_a_page_has_its_title(self):
        self.assertIn("<h1>Depots</h1>", page("Depots", ""))
