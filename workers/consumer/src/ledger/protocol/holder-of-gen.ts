import type { Entry, Hand } from "../tables/hands.ts";
import type { Memory } from "./memory.ts";

/** The granted entry of a generation. It has no index, because granted entries are few. */
export function holderOfGen(memory: Memory, gen: number): { hand: Hand; entry: Entry } | null {
  for (const hand of memory.hands.list())
    for (const entry of hand.entries.values()) if (entry.granted && entry.gen === gen) return { hand, entry };
  return null;
}
