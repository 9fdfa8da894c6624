import { expect, test } from "vitest";
import { CREMAD_ACTORS } from "../../lib/corpora/cremad-actors.js";

test("91 actors, 43 women and 48 men of 20 to 74 years, as published", () => {
  expect(CREMAD_ACTORS.map(({ speaker }) => Number(speaker))).toEqual(
    Array.from({ length: 91 }, (_, i) => 1001 + i),
  );
  expect(CREMAD_ACTORS.filter(({ sex }) => sex === "female")).toHaveLength(43);
  const ages = CREMAD_ACTORS.map(({ age }) => age);
  expect([Math.min(...ages), Math.max(...ages)]).toEqual([20, 74]);
});

test("some rows of the published table", () => {
  const actor = (speaker: string) => CREMAD_ACTORS.find((one) => one.speaker === speaker);
  expect(actor("1002")).toEqual({ speaker: "1002", sex: "female", age: 21 });
  expect(actor("1034")).toEqual({ speaker: "1034", sex: "male", age: 74 });
  expect(actor("1091")).toEqual({ speaker: "1091", sex: "female", age: 29 });
});
