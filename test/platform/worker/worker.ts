import { answer, consume } from "./handlers.ts";
import type { Platform } from "./platform.ts";

export { Subject } from "./subject.ts";

/** The conformance Worker. It knows nothing of images, and calls nobody but itself. */
export default {
  fetch: answer,
  queue: consume,
} satisfies ExportedHandler<Platform, Parameters<typeof consume>[0]["messages"][number]["body"]>;
