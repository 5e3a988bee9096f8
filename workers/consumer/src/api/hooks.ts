import { variantsPerImage } from "@prewarm/shared/cost/outlook";
import { hookFault, isRecord } from "../hooks/hook-fault.ts";
import { receiveHook } from "../hooks/receive-hook.ts";
import { withoutAddress } from "../hooks/subscription.ts";
import { DEFAULT_RECIPE } from "../intake/plan-item.ts";
import type { Resource } from "./endpoint.ts";

export const hooks = {
  "GET /api/v1/hooks": async ({ caller, query }, deps) => {
    const known = Object.entries(isRecord(deps.config.hooks) ? deps.config.hooks : {}).map(([name, hook]) => ({
      name,
      verifier: hook.verifier.kind,
      mapper: hook.mapper.kind,
      recipe: hook.recipe ?? DEFAULT_RECIPE,
      jobsPerImage: variantsPerImage(deps.config, hook.recipe ?? DEFAULT_RECIPE),
      fault: hookFault(name, deps.config, deps),
    }));
    const listed = await deps.ledger.listDeliveries(query);
    const deliveries = caller.may.includes("mend")
      ? listed
      : listed.map((one) => ({ ...one, why: withoutAddress(one.why) }));
    return { hooks: known, deliveries };
  },
  // Unread: the raw bytes are what is signed, and a name that is too long is refused as a bad signature is.
  "POST /hooks/{name}": { unread: ({ c }, deps) => receiveHook(c.req.param("name") ?? "", c.req.raw, deps) },
} satisfies Resource;
