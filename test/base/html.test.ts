import fc from "fast-check";
import { JSDOM } from "jsdom";
import { expect, test } from "vitest";
import { escapeHtml } from "../../lib/base/html.js";

test("a browser reads any text back as it was, between tags and in an attribute", () => {
  const { document } = new JSDOM("").window;
  const box = document.createElement("div");
  // HTML turns carriage returns into line ends and cannot hold other control characters.
  const visible = fc
    .string({ unit: "binary" })
    .filter((text) => !/[^\P{Cc}\n\t]|[\uD800-\uDFFF]/u.test(text));
  fc.assert(
    fc.property(visible, (text) => {
      box.innerHTML = `<p title="${escapeHtml(text)}">${escapeHtml(text)}</p>`;
      expect(box.children).toHaveLength(1);
      expect(box.firstElementChild!.getAttribute("title")).toBe(text);
      expect(box.textContent).toBe(text);
    }),
    { seed: 1, numRuns: 100 },
  );
});

test("markup is text", () => {
  expect(escapeHtml(`<b a="1" c='2'>&`)).toBe("&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp;");
});
