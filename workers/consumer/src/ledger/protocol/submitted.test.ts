import { describe, expect, it } from "vitest";
import type { Outcome } from "../contract.ts";
import { setup } from "../testing/setup.ts";

const KEY = "a/400-high.webp";
const UNCLEAR: Outcome = {
  kind: "unclear",
  failure: { code: "upstream_unclear", message: "timeout" },
  input: "https://o/a",
};

/** A row under lease, and what a test wants to see of it. */
function underLease(options: Parameters<typeof setup>[0] = {}) {
  const world = setup(options);
  const gen = world.granted("o", KEY);
  return { ...world, gen, tell: () => world.submit("o", KEY, gen, "j1") };
}

describe("submitted", () => {
  it("stores the job id whoever owns the row by now, and stops who does not", () => {
    const { clock, row, claim, tell } = underLease();
    clock.advance(60);
    claim("p", KEY);
    expect(tell()).toEqual({ [KEY]: "stop" });
    expect(row(KEY)).toMatchObject({ ittybitJob: "j1", input: "u", owner: "p" });
  });

  it.each(["cancel", "purge"])("stops an owner whose row has the intent %s", async (intent) => {
    const { row, tell, cancel, purge } = underLease();
    if (intent === "cancel") await cancel(KEY);
    else purge("a");
    expect(tell()).toEqual({ [KEY]: "stop" });
    expect(row(KEY)?.ittybitJob).toBe("j1");
  });

  it("keeps an abandoned job's slot longer when its POST is heard of late", () => {
    const { clock, claim, settle, tell, abandoned, gen } = underLease({ limits: { maxAttempts: 1 } });
    clock.advance(60);
    claim("p", KEY);
    settle("p", KEY, UNCLEAR);
    expect(abandoned()).toMatchObject([{ gen, job: null }]);
    clock.advance(100);
    tell();
    expect(abandoned()).toEqual([{ gen, job: "j1", until: clock.ms + 600_000 }]);
  });
});
