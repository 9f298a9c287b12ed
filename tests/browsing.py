"""A real browser for the tests, which draws in software."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.waiting import PATIENCE_MS

_ARGUMENTS: Final = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--ignore-gpu-blocklist")
CONTRASTS: Final = """() => {
  const linear = (v) => (v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4);
  const parse = (text) => {
    const [r, g, b, a = 1] = text.match(/[\\d.]+/g).map(Number);
    return text.startsWith("color(") ? [r * 255, g * 255, b * 255, a] : [r, g, b, a];
  };
  const luminance = ([r, g, b]) => 0.2126 * linear(r / 255) + 0.7152 * linear(g / 255) + 0.0722 * linear(b / 255);
  const over = (below, [r, g, b, a]) => [r, g, b].map((v, i) => v * a + below[i] * (1 - a));
  const ground = (element) => {
    const layers = [];
    for (let at = element; at; at = at.parentElement) {
      layers.push(parse(getComputedStyle(at).backgroundColor));
      if (layers.at(-1)[3] === 1) break;
    }
    return layers.reverse().reduce(over, [255, 255, 255]);
  };
  const hasText = (element) => [...element.childNodes].some((node) => node.nodeType === 3 && node.textContent.trim());
  const texts = [...document.querySelectorAll("body *")].filter((element) => element.checkVisibility() && hasText(element));
  return texts.map((element) => {
    const behind = ground(element);
    const ink = over(behind, parse(getComputedStyle(element).color));
    const [dark, bright] = [luminance(ink), luminance(behind)].sort((x, y) => x - y);
    return [(bright + 0.05) / (dark + 0.05), element.textContent.trim()];
  });
}"""
"""By its words, the contrast of each text with what is behind it."""


@contextmanager
def launched() -> Iterator[Browser]:
    """A browser that lasts as long as the context. Skips the test where there is none."""
    program = shutil.which("chromium") or shutil.which("google-chrome")
    if program is None:
        pytest.skip("no Chromium on this machine; on Debian: apt install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=program, args=_ARGUMENTS)
        yield browser
        browser.close()


def new_context(browser: Browser, **options: Any) -> BrowserContext:
    """A context of its own, whose pages are waited for as long as everything else."""
    context = browser.new_context(**options)
    context.set_default_timeout(PATIENCE_MS)
    return context


def new_page(browser: Browser, **options: Any) -> Page:
    """The one page of a context of its own, which is closed with it."""
    page = browser.new_page(**options)
    page.set_default_timeout(PATIENCE_MS)
    return page
