import type { Clock } from "@prewarm/shared/clock";
import type { Config } from "@prewarm/shared/config";
import { encodedIdOfKey } from "@prewarm/shared/variant-key";
import type { ControlLedger, JobAct, JobFilter, NamedJob } from "../../api/ledger-port.ts";
import { acceptChunk, beginPurge, findDelivery, finishDelivery } from "../protocol/accept-chunk.ts";
import { actionSlice, cancelAction, createAction, getAction, listActions, nextActionAt } from "../protocol/actions.ts";
import { cancelRun } from "../protocol/cancel-run.ts";
import { countMatches } from "../protocol/count-matches.ts";
import { findRows } from "../protocol/find-rows.ts";
import type { PurgeTask } from "../protocol/purge.ts";
import { doctorDone, doctorFrom, doctorSlice } from "../protocol/reconcile.ts";
import { cancelKeys, retryKeys } from "../protocol/retry-and-cancel.ts";
import { sample } from "../protocol/sample.ts";
import { slotsUsed } from "../protocol/slots.ts";
import { audit, listAudit } from "../tables/audit.ts";
import { recordDead } from "../tables/dead-messages.ts";
import { Names } from "../tables/job-names.ts";
import { stateName } from "../tables/row.ts";
import { forgiveSignIns, takeSignInTry } from "../tables/sign-ins.ts";
import type { Sql } from "../tables/sql.ts";
import { text } from "../tables/sql.ts";
import { Tx } from "../tables/tx.ts";
import { deadGroups, deadMessages, deadTotal } from "../views/dead-groups.ts";
import { gateView, patchGate } from "../views/gate-view.ts";
import { history, ledgerStats } from "../views/history.ts";
import { listRuns, publicRun, RunSpeeds } from "../views/runs.ts";
import { attemptsOf, imageRows, jobView } from "../views/views.ts";

/** Calls after which something may have become due: the rest only reads, and a page that polls must not keep the dispatcher busy. */
const CHANGING: ReadonlySet<string> = new Set([
  "acceptChunk",
  "purgeImage",
  "cancelRun",
  "retryJob",
  "cancelJob",
  "createAction",
  "patchGate",
] satisfies (keyof ControlLedger)[]);

/** Slices of actions in one go; what is left waits for the next alarm. */
const SLICES_MAX = 20;

export interface OperatorDeps {
  config: Config;
  clock: Clock;
  /** Runs a purge that has begun, in the background. */
  purge(task: PurgeTask): void;
}

/** The operator's side of the Ledger: what the control API asks, over the same tables and transactions as the core. */
export class OperatorCore {
  readonly #sql: Sql;
  readonly #deps: OperatorDeps;
  readonly #names: Names;
  readonly #speeds = new RunSpeeds();
  #metricErrors = 0;

  constructor(sql: Sql, deps: OperatorDeps) {
    this.#sql = sql;
    this.#deps = deps;
    this.#names = new Names(sql);
  }

  #do<T>(work: (tx: Tx) => T): T {
    const { config, clock } = this.#deps;
    return this.#sql.transaction(() => {
      const tx = new Tx(this.#sql, { config, now: clock.now(), random: () => clock.random() });
      const result = work(tx);
      tx.commit();
      return result;
    });
  }

  /** Every call of the port, by name. */
  readonly calls: ControlLedger = {
    acceptChunk: async (chunk) => this.#do((tx) => acceptChunk(tx, chunk)),
    finishDelivery: async (request) => this.#do((tx) => finishDelivery(tx, request)),
    findDelivery: async (id) => this.#do((tx) => findDelivery(tx, id)),
    purgeImage: async (id, order, who) => {
      const task = this.#do((tx) => beginPurge(tx, id, order, who));
      if (task === null) return { status: "outdated", purge: "" };
      this.#deps.purge(task);
      return { status: "purging", purge: String(task.purge) };
    },
    recordDead: async (messages) => this.#do((tx) => recordDead(tx, messages)),

    lookUp: async (keys) =>
      this.#do((tx) => Object.fromEntries(tx.rows.loadKeys(keys).map((row) => [row.key, stateName(row.state)]))),
    listRuns: async (query) =>
      this.#do((tx) => {
        const { runs, next } = listRuns(tx, query);
        return { runs: runs.map((run) => publicRun(tx, run, this.#speeds)), next };
      }),
    getRun: async (id) => this.#do((tx) => this.#run(tx, id)),
    listJobs: async ({ filter, cursor, limit }) => {
      const keys = await this.#keysOf(filter);
      const found = this.#do((tx) => {
        const { rows, next } = findRows(tx, filter, seqOf(cursor), limit, keys);
        return { views: rows.map((row) => jobView(tx, row)), next };
      });
      return { jobs: await this.#names.name(found.views), next: found.next === null ? null : String(found.next) };
    },
    getJob: async (name) => {
      const key = (await this.#names.keysOf([name])).get(name);
      if (key === undefined) return null;
      const found = this.#do((tx) => {
        const view = tx.rows.loadKeys([key]).map((row) => jobView(tx, row))[0];
        if (view === undefined) return null;
        return { view, attempts: attemptsOf(tx, key), sourceEtag: tx.images.get(encodedIdOfKey(key)).sourceEtag };
      });
      if (found === null) return null;
      const { view, ...rest } = found;
      return { job: { ...view, job: name }, ...rest };
    },
    listDead: async (query) => this.#listDead(query),
    listActions: async ({ cursor, limit }) => this.#do((tx) => listActions(tx, seqOf(cursor), limit)),
    getAction: async (id) => this.#do((tx) => getAction(tx, id)),
    imageRows: async (id) => {
      const { rows, sourceEtag, purging } = this.#do((tx) => imageRows(tx, id));
      return { rows: await this.#names.name(rows), sourceEtag, purging };
    },
    stats: async () => this.#do((tx) => ledgerStats(tx, this.#metricErrors)),
    history: async (tier, from, to) => this.#do((tx) => history(tx, tier, from, to)),
    getGate: async () => this.#do((tx) => gateView(tx.gate, tx.config, slotsUsed(tx), tx.now)),
    listAudit: async ({ cursor, limit }) => this.#do((tx) => listAudit(tx, seqOf(cursor), limit)),

    cancelRun: async (id, who) => {
      const found = this.#do((tx) => {
        const known = cancelRun(tx, id);
        if (known) audit(tx, who, "run.cancel", id, {});
        return known;
      });
      // A run's counts follow its rows at the end of the transaction: they are read in the next.
      return found ? this.#do((tx) => this.#run(tx, id)) : null;
    },
    retryJob: async (name, who) => this.#act(name, who, "retry"),
    cancelJob: async (name, who) => this.#act(name, who, "cancel"),
    countMatches: async (match) => {
      const keys = await this.#keysOf(match);
      return this.#do((tx) => countMatches(tx, match, keys));
    },
    createAction: async (wanted) => {
      const keys = await this.#keysOf(wanted.match);
      return this.#do((tx) =>
        createAction(tx, `act_${crypto.randomUUID().replaceAll("-", "").slice(0, 20)}`, wanted, keys),
      );
    },
    cancelAction: async (id, who) => this.#do((tx) => cancelAction(tx, id, who)),
    patchGate: async (patch, who) =>
      this.#do((tx) => {
        patchGate(tx.gate, patch, tx.now);
        audit(tx, who, "gate.patch", null, { ...patch });
        return gateView(tx.gate, tx.config, slotsUsed(tx), tx.now);
      }),
    takeSignInTry: async (address) => this.#do((tx) => takeSignInTry(tx, address)),
    forgiveSignIns: async (address) => this.#do((tx) => forgiveSignIns(tx, address)),

    doctorFrom: async () => this.#do(doctorFrom),
    doctorSlice: async (request) => this.#do((tx) => doctorSlice(tx, request)),
    doctorDone: async (locks) => this.#do((tx) => doctorDone(tx, locks)),
  };

  static changes(name: string): boolean {
    return CHANGING.has(name);
  }

  /** One call by its name, as it comes over RPC. Throws for a name that is none of the port's. */
  async call(name: string, args: unknown[]): Promise<unknown> {
    if (!Object.hasOwn(this.calls, name)) throw new TypeError(`the ledger has no call ${name}`);
    const calls: Record<string, (...args: never[]) => Promise<unknown>> = { ...this.calls };
    return calls[name]?.(...(args as never[]));
  }

  /** The actions' slices that are due; when to come again, Unix ms, or null. */
  runActions(): number | null {
    for (let slice = 0; slice < SLICES_MAX && this.#do(actionSlice); slice += 1);
    return this.#do(nextActionAt);
  }

  nextActionAt(): number | null {
    return this.#do(nextActionAt);
  }

  /** Called every minute. A metric that fails disturbs nothing, and is counted. */
  sample(): void {
    try {
      this.#do(sample);
    } catch {
      this.#metricErrors += 1;
    }
  }

  #run(tx: Tx, id: string) {
    const run = tx.runs.byId(id);
    return run === null ? null : publicRun(tx, run, this.#speeds);
  }

  async #keysOf({ jobs }: JobFilter): Promise<string[] | null> {
    return jobs === null ? null : [...(await this.#names.keysOf(jobs)).values()];
  }

  async #act(name: string, who: string, kind: "retry" | "cancel"): Promise<JobAct> {
    const key = (await this.#names.keysOf([name])).get(name);
    if (key === undefined) return { status: "none" };
    return this.#do((tx) => {
      const result = (kind === "retry" ? retryKeys : cancelKeys)(tx, [key])[key];
      const view = tx.rows.loadKeys([key]).map((row) => jobView(tx, row))[0];
      if (view === undefined) return { status: "none" };
      if (result !== "ok") return { status: "state" };
      audit(tx, who, `job.${kind}`, name, { key });
      return { status: "ok", job: { ...view, job: name } satisfies NamedJob };
    });
  }

  async #listDead({ fingerprint, lanes, cursor, limit }: Parameters<ControlLedger["listDead"]>[0]) {
    const found = this.#do((tx) => {
      const filter: JobFilter = {
        states: ["dead"],
        lanes,
        run: null,
        id: null,
        format: null,
        error: null,
        text: [],
        fingerprint,
        jobs: null,
      };
      const page = fingerprint === null ? { rows: [], next: null } : findRows(tx, filter, seqOf(cursor), limit);
      return {
        total: deadTotal(tx),
        groups: deadGroups(tx, lanes, fingerprint),
        views: page.rows.map((row) => jobView(tx, row)),
        messages: deadMessages(tx),
        next: page.next === null ? null : text(page.next),
      };
    });
    const samples = await this.#names.name(found.groups.map(({ sample: one }) => one));
    const { views, groups, ...rest } = found;
    return {
      ...rest,
      groups: groups.flatMap((group, index) => {
        const named = samples[index];
        return named === undefined ? [] : [{ ...group, sample: named }];
      }),
      jobs: await this.#names.name(views),
    };
  }
}

/** A cursor is the seq below which the next page begins. */
function seqOf(cursor: string | null): number {
  const seq = cursor === null ? Number.NaN : Number(cursor);
  return Number.isSafeInteger(seq) && seq >= 0 ? seq : Number.MAX_SAFE_INTEGER;
}
