import type { Clock } from "@prewarm/shared/clock";
import type { Log } from "@prewarm/shared/log";
import type { IntakeDeps } from "../intake/accept-stream.ts";

/** What visits of sites work with. */
export interface SiteDeps extends IntakeDeps {
  bucket: R2Bucket;
  clock: Clock;
  log: Log;
  fetch: typeof fetch;
  sleep(ms: number): Promise<void>;
  /** A random name of this handler. */
  newOwner(): string;
  /** What addresses of the edge's images begin with, such as `https://images.example.com/images/`. */
  imagesUrls: readonly string[];
  signingKeys: readonly string[];
  /** True only in the local stack: its sites stand on this machine. */
  allowLoopbackHttp: boolean;
  /** Calls another handler after so many seconds, for the steps that are left. */
  wake(seconds: number): Promise<void>;
}
