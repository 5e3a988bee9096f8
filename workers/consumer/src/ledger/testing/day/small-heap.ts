import { nodeSql } from "@prewarm/durable-queue/testing";
import { callsOfDay } from "./calls-of-day.ts";

/*
 * Started by a test with a small heap: makes every call over a day of a million stored variants, whose database is a file
 * (argv). A call that reads too much into memory ends the process.
 */

const [, , file = ""] = process.argv;
const calls = await callsOfDay(nodeSql(file), { stored: 1_000_000, tables: 1 }, () => 0);
console.log(`${Object.keys(calls).length} calls`);
