import type { Trouble } from "@prewarm/control-schema/troubles";

/** A trouble as its rule finds it. `formats`: what its failures have in common; empty: nothing that is known. */
export interface Found extends Omit<Trouble, "acknowledged"> {
  formats: readonly string[];
}

/** What a rule says of a trouble, beside what its row says of all of them. */
export interface Said
  extends Partial<Pick<Found, "part" | "level" | "host" | "since" | "cause" | "cure" | "link" | "formats">> {
  sentence: string;
  /** Of what, where there may be several: the end of the key. */
  of?: string;
  affects?: Partial<Found["affects"]>;
}
