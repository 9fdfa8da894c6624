import { crc32, deflateSync, inflateSync } from "node:zlib";

/** An element of an SVG file; its `style` attribute is taken apart. */
interface Node {
  name: string;
  attributes: Map<string, string>;
  style: Map<string, string>;
  children: (Node | string)[];
}

/** Marks for plotly itself, which no reader of the file needs. */
const INTERNAL = /^(class|data-.*|pointer-events)$/;
/** Properties of the pointer, and those that plotly sets to their initial value. */
const IDLE = /^(cursor|pointer-events|vector-effect)$/;
/** Properties that text inherits, beside those of any shape. */
const OF_TEXT = /^(font(-\w+)?|white-space|text-anchor|letter-spacing|word-spacing)$/;
const OF_SHAPE = /^(fill|stroke)(-\w+)?$/;
/** What an inherited property is where nothing sets it. */
const INITIAL: Readonly<Record<string, string>> = {
  ...{ fill: "#000", "fill-opacity": "1", "fill-rule": "nonzero" },
  ...{ stroke: "none", "stroke-opacity": "1", "stroke-width": "1", "stroke-dasharray": "none" },
  ...{ "stroke-miterlimit": "4", "stroke-linecap": "butt", "stroke-linejoin": "miter" },
  ...{ "font-weight": "normal", "font-style": "normal", "font-variant": "normal", "text-anchor": "start" },
};
const SHAPES = new Set(["path", "rect", "circle", "ellipse", "line", "polyline", "polygon"]);
/** Attributes that hold coordinates. */
const COORDINATES = /^(x|y|x1|x2|y1|y2|cx|cy|r|rx|ry|dx|dy|width|height|points)$/;

/**
 * The same picture in fewer bytes, pixel for pixel: plotly writes for a page that it changes later, with a group for every kind
 * of mark that may come, a clip path for every pair of axes, and every property on every element. Here properties stand at the
 * outermost group whose marks all have them; what is empty, invisible or not referred to is dropped; numbers have no digit that
 * changes nothing, paths have relative steps.
 *
 * @param svg as plotly writes it: no comments, no style sheets, no scripts
 */
export function compacted(svg: string): string {
  const root = parsed(svg);
  const used = new Set([...svg.matchAll(/(?:url\(['"]?|&quot;|href=")#([^'")&]+)/g)].map(([, id]) => id!));
  cleaned(root, used);
  inherited(root, new Map());
  withoutInvisible(root);
  for (const property of propertiesOf(root)) {
    const all = hoisted(root, property);
    if (typeof all === "string") root.style.set(property, all);
  }
  tidied(root);
  return written(root);
}

/** The elements of an SVG file; what is no element is text. */
function parsed(svg: string): Node {
  const top: Node = { name: "", attributes: new Map(), style: new Map(), children: [] };
  const open = [top];
  for (const [token] of svg.matchAll(/<[^>]+>|[^<]+/g)) {
    const parent = open.at(-1)!;
    if (token.startsWith("</")) open.pop();
    else if (!token.startsWith("<")) parent.children.push(token);
    else {
      const node = elementOf(token);
      parent.children.push(node);
      if (!token.endsWith("/>")) open.push(node);
    }
  }
  return top.children.find((child): child is Node => typeof child !== "string")!;
}

function elementOf(tag: string): Node {
  const attributes = new Map(
    [...tag.matchAll(/([\w:-]+)="([^"]*)"/g)].map(([, name, value]) => [name!, value!]),
  );
  const style = styleOf(attributes.get("style") ?? "");
  attributes.delete("style");
  return { name: /^<([\w:-]+)/.exec(tag)![1]!, attributes, style, children: [] };
}

function styleOf(text: string): Map<string, string> {
  const style = new Map<string, string>();
  for (const entry of text
    .replaceAll("&quot;", "'")
    .split(";")
    .map((one) => one.trim())) {
    const [, name, value] = /^([\w-]+):\s*(.*)$/.exec(entry) ?? [];
    if (name && value && !IDLE.test(name)) style.set(name, shortValue(name, value));
  }
  return style;
}

/** "rgb(28, 33, 38)" as "#1c2126", "1px" of a stroke as "1". */
function shortValue(name: string, value: string): string {
  const colours = value.replace(/rgb\((\d+), ?(\d+), ?(\d+)\)/g, (_, ...parts: string[]) =>
    hex(parts.slice(0, 3)),
  );
  return name.startsWith("stroke-") ? colours.replace(/(?<=\d)px\b/g, "").replace(/, /g, ",") : colours;
}

function hex(parts: readonly string[]): string {
  const digits = parts.map((part) => Number(part).toString(16).padStart(2, "0")).join("");
  return digits.replace(/^(.)\1(.)\2(.)\3$/, "$1$2$3").replace(/^/, "#");
}

/** Drops what only plotly needs and what nothing refers to, and shortens numbers. */
function cleaned(node: Node, used: ReadonlySet<string>): void {
  for (const [name, value] of node.attributes) {
    const short = shortAttribute(node, name, value);
    if (INTERNAL.test(name) || short === "" || (name === "id" && !used.has(value)))
      node.attributes.delete(name);
    else node.attributes.set(name, short);
  }
  const anchor = node.attributes.get("text-anchor");
  if (anchor && !node.style.has("text-anchor")) node.style.set("text-anchor", anchor);
  node.attributes.delete("text-anchor");
  if (node.style.get("opacity") === "1") node.style.delete("opacity");
  if (node.name === "svg" && !used.size) node.attributes.delete("xmlns:xlink");
  node.children = node.children.filter((child) => {
    if (typeof child === "string") return true;
    cleaned(child, used);
    return child.name !== "clipPath" || child.attributes.has("id");
  });
}

function shortAttribute({ name: element }: Node, name: string, value: string): string {
  if (name === "d") return shortPath(value);
  if (name === "transform") return shortTransform(value);
  if (element === "image" && name.endsWith("href")) return deflated(value);
  return COORDINATES.test(name) && element !== "svg" ? rounded(value) : value;
}

/** Renderers count in 32 bits: a number has as many decimals as change it there, so no pixel differs. */
function nearest(value: number): number {
  const same = (decimals: number) => Math.fround(Number(value.toFixed(decimals))) === Math.fround(value);
  const decimals = [0, 1, 2, 3, 4, 5, 6, 7, 8].find(same);
  return decimals === undefined ? value : Number(value.toFixed(decimals));
}

function rounded(text: string): string {
  return text.replace(NUMBER, (number) => short(nearest(Number(number))));
}

/** Without the zero before the point, and without the digits that a sum of decimals leaves behind. */
function short(value: number): string {
  return String(Number(value.toFixed(9))).replace(/^(-?)0\./, "$1.");
}

/** Without turns and shifts by nothing. A scale keeps its digits. */
function shortTransform(transform: string): string {
  return transform
    .replace(/(translate|rotate)\(([^)]*)\)/g, (_, kind: string, list: string) => `${kind}(${rounded(list)})`)
    .replace(/translate\(0(?:, ?0)?\)|rotate\(0(?:,[^)]*)?\)/g, "")
    .trim();
}

type Point = readonly [x: number, y: number];

/** A path of lines with relative steps, which are short. A step lies between the points that were meant, so none drifts. */
function shortPath(path: string): string {
  if (!LINES.test(path)) return rounded(path);
  const commands = [...path.matchAll(/([a-z])([^a-z]*)/gi)].flatMap(([, command, list]) =>
    stepsOf(command!, (list!.match(NUMBER) ?? []).map(Number)),
  );
  let [at, start]: Point[] = [ORIGIN, ORIGIN];
  let last = "";
  return commands
    .map(({ command, x, y }) => {
      const from = command === command.toLowerCase() ? at! : ORIGIN;
      const to: Point = [
        x === undefined ? at![0] : nearest(from[0] + x),
        y === undefined ? at![1] : nearest(from[1] + y),
      ];
      const step = stepText(command, at!, to);
      at = /z/i.test(command) ? start! : to;
      if (/m/i.test(command)) start = to;
      const text =
        step.sign === last && !/[Mz]/.test(last)
          ? step.numbers.replace(/^(?=[\d.])/, " ")
          : step.sign + step.numbers;
      last = step.sign;
      return text;
    })
    .join("");
}

const ORIGIN: Point = [0, 0];
const NUMBER = /-?\d*\.?\d+(?:e[-+]?\d+)?/gi;
/** Lines alone, and no exponents. */
const LINES = /^[mlhvz\d\s,.-]*$/i;

/** A line to a point: level, upright or neither. */
function stepText(command: string, [x, y]: Point, to: Point): { sign: string; numbers: string } {
  if (/z/i.test(command)) return { sign: "z", numbers: "" };
  if (/m/i.test(command)) return { sign: "M", numbers: to.map(short).reduce(joined) };
  const [dx, dy] = [short(to[0] - x), short(to[1] - y)];
  if (dy === "0") return { sign: "h", numbers: dx };
  return dx === "0" ? { sign: "v", numbers: dy } : { sign: "l", numbers: joined(dx, dy) };
}

interface Step {
  command: string;
  /** Absent where the command leaves it as it is. */
  x?: number;
  y?: number;
}

/** The steps of a command. Pairs behind the first of an M are lines. */
function stepsOf(command: string, numbers: readonly number[]): Step[] {
  if (/z/i.test(command)) return [{ command }];
  if (/h/i.test(command)) return numbers.map((x) => ({ command, x }));
  if (/v/i.test(command)) return numbers.map((y) => ({ command, y }));
  const line = command === "M" ? "L" : command === "m" ? "l" : command;
  return Array.from({ length: numbers.length >> 1 }, (_, i) => ({
    command: i === 0 ? command : line,
    x: numbers[2 * i]!,
    y: numbers[2 * i + 1]!,
  }));
}

function joined(list: string, number: string): string {
  return number.startsWith("-") ? list + number : `${list} ${number}`;
}

/** A PNG as a data URI with its pixels packed as tightly as they can be: the canvas is quick about it. */
function deflated(uri: string): string {
  const head = "data:image/png;base64,";
  if (!uri.startsWith(head)) return uri;
  const png = Buffer.from(uri.slice(head.length), "base64");
  const chunks: Buffer[] = [png.subarray(0, 8)];
  const pixels: Buffer[] = [];
  for (let at = 8; at < png.length; at += 12 + png.readUInt32BE(at)) {
    const [size, kind] = [png.readUInt32BE(at), png.toString("latin1", at + 4, at + 8)];
    const body = png.subarray(at + 8, at + 8 + size);
    if (kind === "IDAT") pixels.push(body);
    if (kind === "IEND")
      chunks.push(chunk("IDAT", deflateSync(inflateSync(Buffer.concat(pixels)), { level: 9 })));
    if (kind === "IHDR" || kind === "IEND") chunks.push(chunk(kind, body));
  }
  const packed = head + Buffer.concat(chunks).toString("base64");
  return packed.length < uri.length ? packed : uri;
}

function chunk(kind: string, body: Buffer): Buffer {
  const named = Buffer.concat([Buffer.from(kind, "latin1"), body]);
  const [size, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  size.writeUInt32BE(body.length);
  check.writeUInt32BE(crc32(named));
  return Buffer.concat([size, named, check]);
}

/** Moves inherited properties from the groups down to the marks, each with all that it shows and nothing else. */
function inherited(node: Node, from: ReadonlyMap<string, string>): void {
  const all = new Map(from);
  for (const [name, value] of node.style) if (OF_TEXT.test(name) || OF_SHAPE.test(name)) all.set(name, value);
  if (node.name === "clipPath") {
    // Of what clips only the outline counts.
    for (const child of elements(node)) child.style.clear();
    return;
  }
  for (const name of all.keys()) node.style.delete(name);
  if (isMark(node)) for (const [name, value] of shown(node, all)) node.style.set(name, value);
  else for (const child of elements(node)) inherited(child, all);
}

/** The properties that a mark is drawn with and that are not initial; those of paint that it lacks say nothing. */
function shown({ name: element }: Node, all: ReadonlyMap<string, string>): [string, string][] {
  const own = new Map(all);
  for (const paint of ["fill", "stroke"]) if (own.get(`${paint}-opacity`) === "0") own.set(paint, "none");
  const bare = (name: string) =>
    (name.startsWith("fill-") && own.get("fill") === "none") ||
    (name.startsWith("stroke-") && (own.get("stroke") ?? "none") === "none");
  return [...own].filter(
    ([name, value]) => value !== INITIAL[name] && !bare(name) && (element === "text" || OF_SHAPE.test(name)),
  );
}

function isMark({ name }: Node): boolean {
  return name === "text" || SHAPES.has(name);
}

function elements({ children }: Node): Node[] {
  return children.filter((child): child is Node => typeof child !== "string");
}

/** Drops what is empty or invisible, as long as every mark still has all its properties. */
function withoutInvisible(node: Node): void {
  if (node.name === "clipPath" || node.name === "text") return;
  for (const child of elements(node)) withoutInvisible(child);
  node.children = node.children.filter((child) => typeof child === "string" || !isInvisible(child));
}

/** Unwraps groups that say nothing, and those that have a single child. */
function tidied(node: Node): void {
  for (const child of elements(node)) tidied(child);
  node.children = node.children.flatMap((child) => {
    if (typeof child === "string" || child.name !== "g") return [child];
    if (child.attributes.size + child.style.size === 0) return child.children;
    const [only, ...others] = child.children;
    return only && typeof only !== "string" && others.length === 0 && merged(child, only) ? [only] : [child];
  });
}

function isInvisible({ name, attributes, style, children }: Node): boolean {
  if (name === "g" || name === "defs" || name === "text") return children.length === 0;
  if (name === "path" && !attributes.has("d")) return true;
  return SHAPES.has(name) && style.get("fill") === "none" && !style.has("stroke");
}

/** Gives what a group says to its only child, where that means the same. */
function merged(group: Node, only: Node): boolean {
  const clash = [...group.attributes.keys()].some((name) => only.attributes.has(name));
  const moved = group.attributes.has("clip-path") && only.attributes.has("transform");
  if (clash || moved || only.name === "tspan") return false;
  if (group.style.has("opacity") && only.style.has("opacity")) return false;
  for (const [name, value] of group.attributes) only.attributes.set(name, value);
  for (const [name, value] of group.style) if (!only.style.has(name)) only.style.set(name, value);
  return true;
}

/** The inherited properties of all marks: `stroke-width` before `stroke`, which says whether a width is needed. */
function propertiesOf(root: Node): string[] {
  const names = marksIn(root).flatMap(({ style }) => [...style.keys()]);
  const inherited = [...new Set(names)].filter((name) => OF_TEXT.test(name) || OF_SHAPE.test(name));
  return inherited.sort((a, b) => b.length - a.length);
}

function marksIn(node: Node): Node[] {
  return isMark(node) ? [node] : elements(node).flatMap(marksIn);
}

/** What marks have for a property: a value that all share, `undefined` if none needs it, `null` if they differ. */
type Shared = string | undefined | null;

/** Takes a property from the marks and sets it at the outermost groups whose marks agree in it. */
function hoisted(node: Node, property: string): Shared {
  if (isMark(node)) return ofMark(node, property);
  if (node.name === "clipPath") return undefined;
  const below = elements(node).map((child) => ({ child, value: hoisted(child, property) }));
  const values = new Set(below.map(({ value }) => value).filter((value) => value !== undefined));
  if (values.size === 0) return undefined;
  if (values.size === 1) return [...values][0];
  for (const { child, value } of below) if (typeof value === "string") child.style.set(property, value);
  return null;
}

function ofMark({ name, style }: Node, property: string): Shared {
  const value = style.get(property);
  style.delete(property);
  if (value !== undefined) return value;
  if (name !== "text" && OF_TEXT.test(property)) return undefined;
  const [paint] = property.split("-");
  const bare = property !== paint && (style.get(paint!) ?? INITIAL[paint!]) === "none";
  return bare ? undefined : null;
}

function written({ name, attributes, style, children }: Node): string {
  const css = [...style].map(([key, value]) => `${key}:${value}`).join(";");
  const all = [...attributes, ...(css ? [["style", css]] : [])];
  const open = `<${name}${all.map(([key, value]) => ` ${key}="${value}"`).join("")}`;
  const inner = children.map((child) => (typeof child === "string" ? child : written(child))).join("");
  return inner === "" ? `${open}/>` : `${open}>${inner}</${name}>`;
}
