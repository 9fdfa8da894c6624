import { expect, test } from "vitest";
import { FAMILIES, recognise, TITLES } from "../../lib/encoders/families.js";
import type { TensorFile } from "../../lib/encoders/tensor-file.js";

const EMPTY: TensorFile = {
  ...{ path: "model.safetensors", format: "safetensors", shapes: new Map() },
  read: () => Promise.reject(new Error("not to be read")),
  close: async () => {},
};

test("every family has its own name, and is told of where a model is of none", async () => {
  expect(new Set(FAMILIES.map(({ name }) => name)).size).toBe(FAMILIES.length);
  for (const { title } of FAMILIES) expect(TITLES).toContain(title);
  const config = { path: "config.json", values: { model_type: "bert" } };
  await expect(recognise({ tensors: EMPTY, config })).rejects.toThrow(
    `config.json has the model_type "bert"; supported are ${TITLES}`,
  );
  await expect(recognise({ tensors: EMPTY })).rejects.toThrow(/model\.safetensors has no model_type/);
});
