"""Reads a page as strictly as a validator would, and gives its parts."""

import re
from html.parser import HTMLParser

VOID = {"area", "br", "col", "hr", "img", "input", "link", "meta"}
LEAVES = {"path", "rect", "circle"}  # of SVG: closed where they are opened, or hold a title


class Page(HTMLParser):
    """The elements of a page, in order; every tag must be closed in the right order."""

    def __init__(self, text):
        super().__init__()
        self.elements = []  # (tag, attributes)
        self.texts = []  # (path of tags, text)
        self._open = []
        self.feed(text)
        self.close()
        assert not self._open, f"never closed: {self._open}"

    def handle_starttag(self, tag, attrs):
        names = [name for name, _ in attrs]
        assert len(set(names)) == len(names), f"{tag} has an attribute twice: {names}"
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self._open.append(tag)

    def handle_startendtag(self, tag, attrs):
        assert tag in LEAVES, f"{tag} closes itself"
        self.elements.append((tag, dict(attrs)))

    def handle_endtag(self, tag):
        assert self._open, f"{tag} was never opened"
        assert self._open[-1] == tag, f"{tag} closed within {self._open[-1]}"
        self._open.pop()

    def handle_data(self, data):
        self.texts.append((tuple(self._open), data))

    def all(self, *tags):
        """Attributes of all elements of these kinds."""
        return [attributes for tag, attributes in self.elements if tag in tags]

    @property
    def shown(self):
        """What a person reads, without styles and scripts, with single spaces."""
        parts = [text for path, text in self.texts if not {"style", "script"} & set(path)]
        return " ".join("".join(parts).replace("\xa0", " ").split())


def undefined_variables(text):
    """The variables that styles use and that only printing, or nothing, defines."""
    on_screen = text.split("@media print")[0] + "".join(re.findall(r'style="[^"]*"', text))
    return set(re.findall(r"var\(--([\w-]+)", text)) - set(re.findall(r"--([\w-]+):", on_screen))


def check(page):
    """What must hold for every page of ours: closed to the network, and open to everybody."""
    identifiers = [attributes["id"] for _, attributes in page.elements if "id" in attributes]
    assert len(set(identifiers)) == len(identifiers)
    for tag, attributes in page.elements:
        for name in ("src", "href"):
            if name in attributes:
                value = attributes[name]
                assert value.startswith(("data:", "#")), f"{tag} leads outside: {value[:80]}"
                assert not value.startswith("#") or value[1:] in identifiers, f"no {value}"
        assert not any(name.startswith("on") for name in attributes), f"{tag} runs a script"
        assert "url(" not in attributes.get("style", "")
    for attributes in page.all("th"):
        assert attributes["scope"] in ("row", "col")
    for attributes in page.all("img"):
        assert attributes["alt"]
    for attributes in page.all("svg"):
        assert attributes.get("aria-label") or attributes.get("aria-hidden") == "true"
    assert page.all("html")[0]["lang"] == "en"
    (policy,) = [each["content"] for each in page.all("meta") if "http-equiv" in each]
    assert policy.startswith("default-src 'none'; img-src data:; ")
