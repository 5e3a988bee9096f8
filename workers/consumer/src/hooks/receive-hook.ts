import type { HookConfig } from "@prewarm/shared/config";
import { AppError } from "@prewarm/shared/errors";
import type { ApiDeps } from "../api/deps.ts";
import type { HookAnswer } from "../api/schemas/hooks.ts";
import { sha256Hex } from "../intake/body-hash.ts";
import { DEFAULT_RECIPE } from "../intake/plan-item.ts";
import { enqueueEvents } from "./enqueue-events.ts";
import { mapBody } from "./mappers/map-body.ts";
import { readRaw } from "./raw-body.ts";
import { prove } from "./verifiers/prove.ts";

/**
 * Takes one delivery: bytes, proof, shape, rows. Nothing of the body is read before its proof is, and a hook that does not exist is
 * refused as a bad signature is. Throws the refusal.
 */
export async function receiveHook(name: string, request: Request, deps: ApiDeps): Promise<HookAnswer> {
  const hook = Object.hasOwn(deps.config.hooks, name) ? deps.config.hooks[name] : undefined;
  const raw = await readRaw(request);
  const proof =
    hook === undefined
      ? null
      : await prove({ headers: request.headers, raw, now: deps.clock.now() }, hook.verifier, secretsOf(hook, deps));
  if (hook === undefined || proof === null) {
    deps.log("hook.refused", { hook: hook === undefined ? "unknown" : name });
    throw new AppError("unauthorized");
  }
  const hash = await sha256Hex(raw);
  const delivery = `hook:${name}:${proof.id === null ? `sha256:${hash}` : proof.id}`;
  if (await isRepeat(delivery, hash, deps)) return REPEAT;
  const events = mapBody(parse(raw), hook.mapper, deps.config);
  const day = new Date(deps.clock.now()).toISOString().slice(0, 10);
  const run = `hook_${name}_${day}`;
  const order = {
    events,
    recipe: hook.recipe ?? DEFAULT_RECIPE,
    run,
    label: `Hook ${name}, ${day}`,
    delivery,
    bodyHash: hash,
    who: `hook ${name}`,
  };
  const { repeat, ...counts } = await enqueueEvents(order, deps);
  deps.log("hook.accepted", {
    hook: name,
    accepted: counts.accepted,
    purged: counts.purged,
    rejected: counts.rejected.length,
  });
  return { run: counts.accepted + counts.duplicates + counts.existing > 0 ? run : null, ...counts, duplicate: repeat };
}

const REPEAT: HookAnswer = {
  run: null,
  accepted: 0,
  duplicates: 0,
  existing: 0,
  purged: 0,
  ignored: 0,
  rejected: [],
  duplicate: true,
};

/** Whether this very delivery was accepted whole before. An interrupted one is none: it is run again. */
async function isRepeat(delivery: string, hash: string, { ledger }: ApiDeps): Promise<boolean> {
  const known = await ledger.findDelivery(delivery);
  if (known === null || !known.complete) return false;
  if (known.hash !== hash)
    throw new AppError("idempotency_mismatch", { detail: "This delivery's id was used before with another body." });
  return true;
}

function secretsOf(hook: HookConfig, deps: ApiDeps): string[] {
  const secrets = hook.verifier.secrets.flatMap((name) =>
    (deps.secret(name) ?? "").split(",").map((part) => part.trim()),
  );
  const usable = secrets.filter((secret) => secret !== "");
  if (usable.length === 0) deps.log("hook.without_secret", { secrets: hook.verifier.secrets });
  return usable;
}

function parse(raw: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder("utf-8", { fatal: true, ignoreBOM: false }).decode(raw));
  } catch {
    throw new AppError("body_invalid", { detail: "The body is not valid JSON." });
  }
}
