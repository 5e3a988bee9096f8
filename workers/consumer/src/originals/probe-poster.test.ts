import { posters } from "@prewarm/legacy-urls/posters";
import { defineConfig } from "@prewarm/shared/config";
import { mp4 } from "@prewarm/shared/film/testing/films";
import { expect, it } from "vitest";
import { createSemaphore } from "../platform/semaphore.ts";
import { createFakeClock } from "../testing/fake-clock.ts";
import { createProbe } from "./probe.ts";

const FILM = "https://cdn.example.com/films/a.mp4";

type Answer = { bytes: Uint8Array; etag?: string; status?: number };

/** Probes the poster at 4 s of what the origin answers. */
async function probePoster(answer: (read: number) => Answer, id = "films/a.mp4/t=4.mp4") {
  const asked: string[] = [];
  const fetcher = (async (input: RequestInfo | URL, init?: RequestInit) => {
    const range = new Headers(init?.headers).get("range") ?? "";
    asked.push(`${input} ${range}`);
    const { bytes, etag = '"1"', status = 206 } = answer(asked.length);
    const [from = 0, to = 0] = range.replace("bytes=", "").split("-").map(Number);
    const part = bytes.slice(from, to + 1);
    const headers = { etag, "content-range": `bytes ${from}-${from + part.length - 1}/${bytes.length}` };
    return new Response(status === 200 ? bytes.slice() : part, { status, headers });
  }) as typeof fetch;
  const probe = createProbe({
    clock: createFakeClock(),
    config: defineConfig({
      sources: [{ prefix: "", url: "https://cdn.example.com/{id}" }],
      legacy: [posters({ times: [4] })],
    }),
    fetch: fetcher,
    bucket: () => null,
    bucketOriginalUrl: null,
    connections: createSemaphore(6),
  });
  return { original: await probe(id), asked };
}

it("reads the film of a poster by ranges, and tells Ittybit the film and the time", async () => {
  const bytes = mp4({ rotation: 90, header: "end" });
  const { original, asked } = await probePoster(() => ({ bytes }));
  expect(original).toMatchObject({
    kind: "image",
    size: { width: 720, height: 1280 },
    start: 4,
    bytes: null,
    etag: '"1"',
  });
  expect(original.kind === "image" && (await original.input(0))).toBe(FILM);
  expect(asked[0]).toBe(`${FILM} bytes=0-65535`);
  expect(asked.length).toBeLessThanOrEqual(5);
});

it.each([
  ["past its end", { seconds: 4 }, "the film ends after 4.0 s"],
  ["fragmented", { fragmented: true }, "the film is fragmented"],
  ["too large", { width: 30_000, height: 30_000 }, "the film has 30000 × 30000 pixels"],
])("refuses a film %s", async (_, options, message) =>
  expect((await probePoster(() => ({ bytes: mp4(options) }))).original).toMatchObject({ kind: "refused", message }),
);

it("tries again where the film is replaced between two reads", async () => {
  const bytes = mp4({ header: "end" });
  const { original } = await probePoster((read) => ({ bytes, etag: `"${read}"` }));
  expect(original).toMatchObject({ kind: "failed", class: "transient", failure: { code: "original_unreadable" } });
});

it("says that an origin without ranges is no source of films", async () => {
  const bytes = mp4({ header: "end" });
  const { original } = await probePoster((read) => ({ bytes, status: read === 1 ? 206 : 200 }));
  expect(original).toMatchObject({ kind: "failed", class: "permanent", failure: { code: "original_unreadable" } });
});

it("asks for no film where the time is not listed", async () => {
  const { asked } = await probePoster(() => ({ bytes: mp4() }), "films/a.mp4/t=5.mp4");
  expect(asked[0]).toBe("https://cdn.example.com/films/a.mp4/t%3D5.mp4 bytes=0-65535");
});
