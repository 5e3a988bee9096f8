import type { Context } from "../platform/context.ts";
import type { ExitCode } from "../platform/exit-codes.ts";

/** One flag. Names are kebab-case, and one meaning has one name in all commands. */
export interface Flag {
  type: "boolean" | "string";
  description: string;
  /** One letter. */
  alias?: string;
  /** The word that stands for the value in the help. */
  valueHint?: string;
  /** The values that are allowed. */
  options?: readonly string[];
  /** May be given more than once. */
  multiple?: boolean;
}

/** A command's arguments, already checked. Asking for a flag the command does not declare is a bug and throws. */
export interface Arguments {
  operands: readonly string[];
  flag(name: string): boolean;
  text(name: string): string | null;
  list(name: string): readonly string[];
}

export interface Command {
  /** As typed: `warm`, `hook test`. */
  name: string;
  /** A clause of at most `DESCRIPTION_MAX` characters, without a full stop: the line of `prewarm --help`. */
  description: string;
  /** Sentences behind the clause, in the command's own help. */
  more?: string;
  /** What follows the name, such as `[id…]`; `options`: words that Tab completes. Null: the command takes no operands. */
  operands: { hint: string; description: string; min: number; max: number; options?: readonly string[] } | null;
  flags: Record<string, Flag>;
  examples: readonly string[];
  /** True when the first Ctrl-C lets the command finish what it has begun. */
  graceful?: boolean;
  run(args: Arguments, context: Context): Promise<ExitCode>;
}

/** Characters: with the longest name before it a line has 80 columns. */
export const DESCRIPTION_MAX = 62;

/** Flags that every command takes. */
export const COMMON_FLAGS = {
  to: {
    type: "string",
    valueHint: "name",
    description: "Environment of `deploy` in prewarm.config.ts, such as staging. Default: the local stack",
  },
  url: {
    type: "string",
    valueHint: "url",
    description: "Control API. Default: that of --to, else PREWARM_URL, else the local stack's",
  },
  "edge-url": {
    type: "string",
    valueHint: "url",
    description: "Edge, where images are served. Default: that of --to, else PREWARM_EDGE_URL, else the local stack's",
  },
  config: {
    type: "string",
    valueHint: "file",
    description: "Configuration. Default: the nearest prewarm.config.ts of the repository, else PREWARM_CONFIG",
  },
  json: { type: "boolean", description: "One JSON document on stdout, with a `schema` field" },
  quiet: { type: "boolean", alias: "q", description: "No progress and no remarks on stderr; errors stay" },
  help: { type: "boolean", alias: "h", description: "Show this help" },
} as const satisfies Record<string, Flag>;

export const TIMEOUT_FLAG = {
  type: "string",
  valueHint: "duration",
  description: "Give up after this long, such as 90s, 10m or 2h (exit code 4)",
} as const satisfies Flag;

export const YES_FLAG = {
  type: "boolean",
  alias: "y",
  description: "Do not ask. Needed where stdin is no terminal",
} as const satisfies Flag;
