import { describe, expect, it } from "vitest";
import { useSharedStack } from "../../../test/e2e/shared-stack.ts";
import { ask } from "../../../test/e2e/stack.ts";
import { EXIT } from "../src/platform/exit-codes.ts";
import { emptyDirectory, runPrewarm } from "./testing/run-prewarm.ts";

/** One command against the whole local stack. The others: cli.e2e.test.ts. */

const stack = useSharedStack();

const prewarm = (args: readonly string[]) =>
  runPrewarm(args, {
    cwd: emptyDirectory(),
    url: stack().controlUrl,
    env: { ADMIN_TOKEN: stack().adminToken, PREWARM_EDGE_URL: stack().edgeUrl },
  });

describe("warm --wait", () => {
  it("returns when what a page asks for is stored: its first view is a hit", async () => {
    const { code, stderr } = await prewarm([
      "warm",
      "warm/hero.jpg",
      "warm/faces.jpg",
      "--transform",
      "w=320&f=avif",
      "--wait",
      "--timeout",
      "30s",
    ]);
    expect({ code, stderr }).toMatchObject({ code: EXIT.ok });
    for (const id of ["warm/hero.jpg", "warm/faces.jpg"]) {
      const { status, headers } = await ask(`${stack().edgeUrl}/images/${id}?w=320&f=avif`);
      expect([status, headers.get("content-type")]).toEqual([200, "image/avif"]);
    }
  });

  it("ends with 1 when an original does not exist, and stores the others", async () => {
    const { code } = await prewarm([
      "warm",
      "warm/nobody.jpg",
      "warm/small.jpg",
      "--transform",
      "w=16",
      "--wait",
      "--timeout",
      "30s",
    ]);
    expect(code).toBe(EXIT.failed);
    expect((await ask(`${stack().edgeUrl}/images/warm/small.jpg?w=16`)).status).toBe(200);
  });
});
