import { Action, ActionRequest } from "@prewarm/control-schema/actions";
import { Gate } from "@prewarm/control-schema/gate";
import { Purge } from "@prewarm/control-schema/images";
import { Run, RunPatch } from "@prewarm/control-schema/runs";
import { WarmAnswer, WarmItem, warmOptions } from "@prewarm/control-schema/warm";
import { Lane } from "@prewarm/control-schema/words";
import { LANES } from "@prewarm/shared/job";
import * as z from "zod";
import { checkImageId } from "../steps/check-image-id.ts";
import { type Tool, tool } from "./tool.ts";

const ACCEPTED = WarmAnswer.omit({ repeat: true });
const warm = tool({
  name: "warm",
  description:
    "Enqueue variants of images. Each new variant is a paid job: call `estimate` first. Without recipe, presets and transforms the recipe `upload` applies.",
  input: warmOptions.extend({ items: z.array(WarmItem).min(1).max(1000) }),
  writes: { destroys: true },
  async run(body, { api, sending }) {
    // Without a key of its own a repeat would be another run.
    const given = { body, idempotencyKey: `mcp:${crypto.randomUUID()}` };
    const { rejected, ...answer } = ACCEPTED.parse(
      await api.call("POST /api/v1/warm", given, ACCEPTED, sending("warming")),
    );
    return { ...answer, rejected: rejected.slice(0, 20) };
  },
});

const PAUSED = Gate.pick({ paused: true });
const lanes = z.array(Lane).min(1).optional().describe("Default: all lanes");

const pause = tool({
  name: "pause",
  description: "Start no new jobs in lanes. Jobs at Ittybit end, and viewers get originals. `resume` takes it back.",
  input: z.strictObject({ lanes, reason: z.string().max(200).optional() }),
  writes: { destroys: false },
  async run({ lanes: some = [...LANES], reason = null }, { api, sending }) {
    const body = { paused: Object.fromEntries(some.map((lane) => [lane, { reason }])) };
    return PAUSED.parse(await api.call("PATCH /api/v1/gate", { body }, PAUSED, sending("pausing")));
  },
});

const resume = tool({
  name: "resume",
  description: "Let paused lanes go on. What waits in them is made, and costs money.",
  input: z.strictObject({ lanes }),
  writes: { destroys: true },
  async run({ lanes: some = [...LANES] }, { api, sending }) {
    const body = { paused: Object.fromEntries(some.map((lane) => [lane, false])) };
    return PAUSED.parse(await api.call("PATCH /api/v1/gate", { body }, PAUSED, sending("resuming")));
  },
});

const STARTED = Action.pick({ action: true, state: true, total: true, exact: true, run: true });
const retry = tool({
  name: "retry",
  description:
    "Try jobs again: those of a run, of a search (`cause:` is a cause's name) or by name. Without `state` the dead ones. Each is a paid job. `all` is for a filter without a condition.",
  input: ActionRequest.pick({ filter: true, all: true }),
  writes: { destroys: true },
  async run(which, { api, sending }) {
    const body = { action: "retry" as const, ...which };
    return STARTED.parse(await api.call("POST /api/v1/actions", { body }, STARTED, sending("the retry", false)));
  },
});

const PROMOTED = Run.pick({ run: true, lane: true, first: true });
const promote = tool({
  name: "promote",
  description:
    "Let a run go before the other runs of its lane (`first: true`), or in turn with them again (`false`). Costs nothing: no job changes its lane or its budget.",
  input: RunPatch.extend({ run: z.string().min(1).max(80) }),
  writes: { destroys: false },
  async run({ run, first }, { api, sending }) {
    const given = { params: { run }, body: { first } };
    return PROMOTED.parse(await api.call("PATCH /api/v1/runs/{run}", given, PROMOTED, sending(`run ${run}`)));
  },
});

const purge = tool({
  name: "purge",
  description: "Remove every variant of an image. Its next views are cold, and making the variants again costs money.",
  input: z.strictObject({ id: z.string().min(1).max(2100) }),
  writes: { destroys: true },
  async run({ id }, { api, sending }) {
    const params = { id: checkImageId(id) };
    return Purge.parse(await api.call("DELETE /api/v1/images/{id}", { params }, Purge, sending(`purging ${id}`)));
  },
});

export const WRITE_TOOLS: readonly Tool[] = [warm, pause, resume, retry, promote, purge];
