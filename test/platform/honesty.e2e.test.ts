import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ASSUMPTIONS } from "./assumptions.ts";
import { createLab } from "./lab.ts";
import { type RunningWorker, startLocal } from "./local.ts";
import { runChecks } from "./run-checks.ts";

const KEY = "key of this test";

/** On workerd the consumers do not grow: its own run shows that the check tells so. */
const LIED_ABOUT = ASSUMPTIONS.filter(({ name, check }) => check !== null && name !== "consumers-grow");

describe("a platform that is wrong in one way", () => {
  let worker: RunningWorker;
  beforeAll(async () => {
    worker = await startLocal(KEY, "wrong/worker.ts");
  });
  afterAll(() => worker.close());

  // The local runtime keeps no bookmarks, so only what is demanded of Cloudflare can fail.
  const place = (name: string) => (name === "bookmarks" ? ("cloudflare" as const) : ("local" as const));

  it("is told by the check of each assumption", async () => {
    const told = await Promise.all(
      LIED_ABOUT.map((one) =>
        runChecks([one], createLab({ url: worker.url, key: KEY, place: place(one.name), lie: one.name })),
      ),
    );
    const results = Object.assign({}, ...told);
    for (const { name } of LIED_ABOUT) {
      expect(results[name], `${name}: ${results[name]?.saw}`).toMatchObject({ verdict: "differs" });
      expect(results[name]?.saw, name).not.toContain("the check ended with an error");
    }
  });
});
