import type { Config } from "@prewarm/shared/config";
import type { ErrorCode } from "@prewarm/shared/errors";

/** What one event of an upload system means to us. */
export type HookEvent =
  | {
      kind: "upload";
      id: string;
      v: string | null;
      /** The original's version, kept as metadata; another one than before makes the variants anew. */
      sourceEtag: string | null;
      /** Grows with every change of the original, as text that compares; null: not told. */
      order: string | null;
      /** Null: the hook's own. */
      recipe: string | null;
    }
  | { kind: "delete"; id: string; order: string | null }
  /** Rightly sent and of no interest: test events, other types of file, our own variants. */
  | { kind: "ignored"; reason: string }
  /** Meant for us and not usable. */
  | { kind: "rejected"; code: ErrorCode; message: string };

/** Reads a parsed body. Throws `body_invalid` when it has not the mapper's shape at all; one bad event among others is `rejected`. */
export type Mapper = (body: unknown, config: Config) => HookEvent[];
