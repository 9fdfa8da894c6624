import { readFile } from "node:fs/promises";
import { expect, test } from "vitest";
import { messageOf, systemCode, systemReason, UsageError, UserError } from "../../lib/base/errors.js";

test("wrong usage exits with 2, any other mistake with 1", () => {
  expect(new UserError("x").exitCode).toBe(1);
  expect(new UsageError("x").exitCode).toBe(2);
  expect(new UsageError("x")).toBeInstanceOf(UserError);
});

test("system errors in words", async () => {
  const error = await readFile("/nonexistent/file").catch((thrown: unknown) => thrown);
  expect(systemCode(error)).toBe("ENOENT");
  expect(systemReason(error)).toBe("no such file or folder");
  expect(systemReason(new Error("odd"))).toBe("odd");
  expect(systemCode("text")).toBeUndefined();
  expect(messageOf("text")).toBe("text");
});
