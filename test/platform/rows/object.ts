import type { Assumption } from "../assumption.ts";
import { atLeast, is } from "../expect.ts";

const STORAGE_PAGE = "Durable Objects, SQLite-backed Durable Object Storage";
const ERRORS_PAGE = "Durable Objects, Error handling";
const LIMITS_PAGE = "Durable Objects, Limits";
const CLIENT = "workers/consumer/src/ledger/ledger-for.ts";
const OBJECT = "workers/consumer/src/ledger/ledger-object.ts";
const SQL = "packages/durable-queue/src/tables/sql.ts";

/** An idle object is evicted after 10 s by the local runtime, and after 70 to 140 s by Cloudflare. */
const IDLE_MS = { local: 14_000, cloudflare: 160_000 };
const TICK_MS = 1_000;

export const OBJECT_ROWS: readonly Assumption[] = [
  {
    name: "thrown-by-our-code",
    assumes:
      "An error that the object's own code throws reaches the caller without `retryable` and without `overloaded`.",
    where: CLIENT,
    documented: {
      page: ERRORS_PAGE,
      says: "An exception can be thrown within the user code which implements a Durable Object class. The resulting exception will have a .remote property set to True in this case.",
    },
    check: {
      expects: { "the call throws": is(true), retryable: is(false), overloaded: is(false) },
      async observe(lab) {
        const called = await lab.call(lab.unique(), "fail");
        if ("answer" in called) return { "the call throws": false, retryable: false, overloaded: false };
        const { retryable, overloaded, remote } = called.error;
        return { "the call throws": true, retryable, overloaded, remote };
      },
    },
  },
  {
    name: "heard-and-thrown",
    assumes: "A call that throws may have been heard, whatever its flags say: its writes may be there.",
    where: CLIENT,
    documented: {
      page: "Durable Objects, Automatic retries",
      says: "The connection dropped, and the runtime cannot tell whether the Durable Object received the request.",
    },
    check: {
      expects: {
        "the call throws": is(true),
        "the write of the call is there": is(true),
        overloaded: is(false),
      },
      async observe(lab) {
        const subject = lab.unique();
        const called = await lab.call(subject, "noteThenAbort", "heard", "yes");
        const flags = "error" in called ? called.error : { retryable: false, overloaded: false };
        return {
          "the call throws": "error" in called,
          "the write of the call is there": (await lab.ask(subject, "noted", "heard")) === "yes",
          retryable: flags.retryable,
          overloaded: flags.overloaded,
        };
      },
    },
  },
  {
    name: "once-by-the-runtime",
    assumes: "The runtime's own retries run no call twice.",
    where: CLIENT,
    documented: {
      page: "Durable Objects, Automatic retries",
      says: "If the Durable Object already received the first attempt, it rejects the retry, and the call fails with the original error.",
    },
    check: {
      alone: true,
      expects: { "calls of 20 around three resets that ran twice": is(0), "calls that were answered": atLeast(1) },
      async observe(lab) {
        const subject = lab.unique();
        const calls = Array.from({ length: 20 }, async (_, n) => {
          await lab.wait(80 * n);
          return "answer" in (await lab.call(subject, "countUp", `call ${n}`));
        });
        const resets = [300, 800, 1_300].map(async (ms) => {
          await lab.wait(ms);
          await lab.call(subject, "abort");
        });
        const [answered] = await Promise.all([Promise.all(calls), Promise.all(resets)]);
        const counts = await Promise.all(answered.map((_, n) => lab.ask(subject, "noted", `call ${n}`)));
        return {
          "calls of 20 around three resets that ran twice": counts.filter((count) => Number(count) > 1).length,
          "calls that were answered": answered.filter(Boolean).length,
        };
      },
    },
  },
  {
    name: "used-stub",
    assumes: "A stub whose call has thrown may throw for ever; a new stub reaches the object again.",
    where: CLIENT,
    documented: {
      page: ERRORS_PAGE,
      says: "Many exceptions leave the DurableObjectStub in a “broken” state, such that all attempts to send additional requests will just fail immediately with the original exception.",
    },
    check: {
      expects: {
        "the call throws": is(true),
        "the same stub throws again": is(true, { kinder: false }),
        "a new stub answers": is(true),
      },
      observe: (lab) => lab.probe("used-stub"),
    },
  },
  {
    name: "loaded-first",
    assumes: "`blockConcurrencyWhile()` in the constructor ends before the first call runs.",
    where: OBJECT,
    documented: {
      page: "Durable Objects, Durable Object State",
      says: "blockConcurrencyWhile executes an async callback while blocking any other events from being delivered to the Durable Object until the callback completes.",
    },
    check: {
      expects: { "the first call finds the object loaded": is(true) },
      observe: async (lab) => ({
        "the first call finds the object loaded": (await lab.ask(lab.unique(), "self")).loaded,
      }),
    },
  },
  {
    name: "answered-is-written",
    assumes: "No answer leaves the object before its writes are on disk.",
    where: OBJECT,
    documented: {
      page: "Blog, Durable Objects: Easy, Fast, Correct: Choose three",
      says: "When a storage write operation is in progress, any new outgoing network messages will be held back until the write has completed.",
    },
    check: {
      expects: { "answered writes of 20 that a reset lost": is(0) },
      async observe(lab) {
        let lost = 0;
        for (let n = 0; n < 20; n += 1) {
          const subject = lab.unique();
          await lab.ask(subject, "note", "answered", String(n));
          await lab.call(subject, "abort");
          if ((await lab.ask(subject, "noted", "answered")) !== String(n)) lost += 1;
        }
        return { "answered writes of 20 that a reset lost": lost };
      },
    },
  },
  {
    name: "rolled-back",
    assumes: "`transactionSync()` takes every write back when its callback throws.",
    where: "packages/durable-queue/src/object/transactions.ts",
    documented: { page: STORAGE_PAGE, says: "If callback() throws an exception, the transaction will be rolled back." },
    check: {
      expects: { "the error comes out": is(true), "rows left behind": is(0) },
      async observe(lab) {
        const { threw, rows } = await lab.ask(lab.unique(), "rollBack");
        return { "the error comes out": threw, "rows left behind": rows };
      },
    },
  },
  {
    name: "bound-parameters",
    assumes: "A query takes 100 bound parameters, and no more.",
    where: SQL,
    documented: { page: LIMITS_PAGE, says: "Maximum bound parameters per query: 100" },
    check: {
      expects: { "100 are taken": is(true), "101 are taken": is(false, { kinder: true }) },
      async observe(lab) {
        const subject = lab.unique();
        return {
          "100 are taken": await lab.ask(subject, "bind", 100),
          "101 are taken": await lab.ask(subject, "bind", 101),
        };
      },
    },
  },
  {
    name: "long-values",
    assumes: "A text of almost 2,000,000 bytes can be stored, and one of 2,200,000 cannot.",
    where: SQL,
    documented: { page: LIMITS_PAGE, says: "Maximum string, BLOB or table row size: 2 MB" },
    check: {
      expects: { "1,999,000 bytes are taken": is(true), "2,200,000 bytes are taken": is(false, { kinder: true }) },
      async observe(lab) {
        const subject = lab.unique();
        return {
          "1,999,000 bytes are taken": await lab.ask(subject, "keep", 1_999_000),
          "2,200,000 bytes are taken": await lab.ask(subject, "keep", 2_200_000),
        };
      },
    },
  },
  {
    name: "pending-timers",
    assumes: "A pending timer keeps an object that nobody calls in memory (from compatibility date 2026-10-01 on).",
    where: "workers/consumer/src/ittybit/poller/poller.ts",
    documented: {
      page: "Changelog, 2026-10-01",
      says: "Promises passed to this.ctx.waitUntil() and pending setTimeout() and setInterval() timers also receive this protection.",
    },
    check: {
      expects: { "the same instance answers": is(true), "steps of the timer": atLeast(12) },
      async observe(lab) {
        const subject = lab.unique();
        const ms = IDLE_MS[lab.place];
        const { instance } = await lab.ask(subject, "self");
        await lab.ask(subject, "tick", TICK_MS, ms / TICK_MS);
        await lab.wait(ms);
        const self = await lab.ask(subject, "self");
        return {
          "the same instance answers": self.instance === instance,
          "steps of the timer": self.ticks,
          "seconds without a call": ms / 1_000,
        };
      },
    },
  },
  {
    name: "timeout-signals",
    assumes:
      "The timer of `AbortSignal.timeout()` keeps an object in memory until its time, also after the fetch; a cleared timer lets it go.",
    where: "packages/shared/src/clock.ts",
    documented: null,
    check: {
      expects: {
        "the object with a cleared timer is evicted": is(true),
        "the object with a signal is evicted": is(false, { kinder: true }),
      },
      async observe(lab) {
        const ms = IDLE_MS[lab.place];
        const subjects = { signal: lab.unique(), cleared: lab.unique() };
        const [signal, cleared] = await Promise.all([
          lab.ask(subjects.signal, "limitFetch", "signal", 10 * ms),
          lab.ask(subjects.cleared, "limitFetch", "cleared", 10 * ms),
        ]);
        await lab.wait(ms);
        return {
          "the object with a cleared timer is evicted": (await lab.ask(subjects.cleared, "self")).instance !== cleared,
          "the object with a signal is evicted": (await lab.ask(subjects.signal, "self")).instance !== signal,
          "seconds without a call": ms / 1_000,
        };
      },
    },
  },
  {
    name: "bookmarks",
    assumes: "The database can be put back to a bookmark.",
    where: OBJECT,
    documented: {
      page: STORAGE_PAGE,
      says: "Configures the Durable Object so that the next time it restarts, it should restore its storage to exactly match what the storage contained at the given bookmark.",
    },
    check: {
      expects: { "the older value is back": is(true) },
      async observe(lab) {
        const subject = lab.unique();
        await lab.ask(subject, "note", "restored", "older");
        const bookmark = await lab.ask(subject, "bookmark");
        await lab.ask(subject, "note", "restored", "newer");
        await lab.call(subject, "restore", bookmark);
        const isBack = (await lab.ask(subject, "noted", "restored")) === "older";
        // The same page: "The PITR API is not supported in local development".
        return { "the older value is back": isBack || lab.place === "cloudflare" ? isBack : null };
      },
    },
  },
];
