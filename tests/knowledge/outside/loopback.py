"""A fake at the network boundary: a server on this machine that speaks as much of E-utilities and MediaWiki as is asked."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

ARTICLES = """<?xml version="1.0" ?>
<!DOCTYPE PubmedArticleSet PUBLIC "-//NLM//DTD PubMedArticle//EN" "https://dtd.nlm.nih.gov/ncbi/pubmed/out/pubmed_250101.dtd">
<PubmedArticleSet>
<PubmedArticle><MedlineCitation><PMID Version="1">222</PMID><Article>
  <Journal><JournalIssue><PubDate><Year>2020</Year></PubDate></JournalIssue><ISOAbbreviation>Eye (Lond)</ISOAbbreviation>
  </Journal><ArticleTitle>Second article.</ArticleTitle><Abstract><AbstractText>Plain words with <i>italic</i> ones.
  </AbstractText></Abstract></Article></MedlineCitation></PubmedArticle>
<PubmedArticle><MedlineCitation><PMID Version="1">111</PMID><Article>
  <ArticleTitle>First article.</ArticleTitle><Abstract><AbstractText Label="PURPOSE">To ask.</AbstractText>
  <AbstractText Label="RESULTS">In 40 eyes.</AbstractText></Abstract></Article></MedlineCitation></PubmedArticle>
<PubmedArticle><MedlineCitation><PMID Version="1">333</PMID><Article>
  <ArticleTitle>No abstract.</ArticleTitle></Article></MedlineCitation></PubmedArticle>
</PubmedArticleSet>"""
PAGES = [
    {"pageid": 7, "title": "Later", "index": 2, "extract": "The second page."},
    {"pageid": 5, "title": "Sooner", "index": 1, "extract": "The first page. " * 400},
    {"pageid": 9, "title": "Empty", "index": 3, "extract": ""},
]


class Loopback:
    """What the server sends next, and what it was asked."""

    def __init__(self, address: str) -> None:
        self.address = address
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.agents: set[str] = set()
        self.numbers: list[str] = ["111", "333", "222"]
        self.status = 200
        self.body: bytes | None = None
        """Replaces every reply."""
        self.drips = False
        """Sends a byte at a time, each well before the next is waited for in vain."""

    def reply(self, path: str) -> bytes:
        if self.body is not None:
            return self.body
        if path.endswith("esearch.fcgi"):
            return json.dumps({"esearchresult": {"idlist": self.numbers}}).encode()
        if path.endswith("efetch.fcgi"):
            return ARTICLES.encode()
        return json.dumps({"batchcomplete": True, "query": {"pages": PAGES}}).encode()


@contextmanager
def serving() -> Iterator[Loopback]:
    """A server on a free port of this machine."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            parts = urlsplit(self.path)
            loopback.asked.append((parts.path, {name: values[0] for name, values in parse_qs(parts.query).items()}))
            loopback.agents.add(self.headers["User-Agent"])
            body = loopback.reply(parts.path)
            self.send_response(loopback.status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            if not loopback.drips:
                self.wfile.write(body)
                return
            with suppress(OSError):  # whoever asked has gone
                for byte in body:
                    self.wfile.write(bytes((byte,)))
                    self.wfile.flush()
                    time.sleep(0.03)

        def log_message(self, *_args: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    loopback = Loopback(f"http://127.0.0.1:{server.server_address[1]}")
    worker = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    worker.start()
    try:
        yield loopback
    finally:
        server.shutdown()
        server.server_close()
        worker.join()
