import { createServer } from "node:http";
import { crc32, deflateSync } from "node:zlib";
import sharp from "sharp";
import { listen } from "../../dev/listen.ts";

interface Original {
  type: string;
  bytes: Buffer;
}

/** Originals of every kind in docs/originals.md, by id; what is not here is missing. */
export async function unusualOriginals(): Promise<Map<string, Original>> {
  const photo = (width: number, height: number) =>
    sharp({ create: { width, height, channels: 3, background: { r: 200, g: 90, b: 30 } } });
  const waving = await animation();
  const svg = Buffer.from(
    '<svg xmlns="http://www.w3.org/2000/svg" width="200" height="100"><script>window.evil = 1</script><rect width="200" height="100" fill="#06c"/></svg>',
  );
  const tiff = await photo(600, 400).tiff().toBuffer();
  const jpeg = await photo(1200, 800).jpeg().toBuffer();
  return new Map<string, Original>([
    ["photo.jpg", { type: "image/jpeg", bytes: jpeg }],
    ["photo.png", { type: "image/png", bytes: await photo(1200, 800).png().toBuffer() }],
    ["photo.webp", { type: "image/webp", bytes: await photo(1200, 800).webp().toBuffer() }],
    ["photo.avif", { type: "image/avif", bytes: await photo(1200, 800).avif().toBuffer() }],
    ["small.jpg", { type: "image/jpeg", bytes: await photo(120, 80).jpeg().toBuffer() }],
    ["drawing.svg", { type: "image/svg+xml", bytes: svg }],
    ["drawing.png", { type: "image/svg+xml", bytes: svg }],
    ["waving.gif", { type: "image/gif", bytes: waving }],
    ["waving.jpg", { type: "image/gif", bytes: waving }],
    // Nothing here encodes HEVC: AVIF is the same container, and the name is what the edge goes by.
    ["phone.heic", { type: "image/heic", bytes: await photo(1200, 800).avif().toBuffer() }],
    ["scan.tiff", { type: "image/tiff", bytes: tiff }],
    ["scan.jpg", { type: "image/tiff", bytes: tiff }],
    // The first bytes of a stream: nothing decodes them here.
    ["summer/été a.jxl", { type: "image/jxl", bytes: Buffer.from("ff0afa1f4190080014000000", "hex") }],
    ["poster.png", { type: "image/png", bytes: hugePng(10_100) }],
    ["page.jpg", { type: "text/html", bytes: Buffer.from("<!doctype html><title>Not found</title>") }],
  ]);
}

/** Two frames, red and blue, for ever. */
async function animation(): Promise<Buffer> {
  const frame = (background: string) =>
    sharp({ create: { width: 160, height: 90, channels: 3, background } })
      .png()
      .toBuffer();
  const frames = [await frame("#f00"), await frame("#00f")];
  return sharp(frames, { join: { animated: true } })
    .gif({ delay: 150, loop: 0 })
    .toBuffer();
}

/** A black square of one bit a pixel: over 100 megapixels in a few kilobytes. */
function hugePng(side: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(side, 0);
  header.writeUInt32BE(side, 4);
  header[8] = 1;
  const rows = deflateSync(Buffer.alloc(side * (1 + Math.ceil(side / 8))));
  const signature = Buffer.from("\x89PNG\r\n\x1a\n", "latin1");
  return Buffer.concat([signature, chunk("IHDR", header), chunk("IDAT", rows), chunk("IEND", Buffer.alloc(0))]);
}

function chunk(name: string, data: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(name, "latin1"), data]);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(data.length);
  const sum = Buffer.alloc(4);
  sum.writeUInt32BE(crc32(body));
  return Buffer.concat([length, body, sum]);
}

/** A plain host of originals, without ranges: what many sites have. */
export async function serveOriginals(
  originals: ReadonlyMap<string, Original>,
): Promise<{ url: string; close(): Promise<void> }> {
  const server = createServer((request, response) => {
    const id = decodeURIComponent((request.url ?? "").slice(1));
    const original = originals.get(id);
    if (original === undefined) return response.writeHead(404, { "content-type": "text/plain" }).end("no such image");
    response.writeHead(200, { "content-type": original.type, "content-length": original.bytes.length });
    return response.end(original.bytes);
  });
  const port = await listen(server, 0);
  return {
    url: `http://localhost:${port}/{id}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
