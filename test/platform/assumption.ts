import type { Expectations, Facts } from "./expect.ts";
import type { Lab } from "./lab.ts";

/** What Cloudflare's documentation says, as it was read in November 2026. */
export interface Documented {
  page: string;
  says: string;
}

/** What our code counts on, of a platform that it does not control. */
export interface Assumption {
  /** A short name, which the results are stored under. */
  name: string;
  assumes: string;
  /** The file of ours that would be wrong without it. */
  where: string;
  /** Null: no page was found that says it. */
  documented: Documented | null;
  /** How it is checked. Null: a check cannot provoke it, so it is only assumed. */
  check: Check | null;
}

export interface Check {
  expects: Expectations;
  observe(lab: Lab): Promise<Facts>;
  /** True: other checks disturb it, so it runs after them and alone. */
  alone?: true;
}
