import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { EXIT } from "../src/platform/exit-codes.ts";
import { type FakeLedger, startFakeLedger } from "./testing/fake-ledger.ts";
import { emptyDirectory, runHere } from "./testing/run-prewarm.ts";

let api: FakeLedger;
let cwd: string;

beforeEach(async () => {
  api = await startFakeLedger();
  cwd = emptyDirectory();
});
afterEach(() => api.close());

const run = (args: readonly string[], stdin?: string) =>
  runHere(["adopt", ...args], { cwd, url: api.url, ...(stdin === undefined ? {} : { stdin }) });
const line = (path: string, status = 200): string =>
  `203.0.113.9 - - [29/Nov/2026:12:00:00 +0000] "GET ${path} HTTP/1.1" ${status} 5120 "-" "Mozilla/5.0"\n`;

const UPLOAD = "/demo/image/upload";
const LOG = [
  ...Array.from({ length: 6 }, () => line(`${UPLOAD}/w_400,f_auto/a.jpg`)),
  ...Array.from({ length: 3 }, () => line(`${UPLOAD}/c_fill,w_300,h_400,f_auto/b.jpg`)),
  line(`${UPLOAD}/w_450,f_auto/c.jpg`),
  line(`${UPLOAD}/w_400,f_auto,e_sepia/d.jpg`),
  line(`${UPLOAD}/w_400,f_auto,e_blur:2000/e.jpg`),
  line(`${UPLOAD}/w_400/gone.jpg`, 404),
  line("/robots.txt"),
  "garbage\n",
].join("");

describe("adopt", () => {
  it("reports what is exact, approximate and unsupported, by parameter, and the lines that are missing", async () => {
    writeFileSync(join(cwd, "access.log"), LOG);
    const { code, stdout } = await run(["access.log", "--from", "cloudinary", "--json"]);
    expect(code).toBe(EXIT.ok);
    expect(JSON.parse(stdout)).toEqual({
      schema: "prewarm.adopt/1",
      from: "cloudinary",
      lines: { read: 12, skipped: 0, unread: 1, failed: 1, other: 1 },
      requests: { exact: 7, approximate: 3, unsupported: 1, refused: 1 },
      variants: { warm: 11, cold: 0, none: 1 },
      rounded: 7,
      parameters: [
        { parameter: "ratio", kind: "approximate", requests: 3, example: `${UPLOAD}/c_fill,w_300,h_400,f_auto/b.jpg` },
        { parameter: "e_sepia", kind: "unsupported", requests: 1, example: `${UPLOAD}/w_400,f_auto,e_sepia/d.jpg` },
        { parameter: "e_blur", kind: "hiding", requests: 1, example: `${UPLOAD}/w_400,f_auto,e_blur:2000/e.jpg` },
      ],
      missingLines: [{ line: 'pages.ratios: "3:4"', requests: 3 }],
      widths: [
        { width: 400, requests: 8 },
        { width: 300, requests: 3 },
        { width: 450, requests: 1 },
      ],
    });
    expect(api.received).toEqual([]);
  });

  it("prints the same for people, of a zipped log on stdin too", async () => {
    writeFileSync(join(cwd, "access.log.gz"), gzipSync(LOG));
    const { stdout } = await run(["access.log.gz", "--from", "cloudinary"]);
    expect(stdout).toMatch(/^12 image requests; 1 of something else, 1 that failed at cloudinary, 1 unread lines\n/);
    expect(stdout).toMatch(
      /\nexact +58\.3 % +7\napproximate +25\.0 % +3\nunsupported +8\.3 % +1\nrefused +8\.3 % +1\n/,
    );
    expect(stdout).toMatch(/\n100\.0 % of the 11 that get a variant are warm after an upload\n/);
    expect(stdout).toMatch(/\ne_sepia +unsupported +1 +8\.3 % +\/demo\/image\/upload\/w_400,f_auto,e_sepia\/d\.jpg\n/);
    expect(stdout).toMatch(/\nLines of prewarm\.config\.ts that would make requests exact:\n3 +pages\.ratios: "3:4"\n/);
    expect((await run(["--from", "cloudinary"], LOG)).stdout).toBe(stdout);
  });

  it("counts as warm what uploads of the site make", async () => {
    const service = pathToFileURL(join(import.meta.dirname, "../../../packages/legacy-urls/src/cloudinary.ts"));
    const config = `import { cloudinary } from "${service}";
      export default { sources: [], legacy: [cloudinary({ exact: true })], recipes: { upload: ["w=320&f=auto"] } };`;
    writeFileSync(join(cwd, "prewarm.config.mjs"), config);
    const log = LOG + line(`${UPLOAD}/w_400,f_auto/a.gif`);
    const { stdout } = await run(["--from", "cloudinary", "--json", "--config", "prewarm.config.mjs"], log);
    // Those of `b.jpg` become 320 px, all others 400 or 480. A GIF is shown as it is.
    expect(JSON.parse(stdout).variants).toEqual({ warm: 3, cold: 8, none: 2 });
  });

  it("--warm sends what was requested most, in that order", async () => {
    const { code } = await run(["--from", "cloudinary", "--warm", "--top", "2"], LOG);
    expect(code).toBe(EXIT.ok);
    expect(api.received).toHaveLength(1);
    expect(JSON.parse(api.received[0]?.body ?? "")).toEqual({
      items: [
        { id: "a.jpg", transforms: ["w=480&q=high&f=auto"] },
        { id: "b.jpg", transforms: ["w=320&q=high&f=auto"] },
      ],
      label: "adopt",
    });
  });

  it("--warm sends nothing that is refused", async () => {
    await run(["--from", "cloudinary", "--warm", "--top", "50"], LOG);
    const { items } = JSON.parse(api.received[0]?.body ?? "");
    expect(items.map(({ id }: { id: string }) => id)).toEqual(["a.jpg", "b.jpg", "c.jpg", "d.jpg"]);
  });

  it.each<[string, string, string]>([
    ["imgix", "https://img.example.com/a/b.jpg?w=400&auto=format", "a/b.jpg"],
    ["imgix", "/a/b.jpg?w=400&auto=format", "a/b.jpg"],
    ["cloudflare", "https://example.com/cdn-cgi/image/w=400,f=auto/a/b.jpg", "a/b.jpg"],
    ["netlify", "/.netlify/images?url=/a/b.jpg&w=400", "a/b.jpg"],
    ["next", "https://example.com/_next/image?url=%2Fa%2Fb.jpg&w=400&q=75", "a/b.jpg"],
    ["ipx", "/_ipx/w_400,f_auto/a/b.jpg", "a/b.jpg"],
    ["wordpress", "https://blog.example.com/wp-content/uploads/a/b-400x267.jpg", "a/b.jpg"],
    ["imagekit", "https://img.example.com/tr:w-400/a/b.jpg", "a/b.jpg"],
    ["bunny", "https://img.example.com/a/b.jpg?width=400", "a/b.jpg"],
    ["fastly", "/a/b.jpg?width=400&auto=webp", "a/b.jpg"],
    ["keycdn", "/a/b.jpg?width=400", "a/b.jpg"],
    ["shopify", "/cdn/shop/a/b_400x.jpg?v=1", "a/b.jpg"],
  ])("reads URLs of %s: %s", async (from, address, id) => {
    await run(["--from", from, "--warm"], `${address}\n`);
    expect(JSON.parse(api.received[0]?.body ?? "").items).toEqual([{ id, transforms: ["w=480&q=high&f=auto"] }]);
  });

  it.each<[string[], string, RegExp]>([
    [[], LOG, /--from is needed/],
    [["--from", "cloudinary"], "/a.jpg\n", /no image URL of cloudinary[\s\S]*Is --from right/],
    [["--from", "cloudinary"], "garbage\n", /--field/],
    [["--from", "cloudinary", "--warm", "--top", "50001"], LOG, /at most 50000/],
    [["--from", "cloudinary", "missing.log"], "", /missing\.log is not found/],
  ])("refuses %j", async (args, stdin, message) => {
    const { code, stderr } = await run(args, stdin);
    expect([code, api.received.length]).toEqual([EXIT.usage, 0]);
    expect(stderr).toMatch(message);
  });
});
