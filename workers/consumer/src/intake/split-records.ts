import { LINE_MAX_CHARS } from "./split-lines.ts";

/*
 * CSV as RFC 4180 has it: commas, fields in double quotes with "" for one, line ends of either kind, a byte-order mark ignored. The
 * reader is a small machine over characters, because a quoted field may hold line ends and a piece may end anywhere.
 */

interface Machine {
  fields: string[];
  field: string;
  /** `plain` before and between, `quoted` inside quotes, `closed` after a quote that may have been the first of two. */
  at: "start" | "plain" | "quoted" | "closed";
  broken: boolean;
  size: number;
}

function fresh(): Machine {
  return { fields: [], field: "", at: "start", broken: false, size: 0 };
}

/** Records of a CSV text that comes in pieces; null stands for one that is malformed or too long. Empty lines are left out. */
export async function* splitRecords(pieces: AsyncIterable<string>): AsyncGenerator<string[] | null> {
  let machine = fresh();
  let first = true;
  for await (const piece of pieces) {
    for (const char of first ? piece.replace(/^\uFEFF/, "") : piece) {
      if (char === "\n" && machine.at !== "quoted") {
        const record = finish(machine);
        if (record !== "empty") yield record;
        machine = fresh();
      } else step(machine, char);
    }
    first = false;
  }
  const record = finish(machine);
  // A quote that never closes swallows the rest of the file; say so for its record.
  if (record !== "empty") yield machine.at === "quoted" ? null : record;
}

function finish(machine: Machine): string[] | null | "empty" {
  if (machine.broken) return null;
  if (machine.fields.length === 0 && machine.field === "" && machine.at !== "closed") return "empty";
  return [...machine.fields, machine.field];
}

function step(machine: Machine, char: string): void {
  machine.size += char.length;
  if (machine.size > LINE_MAX_CHARS) machine.broken = true;
  if (machine.at === "quoted") quoted(machine, char);
  else if (char === "," && !machine.broken) next(machine);
  else if (char === '"' && machine.at === "closed") reopen(machine);
  else if (char === '"' && machine.at === "start") machine.at = "quoted";
  else if (char !== "\r") plain(machine, char);
}

function quoted(machine: Machine, char: string): void {
  if (char === '"') machine.at = "closed";
  else if (!machine.broken) machine.field += char;
}

function next(machine: Machine): void {
  machine.fields.push(machine.field);
  machine.field = "";
  machine.at = "start";
}

function reopen(machine: Machine): void {
  machine.field += '"';
  machine.at = "quoted";
}

function plain(machine: Machine, char: string): void {
  // Text after a closing quote, or a quote in the middle of plain text, is neither one thing nor the other.
  if (machine.at === "closed" || char === '"') machine.broken = true;
  if (machine.at === "start") machine.at = "plain";
  if (!machine.broken) machine.field += char;
}
