/** A box in the coordinates of the element it belongs to, CSS pixels. */
export interface Box {
  x: number;
  y: number;
  width: number;
  height: number;
}

/** Width in CSS pixels of one run of text in one style. */
export type TextWidth = (text: string, style: { weight: string; slant: string; size: number }) => number;

/** The affine map x' = a x + c y + e, y' = b x + d y + f, as SVG's `matrix(a b c d e f)`. */
type Affine = readonly [number, number, number, number, number, number];

const IDENTITY: Affine = [1, 0, 0, 1, 0, 0];
const NOTHING: Box = { x: 0, y: 0, width: 0, height: 0 };
// Of DejaVu Sans, from its hhea table: 1901 and 483 of 2048 units.
const ASCENT = 0.928;
const DESCENT = 0.236;

/**
 * The bounding box of an SVG element. jsdom has no layout and cannot give it: text is measured in the font that draws
 * it, shapes by their attributes, groups by their children.
 */
export function boundingBox(element: Element, textWidth: TextWidth): Box {
  const kind = element.nodeName.toLowerCase();
  if (kind === "text" || kind === "tspan") return element.textContent ? textBox(element, textWidth) : NOTHING;
  if (kind === "rect" || kind === "image") {
    return {
      x: number(element, "x"),
      y: number(element, "y"),
      width: number(element, "width"),
      height: number(element, "height"),
    };
  }
  if (kind === "path") return polylineBox(element.getAttribute("d") ?? "");
  const boxes = [...element.children].map((child) =>
    transformBox(affine(child.getAttribute("transform")), boundingBox(child, textWidth)),
  );
  return union(boxes.filter((box) => box.width > 0 || box.height > 0));
}

/** The bounding box of an SVG element in the coordinates of the whole picture. */
export function clientBox(element: Element, textWidth: TextWidth): Box {
  let map = IDENTITY;
  for (let node: Element | null = element; node && !isRoot(node); node = node.parentElement)
    map = compose(affine(node.getAttribute("transform")), map);
  return transformBox(map, boundingBox(element, textWidth));
}

/** Width in CSS pixels of all the text in an element, each run in its own style. */
export function inlineWidth(element: Element, textWidth: TextWidth): number {
  let width = 0;
  for (const [text, parent] of textRuns(element)) {
    width += textWidth(text, {
      weight: inherited(parent, "font-weight", "normal"),
      slant: inherited(parent, "font-style", "normal"),
      size: fontSize(parent),
    });
  }
  return width;
}

function isRoot(node: Element): boolean {
  return node.nodeName.toLowerCase() === "svg";
}

function textBox(element: Element, textWidth: TextWidth): Box {
  const size = fontSize(element);
  const anchor = inherited(element, "text-anchor", "start");
  const tspans = [...element.querySelectorAll("tspan.line")];
  const lines = tspans.length > 0 ? tspans : [element];
  return union(
    lines.map((line) => {
      const width = inlineWidth(line, textWidth);
      const shift = anchor === "middle" ? width / 2 : anchor === "end" ? width : 0;
      const from = (name: string) => (line.hasAttribute(name) ? number(line, name) : number(element, name));
      const dy = line === element ? "" : line.getAttribute("dy");
      const tallest = Math.max(...textRuns(line).map(([, parent]) => fontSize(parent)), 0);
      const baseline = from("y") + (dy ? pixels(dy, size) : 0);
      return {
        x: from("x") - shift,
        y: baseline - ASCENT * tallest,
        width,
        height: (ASCENT + DESCENT) * tallest,
      };
    }),
  );
}

function textRuns(element: Element): [string, Element][] {
  return [...element.childNodes].flatMap((child): [string, Element][] => {
    if (child.nodeType === 3) return child.nodeValue ? [[child.nodeValue, element]] : [];
    return child.nodeType === 1 ? textRuns(child as Element) : [];
  });
}

function styleOf(element: Element, property: string): string {
  const own = "style" in element ? (element as SVGElement).style.getPropertyValue(property) : "";
  return own || element.getAttribute(property) || "";
}

function inherited(element: Element, property: string, otherwise: string): string {
  for (let node: Element | null = element; node; node = node.parentElement) {
    const value = styleOf(node, property);
    if (value) return value;
  }
  return otherwise;
}

function fontSize(element: Element): number {
  const own = styleOf(element, "font-size");
  const parent = element.parentElement;
  if (!own) return parent ? fontSize(parent) : 12;
  return pixels(own, parent && /em$|%$/.test(own) ? fontSize(parent) : 12);
}

function pixels(length: string, relativeTo: number): number {
  const value = Number.parseFloat(length);
  if (length.endsWith("em")) return value * relativeTo;
  return length.endsWith("%") ? (value / 100) * relativeTo : value;
}

function number(element: Element, attribute: string): number {
  return Number.parseFloat(element.getAttribute(attribute) ?? "") || 0;
}

/** The box of a path of straight lines between absolute points; plotly needs no other kind. */
function polylineBox(path: string): Box {
  const numbers = path.match(/-?\d*\.?\d+(?:e[-+]?\d+)?/gi)?.map(Number) ?? [];
  if (numbers.length < 2 || !/^[MLZ\d\s,.\-e]+$/i.test(path)) return NOTHING;
  return boxAround(pairs(numbers));
}

function pairs(numbers: number[]): [number, number][] {
  return Array.from({ length: numbers.length >> 1 }, (_, i) => [numbers[2 * i]!, numbers[2 * i + 1]!]);
}

function corners({ x, y, width, height }: Box): [number, number][] {
  return [
    [x, y],
    [x + width, y],
    [x, y + height],
    [x + width, y + height],
  ];
}

function boxAround(points: [number, number][]): Box {
  const xs = points.map(([x]) => x);
  const ys = points.map(([, y]) => y);
  const [x, y] = [Math.min(...xs), Math.min(...ys)];
  return { x, y, width: Math.max(...xs) - x, height: Math.max(...ys) - y };
}

function union(boxes: Box[]): Box {
  return boxes.length > 0 ? boxAround(boxes.flatMap(corners)) : NOTHING;
}

function transformBox([a, b, c, d, e, f]: Affine, box: Box): Box {
  return boxAround(corners(box).map(([x, y]) => [a * x + c * y + e, b * x + d * y + f]));
}

function compose(p: Affine, q: Affine): Affine {
  return [
    p[0] * q[0] + p[2] * q[1],
    p[1] * q[0] + p[3] * q[1],
    p[0] * q[2] + p[2] * q[3],
    p[1] * q[2] + p[3] * q[3],
    p[0] * q[4] + p[2] * q[5] + p[4],
    p[1] * q[4] + p[3] * q[5] + p[5],
  ];
}

/** The map of an SVG `transform` attribute: translate, scale, rotate and matrix, in their order. */
function affine(transform: string | null): Affine {
  let map = IDENTITY;
  for (const [, kind, list] of (transform ?? "").matchAll(/(\w+)\(([^)]*)\)/g)) {
    const values = list!
      .split(/[\s,]+/)
      .filter(Boolean)
      .map(Number);
    map = compose(map, step(kind!, values));
  }
  return map;
}

function step(kind: string, values: number[]): Affine {
  const [first = 0, second, third = 0] = values;
  if (kind === "translate") return [1, 0, 0, 1, first, second ?? 0];
  if (kind === "scale") return [first, 0, 0, second ?? first, 0, 0];
  if (kind === "matrix" && values.length === 6) return values as unknown as Affine;
  if (kind !== "rotate") return IDENTITY;
  const [cos, sin] = [Math.cos((first * Math.PI) / 180), Math.sin((first * Math.PI) / 180)];
  const x = second ?? 0;
  // About the point (x, third): translate, rotate, translate back.
  return [cos, sin, -sin, cos, x - cos * x + sin * third, third - sin * x - cos * third];
}
