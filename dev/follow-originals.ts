import { namedToken } from "../packages/shared/src/acts.ts";
import type { FileChange } from "./originals-folder.ts";

export interface FollowOptions {
  controlUrl: string;
  /** As ADMIN_TOKEN has it; the first entry asks. */
  adminToken: string;
  /** Told what was done, and what failed. */
  say(line: string): void;
}

/** The part of the control API's answer about an image that is read here. */
interface Known {
  variants: { transform: string; v: string | null; state: string; storedAt: number | null }[];
  nextCursor: string | null;
}

/** Follows changes of the originals' folder: what is known of a file that is gone is purged, of one that was replaced it is made again. */
export function createFollower({ controlUrl, adminToken, say }: FollowOptions): (change: FileChange) => void {
  const token = namedToken(adminToken.split(",")[0] ?? "")?.token ?? "";
  const call = async (method: string, path: string, body?: object): Promise<unknown> => {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const init = { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) };
    const answer = await fetch(`${controlUrl}/api/v1${path}`, init);
    if (!answer.ok) throw new Error(`${method} ${path} is answered ${answer.status}`);
    return answer.json();
  };
  return (change) => {
    follow(change, call).then(
      (done) => done !== null && say(`${change.id} ${done}`),
      (error: unknown) =>
        say(`${change.id} changed, and that is not known: ${error instanceof Error ? error.message : error}`),
    );
  };
}

/** Calls the control API: a path behind `/api/v1`. Rejects where the answer is no success. */
type Call = (method: string, path: string, body?: object) => Promise<unknown>;

/**
 * Says what was done; null: nothing. A file of which nothing is known needs nothing: its upload may have been announced a moment ago, and a
 * purge would cancel its jobs. For the same reason a replaced file has its variants made again (`force`), which cancels no job.
 */
export async function follow({ id, at, wasAsked }: FileChange, call: Call): Promise<string | null> {
  const path = `/images/${encodeURIComponent(id)}`;
  if (at === null) {
    await call("DELETE", path);
    return "is gone: its variants are purged";
  }
  const variants = await variantsOf(path, call);
  const isOlder = ({ state, storedAt }: Known["variants"][number]): boolean =>
    state === "dead" || state === "refused" || (storedAt !== null && storedAt < at);
  if (!wasAsked && !variants.some(isOlder)) return null;
  const versions = Map.groupBy(variants, ({ v }) => v);
  const items = [...versions].flatMap(([v, of]) =>
    Array.from({ length: Math.ceil(of.length / TRANSFORMS_MAX) }, (_, n) => ({
      id,
      transforms: of.slice(n * TRANSFORMS_MAX, (n + 1) * TRANSFORMS_MAX).map(({ transform }) => transform),
      ...(v === null ? {} : { v }),
    })),
  );
  // An image that was only looked for in vain has no variant: it is made as an upload is.
  await call("POST", `/warm?run=${RUN}&label=Originals%20folder`, {
    items: items.length > 0 ? items : [{ id }],
    force: true,
  });
  return "changed: its variants are made again";
}

const RUN = "originals-folder";
/** Of one item of a warm request. */
const TRANSFORMS_MAX = 200;

async function variantsOf(path: string, call: Call): Promise<Known["variants"]> {
  const found: Known["variants"] = [];
  for (let cursor: string | null = ""; cursor !== null; ) {
    const page = (await call("GET", cursor === "" ? path : `${path}?cursor=${encodeURIComponent(cursor)}`)) as Known;
    found.push(...page.variants.filter(({ state }) => state !== "cancelled"));
    cursor = page.nextCursor;
  }
  return found;
}
