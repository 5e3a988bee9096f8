import type { WarmItem } from "@prewarm/control-schema/warm";
import { count } from "../lib/format.ts";
import { navigate } from "../lib/router.ts";
import { ask } from "./session.ts";

/**
 * Orders variants and opens their run where `opens` and any was new; what came of it, in words. Throws what the server
 * says of a first item that it did not take, where it took none.
 */
export async function order(
  items: WarmItem[],
  { label, force = false, opens = false }: { label: string; force?: boolean; opens?: boolean },
): Promise<string> {
  const answer = await ask("POST /api/v1/warm", { body: { items, force, label: label.slice(0, 200) } });
  if (!("run" in answer)) return "Nothing was enqueued.";
  const { accepted, existing, duplicates, rejected, run } = answer;
  const [refused] = rejected;
  if (refused && accepted + existing + duplicates === 0) throw new Error(refused.message);
  if (opens && accepted > 0) navigate(`/runs/${encodeURIComponent(run)}`);
  const more = refused ? ` Not accepted: ${refused.message}` : "";
  return `${count(accepted)} enqueued, ${count(existing)} stored already, ${count(duplicates)} under way.${more}`;
}
