import fc from "fast-check";
import { type Favourites, histories } from "./commands.ts";
import { HistoryWorld } from "./history-world.ts";
import { RULES } from "./mutations.ts";
import { makePictures } from "./pictures.ts";
import { play } from "./play.ts";

// node [--import ./mutate-hook.ts] play-main.ts [histories] [seed]: exits 1 at the first history that breaks an invariant (SHRINK=1: shows the shortest; HOOKS=1: Ittybit calls us).
const [count = "1000", seed = "1"] = process.argv.slice(2);
const favourites: Favourites = RULES.find(({ name }) => name === process.env.MUTATION)?.favourites ?? [];
const hooks = process.env.HOOKS !== undefined;
const pictures = await makePictures();
let played = 0;
const history = fc.asyncProperty(fc.nat(), histories(60, favourites, hooks), async (chance, commands) => {
  const world = new HistoryWorld(chance, pictures, { hooks });
  played += 1;
  try {
    await play(world, commands);
  } finally {
    world.close();
  }
});
const result = await fc.check(history, {
  numRuns: Number(count),
  seed: Number(seed),
  endOnFailure: process.env.SHRINK === undefined,
});
const error = result.errorInstance instanceof Error ? result.errorInstance.message : null;
console.log(JSON.stringify({ histories: played, bad: error === null ? [] : error.split("\n").slice(0, 3) }));
if (result.failed && process.env.STACK !== undefined)
  console.error((result.errorInstance as Error).stack, `${result.counterexample?.[0]}, ${result.counterexample?.[1]}`);
if (result.failed && process.env.SHRINK !== undefined)
  console.error(`${result.counterexample?.[0]}, ${result.counterexample?.[1]}`);
process.exitCode = result.failed ? 1 : 0;
