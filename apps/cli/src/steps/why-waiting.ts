import { Gate } from "@prewarm/control-schema/gate";
import { Job } from "@prewarm/control-schema/jobs";
import { Stats } from "@prewarm/control-schema/stats";
import { Health } from "@prewarm/control-schema/troubles";
import { LANES } from "@prewarm/shared/job";
import * as z from "zod";
import type { ControlApi } from "../api/control-api.ts";
import type { SeenRun } from "../api/runs.ts";
import { formatCount } from "../terminal/progress.ts";

/** Why a run does not move. `code` tells one reason from another; numbers in the message may change. */
export interface Reason {
  code: string;
  message: string;
}

const GATE = z.object({ reasons: z.array(Gate.shape.reasons.element.pick({ lane: true, code: true, message: true })) });
const JOBS = z.object({ jobs: z.array(Job.pick({ error: true })) });
const STATS = z.object({ health: Health.pick({ level: true, sentence: true }), lanes: Stats.shape.lanes });

/** Everything the API can say about it, the strongest first: what holds its lane back, what its jobs met, who goes first. */
export async function whyWaiting(api: ControlApi, run: SeenRun): Promise<Reason[]> {
  const { reasons } = await api.call("GET /api/v1/gate", {}, GATE, { what: "the gate" });
  const held = reasons.filter(({ lane }) => lane === null || lane === run.lane);
  if (held.length > 0) return held;
  const found = [await retryingReason(api, run), await queueReason(api, run)].filter((reason) => reason !== null);
  const { processing } = run.states;
  if (processing > 0)
    found.push({
      code: "processing",
      message: `${formatCount(processing)} of the run are at Ittybit, or on their way there.`,
    });
  return found;
}

async function retryingReason(api: ControlApi, { run, states }: SeenRun): Promise<Reason | null> {
  if (states.retrying === 0) return null;
  const query = { run, state: ["retrying" as const], limit: 1 };
  const { jobs } = await api.call("GET /api/v1/jobs", { query }, JOBS, { what: "jobs" });
  const error = jobs[0]?.error ?? null;
  const last = error === null ? "" : ` The last failure: ${error.message} (${error.code})`;
  return {
    code: "retrying",
    message: `${formatCount(states.retrying)} of the run failed and are tried again later.${last}`,
  };
}

async function queueReason(api: ControlApi, { lane, states }: SeenRun): Promise<Reason | null> {
  if (states.queued === 0) return null;
  const { lanes, health } = await api.call("GET /api/v1/stats", {}, STATS, { what: "stats" });
  if (health.level !== "ok") return { code: "health", message: health.sentence };
  const others = LANES.slice(0, LANES.indexOf(lane) + 1)
    .map((name) => [name, lanes[name].queued - (name === lane ? states.queued : 0)] as const)
    .filter(([, queued]) => queued > 0);
  const list = others.map(([name, queued]) => `${formatCount(queued)} in ${name}`).join(", ");
  const ahead = list === "" ? "" : `; others wait too: ${list}`;
  return { code: "queued", message: `${formatCount(states.queued)} of the run wait for their turn${ahead}.` };
}
