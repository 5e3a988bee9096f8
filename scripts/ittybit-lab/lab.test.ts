import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { EXIT } from "../../apps/cli/src/platform/exit-codes.ts";
import { tempFolder } from "../../test/temp-folder.ts";
import { readJob } from "../../workers/consumer/src/ittybit/dialects.ts";
import { address, emulator, examine, KEY, origin } from "./lab-world.ts";

const WORKS = "Prewarm works with this service, which speaks as";

it("waits through a storm of 429s and says so, with the setting", async () => {
  const faults = [{ fault: { type: "throttled", seconds: 2 }, on: "any", times: 9 } as const];
  const { apiUrl } = await emulator({ faults });
  const { code, sentence, lines, slept } = await examine({ ITTYBIT_API_URL: apiUrl });
  expect(sentence).toBe(`${WORKS} the current reference, with a difference: it answered 429 to a few calls.`);
  expect([code, lines.at(-1)]).toEqual([EXIT.ok, expect.stringContaining("gate: { ratePerSecond: …")]);
  expect(slept).toBeGreaterThanOrEqual(18_000);
});

it("waits a minute in all, and no longer", async () => {
  const { apiUrl } = await emulator({ faults: [{ fault: { type: "throttled", seconds: 9 }, on: "any" }] });
  const { slept } = await examine({ ITTYBIT_API_URL: apiUrl });
  expect([slept > 50_000, slept <= 60_000]).toEqual([true, true]);
});

it("does not work with a service that takes no notice of the key of a POST", async () => {
  const { apiUrl } = await emulator();
  const forgetful = ((input: string, init: RequestInit = {}) => {
    const headers = new Headers(init.headers);
    headers.delete("idempotency-key");
    return fetch(input, { ...init, headers });
  }) as typeof fetch;
  const { code, sentence } = await examine({ ITTYBIT_API_URL: apiUrl }, [], undefined, forgetful);
  expect([code, sentence]).toEqual([
    EXIT.failed,
    "Prewarm does not work with this service: a repeated POST under the same Idempotency-Key made a second job, so that a lost answer is paid for twice; ask Ittybit whether the account's version knows Idempotency-Key.",
  ]);
});

it("ends with the settings to use, and exits 0 with differences", async () => {
  const { apiUrl, control } = await emulator({ lists: false });
  const { code, lines, stderr } = await examine({ ITTYBIT_API_URL: apiUrl, ITTYBIT_ACCEPT_VERSION: "2026-01-01" });
  expect(code).toBe(EXIT.ok);
  expect(address(lines.at(-1) ?? "")).toBe(
    'Settings: vars: { ITTYBIT_API_URL: "http://HOST" } in deploy.<env> of prewarm.config.ts · vars: { ITTYBIT_ACCEPT_VERSION: "2026-01-01" } in deploy.<env> of prewarm.config.ts · gate: { concurrency: 100 } at most, in prewarm.config.ts',
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
    const result = await examine({ ITTYBIT_API_URL: apiUrl }, ["--panorama", panorama], undefined, network);
    expect([result.code, result.stdout]).toEqual([code, expect.stringMatching(new RegExp(`the panorama +${seen}`))]);
    expect(result.lines.at(-1)).toContain(setting);
  },
);

it.each([
  ["removed by Ittybit from all 5 results", true, false],
  ["left by Ittybit in avif, jpeg, png, webp (Exif, XMP, text); Prewarm removes it from what it stores", true, true],
  ["not tried: the original holds neither Exif nor XMP; name a geotagged photo with --original", false, true],
] as const)("says of a photo's position and author: %s", async (seen, isTagged, keepMetadata) => {
  const { apiUrl } = await emulator({ keepMetadata });
  const original = await origin({ isTagged });
  const { code, stdout } = await examine({ ITTYBIT_API_URL: apiUrl }, ["--json"], original);
  const { observations } = JSON.parse(stdout) as { observations: { what: string; seen: string }[] };
  expect([code, observations.filter(({ what }) => what === "position, author")]).toEqual([
    EXIT.ok,
    [{ what: "position, author", seen, differs: null }],
  ]);
});

it("tells the same in JSON", async () => {
  const { apiUrl } = await emulator();
  const { stdout } = await examine({ ITTYBIT_API_URL: apiUrl }, ["--json"]);
  expect(JSON.parse(stdout)).toMatchObject({
    kind: "works",
    dialect: "the current reference",
    observations: expect.arrayContaining([{ what: "metadata", seen: "shown", differs: null }]),
  });
});

describe("--record", () => {
  it.each(["reference", "guide", "sdk", "v2025"] as const)(
    "writes what %s said, and nothing that names anybody",
    async (profile) => {
      const { apiUrl, outputUrl, control } = await emulator({ profile, strict: true });
      const folder = tempFolder("prewarm-record-");
      const { stderr } = await examine({ ITTYBIT_API_URL: apiUrl }, ["--record", folder]);
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
