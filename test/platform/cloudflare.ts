import { relative } from "node:path";
import { findBucket, findQueue } from "../../apps/cli/src/deploy/account.ts";
import { must, type Wrangler } from "../../apps/cli/src/deploy/wrangler.ts";
import { CONFIG } from "./local.ts";

/** Name of the Worker, of its queue and of its bucket. */
export const NAME = "prewarm-conformance";
const BUCKET = { name: NAME, flags: [] };
const WORKER = ["-c", relative(process.cwd(), CONFIG)];
const ADDRESS = new RegExp(`https://${NAME}\\.[\\w-]+\\.workers\\.dev`);

export interface Account {
  wrangler: Wrangler;
  tell(line: string): void;
}

/** The Worker on an account: its address, and the key that it demands. */
export interface Deployed {
  url: string;
  key: string;
}

/**
 * Creates the bucket and the queue, deploys the Worker, works with it, and deletes all three again, whatever the work ended with. What an
 * earlier run has left behind is used, and deleted too.
 */
export async function withDeployed(
  account: Account,
  work: (deployed: Deployed) => Promise<void>,
  empty: (deployed: Deployed) => Promise<void>,
): Promise<void> {
  let deployed: Deployed | null = null;
  try {
    deployed = await deploy(account);
    await work(deployed);
  } finally {
    await takeAway(account, deployed === null ? async () => {} : empty.bind(null, deployed));
  }
}

async function deploy({ wrangler, tell }: Account): Promise<Deployed> {
  if ((await findBucket(wrangler, BUCKET)) === null) await must(wrangler, { args: ["r2", "bucket", "create", NAME] });
  tell(`bucket ${NAME} is there`);
  if ((await findQueue(wrangler, NAME)) === null) await must(wrangler, { args: ["queues", "create", NAME] });
  tell(`queue ${NAME} is there`);
  const said = await must(wrangler, { args: ["deploy", ...WORKER] });
  const url = ADDRESS.exec(said)?.[0];
  if (url === undefined)
    throw new Error(`wrangler names no address of the Worker. Does the account have a workers.dev subdomain?\n${said}`);
  // A Worker without the key refuses every request.
  const key = crypto.randomUUID();
  await must(wrangler, { args: ["secret", "bulk", ...WORKER], stdin: JSON.stringify({ RUN_KEY: key }) });
  tell(`Worker ${NAME} answers at ${url}`);
  return { url, key };
}

/** Deletes everything that is there. Says what could not be deleted, so that the owner can. */
async function takeAway({ wrangler, tell }: Account, empty: () => Promise<void>): Promise<void> {
  const left: string[] = [];
  const step = async (what: string, run: () => Promise<unknown>): Promise<void> => {
    try {
      await run();
      tell(`deleted: ${what}`);
    } catch (error) {
      left.push(`${what}: ${error instanceof Error ? error.message : error}`);
    }
  };
  await step("the bucket's objects", empty);
  await step(`Worker ${NAME}`, () => must(wrangler, { args: ["delete", ...WORKER, "--force"] }));
  if ((await findQueue(wrangler, NAME)) !== null)
    await step(`queue ${NAME}`, () => must(wrangler, { args: ["queues", "delete", NAME] }));
  if ((await findBucket(wrangler, BUCKET)) !== null)
    await step(`bucket ${NAME}`, () => must(wrangler, { args: ["r2", "bucket", "delete", NAME] }));
  if (left.length > 0) throw new Error(`This could not be deleted; delete it by hand:\n${left.join("\n")}`);
}
