import { describe, expect, it } from "vitest";
import { EXIT } from "../../apps/cli/src/platform/exit-codes.ts";
import type { EmulatorOptions } from "../../packages/ittybit-emulator/src/server.ts";
import { address, closedPort, emulator, examine, serve } from "./lab-world.ts";

const WORKS = "Prewarm works with this service, which speaks as";

describe("the sentence", () => {
  it.each<[what: string, options: EmulatorOptions, sentence: string]>([
    ["profile reference", { profile: "reference" }, `${WORKS} the current reference.`],
    ["profile guide", { profile: "guide" }, `${WORKS} the guides, with a difference: it does not show metadata.`],
    [
      "profile sdk",
      { profile: "sdk" },
      `${WORKS} the SDKs of 2025, with 2 differences: it does not show metadata; its list knows no cursors.`,
    ],
    ["profile v2025", { profile: "v2025" }, `${WORKS} the pages of autumn 2025.`],
    ["a strict server", { strict: true }, `${WORKS} the current reference.`],
    ["no list", { lists: false }, `${WORKS} the current reference, with a difference: it lists no jobs.`],
    ["a wrapped list", { listShape: "object", listHeaders: false }, `${WORKS} the current reference.`],
    ["no replay of another body", { idempotencyConflict: 422 }, `${WORKS} the current reference.`],
    [
      "no AVIF",
      {
        faults: [
          {
            match: { options: { format: "avif" } },
            fault: { type: "status", status: 400, kind: "format_unsupported", message: "no avif" },
          },
        ],
      },
      `${WORKS} the current reference, with a difference: it does not make avif.`,
    ],
    [
      "a clock that is wrong",
      { faults: [{ fault: { type: "skew", ms: -3_600_000 } }] },
      `${WORKS} the current reference, with a difference: its clock is not ours.`,
    ],
    [
      "failures without a reason",
      {
        pixels: "tiny",
        tinySource: { width: 800, height: 600 },
        faults: [{ match: { input: ".absent-" }, fault: { type: "failed", error: null } }],
      },
      `${WORKS} the current reference, with a difference: it gives failed jobs no reason.`,
    ],
    [
      "a failed job",
      { faults: [{ fault: { type: "failed", error: { kind: "x", message: "no room" } } }] },
      "Prewarm does not work with this service: the job ended failed: no room; see that anybody may fetch --original, then run this again.",
    ],
    [
      "the wrong size",
      { faults: [{ fault: { type: "wrong_dimension" } }] },
      "Prewarm does not work with this service: the result is not the variant: it is 100 × 300, not 200 × 150; tell us, with what scripts/ittybit-lab records.",
    ],
    [
      "private results",
      { faults: [{ fault: { type: "output", as: "403" } }] },
      "Prewarm does not work with this service: HOST answered HTTP 403 (application/xml): if it does so for every result, access rules keep the Ittybit project's files private; make them public (docs/internals/ittybit.md); run this again when they are public.",
    ],
    [
      "a job without end",
      { faults: [{ fault: { type: "stuck" } }] },
      "Nothing could be checked: a job did not end within 120 s: it is still “processing”; try a longer --within.",
    ],
    [
      "a bill that is not paid",
      { faults: [{ fault: { type: "status", status: 402 }, on: "any" }] },
      "Nothing could be checked: the account cannot pay (402: payment required); settle it at Ittybit and run this again.",
    ],
    [
      "503",
      { faults: [{ fault: { type: "html", status: 503 }, on: "any" }] },
      "Nothing could be checked: Ittybit answers 503 to GET /jobs; run this again later.",
    ],
  ])("of %s", async (_what, options, sentence) => {
    const { apiUrl } = await emulator(options);
    expect(address((await examine({ ITTYBIT_API_URL: apiUrl })).sentence)).toBe(sentence);
  });

  it.each<[what: string, arrange: () => Promise<Record<string, string>>, code: number, sentence: string]>([
    [
      "a wrong key",
      async () => ({ ITTYBIT_API_URL: (await emulator()).apiUrl, ITTYBIT_API_KEY: "another" }),
      EXIT.auth,
      "Nothing could be checked: your key is refused (401: the API key is not valid); copy it again from Ittybit's dashboard into ITTYBIT_API_KEY.",
    ],
    [
      "a web page",
      async () => ({ ITTYBIT_API_URL: await serve((_, response) => void response.end("<!doctype html><h1>Hi</h1>")) }),
      EXIT.unreachable,
      "Nothing could be checked: http://HOST is not Ittybit's API: it answers 200 with a web page; look at ITTYBIT_API_URL, by default https://api.ittybit.com.",
    ],
    [
      "a page that is not found",
      async () => ({
        ITTYBIT_API_URL: await serve((_, response) => void response.writeHead(404).end("<html>no</html>")),
      }),
      EXIT.unreachable,
      "Nothing could be checked: http://HOST is not Ittybit's API: it answers 404 with a web page; look at ITTYBIT_API_URL, by default https://api.ittybit.com.",
    ],
    [
      "another path",
      async () => ({ ITTYBIT_API_URL: `${(await emulator()).apiUrl}/v9` }),
      EXIT.unreachable,
      "Nothing could be checked: http://HOST/v9 is not Ittybit's API: it answers 404 to POST /jobs; look at ITTYBIT_API_URL, by default https://api.ittybit.com.",
    ],
    [
      "a redirect",
      async () => ({
        ITTYBIT_API_URL: await serve((_, response) => {
          response.writeHead(308, { location: "https://api.example.com/jobs" }).end();
        }),
      }),
      EXIT.unreachable,
      "Nothing could be checked: the address redirects to https://api.example.com/jobs; set ITTYBIT_API_URL to where the API itself is.",
    ],
    [
      "a closed port",
      async () => ({ ITTYBIT_API_URL: await closedPort() }),
      EXIT.unreachable,
      "Nothing could be checked: http://HOST does not answer (ECONNREFUSED: nothing listens there); look at ITTYBIT_API_URL and the network.",
    ],
    [
      "429 without end",
      async () => ({
        ITTYBIT_API_URL: (await emulator({ faults: [{ fault: { type: "throttled", seconds: 9 }, on: "any" }] })).apiUrl,
      }),
      EXIT.unreachable,
      "Nothing could be checked: Ittybit kept answering 429, too many requests; run this again when the account has less to do.",
    ],
  ])("of %s", async (_what, arrange, code, sentence) => {
    const seen = await examine(await arrange());
    expect([address(seen.sentence), seen.code]).toEqual([sentence, code]);
  });

  it("of a host that takes the call and never answers", async () => {
    const limit = new AbortController();
    const host = await serve(() => limit.abort(new DOMException("over", "TimeoutError")));
    // The client's time is over as soon as the host has the call.
    const network = ((input: string, init: RequestInit) =>
      fetch(input, input.startsWith(host) ? { ...init, signal: limit.signal } : init)) as typeof fetch;
    const seen = await examine({ ITTYBIT_API_URL: host }, [], undefined, network);
    expect([address(seen.sentence), seen.code]).toEqual([
      "Nothing could be checked: http://HOST does not answer (TimeoutError: it takes the connection and does not answer within 15 s); look at ITTYBIT_API_URL and the network.",
      EXIT.unreachable,
    ]);
  });
});
