import fc from "fast-check";
import { JSDOM } from "jsdom";
import { beforeAll, expect, test } from "vitest";
import { openSanitizer } from "../../lib/notebook/sanitize.js";

let sanitize: (html: string) => string;
beforeAll(async () => {
  sanitize = await openSanitizer();
});

test("tables, text and sound within the page stay", () => {
  const table = '<table><tbody><tr><td align="right">1</td></tr></tbody></table>';
  expect(sanitize(table)).toBe(table);
  const audio = '<figure><audio controls="" src="data:audio/wav;base64,AAAA"></audio></figure>';
  expect(sanitize(audio)).toBe(audio);
  const link = '<p>see <a href="https://example.org/x">this</a> and <a href="02-features.html">that</a></p>';
  expect(sanitize(link)).toBe(link);
});

test("formulas stay, and nothing else in them", () => {
  const formula =
    '<math display="block"><mrow><msup><mi mathvariant="normal">x</mi><mn>2</mn></msup><mo stretchy="false">&lt;</mo></mrow></math>';
  expect(sanitize(formula)).toBe(formula);
  const table = '<math><mtable><mtr><mtd class="tml-left"><mi>a</mi></mtd></mtr></mtable></math>';
  expect(sanitize(table)).toBe(table);
  // Ways around sanitizers that let MathML through, from DOMPurify's tests and M. Heiderich's html5sec.
  for (const vector of [
    '<math href="javascript:alert(1)"><mi xlink:href="javascript:alert(1)">x</mi></math>',
    '<math><mi onclick="alert(1)" style="color:red" class="figure" id="plotly">x</mi></math>',
    '<math><maction actiontype="statusline#http://evil" xlink:href="javascript:alert(1)">x</maction></math>',
    '<math><annotation-xml encoding="text/html"><img src=x onerror=alert(1)></annotation-xml></math>',
    "<math><semantics><annotation>x</annotation></semantics></math>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--&gt;&lt;img src=1 onerror=alert(1)&gt;'></table></mtext></math>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<math><mi><svg><script>alert(1)</script></svg><a href=https://example.org>x</a></mi></math>",
    "<math><script>alert(1)</script><style>*{}</style></math>",
    "<math><math><mi>x</mi></math></math>",
  ]) {
    const { document } = new JSDOM(sanitize(vector)).window;
    for (const element of document.body.querySelectorAll("*")) {
      expect(["math", "mi", "mtext", "p"], vector).toContain(element.localName);
      expect(element.attributes, vector).toHaveLength(0);
    }
  }
  // Names of MathML outside of a formula are nothing.
  expect(sanitize("<p><mi href=x>y</mi></p>")).toBe("<p>y</p>");
});

test("what runs, loads or restyles goes", () => {
  // Vectors of OWASP's XSS filter evasion cheat sheet.
  const vectors = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    '<a href="javascript:alert(1)">x</a>',
    '<a href="jav\tascript:alert(1)">x</a>',
    '<a href=" &#14; javascript:alert(1)">x</a>',
    "<svg/onload=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    '<object data="data:text/html;base64,PHNjcmlwdD4="></object>',
    "<math><mtext><img src=1 onerror=alert(1)></mtext></math>",
    '<img src="https://tracker.example/x.png">',
    '<img src="data:image/svg+xml;base64,PHN2Zy8+">',
    "<style>@import 'https://evil.example'</style>",
    '<p style="background:url(https://evil.example)">x</p>',
    "<form action=https://evil.example><input></form>",
    "<template><img src=x onerror=alert(1)></template>",
    '<noscript><p title="</noscript><img src=x onerror=alert(1)>"></noscript>',
  ];
  for (const vector of vectors) {
    const clean = sanitize(vector);
    expect(clean, vector).not.toMatch(
      /<script|onerror|onload|javascript:|<iframe|<object|<style|style=|evil|tracker|svg|<form/i,
    );
  }
});

test("whatever comes out is read by a browser's parser as allowed elements only", () => {
  const { document } = new JSDOM("").window;
  const piece = fc.constantFrom(
    ..."<p>,</p>,<td>,<script>,</script>,<img src=,onerror=a,>,\",',x,<svg>,<style>,</style>,<!--,-->,<a href=javascript:a>,<select>,<table>,<math>,</math>,<mtext>,</mtext>,<mglyph>,<annotation-xml encoding=text/html>".split(
      ",",
    ),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), (pieces) => {
      const box = document.createElement("div");
      box.innerHTML = sanitize(pieces.join(""));
      for (const element of box.querySelectorAll("*")) {
        expect(["SCRIPT", "SVG", "STYLE"]).not.toContain(element.tagName.toUpperCase());
        expect(element.getAttribute("onerror")).toBeNull();
        expect(element.getAttribute("href") ?? "").not.toMatch(/script/);
      }
    }),
    { seed: 1, numRuns: 300 },
  );
});
