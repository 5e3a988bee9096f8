import { HookAnswer, Hooks } from "@prewarm/control-schema/hooks";
import { variantsPerImage } from "@prewarm/shared/cost/outlook";
import * as z from "zod";
import { hookFault, isRecord } from "../hooks/hook-fault.ts";
import { receiveHook } from "../hooks/receive-hook.ts";
import { withoutAddress } from "../hooks/subscription.ts";
import { DEFAULT_RECIPE } from "../intake/plan-item.ts";
import { unread, viewer } from "./endpoint.ts";
import { answer, refusal, refusals } from "./responses.ts";

/** Senders' own limits are far below (S3: 64 kB, Standard Webhooks: 20 kB advised). */
const BODY_MAX_BYTES = 1_048_576;

export const hooks = [
  viewer(
    {
      method: "get",
      path: "/api/v1/hooks",
      tags: ["hooks"],
      summary: "Hooks, and the last 200 deliveries with their verdicts, the newest first",
      responses: { 200: answer(Hooks, "Now"), ...refusals },
    },
    async (c, deps) => {
      const known = Object.entries(isRecord(deps.config.hooks) ? deps.config.hooks : {}).map(([name, hook]) => ({
        ...{ name, verifier: hook.verifier.kind, mapper: hook.mapper.kind, recipe: hook.recipe ?? DEFAULT_RECIPE },
        jobsPerImage: variantsPerImage(deps.config, hook.recipe ?? DEFAULT_RECIPE),
        fault: hookFault(name, deps.config, deps),
      }));
      const listed = await deps.ledger.listDeliveries();
      const deliveries = c.get("caller").may.includes("mend")
        ? listed
        : listed.map((one) => ({ ...one, why: withoutAddress(one.why) }));
      return c.json({ hooks: known, deliveries }, 200);
    },
  ),
  // Unread: the raw bytes are what is signed, and a name that is too long is refused as a bad signature is.
  unread(
    "public",
    {
      method: "post",
      path: "/hooks/{name}",
      tags: ["hooks"],
      summary: "An upload system announces new, replaced and deleted originals",
      description:
        "The proof (signature or token) and the body's shape are the configured hook's. The body is at most 1 MiB.",
      security: [],
      request: {
        params: z.object({ name: z.string().max(64) }),
        body: { required: true, content: { "application/json": { schema: z.unknown() } } },
      },
      responses: {
        202: answer(HookAnswer, "Durable"),
        400: refusal("Proved, but not a body the mapper reads"),
        401: refusal("No valid proof, whatever the reason; also for hooks that do not exist"),
        422: refusal("The same delivery id with another body"),
        429: refusal("Too much work is waiting, or the hook has ordered its jobs of the day; see Retry-After"),
        503: refusal(
          "The ledger or the sender's published keys are unreachable, or the hook's configuration is at fault: send it again",
        ),
      },
    },
    async (c, deps) => c.json(await receiveHook(c.req.param("name") ?? "", c.req.raw, deps), 202),
    BODY_MAX_BYTES,
  ),
];
