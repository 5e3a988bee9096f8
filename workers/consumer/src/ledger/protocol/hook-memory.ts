import { HookProof } from "./hook-proof.ts";

/** Hooks of one generation that are heeded: more say nothing new, whoever sends them. */
const RINGS_MAX = 2;
/** For so long after a hook its job is looked at often: Ittybit may tell an end a moment before it shows it. */
const RING_MS = 5_000;

/** The id of a job that a hook names, of a generation whose POST nobody has told an answer of. */
export interface Claim {
  gen: number;
  job: string;
  /** Not looked at before, Unix ms: who has made the POST tells the id itself, mostly. */
  at: number;
}

/** What hooks have said. Lost at an eviction without harm: whatever they tell is looked for anyway. */
export class HookMemory {
  readonly proof = new HookProof();
  readonly counts = { woke: 0, adopted: 0, known: 0, late: 0, refused: 0, unsigned: 0 };
  readonly #rings = new Map<number, { at: number; times: number }>();
  readonly #claims = new Map<number, Claim>();

  /** Its job is to be looked at. False when that was heard often enough. */
  ring(gen: number, now: number): boolean {
    const times = (this.#rings.get(gen)?.times ?? 0) + 1;
    if (times > RINGS_MAX) return false;
    this.#rings.set(gen, { at: now, times });
    return true;
  }

  hasRung(gen: number): boolean {
    return this.#rings.has(gen);
  }

  isRinging(gen: number, now: number): boolean {
    return now - (this.#rings.get(gen)?.at ?? Number.NEGATIVE_INFINITY) < RING_MS;
  }

  claim(claim: Claim): void {
    this.#claims.set(claim.gen, claim);
  }

  claims(): Claim[] {
    return [...this.#claims.values()];
  }

  /** Its job is known, or is none of ours. */
  dropClaim(gen: number): void {
    this.#claims.delete(gen);
  }

  forget(gen: number): void {
    this.#rings.delete(gen);
    this.#claims.delete(gen);
  }
}
