import { idOfKey, missingKey } from "@prewarm/shared/variant-key";
import type { ExchangeRequest } from "../../../workers/consumer/src/ledger/calls.ts";
import type { CrashPoint } from "../../../workers/consumer/src/making/crash-points.ts";
import { picture } from "../../../workers/consumer/src/testing/pictures.ts";
import type { TestService } from "../../../workers/consumer/src/testing/test-service.ts";
import { CalmWorld, HTML_ID, ORIGINALS } from "../calm-world.ts";

/** Two variants of one original, two of one whose body breaks off, one that is HTML, one that is purged while it is put, one whose job somebody else left behind; and of
 * images that nobody knows viewers ask for a picture, for HTML, and for one that is not there. */
export const KEYS = {
  small: "a/400-high.webp",
  large: "a/800-high.webp",
  broken: "broken/400-high.webp",
  largeBroken: "broken/800-high.webp",
  bad: `${HTML_ID}/400-high.webp`,
  purged: "p/400-high.webp",
  left: "o/400-high.webp",
  viewed: "v/400-high.webp",
  badView: `${HTML_ID}-viewed/400-high.webp`,
  missing: "none/400-high.webp",
};

const BROKEN = await picture("jpeg", 1000, 500);

/** Long enough for leases, grace, deadlines and a purge's second pass. */
const SETTLED_MS = 40 * 60_000;

/** A world in which one handler dies, the nth time one named point is passed. */
export class CrashWorld extends CalmWorld {
  readonly passed: Map<CrashPoint, number>;
  #isPurged = false;

  readonly #queued: boolean;

  /** `queued`: all misses go by the queue, else the edge calls the consumer with the one of a known image. */
  constructor(
    killAt: { point: CrashPoint; nth: number } | null,
    queued: boolean,
    service?: (clock: { now(): number }) => TestService,
  ) {
    const passed = new Map<CrashPoint, number>();
    super({
      ...(service === undefined ? {} : { service }),
      isMissing: (id) => id === "none",
      origin: (url, _now, isWhole) =>
        isWhole && url.endsWith("/broken") ? new Response(BROKEN, { headers: { "content-length": "1000000" } }) : null,
      weather: {
        point: (point) => {
          const nth = (passed.get(point) ?? 0) + 1;
          passed.set(point, nth);
          return killAt?.point === point && killAt.nth === nth ? "dies" : 0;
        },
      },
      watcher: {
        passed: async (point, key) => {
          if (point === "put" && key === KEYS.purged && !this.#isPurged) await this.#purge();
        },
      },
    });
    this.passed = passed;
    this.#queued = queued;
  }

  /** Everything is asked for, and comes to its end. */
  async play(): Promise<void> {
    await this.store.leave(missingKey(idOfKey(KEYS.small)), "{}"); // an old marker, to be cleared
    await this.#leaveBehind();
    const { small, large, broken, largeBroken, bad, purged } = KEYS;
    await this.accept("upload", { a: [small, large], broken: [broken, largeBroken], [HTML_ID]: [bad], p: [purged] });
    this.work.send("unreadable");
    this.view(KEYS.viewed, { unknown: this.#queued });
    for (const key of [KEYS.badView, KEYS.missing]) this.view(key, { unknown: true });
    await this.clock.run(SETTLED_MS);
    if (this.#isPurged) return;
    // Its handler died when the put had landed, and who found it there passed no such point.
    await this.clock.until(this.#purge());
    await this.clock.run(SETTLED_MS);
  }

  async #purge(): Promise<void> {
    this.#isPurged = true;
    await this.ask((ledger) => ledger.purgeImage("p", null, "test"));
  }

  /** Somebody made this job for a viewer, and has left; it has ended since. */
  async #leaveBehind(): Promise<void> {
    const { clock, ledger, service } = this;
    const say = (more: Partial<ExchangeRequest>) => {
      const nothing = { have: [], asks: [], submitted: [], settled: [], first: false, leave: false };
      return clock.until(ledger.exchange({ owner: "other", role: "urgent", room: 0, ...nothing, ...more }));
    };
    const answer = await say({ first: true, asks: [{ key: KEYS.left, at: clock.now() }] });
    const given = answer.status === "ok" ? answer.give[0] : undefined;
    if (given?.phase !== "admitted") throw new Error(`not granted but ${given?.phase}`);
    const { id, gen } = given;
    const host = { clock, fetch, log: () => undefined, sleep: (ms: number) => clock.sleep(ms) };
    const { format, ...sides } = { width: 400, height: null, fit: null, pos: null, format: "webp" } as const;
    const made = await service.engine({ ...host, living: (target) => target }).submit({
      ledger: "L1",
      gen,
      key: KEYS.left,
      transform: { ...sides, quality: "high", format },
      format,
      focal: null,
      input: `${ORIGINALS}/o`,
      size: { width: 1000, height: 500 },
      etag: null,
      alpha: false,
      again: false,
    });
    if (made.kind !== "made") throw new Error(made.kind);
    await say({ submitted: [{ id, gen, job: made.job }], leave: true });
  }
}
