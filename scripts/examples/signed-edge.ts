import { freePort } from "../../dev/listen.ts";
import type { LocalWorkers } from "../../dev/runtime.ts";
import { startTestStack, type TestStack } from "../../test/e2e/stack.ts";
import { KEY } from "./example-folder.ts";

/** A local stack with a second edge over the same bucket, which takes signed URLs only. */
export type SignedStack = TestStack & { signedUrl: string };

export async function startSignedStack(): Promise<SignedStack> {
  const port = await freePort(0, true);
  const stack = await startTestStack({ arrange: (workers) => workers.flatMap((each) => withSigned(each, port)) });
  const signedUrl = `http://localhost:${port}`;
  const { status } = await fetch(`${signedUrl}/images/landscape.jpg?w=320&f=auto`, { redirect: "manual" });
  if (status !== 403)
    throw new Error(`the edge that takes signed URLs only answers ${status} to one without a signature`);
  return { ...stack, signedUrl };
}

function withSigned(worker: LocalWorkers[number], port: number): LocalWorkers {
  if (worker.name !== "prewarm-edge") return [worker];
  const signed = {
    ...worker,
    name: "prewarm-edge-signed",
    bindings: { ...worker.bindings, SIGNING_KEYS: KEY },
    modules: worker.modules.map((each) => ({ ...each, contents: signedOnly(each.contents) })),
    unsafeDirectSockets: [{ host: "127.0.0.1", port }],
  };
  return [worker, signed];
}

/** The bundle with another line in prewarm.config.ts. */
function signedOnly(code: string): string {
  return code.replace("prewarm_config_default = defineConfig({", '$&\n  access: "private",');
}
