import { mp4 } from "@prewarm/shared/film/testing/films";
import { expect, it } from "vitest";
import { check, emulator, serve } from "../../test/testing/ittybit-world.ts";
import { EXIT } from "../platform/exit-codes.ts";

/** Serves a film by ranges, as Ittybit and the check read it. */
async function filmAt(bytes: Uint8Array): Promise<string> {
  const url = await serve((request, response) => {
    const [, from = "0", to = String(bytes.length - 1)] = /bytes=(\d+)-(\d+)/.exec(request.headers.range ?? "") ?? [];
    const part = bytes.subarray(Number(from), Number(to) + 1);
    const range = `bytes ${from}-${Number(from) + part.length - 1}/${bytes.length}`;
    response.writeHead(request.headers.range === undefined ? 200 : 206, { "content-range": range }).end(part);
  });
  return `${url}/film.mp4`;
}

const rows = (lines: readonly string[]) =>
  lines.filter((line) => /still|past the end|turned|film/.test(line)).map((line) => line.replaceAll(/ {2,}/g, " "));

it("says what the service makes of two times, past the end and of a turned film, with three jobs more", async () => {
  const { apiUrl, control } = await emulator();
  const video = await filmAt(mp4({ rotation: 90, seconds: 8 }));
  const { code, lines } = await check({ ITTYBIT_API_URL: apiUrl }, ["--video", video]);
  expect(rows(lines)).toEqual([
    "ok a still's time 0 s and 4 s differ",
    "ok 60 s past the end (8.0 s) failed: the input ends after 8 s",
    "ok a turned film turned by 90°, as players show it (120 × 213 of 720 × 1280)",
  ]);
  expect(code).toBe(EXIT.ok);
  expect(control.jobs({ input: video }).map(({ options }) => options.start)).toEqual([68, 4, 0]);
});

it("sees a service that takes no notice of the time, and one that does not turn", async () => {
  const { apiUrl } = await emulator();
  const video = await filmAt(mp4({ rotation: 90 }));
  const flat = await filmAt(mp4());
  // Every job of the film is asked for at 0 s, of a film that stands upright.
  const deaf = ((input: string, init: RequestInit = {}) => {
    if (typeof init.body !== "string" || !init.body.includes(video)) return fetch(input, init);
    const { options, ...job } = JSON.parse(init.body);
    return fetch(input, { ...init, body: JSON.stringify({ ...job, input: flat, options: { ...options, start: 0 } }) });
  }) as typeof fetch;
  const { sentence, code } = await check({ ITTYBIT_API_URL: apiUrl }, ["--video", video], undefined, deaf);
  expect(sentence).toContain("it makes one still for two times; it does not turn films");
  expect(code).toBe(EXIT.ok);
});

it.each([
  ["cut off", () => filmAt(mp4().slice(0, -9)), "the film is cut off"],
  ["without ranges", () => serve((_, response) => void response.end("film")), "its host answers a range with 200"],
])("does not try a film that is %s", async (_, serveFilm, reason) => {
  const { apiUrl, control } = await emulator();
  const video = await serveFilm();
  const { lines } = await check({ ITTYBIT_API_URL: apiUrl }, ["--video", video]);
  expect(rows(lines)).toEqual([`ok the film not tried: ${reason}`]);
  expect(control.jobs({ input: video })).toEqual([]);
});
