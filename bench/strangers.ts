// `node bench/strangers.ts [--rounds 5] [--burners 2]`: how much longer a viewer waits for the picture of a new image while strangers ask for 40
// made-up ids a second from four addresses, on a local stack whose machine is busy otherwise: so many processes beside it only use CPU. In each
// round ten pictures come alone, one a second, then ten under the attack.
import { type ChildProcess, spawn } from "node:child_process";
import { loadavg } from "node:os";
import { parseArgs } from "node:util";
import { type LocalStack, startLocalStack } from "./drain/local-stack.ts";
import { msUntilReady } from "./drain/ms-until-ready.ts";
import { median, report } from "./figures.ts";

const { values } = parseArgs({
  options: { rounds: { type: "string", default: "5" }, burners: { type: "string", default: "2" } },
  args: process.argv.slice(2).filter((argument) => argument !== "--"),
});
const PICTURES = 10;
const MADE_UP_PER_SECOND = 40;
const ADDRESSES = 4;
const LOOK_MS = 50;
const JOB_MS = 300;
/** The most that the attack may add. */
const TARGET_MS = 1_000;

const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
const from = (address: string) => ({ "CF-Connecting-IP": address });

let viewers = 0;

/** Ten pictures, one begun each second, by a viewer who has asked for none before: networks that ask for more new images go behind the others. */
async function pictures({ edgeUrl }: LocalStack, name: string): Promise<number[]> {
  const waits: Promise<number>[] = [];
  viewers += 1;
  const viewer = from(`198.51.100.${viewers}`);
  for (let n = 0; n < PICTURES; n += 1) {
    waits.push(msUntilReady(`${edgeUrl}/images/${name}-${n}.jpg?w=400&f=webp`, LOOK_MS, viewer));
    await sleep(1_000);
  }
  return Promise.all(waits);
}

/** Starts the attack; the returned function ends it and returns how many ids were asked for. */
function attack({ edgeUrl }: LocalStack, name: string): () => Promise<number> {
  const start = performance.now();
  let [sent, ended] = [0, false];
  const open = new Set<Promise<unknown>>();
  const send = async () => {
    for (; !ended; await sleep(5))
      for (; sent < (MADE_UP_PER_SECOND * (performance.now() - start)) / 1_000; sent += 1) {
        const url = `${edgeUrl}/images/missing-${name}-${sent}.jpg?w=400&f=webp`;
        const one = fetch(url, { redirect: "manual", headers: from(`203.0.113.${sent % ADDRESSES}`) });
        const read = one.then((answer) => answer.arrayBuffer()).catch(() => undefined);
        const done = read.finally(() => open.delete(done));
        open.add(done);
      }
  };
  const sending = send();
  return async () => {
    ended = true;
    await sending;
    await Promise.all(open);
    return sent;
  };
}

function startBurners(): ChildProcess[] {
  return Array.from({ length: Number(values.burners) }, () => spawn(process.execPath, ["-e", "for (;;);"]));
}

const slowest: number[] = [];
const typical: number[] = [];
const stack = await startLocalStack({ jobMs: { min: JOB_MS, max: JOB_MS } });
const burners = startBurners();
try {
  await pictures(stack, "learning");
  console.log(
    "| alone: median, s | slowest | attacked: median, s | slowest | ids asked for | load |\n|--:|--:|--:|--:|--:|--:|",
  );
  for (let round = 0; round < Number(values.rounds); round += 1) {
    const alone = await pictures(stack, `alone-${round}`);
    const end = attack(stack, `${round}`);
    const attacked = await pictures(stack, `attacked-${round}`);
    const asked = await end();
    const seconds = [median(alone), Math.max(...alone), median(attacked), Math.max(...attacked)];
    console.log(
      `| ${[...seconds.map((ms) => (ms / 1_000).toFixed(2)), asked, loadavg()[0]?.toFixed(1)].join(" | ")} |`,
    );
    slowest.push((Math.max(...attacked) - median(alone)) / TARGET_MS);
    typical.push((median(attacked) - median(alone)) / TARGET_MS);
    // What the attack left waits no more.
    await sleep(5_000);
  }
} finally {
  for (const burner of burners) burner.kill("SIGKILL");
  await stack.close();
}
const atMost = 1;
report("strangers", [
  { name: "the attack's delay of the median picture", to: "1 s", ratios: typical, atMost },
  { name: "the attack's delay of a round's slowest picture", to: "1 s", ratios: slowest, atMost },
]);
