/** Time, chance and timers, injected so that a test or a seed decides all three; ids are made of the first two. */
export interface EmulatorClock {
  /** Milliseconds since the Unix epoch. */
  now(): number;
  /** Uniform in [0, 1). */
  random(): number;
  /** Runs `run` once after `ms` milliseconds; the returned function cancels it. */
  after(ms: number, run: () => void): () => void;
}

/** A clock whose `now` can be moved, for idempotency windows and output expiry. Timers keep their own pace. */
export interface AdjustableClock extends EmulatorClock {
  advance(ms: number): void;
}

/** mulberry32: small, seedable and even enough for durations, ids and probabilities; never for secrets. */
function createRandom(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

/** The machine's time; chance from `seed` when given, so that a run can be repeated. */
export function createSystemClock(seed?: number): EmulatorClock {
  return {
    now: () => Date.now(),
    random: createRandom(seed ?? Math.floor(Math.random() * 4_294_967_296)),
    after(ms, run) {
      const timer = setTimeout(run, ms);
      timer.unref(); // once the servers are closed, a stuck or retried step keeps no process alive
      return () => clearTimeout(timer);
    },
  };
}

export function createAdjustableClock(base: EmulatorClock): AdjustableClock {
  let offsetMs = 0;
  return {
    now: () => base.now() + offsetMs,
    random: () => base.random(),
    after: (ms, run) => base.after(ms, run),
    advance(ms) {
      offsetMs += ms;
    },
  };
}

export function wait(clock: EmulatorClock, ms: number): Promise<void> {
  return ms <= 0 ? Promise.resolve() : new Promise((resolve) => clock.after(ms, resolve));
}

const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"; // Crockford's base 32
const SUFFIX_LENGTH = 26;
const TIME_LENGTH = 10;

/**
 * `<prefix>_` and 26 base-32 characters, time first, the form of the one complete id in Ittybit's pages
 * (`job_01h455vb4pex5vsknk084sn02q`). Clients must treat it as opaque.
 */
export function createId(prefix: string, clock: Pick<EmulatorClock, "now" | "random">): string {
  let time = "";
  for (let rest = clock.now(), place = 0; place < TIME_LENGTH; place += 1, rest = Math.floor(rest / 32)) {
    time = ALPHABET.charAt(rest % 32) + time;
  }
  let tail = "";
  while (tail.length < SUFFIX_LENGTH - TIME_LENGTH) tail += ALPHABET.charAt(Math.floor(clock.random() * 32));
  return `${prefix}_${time}${tail}`;
}

/** The id of a job's `index`-th task, derived so that a hundred thousand jobs need not keep four ids each. */
export function taskIdOf(jobId: string, index: number): string {
  const suffix = jobId.slice(jobId.indexOf("_") + 1);
  const last = ALPHABET.indexOf(suffix.slice(-1));
  return `task_${suffix.slice(0, -1)}${ALPHABET.charAt((last + index + 1) % 32)}`;
}
