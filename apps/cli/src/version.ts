import manifest from "../package.json" with { type: "json" };

/** The version of this program, as its package has it: `0.1.0`. */
export const VERSION: string = manifest.version;
