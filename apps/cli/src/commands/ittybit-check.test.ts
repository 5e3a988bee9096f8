import { expect, it } from "vitest";
import { closedPort, emulator, KEY, origin } from "../../../../scripts/ittybit-lab/lab-world.ts";
import { checkKey } from "../../../../workers/consumer/src/ittybit/check/check-key.ts";
import { createWorld } from "../../test/testing/fake-world.ts";
import { EXIT } from "../platform/exit-codes.ts";
import { runCli } from "../run-cli.ts";
import type { CheckKey } from "./ittybit-check.ts";

// What the command imports when it runs has the shape that it expects.
checkKey satisfies CheckKey;

async function check(
  env: Record<string, string>,
  original?: string,
  network: typeof fetch = fetch,
  more: string[] = [],
) {
  const world = createWorld({ env: { ITTYBIT_API_KEY: KEY, ...env } });
  const { sleep } = world.context;
  const context: typeof world.context = {
    ...world.context,
    // Ittybit works in real time; what the check sleeps only counts.
    clock: { now: () => Date.now() + world.slept(), random: Math.random },
    fetch: network,
    sleep: async (ms) => {
      await sleep(ms);
      await new Promise((resolve) => setTimeout(resolve, Math.min(ms, 20)));
    },
  };
  const words = ["ittybit", "check", "--original", original ?? (await origin()), ...more];
  const code = await runCli(words, context, () => {});
  return { code, sentence: world.stdout().trim(), stderr: world.stderr() };
}

it("says in one sentence that Prewarm works, after five jobs", async () => {
  const { apiUrl, control } = await emulator();
  const { code, sentence } = await check({ ITTYBIT_API_URL: apiUrl });
  expect([code, sentence]).toEqual([EXIT.ok, "Prewarm works with this service."]);
  expect(control.stats().createdJobs).toBe(5);
});

it("names the formats that the service does not make", async () => {
  const fault = { type: "status", status: 400, kind: "format_unsupported", message: "no avif" } as const;
  const { apiUrl } = await emulator({ faults: [{ match: { options: { format: "avif" } }, fault }] });
  const { code, sentence } = await check({ ITTYBIT_API_URL: apiUrl });
  expect([code, sentence]).toEqual([
    EXIT.ok,
    expect.stringMatching(/^Prewarm works with this service, but such variants end dead: avif \(.*no avif.*\)\.$/),
  ]);
});

it.each([
  ["a failed job", EXIT.failed, /^Prewarm does not work with this service: the job ended failed: no room/],
  ["a wrong key", EXIT.auth, /^Nothing could be checked: your key is refused/],
  ["a closed port", EXIT.unreachable, /^Nothing could be checked: .*nothing listens there/],
])("ends after %s with the code %i and a sentence", async (what, code, says) => {
  const faults =
    what === "a failed job" ? [{ fault: { type: "failed", error: { kind: "x", message: "no room" } } } as const] : [];
  const { apiUrl } = await emulator({ faults });
  const key = what === "a wrong key" ? { ITTYBIT_API_KEY: "another" } : {};
  const seen = await check({ ITTYBIT_API_URL: what === "a closed port" ? await closedPort() : apiUrl, ...key });
  expect([seen.code, seen.sentence]).toEqual([code, expect.stringMatching(says)]);
});

it("tells the same in JSON", async () => {
  const { apiUrl } = await emulator();
  const { sentence } = await check({ ITTYBIT_API_URL: apiUrl }, undefined, fetch, ["--json"]);
  expect(JSON.parse(sentence)).toMatchObject({ schema: "prewarm.ittybit-check/1", kind: "works", why: "ok" });
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
  const seen = await check({}, "https://cdn.example.com/p.jpg", network);
  expect([seen.code, seen.sentence]).toEqual([
    EXIT.unreachable,
    "Nothing could be checked: the original https://cdn.example.com/p.jpg answers 404; name a picture that anybody may fetch with --original.",
  ]);
  expect(seen.stderr).toContain("Checking https://api.ittybit.com with");
  expect(asked).toEqual(["https://cdn.example.com/p.jpg"]);
});
