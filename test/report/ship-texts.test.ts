import { expect, test } from "vitest";
import { CORPORA } from "../../lib/corpora/clip.js";
import { corpora } from "../../lib/corpora/registry.js";
import { licenceText, limitsOf, UNFIT_USES, UNFIT_WARNING } from "../../lib/report/ship-texts.js";

test("the licence names every corpus with its terms and address, and no other", () => {
  const all = licenceText(CORPORA);
  for (const { title, licence, homepage } of CORPORA.map((name) => corpora[name])) {
    expect(all).toContain(`- ${title}: ${licence}\n    ${homepage}`);
  }
  const two = licenceText(["ravdess", "savee"]);
  expect([two.includes("RAVDESS"), two.includes("SAVEE")]).toEqual([true, true]);
  expect([two.includes("TESS"), two.includes("CREMA-D")]).toEqual([false, false]);
});

test("the licence is plain text of half a page: research, non-commercial, not MIT, no warranty", () => {
  const text = licenceText(CORPORA);
  const words = text.replace(/\s+/g, " ");
  expect(words).toMatch(/research only, non-commercial/);
  expect(words).toMatch(/NOT under the MIT licence/);
  expect(words).toMatch(/may not be used commercially/);
  expect(words).toMatch(/WITHOUT WARRANTY OF ANY KIND/);
  const lines = text.split("\n");
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  expect(lines.length).toBeLessThan(50);
});

test("the warning names the uses and the law", () => {
  for (const word of ["hiring", "policing", "diagnosis", "surveillance", "at work", "education", "guess"])
    expect(UNFIT_WARNING).toContain(word);
  expect(UNFIT_WARNING).toContain("Regulation (EU) 2024/1689, Article 5(1)(f)");
  expect(UNFIT_USES.length).toBeGreaterThan(4);
});

test("the limits are those of the corpora and the protocol", () => {
  expect(limitsOf(CORPORA, 7, ["speaker"]).join("\n")).toMatch(/English of North American and British/);
  expect(limitsOf(["savee"], 7, ["speaker"]).join("\n")).toMatch(/English of British speakers/);
  expect(limitsOf(["cremad"], 6, ["speaker"]).join("\n")).toMatch(/the same in training and test.*6 words/s);
  expect(limitsOf(["cremad"], 6, ["sentence"]).join("\n")).not.toMatch(/the same in training and test/);
});
