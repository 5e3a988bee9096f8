import type { Sql } from "@prewarm/durable-queue";
import type { DirectLedger } from "../direct-calls.ts";
import { testConfig } from "../setup-config.ts";
import { testEngine } from "../test-engine.ts";
import { FORMS } from "./calls.ts";
import { type DaySize, fillDay, NOON } from "./fill-day.ts";

const CONFIG = testConfig({
  events: [{ url: "https://events.example.com/hook", secrets: ["EVENTS"] }],
});

/**
 * Makes every call of the ledger over a day, on the real engine, and answers what each adds to a count: the most of its forms.
 * `opening`: a new instance begins. `firstView`: its first call, a viewer's.
 */
export async function callsOfDay(sql: Sql, size: DaySize, count: () => number): Promise<Record<string, number>> {
  const clock = { now: () => NOON, random: () => 0.5 };
  // A pass that a call begins does not end within another call.
  const never = new Promise<never>(() => undefined);
  const open = (): DirectLedger => testEngine(sql, { config: CONFIG, clock }, { sweep: () => never }).engine;
  open();
  fillDay(sql, size);
  const most: Record<string, number> = {};
  const note = async (name: string, work: () => unknown): Promise<void> => {
    const before = count();
    await work();
    most[name] = Math.max(most[name] ?? 0, count() - before);
  };
  let ledger = open();
  await note("opening", () => {
    ledger = open();
  });
  const [view] = FORMS.exchange;
  await note("firstView", () => view?.(ledger));
  for (const [name, forms] of Object.entries(FORMS)) for (const form of forms) await note(name, () => form(ledger));
  return most;
}
