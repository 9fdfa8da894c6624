/** A colour as `#rrggbb`. */
export type Hex = `#${string}`;

/** Three coordinates: linear RGB in [0, 1], or OKLab's lightness (0 to 1), a and b. */
export type Triple = readonly [number, number, number];

/**
 * Linear light of an sRGB colour (IEC 61966-2-1).
 *
 * @param hex `#rrggbb`
 * @throws {RangeError} when `hex` is not of that form
 * @example linearRgb("#ffffff") // [1, 1, 1]
 */
export function linearRgb(hex: string): Triple {
  const digits = /^#([0-9a-f]{6})$/i.exec(hex)?.[1];
  if (!digits) throw new RangeError(`not a colour of the form #rrggbb: ${hex}`);
  const channel = (i: number) => {
    const v = Number.parseInt(digits.slice(2 * i, 2 * i + 2), 16) / 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4;
  };
  return [channel(0), channel(1), channel(2)];
}

/** The sRGB colour of linear light; values outside [0, 1] are clipped. */
export function toHex(rgb: Triple): Hex {
  const digits = rgb.map((c) => {
    const v = Math.min(1, Math.max(0, c));
    const encoded = v <= 0.0031308 ? 12.92 * v : 1.055 * v ** (1 / 2.4) - 0.055;
    return Math.round(255 * encoded)
      .toString(16)
      .padStart(2, "0");
  });
  return `#${digits.join("")}`;
}

/** Linear RGB of OKLab coordinates (Ottosson 2020, https://bottosson.github.io/posts/oklab/); may lie outside [0, 1]. */
export function fromOklab([L, a, b]: Triple): Triple {
  const l = (L + 0.3963377774 * a + 0.2158037573 * b) ** 3;
  const m = (L - 0.1055613458 * a - 0.0638541728 * b) ** 3;
  const s = (L - 0.0894841775 * a - 1.291485548 * b) ** 3;
  return [
    4.0767416621 * l - 3.3077115913 * m + 0.2309699292 * s,
    -1.2684380046 * l + 2.6097574011 * m - 0.3413193965 * s,
    -0.0041960863 * l - 0.7034186147 * m + 1.707614701 * s,
  ];
}

function distance(p: Triple, q: Triple): number {
  return Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
}

/**
 * Contrast of two colours, (L1 + 0.05) / (L2 + 0.05) of their relative luminances (WCAG 2.1), from 1 to 21;
 * text needs at least 4.5.
 */
export function contrast(a: string, b: string): number {
  const luminance = (hex: string) => {
    const [red, green, blue] = linearRgb(hex);
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue + 0.05;
  };
  const ratio = luminance(a) / luminance(b);
  return ratio < 1 ? 1 / ratio : ratio;
}

/** Black or white, whichever has more contrast with a background: always at least 4.58 : 1, the square root of 21. */
export function readableInk(background: string): Hex {
  return contrast("#000000", background) >= contrast("#ffffff", background) ? "#000000" : "#ffffff";
}

/** A plotly colour scale: pairs of a position in [0, 1] and a colour, in order of position. */
export type ColourScale = [number, Hex][];

/** An anchor of a scale: OKLab lightness (0 to 1), chroma (0 to about 0.3) and hue (degrees). */
export interface Anchor {
  lightness: number;
  chroma: number;
  hue: number;
}

/**
 * A sequential colour scale through anchors, perceptually uniform: equal steps along it are equal distances
 * in OKLab. Between anchors lightness, chroma and hue are interpolated linearly; chroma is reduced where sRGB cannot
 * show it.
 *
 * @param anchors two or more; a hue above 360 sets the direction around the circle
 * @param stops number of colours; default 17, enough that linear interpolation between them is invisible
 * @example uniformScale([{ lightness: 1, chroma: 0, hue: 250 }, { lightness: 0.3, chroma: 0.1, hue: 260 }])
 */
export function uniformScale(anchors: readonly Anchor[], stops = 17): ColourScale {
  const fine = Array.from({ length: 1001 }, (_, i) => inGamut(between(anchors, i / 1000)));
  const lengths = [0];
  for (let i = 1; i < fine.length; i++) lengths.push(lengths[i - 1]! + distance(fine[i - 1]!, fine[i]!));
  return Array.from({ length: stops }, (_, k) => {
    const position = k / (stops - 1);
    const at = lengths.findIndex((length) => length >= position * lengths.at(-1)! - 1e-12);
    return [position, toHex(fromOklab(fine[at]!))];
  });
}

/** The colour of a scale at a position in [0, 1], interpolated in sRGB as plotly does. */
export function colourAt(scale: ColourScale, position: number): Hex {
  const place = Math.min(1, Math.max(0, position)) * (scale.length - 1);
  const low = Math.min(scale.length - 2, Math.floor(place));
  const bytes = (hex: Hex) => [1, 3, 5].map((i) => Number.parseInt(hex.slice(i, i + 2), 16));
  const [from, to] = [bytes(scale[low]![1]), bytes(scale[low + 1]![1])];
  const mixed = from.map((v, i) => Math.round(v + (place - low) * (to[i]! - v)));
  return `#${mixed.map((v) => v.toString(16).padStart(2, "0")).join("")}`;
}

function between(anchors: readonly Anchor[], position: number): Anchor {
  const place = position * (anchors.length - 1);
  const low = Math.min(anchors.length - 2, Math.floor(place));
  const [from, to, t] = [anchors[low]!, anchors[low + 1]!, place - low];
  const mix = (key: keyof Anchor) => from[key] + t * (to[key] - from[key]);
  return { lightness: mix("lightness"), chroma: mix("chroma"), hue: mix("hue") };
}

/** OKLab coordinates of an anchor, its chroma reduced to the largest that sRGB can show. */
function inGamut({ lightness, chroma, hue }: Anchor): Triple {
  const angle = (hue * Math.PI) / 180;
  const shade = (c: number): Triple => [lightness, c * Math.cos(angle), c * Math.sin(angle)];
  const shows = (c: number) => fromOklab(shade(c)).every((v) => v >= -1e-6 && v <= 1 + 1e-6);
  if (shows(chroma)) return shade(chroma);
  let [low, high] = [0, chroma];
  for (let i = 0; i < 24; i++) {
    const middle = (low + high) / 2;
    if (shows(middle)) low = middle;
    else high = middle;
  }
  return shade(low);
}
