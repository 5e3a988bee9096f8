import { afterEach, expect, it } from "vitest";
import { startTestStack, type TestStack, until } from "./stack.ts";

/** What the embedded Ittybit does to the whole stack beside speaking its dialects. */
let stack: TestStack;
afterEach(() => stack.close());

async function api(path: string, body?: object): Promise<Record<string, unknown>> {
  const response = await fetch(`${stack.controlUrl}${path}`, {
    headers: { authorization: `Bearer ${stack.adminToken}`, "content-type": "application/json" },
    ...(body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }),
  });
  return (await response.json()) as Record<string, unknown>;
}

/** Warms so many widths of one sample; the run. */
async function warm(widths: number[]): Promise<string> {
  const transforms = widths.map((width) => `w=${width}&f=webp`);
  return String((await api("/api/v1/warm", { items: [{ id: "landscape.jpg", transforms }] })).run);
}

async function stored(run: string): Promise<number> {
  return ((await api(`/api/v1/runs/${run}`)).states as { stored: number }).stored;
}

const control = () => stack.emulator!.control;
const LADDER = [
  16, 32, 48, 64, 96, 128, 160, 256, 320, 384, 400, 480, 640, 750, 800, 828, 960, 1080, 1200, 1280, 1440, 1600, 1920,
  2048,
];

it("is restarted three times in mid-run, each time in another dialect: all is stored, and nothing is made twice", async () => {
  stack = await startTestStack({ emulator: { profile: "reference", jobMs: { min: 400, max: 900 } } });
  await fetch(`${stack.controlUrl}/api/v1/gate`, {
    method: "PATCH",
    headers: { authorization: `Bearer ${stack.adminToken}`, "content-type": "application/json" },
    body: JSON.stringify({ concurrency: 4, rate: { perSecond: 10, burst: 4 } }),
  });
  const run = await warm(LADDER);
  for (const [at, profile] of (["guide", "sdk", "v2025"] as const).entries()) {
    await until(
      "a part of it is stored",
      () => stored(run),
      (n) => n >= (at + 1) * 4,
    );
    expect(await stored(run)).toBeLessThan(LADDER.length);
    // While it is down every connection is closed; its jobs and keys outlive it.
    const down = control().addFault({ fault: { type: "reset" }, on: "any" });
    await until(
      "it is missed",
      async () => refused(),
      (n) => n > 0,
    );
    control().configure({ profile });
    control().removeFault(down);
  }
  await until(
    "all of it is stored",
    () => stored(run),
    (n) => n === LADDER.length,
  );
  expect(control().stats().createdJobs).toBe(LADDER.length);
});

/** Calls that were closed without an answer, since the last time. */
let seen = 0;
function refused(): number {
  const all = Object.entries(control().stats().counts).reduce(
    (sum, [name, n]) => sum + (/ reset$/.test(name) ? n : 0),
    0,
  );
  const news = all - seen;
  if (news > 0) seen = all;
  return news;
}
