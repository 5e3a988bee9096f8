import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";
import type { EmulatorStats, FaultRuleInput } from "@prewarm/ittybit-emulator/server";
import type { TestService } from "../../../workers/consumer/src/testing/test-service.ts";
import { rulesOf, type Trouble } from "./storm.ts";

/** Answers of the service, by call and status. */
export type Stats = Pick<EmulatorStats, "counts">;

export interface ThreadData {
  time: SharedArrayBuffer;
  /** The present version of each original. */
  versions: SharedArrayBuffer;
  seed: number;
  jobMs: { min: number; max: number };
}

export interface UpstreamJob {
  id: string;
  status: string;
  createdAt: number;
  finishedAt: number | null;
  idempotencyKey: string;
  key: string;
  gen: number;
}

export type Order =
  | { call: "faults"; rules: FaultRuleInput[] }
  | { call: "configure"; patch: { profile?: "reference" | "guide" | "sdk" | "v2025" } }
  | { call: "stats" }
  | { call: "jobs"; running: boolean };

export interface Reply {
  n: number;
  result: EmulatorStats | UpstreamJob[] | null;
}

/** The emulator and the origin in their thread, reached by HTTP; this is only their side channel. */
export interface Upstream {
  /** Another engine than Ittybit's over `apiUrl`. */
  engine?: TestService["engine"];
  apiUrl: string;
  originUrl: string;
  trouble(trouble: Trouble): Promise<void>;
  profile(profile: "reference" | "guide" | "sdk" | "v2025"): Promise<void>;
  stats(): Promise<Stats>;
  jobs(): Promise<UpstreamJob[]>;
  /** Those that have not ended. */
  running(): Promise<UpstreamJob[]>;
  close(): Promise<void>;
}

/** `holding`: no time leaps while the thread is asked. */
export async function startUpstream(
  data: ThreadData,
  holding: (work: () => Promise<Reply["result"]>) => Promise<Reply["result"]>,
): Promise<Upstream> {
  const thread = new Worker(fileURLToPath(import.meta.resolve("./upstream-thread.ts")), { workerData: data });
  const [urls] = (await once(thread, "message")) as [{ apiUrl: string; originUrl: string }];
  const waiting = new Map<number, (result: Reply["result"]) => void>();
  let n = 0;
  thread.on("message", (reply: Reply) => {
    waiting.get(reply.n)?.(reply.result);
    waiting.delete(reply.n);
  });
  function ask(order: Order): Promise<Reply["result"]> {
    n += 1;
    thread.postMessage({ n, order });
    const mine = n;
    return holding(() => new Promise((resolve) => waiting.set(mine, resolve)));
  }
  return {
    ...urls,
    trouble: async (trouble) => void (await ask({ call: "faults", rules: rulesOf(trouble) })),
    profile: async (profile) => void (await ask({ call: "configure", patch: { profile } })),
    stats: async () => (await ask({ call: "stats" })) as EmulatorStats,
    jobs: async () => (await ask({ call: "jobs", running: false })) as UpstreamJob[],
    running: async () => (await ask({ call: "jobs", running: true })) as UpstreamJob[],
    close: async () => void (await thread.terminate()),
  };
}
