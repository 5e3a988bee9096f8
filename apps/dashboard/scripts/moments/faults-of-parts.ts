import { type Fault, warmed } from "./fault.ts";
import { JOB_MS, type Scene, until } from "./scene.ts";

async function mended(scene: Scene): Promise<void> {
  scene.emulator.clearFaults();
  await scene.gate({ breaker: { state: "closed" } });
}

type Refusal = Pick<Fault, "name" | "sentence"> & { status: number; message: string; folder: string };

/** Ittybit refuses every job because of the account. */
function refusedAccount({ status, message, folder, ...said }: Refusal): Fault {
  return {
    ...said,
    part: "ittybit",
    code: "breaker",
    level: "problem",
    box: "Ittybit",
    cure: /Correct the Ittybit account/,
    begin: (scene) => {
      scene.emulator.addFault({ fault: { type: "status", status, message } });
      return warmed(scene, folder, 2);
    },
    end: mended,
  };
}

/** No call of Ittybit succeeds. */
function outage(name: string, folder: string, fault: { type: string; [option: string]: unknown }): Fault {
  return {
    name,
    part: "ittybit",
    code: "breaker",
    level: "problem",
    box: "Ittybit",
    sentence: /Everything waits since .{0,30}; viewers get originals/,
    cure: /Look at Ittybit's status/,
    begin: (scene) => {
      scene.emulator.addFault({ on: "any", fault });
      return warmed(scene, folder, 4);
    },
    end: mended,
  };
}

/** The originals' host answers everything with this status. */
function failingOrigin(name: string, folder: string, status: number, sentence: RegExp): Fault {
  return {
    name,
    part: "originals",
    code: "origin",
    level: "warning",
    box: "Ittybit",
    sentence,
    cure: /Correct the origin/,
    begin: (scene) => {
      scene.originals.answer(status);
      return warmed(scene, folder, 30);
    },
    end: (scene) => {
      scene.originals.answer(null);
      const body = JSON.stringify({ action: "retry", filter: { state: ["retrying"] } });
      return scene.api("/actions", { method: "POST", body });
    },
  };
}

/** Originals of a run are refused, which counts for an hour. */
function refusedRun(name: string, sentence: RegExp): Omit<Fault, "begin" | "cure"> {
  return {
    name,
    sentence,
    part: "originals",
    code: "refusing",
    level: "warning",
    box: "Ittybit",
    lasts: true,
    end: () => undefined,
  };
}

/** What Ittybit, the originals' host and the results' host do wrong. */
export const FAULTS_OF_PARTS: readonly Fault[] = [
  {
    name: "only AVIF fails",
    part: "ittybit",
    code: "failing",
    level: "warning",
    box: "Ittybit",
    sentence: /\(upstream_failed\), all avif/,
    cure: /Remove the cause/,
    begin: (scene) => {
      const error = { kind: "internal", message: "no AV1 encoder" };
      scene.emulator.addFault({ match: { options: { format: "avif" } }, fault: { type: "failed", error } });
      return warmed(scene, "avif", 20);
    },
    end: (scene) => scene.emulator.clearFaults(),
  },
  refusedAccount({
    name: "Ittybit answers 402",
    folder: "unpaid",
    sentence: /^Ittybit answers 402: billing/,
    status: 402,
    message: "Payment required",
  }),
  {
    name: "jobs take 45 s",
    part: "ittybit",
    code: "slow",
    level: "warning",
    box: "Ittybit",
    sentence: /^Ittybit takes \d+ s for a job, usually 0\.\d s/,
    cure: /ask Ittybit/,
    begin: (scene) => {
      scene.emulator.configure({ jobMs: { min: 45_000, max: 45_000 } });
      return warmed(scene, "slow", 8);
    },
    end: async (scene) => {
      scene.emulator.configure({ jobMs: JOB_MS });
      // Each of them tells of its 45 s once more when it ends.
      await until("the slow jobs have ended", scene.stats, ({ states }) => states.processing === 0, 120_000);
    },
  },
  {
    ...refusedRun("a third of the originals is missing", /of the run a third were refused: .{0,200}\(missing\)/),
    cure: /Upload the original/,
    begin: (scene) =>
      scene.warm(
        Array.from({ length: 12 }, (_, n) => (n % 3 === 0 ? `missing/third/${n}` : `third/${n}`)),
        "a third",
      ),
  },
  failingOrigin("the originals' host answers 403", "refused", 403, /fails \(.{0,100}403/),
  {
    name: "the results' host answers 500",
    part: "results",
    code: "results",
    level: "warning",
    box: "Results",
    sentence: /^(The results of \d+ paid jobs cannot be fetched, |No result can be fetched: ).*500/,
    cure: /Paid results are tried again/,
    begin: (scene) => {
      scene.emulator.addFault({ fault: { type: "output", as: "500" } });
      return warmed(scene, "unfetched", 2);
    },
    lasts: true,
    end: (scene) => scene.emulator.clearFaults(),
  },
  // Before the outage, of which failed attempts are left for five minutes.
  {
    name: "an encoder fails",
    part: "ittybit",
    code: "failing",
    level: "warning",
    box: "Ittybit",
    sentence: /attempts failed in the last five minutes: .{0,200}\(upstream_failed\)/,
    cure: /Remove the cause/,
    begin: (scene) => {
      scene.emulator.addFault({ fault: { type: "failed", error: { kind: "internal", message: "out of memory" } } });
      // Enough for a share of the attempts of the moments before.
      return warmed(scene, "encoder", 40);
    },
    end: (scene) => scene.emulator.clearFaults(),
  },
  refusedAccount({
    name: "the key of Ittybit was taken back",
    folder: "keyless",
    status: 401,
    message: "Unauthorized",
    sentence: /^Ittybit answers 401: the key is not accepted/,
  }),
  outage("Ittybit answers 500 to everything", "outage", { type: "status", status: 500, message: "Internal error" }),
  {
    name: "Ittybit asks to wait a minute",
    part: "ittybit",
    code: "throttled",
    level: "warning",
    box: "Ittybit",
    sentence: /^Ittybit asked us to slow down\. New jobs go on in/,
    cure: /lower the rate/,
    begin: (scene) => {
      scene.emulator.addFault({ fault: { type: "throttled", seconds: 60 } });
      return warmed(scene, "throttled", 2);
    },
    end: (scene) => scene.emulator.clearFaults(),
  },
  {
    ...refusedRun("a sign-in page stands for originals", /of the run pages were refused: .{0,200}\(unshowable\)/),
    cure: /Replace the original/,
    begin: (scene) => warmed(scene, "pages", 4),
  },
  failingOrigin("the originals' host is down", "down", 503, /fails \(.{0,100}503/),
  {
    name: "results are cut off",
    part: "results",
    code: "results",
    level: "warning",
    box: "Results",
    sentence: /^The results of \d+ paid jobs cannot be fetched, /,
    cure: /Paid results are tried again/,
    begin: (scene) => {
      scene.emulator.addFault({ fault: { type: "output", as: "truncated" } });
      return warmed(scene, "cut", 1);
    },
    lasts: true,
    end: (scene) => scene.emulator.clearFaults(),
  },
  refusedAccount({
    name: "Ittybit forbids our account",
    folder: "forbidden",
    sentence: /^Ittybit answers 403: not allowed/,
    status: 403,
    message: "Forbidden",
  }),
  outage("Ittybit cuts every connection", "reset", { type: "reset" }),
  {
    ...refusedRun(
      "a run names a folder that does not exist",
      /variants of the run missing\/folder were refused: .{0,200}\(missing\)/,
    ),
    cure: /Upload the original/,
    begin: (scene) => warmed(scene, "missing/folder", 4),
  },
  failingOrigin("the originals' host wants a password", "password", 401, /fails \(.{0,100}401/),
];
