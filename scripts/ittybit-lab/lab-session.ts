import type { Format } from "../../packages/shared/src/config.ts";
import type { CheckOptions, CheckPlatform, Session } from "../../workers/consumer/src/ittybit/check/session.ts";
import type { listen } from "./listen.ts";

export interface LabOptions extends CheckOptions {
  /** URL of a picture with a very long edge, to see whether the service takes it; null: not asked. */
  panorama: string | null;
  /** Where Ittybit reaches this machine, on which port, and what it should sign with; null: not asked. */
  webhook: { url: string; port: number; secrets: string[] } | null;
  /** Whether the words for qualities are measured, with 31 jobs. */
  quality: boolean;
}

export interface LabPlatform extends CheckPlatform {
  listen: typeof listen;
}

/** What the laboratory's steps share. */
export interface LabSession extends Session {
  options: LabOptions;
  listen: typeof listen;
  /** What the original says beside its picture: Exif, XMP. */
  says: readonly string[];
  /** The same of each result, before Prewarm takes it out. */
  left: { format: Format; names: string[] }[];
}
