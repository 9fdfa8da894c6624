import { createCanvas, loadImage } from "@napi-rs/canvas";
import { expect } from "vitest";

/** Share of pixels of which a channel differs by more than a quarter of its range; both are of one size. */
export async function differing(a: Uint8Array, b: Uint8Array): Promise<number> {
  const [p, q] = await Promise.all([a, b].map(pixels));
  expect(p!.length).toBe(q!.length);
  let count = 0;
  for (let i = 0; i < p!.length; i += 4)
    if ([0, 1, 2].some((channel) => Math.abs(p![i + channel]! - q![i + channel]!) > 64)) count++;
  return (4 * count) / p!.length;
}

async function pixels(png: Uint8Array): Promise<Uint8ClampedArray> {
  const image = await loadImage(Buffer.from(png));
  const context = createCanvas(image.width, image.height).getContext("2d");
  context.drawImage(image, 0, 0);
  return context.getImageData(0, 0, image.width, image.height).data;
}
