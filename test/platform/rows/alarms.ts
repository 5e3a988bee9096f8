import type { Assumption } from "../assumption.ts";
import { atLeast, atMost, is } from "../expect.ts";
import type { Lab } from "../lab.ts";
import type { Ring, Self } from "../worker/subject.ts";

const ALARMS_PAGE = "Durable Objects, Alarms";
const STORAGE_PAGE = "Durable Objects, SQLite-backed Durable Object Storage";
const CLOCK = "packages/durable-queue/src/object/alarm.ts";
const ON_ALARM = "packages/durable-queue/src/object/on-alarm.ts";
/** The documented delay of an alarm is a minute at most; the check waits as long. */
const LATEST_MS = 60_000;
const STEP_MS = 200;
const PATIENCE_MS = { local: 15_000, cloudflare: LATEST_MS };

/** Waits until the object tells that so many alarms have run, or for `ms`. */
async function rung(lab: Lab, subject: string, runs: number, ms: number): Promise<Self> {
  for (let waited = 0; ; waited += STEP_MS) {
    const self = await lab.ask(subject, "self");
    if (self.rings.length >= runs || waited >= ms) return self;
    await lab.wait(STEP_MS);
  }
}

const gap = ([first, second]: readonly Ring[]): number | string => (first && second ? second.at - first.at : "never");

export const ALARMS: readonly Assumption[] = [
  {
    name: "alarm-runs",
    assumes: "An alarm runs at its time, or at most a minute later.",
    where: ON_ALARM,
    documented: {
      page: STORAGE_PAGE,
      says: "can be delayed by up to a minute due to maintenance or failures while failover takes place",
    },
    check: {
      expects: { "milliseconds late": atMost(LATEST_MS), "milliseconds early": atMost(0), "the alarm runs": is(true) },
      async observe(lab) {
        const subject = lab.unique();
        const wanted = await lab.ask(subject, "setAlarm", 1_000);
        const [ring] = (await rung(lab, subject, 1, PATIENCE_MS[lab.place])).rings;
        const late = (ring?.at ?? Number.POSITIVE_INFINITY) - wanted;
        return {
          "the alarm runs": ring !== undefined,
          "milliseconds late": ring === undefined ? "never" : Math.max(0, late),
          "milliseconds early": Math.max(0, -late),
        };
      },
    },
  },
  {
    name: "alarm-retries",
    assumes: "An alarm that throws runs again.",
    where: ON_ALARM,
    documented: {
      page: ALARMS_PAGE,
      says: "Retries are performed using exponential backoff starting at a 2 second delay from the first failure with up to 6 retries allowed.",
    },
    check: {
      expects: { "runs after one error": is(2), "the second run is a retry": is(true) },
      async observe(lab) {
        const subject = lab.unique();
        await lab.ask(subject, "setAlarm", 100, { throwFirst: 1 });
        const { rings } = await rung(lab, subject, 2, PATIENCE_MS[lab.place]);
        return {
          "runs after one error": rings.length,
          "the second run is a retry": (rings[1]?.retryCount ?? 0) > 0,
          "milliseconds between both": gap(rings),
        };
      },
    },
  },
  {
    name: "alarm-reads-null",
    assumes: "While an alarm runs, `getAlarm()` is null until the run sets another alarm, which then runs too.",
    where: CLOCK,
    documented: {
      page: ALARMS_PAGE,
      says: "If getAlarm is called while an alarm is already running, it returns null unless setAlarm has also been called since the alarm handler started running.",
    },
    check: {
      expects: {
        "null at the beginning of the run": is(true),
        "the new time after setAlarm()": is(true),
        "the new alarm runs": is(true),
        "null when nothing is set any more": is(true),
      },
      async observe(lab) {
        const subject = lab.unique();
        await lab.ask(subject, "setAlarm", 100, { setNextInMs: 500 });
        const { rings } = await rung(lab, subject, 2, PATIENCE_MS[lab.place]);
        const [first] = rings;
        return {
          "null at the beginning of the run": first?.before === null,
          "the new time after setAlarm()": first?.after === (first?.at ?? 0) + 500,
          "the new alarm runs": rings.length === 2,
          "null when nothing is set any more": (await lab.ask(subject, "self")).alarm === null,
        };
      },
    },
  },
  {
    name: "alarm-in-the-past",
    assumes: "An alarm that is set for a time in the past runs at once.",
    where: CLOCK,
    documented: {
      page: STORAGE_PAGE,
      says: "If setAlarm() is called with a time equal to or before Date.now(), the alarm will be scheduled for asynchronous execution in the immediate future.",
    },
    check: {
      expects: { "the alarm runs": is(true) },
      async observe(lab) {
        const subject = lab.unique();
        await lab.ask(subject, "setAlarm", -3_600_000);
        const { rings } = await rung(lab, subject, 1, PATIENCE_MS[lab.place]);
        return { "the alarm runs": rings.length > 0 };
      },
    },
  },
  {
    name: "alarm-replaced",
    assumes: "A second `setAlarm()` takes the place of the first one, also when it is earlier.",
    where: CLOCK,
    documented: {
      page: ALARMS_PAGE,
      says: "If you call setAlarm when there is already one scheduled, it will override the existing alarm.",
    },
    check: {
      expects: { "the earlier alarm runs": is(true), "runs of both": is(1), "null afterwards": is(true) },
      async observe(lab) {
        const subject = lab.unique();
        await lab.ask(subject, "setAlarm", 600_000);
        await lab.ask(subject, "setAlarm", 300);
        const { rings, alarm } = await rung(lab, subject, 1, PATIENCE_MS[lab.place]);
        return {
          "the earlier alarm runs": rings.length > 0,
          "runs of both": rings.length,
          "null afterwards": alarm === null,
        };
      },
    },
  },
  {
    name: "alarm-after-a-reset",
    assumes: "A reset of the object loses no alarm, and an alarm that a reset interrupts runs again.",
    where: ON_ALARM,
    documented: {
      page: "Durable Objects, Durable Object State",
      says: "By default, an alarm interrupted by abort retries after the Durable Object resets.",
    },
    check: {
      expects: {
        "runs of an alarm that was set before the reset": atLeast(1),
        "runs of an interrupted alarm": atLeast(2),
      },
      async observe(lab) {
        const [kept, interrupted] = [lab.unique(), lab.unique()];
        await lab.ask(kept, "setAlarm", 2_000);
        await lab.call(kept, "abort");
        await lab.ask(interrupted, "setAlarm", 100, { abortFirst: true });
        const longest = PATIENCE_MS[lab.place];
        // The first run of the interrupted alarm is seen when the object has come back.
        const selves = await Promise.all([rung(lab, kept, 1, longest), rungAfterReset(lab, interrupted, longest)]);
        return {
          "runs of an alarm that was set before the reset": selves[0].rings.length,
          "runs of an interrupted alarm": selves[1],
        };
      },
    },
  },
  {
    name: "alarm-never-lost",
    assumes:
      "An alarm may be lost: `getAlarm()` is then null, or stays at a time that has passed (cloudflare-docs#18324, workerd#6866). The cron sets such an alarm again.",
    where: CLOCK,
    documented: { page: ALARMS_PAGE, says: "Alarms have guaranteed at-least-once execution" },
    check: null,
  },
];

/** A call may meet the reset: it is simply made again. */
async function rungAfterReset(lab: Lab, subject: string, ms: number): Promise<number> {
  let runs = 0;
  for (let waited = 0; waited < ms && runs < 2; waited += STEP_MS) {
    const self = await lab.call(subject, "self");
    if ("answer" in self) runs = self.answer.rings.length;
    await lab.wait(STEP_MS);
  }
  return runs;
}
