import { mkdtempSync, readdirSync, readFileSync } from "node:fs";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import { readJob } from "@prewarm/consumer/ittybit/dialects";
import { type EmulatorOptions, startEmulator } from "@prewarm/ittybit-emulator/server";
import sharp from "sharp";
import { beforeAll, describe, expect, it, onTestFinished } from "vitest";
import { createWorld } from "../../test/testing/fake-world.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { runCli } from "../run-cli.ts";

const KEY = "ittybit_live_verysecret";

let photo: Buffer;

beforeAll(async () => {
  photo = await sharp({ create: { width: 800, height: 600, channels: 3, background: "#a0703c" } })
    .jpeg()
    .toBuffer();
});

async function serve(listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function closedPort(): Promise<string> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise<void>((resolve) => server.close(() => resolve()));
  return `http://127.0.0.1:${port}`;
}

async function origin(): Promise<string> {
  const url = await serve((request, response) => {
    if (request.url === "/private-name.jpg") response.writeHead(200, { "content-length": photo.length }).end(photo);
    else response.writeHead(404).end();
  });
  return `${url}/private-name.jpg`;
}

/** The network, on which whatever does not answer within half a second never does. */
const impatient = ((input: string, init: RequestInit = {}) =>
  fetch(input, {
    ...init,
    signal: AbortSignal.any([AbortSignal.timeout(500), ...(init.signal ? [init.signal] : [])]),
  })) as typeof fetch;

async function check(
  env: Record<string, string>,
  args: readonly string[] = [],
  original?: string,
  network: typeof fetch = impatient,
) {
  const world = createWorld({ env: { ITTYBIT_API_KEY: KEY, ...env } });
  // Ittybit works in real time; what the check sleeps only counts.
  const { sleep } = world.context;
  const context: typeof world.context = {
    ...world.context,
    clock: { now: () => Date.now() + world.slept(), random: Math.random },
    fetch: network,
    sleep: async (ms) => {
      await sleep(ms);
      await pause(Math.min(ms, 20));
    },
  };
  const words = ["ittybit", "check", "--original", original ?? (await origin()), ...args];
  const code = await runCli(words, context, () => {});
  const lines = world.stdout().trim().split("\n");
  const sentence = lines.findLast((line) => !line.startsWith("Settings: ")) ?? "";
  return { code, sentence, lines, stdout: world.stdout(), stderr: world.stderr(), slept: world.slept() };
}

async function emulator(options: EmulatorOptions = {}) {
  const started = await startEmulator({ seed: 1, jobMs: { min: 0, max: 0 }, apiKey: KEY, ...options });
  onTestFinished(() => started.close());
  return started;
}

const address = (text: string): string => text.replaceAll(/127\.0\.0\.1:\d+/g, "HOST");

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
      "Prewarm does not work with this service: the result is not the variant: it is 100 × 300, not 200 × 150; tell us with a --record of this run.",
    ],
    [
      "private results",
      { faults: [{ fault: { type: "output", as: "403" } }] },
      "Prewarm does not work with this service: the result needs a signature (HTTP 403): access rules keep the Ittybit project's files private; make them public (docs/ittybit.md); run this again when they are public.",
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
    expect((await check({ ITTYBIT_API_URL: apiUrl })).sentence).toBe(sentence);
  });

  it.each<[what: string, arrange: () => Promise<Record<string, string>>, code: number, sentence: string]>([
    [
      "a wrong key",
      async () => ({ ITTYBIT_API_URL: (await emulator()).apiUrl, ITTYBIT_API_KEY: "another" }),
      EXIT.auth,
      "Nothing could be checked: your key is refused (401: the API key is not valid); copy it anew from Ittybit's dashboard into ITTYBIT_API_KEY.",
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
      "a host that hangs",
      async () => ({ ITTYBIT_API_URL: await serve(() => undefined) }),
      EXIT.unreachable,
      "Nothing could be checked: http://HOST does not answer (TimeoutError: it takes the connection and does not answer within 15 s); look at ITTYBIT_API_URL and the network.",
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
    const seen = await check(await arrange());
    expect([address(seen.sentence), seen.code]).toEqual([sentence, code]);
  });
});

it("waits through a storm of 429s and says so, with the setting", async () => {
  const faults = [{ fault: { type: "throttled", seconds: 2 }, on: "any", times: 9 } as const];
  const { apiUrl } = await emulator({ faults });
  const { code, sentence, lines, slept } = await check({ ITTYBIT_API_URL: apiUrl });
  expect(sentence).toBe(`${WORKS} the current reference, with a difference: it answered 429 to a few calls.`);
  expect([code, lines.at(-1)]).toEqual([EXIT.ok, expect.stringContaining("gate: { ratePerSecond: …")]);
  expect(slept).toBeGreaterThanOrEqual(18_000);
});

it("waits a minute in all, and no longer", async () => {
  const { apiUrl } = await emulator({ faults: [{ fault: { type: "throttled", seconds: 9 }, on: "any" }] });
  const { slept } = await check({ ITTYBIT_API_URL: apiUrl });
  expect([slept > 50_000, slept <= 60_000]).toEqual([true, true]);
});

it("does not work with a service that takes no notice of the key of a POST", async () => {
  const { apiUrl } = await emulator();
  const forgetful = ((input: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    headers.delete("idempotency-key");
    return fetch(input, { ...init, headers });
  }) as typeof fetch;
  const { code, sentence } = await check({ ITTYBIT_API_URL: apiUrl }, [], undefined, forgetful);
  expect([code, sentence]).toEqual([
    EXIT.failed,
    "Prewarm does not work with this service: a repeated POST under the same Idempotency-Key made a second job, so that a lost answer is paid for twice; ask Ittybit whether the account's version knows Idempotency-Key.",
  ]);
});

it("ends with the settings to use, and exits 0 with differences", async () => {
  const { apiUrl, control } = await emulator({ lists: false });
  const { code, lines, stderr } = await check({ ITTYBIT_API_URL: apiUrl, ITTYBIT_ACCEPT_VERSION: "2026-01-01" });
  expect(code).toBe(EXIT.ok);
  expect(address(lines.at(-1) ?? "")).toBe(
    'Settings: ITTYBIT_API_URL = "http://HOST" in [vars] of wrangler.consumer.toml · ITTYBIT_ACCEPT_VERSION = "2026-01-01" in [vars] of wrangler.consumer.toml · gate: { concurrency: 100 } at most, in prewarm.config.ts',
  );
  expect(address(stderr)).toContain("Checking http://HOST with a few small jobs");
  expect(control.stats().createdJobs).toBe(6);
});

it.each([
  [null, "taken", EXIT.ok, ""],
  [
    700,
    "failed: the input is larger than 700 pixels on its longest edge",
    EXIT.ok,
    "limits: { originalMaxEdge: 8192 }",
  ],
] as const)(
  "sees whether a panorama is taken, with a longest edge of %j",
  async (maxInputEdge, seen, code, setting) => {
    const { apiUrl, control } = await emulator();
    const panorama = await origin();
    const network = (async (input: string, init: RequestInit = {}) => {
      if (String(init.body).includes(panorama)) control.configure({ maxInputEdge });
      return fetch(input, init);
    }) as typeof fetch;
    const result = await check({ ITTYBIT_API_URL: apiUrl }, ["--panorama", panorama], undefined, network);
    expect([result.code, result.stdout]).toEqual([code, expect.stringMatching(new RegExp(`the panorama +${seen}`))]);
    expect(result.lines.at(-1)).toContain(setting);
  },
);

it("tells the same in JSON", async () => {
  const { apiUrl } = await emulator();
  const { stdout } = await check({ ITTYBIT_API_URL: apiUrl }, ["--json"]);
  expect(JSON.parse(stdout)).toMatchObject({
    schema: "prewarm.ittybit-check/1",
    kind: "works",
    dialect: "the current reference",
    observations: expect.arrayContaining([{ what: "metadata", seen: "shown", differs: null }]),
  });
});

it.each<[what: string, env: Record<string, string>, args: string[], says: RegExp]>([
  ["a key", { ITTYBIT_API_KEY: "" }, ["--original", "https://a.example/p.jpg"], /ITTYBIT_API_KEY is not set/],
  ["an original", { ITTYBIT_API_KEY: "k" }, [], /--original is needed/],
  [
    "https",
    { ITTYBIT_API_KEY: "k", ITTYBIT_API_URL: "http://api.example.com" },
    ["--original", "https://a.example/p.jpg"],
    /would travel in the clear/,
  ],
  [
    "an original that Ittybit can reach",
    { ITTYBIT_API_KEY: "k" },
    ["--original", "http://localhost/p.jpg"],
    /on this machine/,
  ],
  ["an original by http", { ITTYBIT_API_KEY: "k" }, ["--original", "s3://b/p.jpg"], /is no http\(s\) address/],
])("needs %s", async (_what, env, args, says) => {
  const world = createWorld({ env });
  expect(await runCli(["ittybit", "check", ...args], world.context, () => {})).toBe(EXIT.usage);
  expect(world.stderr()).toMatch(says);
});

it("asks the real address by default, and says which original cannot be fetched", async () => {
  const asked: string[] = [];
  const network = (async (input: string) => {
    asked.push(input);
    return new Response("", { status: 404 });
  }) as typeof fetch;
  const seen = await check({}, [], "https://cdn.example.com/p.jpg", network);
  expect([seen.code, seen.sentence]).toEqual([
    EXIT.unreachable,
    "Nothing could be checked: the original https://cdn.example.com/p.jpg answers 404; name a picture that anybody may fetch with --original.",
  ]);
  expect(seen.stderr).toContain("Checking https://api.ittybit.com with");
  expect(asked).toEqual(["https://cdn.example.com/p.jpg"]);
});

describe("--record", () => {
  it.each(["reference", "guide", "sdk", "v2025"] as const)(
    "writes what %s said, and nothing that names anybody",
    async (profile) => {
      const { apiUrl, outputUrl, control } = await emulator({ profile, strict: true });
      const folder = mkdtempSync(join(tmpdir(), "record-"));
      const { stderr } = await check({ ITTYBIT_API_URL: apiUrl }, ["--record", folder]);
      const [name = ""] = readdirSync(folder);
      expect(stderr).toContain(`${join(folder, name)}: nothing in it names you`);
      const text = readFileSync(join(folder, name), "utf8");
      const ids = control.jobs().map(({ id }) => id);
      for (const secret of [KEY, "127.0.0.1", "private-name", new URL(outputUrl).port, "check-", ...ids])
        expect(text).not.toContain(secret);
      const { exchanges } = JSON.parse(text) as {
        exchanges: { method: string; path: string; status: number; body: unknown }[];
      };
      expect(exchanges.filter(({ method }) => method === "POST").length).toBeGreaterThanOrEqual(7);
      expect(exchanges[0]).toMatchObject({ method: "GET", status: 200 });
      // A stand-in is the same for the same, so that what was said of a job can still be read.
      const looks = exchanges.filter(({ path }) => /^\/jobs\/\w+$/.test(path));
      for (const { path, body } of looks) expect(readJob(body)?.id).toBe(path.slice("/jobs/".length));
      expect(looks.map(({ body }) => readJob(body)?.status)).toContain("done");
    },
  );
});
