import { glob, readFile } from "node:fs/promises";
import { expect, it } from "vitest";

/* JSON that others wrote is parsed by `parseForeignJson`, which bounds its depth. `JSON.parse` is for what Prewarm itself has written. The linter refuses
 * `.json()` of an answer (`scripts/lint/whole-bodies.grit`). */

/** Why a room or a file parses without the bound. */
const OWN: Record<string, string> = {
  "packages/durable-queue/src/": "columns that the queue wrote",
  "workers/consumer/src/console/": "columns that the ledger wrote",
  "workers/consumer/src/images/": "columns that the ledger wrote",
  "workers/consumer/src/ledger/": "columns that the ledger wrote",
  "workers/consumer/src/api/receipts.ts": "a cursor whose signature is right",
  "workers/consumer/src/platform/deliver-event.ts": "an event as the ledger wrote it",
  "workers/consumer/src/platform/request-body.ts": "right behind the bound",
  "packages/shared/src/foreign-json.ts": "right behind the bound",
  "packages/shared/src/markers.ts": "objects under dead/, control/ and removed/, which the consumer wrote",
  "packages/shared/src/changes.ts": "the object of changes, which the ledger wrote",
  "packages/shared/src/image-info.ts": "objects under info/, which the consumer wrote",
};

it("no code of the Workers parses foreign JSON without a bound", async () => {
  const unbounded: string[] = [];
  for await (const path of glob("{workers/*,packages/shared,packages/durable-queue}/src/**/*.ts")) {
    if (path.endsWith(".test.ts") || path.includes("/testing/")) continue;
    if (Object.keys(OWN).some((own) => path.startsWith(own))) continue;
    if (/JSON\.parse\(/.test(await readFile(path, "utf8"))) unbounded.push(path);
  }
  expect(unbounded).toEqual([]);
});

it("every exception is one", async () => {
  const parses = await Promise.all(
    Object.keys(OWN).map(async (own) => {
      for await (const path of glob(own.endsWith("/") ? `${own}**/*.ts` : own))
        if (/JSON\.parse\(/.test(await readFile(path, "utf8"))) return own;
      return null;
    }),
  );
  expect(parses).toEqual(Object.keys(OWN));
});
