import { readdirSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { describe, expect, it } from "vitest";
import { stateRoot } from "../../dev/settings.ts";
import { tempFolder } from "../temp-folder.ts";
import { control, crowd, failureTriedAgain, firstViewer, imageUrl, jobsOf, storedImage } from "./pipeline.ts";
import { releases, skew } from "./skew.ts";
import { ask, startTestStack, type TestStack, until } from "./stack.ts";

/*
 * A deploy takes a while and may be taken back: each release's consumer, as it was deployed, beside today's. All at once, since most of the
 * time is waiting. Before the first release only today's code runs, on tables that a later version has migrated.
 */

async function pipelineWorks(stack: TestStack): Promise<void> {
  await firstViewer(stack);
  await crowd(stack);
  await failureTriedAgain(stack);
  await operatorActs(stack);
}

/** Calls that end with an id: an old caller sends none, and an old ledger takes it for nothing else. */
async function operatorActs(stack: TestStack): Promise<void> {
  expect(await control(stack, "doctor", { fix: true, restored: true })).toMatchObject({ nextCursor: null });
  const { entries } = (await control(stack, "audit")) as { entries: { what: string; details: object }[] };
  expect(entries.filter(({ what }) => what === "ledger.restored").map(({ details }) => details)).toEqual([{}]);
}

/** Nothing is made in the bulk lane meanwhile. */
async function pauseBulk(stack: TestStack, bulk: boolean): Promise<void> {
  const answer = await fetch(`${stack.controlUrl}/api/v1/gate`, {
    method: "PATCH",
    headers: { authorization: `Bearer ${stack.adminToken}`, "content-type": "application/json" },
    body: JSON.stringify({ paused: { bulk } }),
  });
  expect(answer.status).toBe(200);
}

/** As if a later version had migrated the ledger: every table has a column that the code does not know, and the schema another number. */
function migrateFurther(stateDir: string): void {
  const [file] = readdirSync(stateRoot(stateDir), { recursive: true, encoding: "utf8" }).filter((name) =>
    /Ledger.*[0-9a-f]{64}\.sqlite$/.test(name),
  );
  const db = new DatabaseSync(join(stateRoot(stateDir), file ?? "none"));
  const tables = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT GLOB '_cf_*'").all();
  for (const { name } of tables) db.exec(`ALTER TABLE ${name} ADD COLUMN later TEXT`);
  db.exec("UPDATE schema_version SET version = version + 1");
  db.close();
  expect(tables.length).toBeGreaterThan(15);
}

describe.concurrent.each(releases)("release %s and today's", (old) => {
  it.each([
    ["old handlers with today's ledger", { handlers: old, ledger: null }],
    ["today's handlers with the old ledger", { handlers: null, ledger: old }],
  ])("%s make and serve what is asked for", async (_, parts) => {
    const stack = await startTestStack({ arrange: skew(parts) });
    try {
      await pipelineWorks(stack);
    } finally {
      await stack.close();
    }
  });
});

const older = [["today's code", null] as const, ...releases.map((release) => [release, release] as const)];

it.concurrent.each(older)(
  "after a rollback %s makes what is asked of it, and today's finishes the run",
  async (_, old) => {
    const stateDir = tempFolder("prewarm-rollback-");
    let stack = await startTestStack({ stateDir, arrange: skew({ handlers: null, ledger: null }) });
    const startAgain = async (release: string | null): Promise<void> => {
      stack = await startTestStack({ stateDir, arrange: skew({ handlers: release, ledger: release }) });
    };
    try {
      await pauseBulk(stack, true);
      const { run } = await control(stack, "warm", {
        items: [{ id: "portrait.jpg", transforms: ["w=320&f=jpeg", "w=400&f=webp", "w=640&f=jpeg"] }],
      });
      await stack.close();
      migrateFurther(stateDir);
      await startAgain(old);
      await firstViewer(stack);
      await ask(imageUrl(stack, "portrait.jpg?w=400&f=webp"));
      await storedImage(stack, "portrait.jpg?w=400&f=webp");
      await stack.close();
      await startAgain(null);
      await pauseBulk(stack, false);
      await until(
        "all of the run is stored",
        () => control(stack, `runs/${run}`),
        ({ states }) => (states as { stored: number }).stored === 3,
      );
      // The older code made the third variant.
      expect(jobsOf(stack, "portrait.jpg")).toBe(2);
    } finally {
      await stack.close();
    }
  },
);
