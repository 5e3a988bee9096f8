import { play } from "./history.ts";
import { MUTATIONS } from "./mutations.ts";
import { randomHistory } from "./random-history.ts";

// node [--import ./mutate-hook.ts] play-main.ts [histories] [first seed]: exits 1 at the first history that breaks an invariant.
const [count = "1000", first = "0"] = process.argv.slice(2);
const mutation = MUTATIONS.find(({ name }) => name === process.env.LEDGER_MUTATION);
let jobs = 0;
for (let seed = Number(first); seed < Number(first) + Number(count); seed += 1) {
  const history = randomHistory(seed, mutation?.kinds);
  const result = play(history, mutation?.handler ?? null);
  jobs += result.jobs;
  if (result.bad.length > 0) {
    console.log(JSON.stringify({ seed, bad: result.bad.slice(0, 3) }));
    process.exit(1);
  }
}
console.log(JSON.stringify({ histories: Number(count), jobs, bad: [] }));
