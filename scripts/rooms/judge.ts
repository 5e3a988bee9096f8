import { isTest, type SourceFile } from "./read-imports.ts";
import { HOUSES, type House, WALLS, type Wall } from "./walls.ts";

/** Something that must not be. `rule` names what is broken in which rooms, `place` the very file. */
export interface Breach {
  rule: string;
  place: string;
}

/** The room of a file in a house, null when the file lives elsewhere. */
export function roomOf(path: string, { root, floors, strict }: House): string | null {
  if (!path.startsWith(`${root}/`)) return null;
  const [first = "", ...rest] = path.slice(root.length + 1).split("/");
  if (rest.length > 0 || strict || floors.some(({ rooms }) => rooms.includes(first))) return first;
  return COMMON_GROUND;
}

export const COMMON_GROUND = "(root)";

export function judge(files: readonly SourceFile[], houses = HOUSES, walls = WALLS): Breach[] {
  const code = files.filter(({ path }) => !isTest(path));
  return [
    ...houses.flatMap((house) => [...unplaced(code, house), ...upward(code, house)]),
    ...walls.flatMap((wall) => through(code, wall)),
    ...circles(files).map((circle) => ({ rule: "a circle of files", place: circle.join(" → ") })),
    ...code.flatMap(misplacedSql),
  ];
}

/** A folder, or in a strict house a file, that no floor names. */
function unplaced(files: readonly SourceFile[], house: House): Breach[] {
  return files.flatMap(({ path }) => {
    const room = roomOf(path, house);
    if (room === null || room === COMMON_GROUND || house.floors.length === 0 || floorOf(room, house) >= 0) return [];
    return [{ rule: `${house.name}: ${room} stands on no floor`, place: path }];
  });
}

function floorOf(room: string, { floors }: House): number {
  return floors.findIndex(({ rooms }) => rooms.includes(room));
}

/** Imports from a higher floor, or from another room of the same one. */
function upward(files: readonly SourceFile[], house: House): Breach[] {
  return files.flatMap(({ path, imports }) =>
    imports.flatMap((target) => {
      const [from, to] = [roomOf(path, house), roomOf(target, house)];
      if (from === null || to === null || from === to) return [];
      const [low, high] = [floorOf(from, house), floorOf(to, house)];
      if (low < 0 || high < low) return [];
      return [{ rule: `${house.name}: ${from} → ${to}`, place: `${path} imports ${target}` }];
    }),
  );
}

function through(files: readonly SourceFile[], { from, to, says }: Wall): Breach[] {
  return files.flatMap(({ path, imports }) =>
    from.test(path)
      ? imports
          .filter((target) => to.test(target))
          .map((target) => ({ rule: says, place: `${path} imports ${target}` }))
      : [],
  );
}

/** Sets of files that import each other round about (Tarjan's strongly connected components). */
export function circles(files: readonly SourceFile[]): string[][] {
  const imports = new Map(files.map(({ path, imports }) => [path, imports]));
  const index = new Map<string, number>();
  const stack: string[] = [];
  const found: string[][] = [];
  const visit = (path: string): number => {
    const mine = index.size;
    index.set(path, mine);
    stack.push(path);
    let lowest = mine;
    for (const target of imports.get(path) ?? []) {
      if (!imports.has(target)) continue;
      if (!index.has(target)) lowest = Math.min(lowest, visit(target));
      else if (stack.includes(target)) lowest = Math.min(lowest, index.get(target) ?? lowest);
    }
    if (lowest === mine) {
      const circle = stack.splice(stack.indexOf(path));
      if (circle.length > 1) found.push(circle.toSorted());
    }
    return lowest;
  };
  for (const path of imports.keys()) if (!index.has(path)) visit(path);
  return found;
}

/** Two, so that `npm run prove -- regexps` can prove each: what it only tries out comes out one way or the other on a busy machine. */
const SQL = [
  /\bsql\.exec\b|\b(?:INSERT (?:INTO|OR)|SELECT|DELETE FROM|CREATE (?:UNIQUE|TABLE|INDEX)) /,
  /\bUPDATE \w+ SET /,
];
/** Tables of the queue, of the console, of images and of the ledger; Analytics Engine. */
const SQL_ROOMS = [
  "packages/durable-queue/src/tables/",
  "packages/durable-queue/src/memory/",
  "packages/durable-queue/src/tx/",
  "packages/durable-queue/src/testing/",
  "workers/consumer/src/console/tables/",
  "workers/consumer/src/images/tables/",
  "workers/consumer/src/ledger/tables/",
  "workers/consumer/src/serving/",
];

/** SQL outside the tables, and INSERTs that name no columns: those throw when older code meets a table with one column more. */
export function misplacedSql({ path, code }: SourceFile): Breach[] {
  if (!/^(workers|apps|packages)\//.test(path)) return [];
  const breaches: Breach[] = [];
  const isRoom = SQL_ROOMS.some((room) => path.startsWith(room));
  if (!isRoom && SQL.some((pattern) => pattern.test(code)))
    breaches.push({ rule: "SQL outside the tables", place: path });
  for (const [insert] of code.matchAll(/\bINSERT (?:OR \w+ )?INTO \w+\b(?!\s*\()/g))
    breaches.push({ rule: "an INSERT that does not name its columns", place: `${path}: ${insert}` });
  return breaches;
}
