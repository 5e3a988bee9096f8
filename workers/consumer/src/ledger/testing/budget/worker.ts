import { DurableObject } from "cloudflare:workers";
import type { Outcome, Submitted } from "../../contract.ts";
import { durableSql } from "../../tables/sql.ts";
import { chunkOf } from "../chunk-of.ts";
import { testConfig } from "../setup-config.ts";
import { testEngine } from "../test-engine.ts";

interface Spent {
  accept: number;
  dispatch: number;
  claim: number;
  submitted: number;
  settle: number;
}

/** Runs one batch from accept to stored over the platform's own SQLite and counts the rows it bills. */
export class Budget extends DurableObject {
  run(keys: string[]): Spent {
    const sql = durableSql(this.ctx.storage);
    const clock = { now: () => Date.UTC(2026, 10, 24), random: () => 0.5 };
    const config = testConfig({ gate: { concurrency: 1_000, burst: 1_000 } });
    const { engine: ledger } = testEngine(sql, { config, clock });
    const spend = <T>(work: () => T): { rows: number; answer: T } => {
      const before = sql.rowsWritten;
      const answer = work();
      return { rows: sql.rowsWritten - before, answer };
    };
    const accept = spend(() => ledger.acceptChunk(chunkOf({ keys }, { id: "d", chunk: 0, hash: "h" })));
    const dispatch = spend(() => ledger.steps.dispatch());
    const messages = dispatch.answer.map((message) => ({ keys: message.keys, live: false, at: clock.now() }));
    const claim = spend(() => ledger.claim("owner", messages));
    const jobs: Submitted[] = Object.entries(claim.answer.claims).map(([key, answer]) => {
      if (answer.do !== "run") throw new Error(`${key}: ${answer.do}`);
      return { key, gen: answer.gen, ittybitJob: crypto.randomUUID(), input: `https://originals.example/${key}` };
    });
    const submitted = spend(() => ledger.submitted("owner", jobs));
    const outcomes: Record<string, Outcome> = {};
    for (const { key, gen } of jobs)
      outcomes[key] = { kind: "stored", gen, bytes: 1, etag: "0123456789abcdef0123456789abcdef", tookMs: 900 };
    const settle = spend(() => ledger.settle("owner", outcomes));
    if (ledger.stats().counts.bulk.stored !== keys.length) throw new Error("not all are stored");
    return {
      accept: accept.rows,
      dispatch: dispatch.rows,
      claim: claim.rows,
      submitted: submitted.rows,
      settle: settle.rows,
    };
  }
}

export default {
  async fetch(request: Request, env: { BUDGET: DurableObjectNamespace<Budget> }): Promise<Response> {
    const keys = await request.json<string[]>();
    return Response.json(await env.BUDGET.getByName(String(keys.length)).run(keys));
  },
};
