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
  return { ...world, gen, submit: () => world.core.submitted("o", [{ key: KEY, gen, job: "j1", input: "u" }]) };
}

describe("submitted", () => {
  it("stores the job id whoever owns the row by now, and stops who does not", () => {
    const { core, clock, claim, gen, row } = underLease();
    clock.advance(60);
    claim("p", KEY);
    expect(core.submitted("o", [{ key: KEY, gen, job: "j1", input: "u" }])).toEqual({ [KEY]: "stop" });
    expect(row(KEY)).toMatchObject({ upstream: "j1", input: "u", owner: "p" });
  });

  it.each(["cancel", "purge"])("stops an owner whose row has the intent %s", (intent) => {
    const { core, submit, row } = underLease();
    if (intent === "cancel") core.cancelKeys([KEY]);
    else core.purgeBegin("a");
    expect(submit()).toEqual({ [KEY]: "stop" });
    expect(row(KEY)?.upstream).toBe("j1");
  });

  it("keeps an abandoned job's slot longer when its POST is heard of late", () => {
    const { core, clock, claim, settle, gen, abandoned } = underLease({ limits: { maxAttempts: 1 } });
    clock.advance(60);
    claim("p", KEY);
    settle("p", KEY, UNCLEAR);
    expect(abandoned()).toMatchObject([{ gen, job: null }]);
    clock.advance(100);
    core.submitted("o", [{ key: KEY, gen, job: "j1", input: "u" }]);
    expect(abandoned()).toEqual([{ gen, job: "j1", until: clock.ms + 600_000 }]);
  });
});
