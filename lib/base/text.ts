import { isDevice } from "./names.js";

/**
 * A share as a number of per cent with one decimal, as it stands in tables; below zero with a minus sign, not a hyphen.
 *
 * @param share between -1 and 1
 * @example percent(0.5206); // => "52.1"
 */
export function percent(share: number): string {
  return signed((100 * share).toFixed(1));
}

/** "0.52" for 0.521. */
export function decimal(value: number, digits = 2): string {
  return signed(value.toFixed(digits));
}

/** "+3.2" or "−1.0" points for a difference of shares. */
export function points(difference: number): string {
  const text = (100 * difference).toFixed(1);
  return difference > 0 && !/^0\.0$/.test(text) ? `+${text}` : signed(text);
}

/** A p-value without the letter: "< 0.001", "0.012". */
export function pValue(p: number): string {
  return p < 0.001 ? "< 0.001" : p.toFixed(3);
}

/** "7,442". */
export function thousands(count: number): string {
  return count.toLocaleString("en-US");
}

/** "1 clip", "3 clips". */
export function plural(count: number, word: string): string {
  return `${thousands(count)} ${word}${count === 1 ? "" : "s"}`;
}

/** "ravdess/emobox@1" as a file's name, or a part of it: "ravdess-emobox-1". */
export function slug(name: string): string {
  const plain = name
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, "-")
    .replace(/^-|-$/g, "");
  return isDevice(plain) ? `${plain}-` : plain || "unnamed";
}

/** The text with a capital first letter. */
export function capital(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1);
}

/** A name on one line of a terminal: line breaks and other control characters are written as escapes. */
export function printable(text: string): string {
  return text.replace(/\p{Cc}/gu, (sign) => JSON.stringify(sign).slice(1, -1));
}

/**
 * A word of a command for a POSIX shell: in quotes where it needs them.
 *
 * @example shellWord("my clips/don't") // "'my clips/don'\\''t'"
 */
export function shellWord(text: string): string {
  return /^[\w@%+=:,./-]+$/.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}

/** The text with a full stop at the end, unless it is a question. */
export function sentence(text: string): string {
  if (text.endsWith("?")) return text;
  return `${text.replace(/[.\s]+$/, "")}.`;
}

function signed(text: string): string {
  if (/^-0(\.0*)?$/.test(text)) return text.slice(1);
  return text.replace("-", "\u2212");
}

/** Bytes as "0.83 MB". */
export function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(2)} MB`;
}

/** Compares by code unit: the same order on every machine. */
export function byText(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Compares names by code unit and the numbers in them by value, the same in every locale: "2" before "10". */
export function compareNames(a: string, b: string): number {
  const [left, right] = [runsOfSigns(a), runsOfSigns(b)];
  for (let i = 0; i < Math.min(left.length, right.length); i++) {
    const [x, y] = [left[i]!, right[i]!];
    const [m, n] = [Number(x), Number(y)];
    if (m !== n && !Number.isNaN(m) && !Number.isNaN(n)) return m - n;
    if (x !== y) return x < y ? -1 : 1;
  }
  return left.length - right.length;
}

/** "fold12b" as "fold", "12", "b". */
function runsOfSigns(name: string): string[] {
  return [...(name.match(/\d+|\D+/g) ?? [])];
}
