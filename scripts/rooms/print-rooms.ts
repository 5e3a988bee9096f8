import { COMMON_GROUND, roomOf } from "./judge.ts";
import { isTest, type SourceFile } from "./read-imports.ts";
import type { House } from "./walls.ts";

const LONG = 300;
const SHORT = 30;

/** A house as a Markdown table: its rooms in their order, what each holds and imports. Tests are left out. */
export function printHouse(files: readonly SourceFile[], house: House): string {
  const mine = files.filter(({ path }) => !isTest(path) && roomOf(path, house) !== null);
  const rooms = new Map<string, SourceFile[]>();
  for (const name of [...house.floors.flatMap((floor) => floor.rooms), COMMON_GROUND]) rooms.set(name, []);
  for (const file of mine) {
    const room = roomOf(file.path, house) ?? "";
    rooms.set(room, [...(rooms.get(room) ?? []), file]);
  }
  const rows = [...rooms]
    .filter(([, inside]) => inside.length > 0)
    .map(([room, inside]) => printRoom(room, inside, house));
  return [
    `### ${house.name} (${house.root}): ${mine.length} files, ${sum(mine)} lines`,
    "",
    `| room | files | lines | longest | ≤ ${SHORT} | > ${LONG} | imports from |`,
    "|---|--:|--:|--:|--:|--:|---|",
    ...rows,
    "",
  ].join("\n");
}

function printRoom(room: string, files: readonly SourceFile[], house: House): string {
  const from = new Map<string, number>();
  for (const target of files.flatMap(({ imports }) => imports)) {
    const other = roomOf(target, house);
    if (other !== null && other !== room) from.set(other, (from.get(other) ?? 0) + 1);
  }
  const imports = [...from].toSorted(([, a], [, b]) => b - a).map(([name, n]) => `${name} ${n}`);
  const lines = files.map((file) => file.lines);
  const [short, long] = [lines.filter((n) => n <= SHORT).length, lines.filter((n) => n > LONG).length];
  return `| ${room} | ${files.length} | ${sum(files)} | ${Math.max(...lines)} | ${short || ""} | ${long || ""} | ${imports.join(", ")} |`;
}

function sum(files: readonly SourceFile[]): number {
  return files.reduce((total, { lines }) => total + lines, 0);
}
