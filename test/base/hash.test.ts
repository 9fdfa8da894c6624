import fc from "fast-check";
import { expect, test } from "vitest";
import { canonicalJson, setDigest, sha256 } from "../../lib/base/hash.js";

/** FIPS 180-4's example. */
const ABC = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";

test("SHA-256 of text and of bytes", () => {
  expect(sha256("abc")).toBe(ABC);
  expect(sha256(Buffer.from("abc"))).toBe(ABC);
});

test("the digest of a set: whatever the order, and no two sets alike", () => {
  expect(setDigest(["b", "a", "b"])).toBe(sha256('["a","b"]'));
  expect(setDigest(["ab"])).not.toBe(setDigest(["a", "b"]));
  expect(setDigest(['a","b'])).not.toBe(setDigest(["a", "b"]));
});

test("canonical JSON does not depend on the order of keys and says what JSON says", () => {
  expect(canonicalJson({ b: 1, a: [{ d: null, c: undefined }] })).toBe('{"a":[{"d":null}],"b":1}');
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue({ noUnicodeString: false })), (value) => {
      const reversed = Object.fromEntries(Object.entries(value).reverse());
      expect(canonicalJson(reversed)).toBe(canonicalJson(value));
      expect(JSON.parse(canonicalJson(value))).toEqual(JSON.parse(JSON.stringify(value)));
    }),
  );
});

test("canonical JSON is what JSON.stringify makes of sorted keys, member by member", () => {
  const plain = (value: unknown) =>
    JSON.stringify(value, (_, member) =>
      member === null || typeof member !== "object" || Array.isArray(member)
        ? member
        : Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1))),
    );
  const anything = fc.anything({ withDate: true, withTypedArray: true, withMap: true });
  fc.assert(
    fc.property(anything, (value) => {
      // What JSON cannot say is refused, and nothing else is another text.
      let text: string;
      try {
        text = canonicalJson(value);
      } catch (error) {
        expect(error).toBeInstanceOf(TypeError);
        return;
      }
      expect(text).toBe(plain(value));
    }),
    { seed: 1 },
  );
});

test("numbers that JSON cannot say are refused", () => {
  expect(() => canonicalJson({ a: Number.NaN })).toThrow("NaN");
  expect(() => canonicalJson([Number.POSITIVE_INFINITY])).toThrow("Infinity");
});
