import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import type { LocalWorkers } from "../../dev/runtime.ts";

const RELEASES = "workers/consumer/test/fixtures/releases";
/** The script that the ledger has to itself, so that its state stays with it whoever the handlers are. */
const LEDGER = "prewarm-ledger";

/** None before the first tag. */
export const releases = existsSync(RELEASES) ? readdirSync(RELEASES) : [];

/** The consumer as it was deployed with a release; null: today's. */
function codeOf(release: string | null, today: string): string {
  if (release === null) return today;
  return brotliDecompressSync(readFileSync(join(RELEASES, release, "consumer.mjs.br"))).toString();
}

/** Handlers of one release with the ledger of another, as they meet at a deploy: the consumer in two scripts, each with its own code. */
export function skew({ handlers, ledger }: { handlers: string | null; ledger: string | null }) {
  return (workers: LocalWorkers): LocalWorkers =>
    workers.flatMap((worker) => {
      if (worker.name !== "prewarm-consumer") return [worker];
      const of = (release: string | null) => ({
        modules: worker.modules.map((one) =>
          one.path === "worker.mjs" ? { ...one, contents: codeOf(release, one.contents) } : one,
        ),
        durableObjects: { LEDGER: { className: "Ledger", scriptName: LEDGER, useSQLite: true } },
      });
      // The object's script takes no request and no message.
      const { queueConsumers: _, assets: __, ...rest } = worker as typeof worker & Record<string, unknown>;
      return [
        { ...worker, ...of(handlers) },
        { ...rest, ...of(ledger), name: LEDGER },
      ];
    });
}
