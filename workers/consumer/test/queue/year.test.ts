import { RULES as QUEUE_RULES } from "@prewarm/durable-queue";
import { expect, it } from "vitest";
import type { ExchangeRequest } from "../../src/ledger/calls.ts";
import { OWN_RULES } from "../../src/ledger/tables/own-tables.ts";
import { setup } from "../../src/ledger/testing/setup.ts";

const RULES = { ...QUEUE_RULES, ...OWN_RULES };

/*
 * A year of virtual time, in steps of six hours, at a hundred-thousandth of 10 new images (of six variants), 20 ids that are none and 15 hook deliveries a second:
 * no table grows once its time is over. At the full rate a swept table holds what may stand in it, and two hours' rows more.
 */
const SAMPLED = 100_000;
const PER_SECOND = { images: 10, junk: 20, again: 5 };
const STEP_MS = 6 * 3_600_000;
const STEPS_A_MONTH = 122;
const WIDTHS = [320, 640, 828, 1080, 1440, 1920];

function traffic() {
  const world = setup({ budget: { month: null } });
  const { clock, ledger } = world;
  const owed = { images: 0, junk: 0, again: 0 };
  let [images, junk, owners] = [0, 0, 0];
  const uploaded = (n: number) => {
    const id = `uploads/2027/${Math.imul(n + 1, 2_654_435_761) >>> 0}.jpg`;
    const keys = WIDTHS.map((width) => `${encodeURIComponent(id)}/${width}-high.webp`);
    const told = { id, order: `2027-01-01T00:00:00.${n}Z`, sourceEtag: `"${"e".repeat(32)}${n}"` };
    const run = `hook_uploads_${new Date(clock.ms).toISOString().slice(0, 10)}`;
    const delivery = { id: `hook:uploads:msg_${crypto.randomUUID()}`, hash: "5".repeat(64) };
    const images = [{ ...told, keys }];
    ledger.acceptChunk({
      run: { run, label: null, lane: "upload" },
      delivery: { ...delivery, chunk: 0 },
      images,
      force: false,
      backlogMax: 10_000_000,
    });
    ledger.finishDelivery({ delivery: { ...delivery, chunks: 1 }, run, who: "hook uploads", summary: {} });
  };
  const call = (said: Partial<ExchangeRequest>) => {
    const nothing = { have: [], asks: [], submitted: [], settled: [], leave: false };
    const answer = ledger.exchange({ owner: `o${owners}`, first: false, role: "work", room: 40, ...nothing, ...said });
    return answer.status === "ok" ? answer.give : [];
  };
  const take = (name: keyof typeof owed): number => {
    owed[name] += (PER_SECOND[name] * STEP_MS) / 1_000 / SAMPLED;
    const now = Math.floor(owed[name]);
    owed[name] -= now;
    return now;
  };
  /** Everything that comes in a step, and what handlers make of it. */
  return {
    ...world,
    async step() {
      for (let n = take("images"); n > 0; n -= 1) uploaded(images++);
      for (let n = take("again"); n > 0; n -= 1) uploaded(Math.max(0, images - 1 - ((n * 7_919 + junk) % 50)));
      owners += 1;
      const asks = Array.from({ length: take("junk") }, () => ({
        key: `wp-${(junk++).toString(36)}.php/640-high.webp`,
        at: clock.ms,
      }));
      const refusal = {
        kind: "refused" as const,
        code: "missing" as const,
        until: clock.ms + 60_000,
        message: "The original answers 404.",
      };
      const asked = call({ first: true, role: "urgent", room: 0, asks });
      call({ leave: true, settled: asked.map(({ id, gen }) => ({ id, gen, outcome: refusal })) });
      owners += 1;
      for (let given = call({ first: true }); given.length > 0; given = call({}))
        call({
          room: 0,
          settled: given.map(({ id, gen }) => ({
            id,
            gen,
            outcome: { kind: "present" as const, objectGen: gen, bytes: 9, posted: false },
          })),
        });
      call({ leave: true });
      clock.ms += STEP_MS / 2;
      await ledger.rearm();
      clock.ms += STEP_MS / 2;
      await ledger.rearm();
    },
  };
}

it("a year of traffic ends with tables as large as after their time, and the ledger below 1 GB at the full rate", async () => {
  const { sql, step } = traffic();
  const tables = sql.exec("SELECT name FROM sqlite_master WHERE type = 'table'").map(({ name }) => String(name));
  const months: Record<string, number>[] = [];
  for (let month = 0; month < 12; month += 1) {
    for (let n = 0; n < STEPS_A_MONTH; n += 1) await step();
    months.push(
      Object.fromEntries(tables.map((table) => [table, Number(sql.exec(`SELECT count(*) AS n FROM ${table}`)[0]?.n)])),
    );
  }
  const [fifth, last] = [months[4] ?? {}, months[11] ?? {}];
  // History is kept for 400 days, at most 20 kB a day; the audit log holds 20,000 entries.
  const grown = tables.filter(
    (table) => table !== "hist" && table !== "audit" && (last[table] ?? 0) > 1.05 * (fifth[table] ?? 0) + 5,
  );
  expect(grown.map((table) => `${table}: ${fifth[table]} after 5 months, ${last[table]} after 12`)).toEqual([]);

  // What its rows take where pages are two thirds full: at this sample most tables fill one page or two.
  const perRow = (table: string, ...indexes: string[]) => {
    const query = "SELECT sum(payload + 12 * ncell) AS n FROM dbstat WHERE name IN (SELECT value FROM json_each(?))";
    const bytes = Number(sql.exec(query, JSON.stringify([table, ...indexes]))[0]?.n);
    return (1.5 * bytes) / Math.max(1, last[table] ?? 0);
  };
  const anHour = {
    refused: PER_SECOND.junk * 3_600,
    inbox: (PER_SECOND.images + PER_SECOND.again) * 3_600,
    images: PER_SECOND.images * 3_600,
  };
  const full = {
    jobs: perRow("jobs", "jobs_ended", "jobs_due") * (RULES.refused.most + 2 * anHour.refused),
    inbox: perRow("inbox") * (RULES.inbox.most + 2 * anHour.inbox),
    images: perRow("images") * (RULES.images.most + 2 * anHour.images),
    // Rows of up to 50 kB; a day's minutes, and 400 days of hours; a second pass after 16 minutes.
    recent: 2_000 * 52_000,
    hist: 2 * 1_400_000 + 400 * 20_000,
    sweeps: perRow("sweeps") * anHour.images,
    audit: 20_000 * 1_000,
  };
  const sum = Object.values(full).reduce((all, bytes) => all + bytes, 0);
  console.log(
    Object.entries(full)
      .map(([table, bytes]) => `${table} ${(bytes / 1e6).toFixed(0)} MB`)
      .join(", "),
    `together ${(sum / 1e6).toFixed(0)} MB; a row of images ${perRow("images").toFixed(0)}, inbox ${perRow("inbox").toFixed(0)}, refused ${perRow("jobs", "jobs_ended").toFixed(0)} bytes`,
  );
  expect(sum).toBeLessThan(1_000_000_000);
}, 300_000);
