import fc from "fast-check";
import { JSDOM } from "jsdom";
import { expect, test } from "vitest";
import { highlight } from "../../lib/notebook/highlight.js";

const { document } = new JSDOM("").window;

function textIn(html: string): string {
  const box = document.createElement("pre");
  box.innerHTML = html;
  return box.textContent ?? "";
}

test("comments, strings, keywords and numbers are marked", () => {
  expect(highlight('const a = "x<y"; // 1')).toBe(
    '<span class="keyword">const</span> a = <span class="string">&quot;x&lt;y&quot;</span>; <span class="comment">// 1</span>',
  );
  expect(highlight("constant + 3.5e2")).toBe('constant + <span class="digit">3.5e2</span>');
});

test("the text of any source is unchanged", () => {
  const source = fc.string({ unit: "binary-ascii" }).map((text) => text.replace(/[\r\0]/g, ""));
  const likely = fc.stringMatching(/^[a-z "'`\\/*\n<&>]*$/);
  fc.assert(
    // A parser drops a line feed that opens a pre element.
    fc.property(fc.oneof(source, likely), (text) => {
      expect(textIn(`.${highlight(text)}`)).toBe(`.${text}`);
    }),
    { seed: 1, numRuns: 500 },
  );
});
