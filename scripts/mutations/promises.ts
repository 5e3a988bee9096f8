import type { Favourites } from "../../test/world/histories/commands.ts";
import { TOOL_PROMISES } from "./tool-promises.ts";

/** The promises of docs/reliability.md, and what was found by attack. */
export const PROMISES: Record<string, string> = {
  P1: "A 202 means durable",
  P2: "One variant key, one live job",
  P3: "Nothing is served that is not the variant",
  P4: "A valid image URL never gets a 5xx",
  P5: "Neither a 429 storm nor a week's pause kills or costs anything",
  P6: "A poison message never blocks its batch mates",
  P7: "Dead letters keep all that is needed to replay",
  P8: "The gate holds globally",
  P9: "Live before upload before bulk",
  P10: "Cancelled work stores nothing, and cancels nothing promised to others",
  P11: "Ledger, queue and R2 converge after any loss",
  P12: "Old messages are readable by new code",
  P13: "Numbers shown equal numbers stored",
  P14: "No secret gets out",
  P15: "Nothing outside the sources is fetched",
  P16: "A purged or replaced image never comes back",
  P17: "Cost per variant",
  P18: "A stored variant comes before the original",
  P19: "f=auto serves the smallest format",
  ...Object.fromEntries(Array.from({ length: 20 }, (_, n) => [`F${n + 1}`, `Finding ${n + 1} of docs/security.md`])),
  L1: "Pages ask for what uploads make",
  D1: "A command acts on the environment it names, and on nothing of another's",
  D2: "A site owns its few files, and nothing replaces them",
  L2: "Crops show the image's focal point, and nothing but crops is made again for it",
  L3: "What is transparent is never black",
  L4: "An image's signature opens the image's open URLs, and nothing else",
  L5: "Published keys prove a delivery of their sender, and nothing else",
  L6: "The list of deliveries loses no delivery with a valid proof",
  L7: "Old URLs open what new URLs open, and say where they are not exact",
  L12: "Of films viewers get posters at listed times, and never the film",
  N1: "Every body has a limit, and JSON a depth",
  N6: "No token travels in the clear",
  N10: "Strangers learn nothing of faults, and short keys are none",
  N11: "Event endpoints are public, and their secrets hidden from viewers",
  N12: "No delivery of a hook is good for another",
  N14: "A token does what its entry says, or nothing",
  ...TOOL_PROMISES,
  N5: "A request's reads are bounded, and made-up ids delay nobody",
  L8: "Coverage says what R2 holds, and makes nothing",
  L9: "A visit reads a site politely, says what it found once, and survives its handler",
  W1: "A rewritten page is the site's own but for images that are warm",
  W2: "The inspector says what a page got, and makes nothing",
  P20: "A removed image never comes back, and its receipt lists what R2 had",
  P21: "The cache in front keeps variants alone, and a purge reaches every copy",
  P22: "A purge ends the edge's copies everywhere, within the calls that the platform allows",
};

/** A change of a few lines that breaks a promise, and what must then fail: tests, random histories, or each of the two. */
export interface Mutation {
  promise: string;
  /** What the change does, in a few words. */
  breaks: string;
  file: string;
  /** Stands in the file exactly once. */
  find: string;
  replace: string;
  /** Test files that must go red (any of them suffices). Default: none. */
  tests?: readonly string[];
  /** The rule that it switches off, by its name for `--rule`, and the happenings that try the rule hard (default: all alike). */
  histories?: { rule: string; favourites?: Favourites };
}
