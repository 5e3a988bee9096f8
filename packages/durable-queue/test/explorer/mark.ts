import { type ExchangeRequest, LEASE_MS } from "@prewarm/durable-queue";
import { LEAST_LEASE_MS, type SmallWorld } from "./small-world.ts";

/** Numbers of the queue are µs of its clock. */
const NUMBER = /\b18\d{14}\b/g;
const TIME = /\b18\d{11}\b/g;
const NAME = /\brunner \d+\b/g;
/** What no runner and no step reads. */
const UNREAD = /"(tookMs|again|more|notBefore)":\w+,?/g;
const TABLES = "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT IN ('told', 'schema_version')";
/** A call of an urgent handler, which gets all that the queue may give. */
const NEW: Omit<ExchangeRequest, "owner"> = {
  first: true,
  role: "urgent",
  room: 40,
  leave: false,
  have: [],
  submitted: [],
  settled: [],
};

/**
 * All that decides what can happen next. What the queue and the runners keep to themselves is seen by what they would do
 * next, so it ends the world. Of times only the future counts, and of numbers and names only the order.
 */
export async function markOf(world: SmallWorld): Promise<string> {
  const { sql, queue, runners, never, left, troubles, accepted, isWaking, alarmAt, now } = world;
  const rows = sql.exec(TABLES).map(({ name }) => sql.exec(`SELECT * FROM ${name}`));
  const { claims, wakes, startedAt, sleptAt } = queue.transactions.memory;
  const held = [...claims.held(), ...claims.abandoned()].map(({ owner, admitted: _, ...claim }) => [
    owner?.name,
    claim,
  ]);
  const heard = new Map(claims.owners().map((owner) => [owner.name, owner.heard]));
  const owners = claims.owners().map(({ claims: { size }, until, instance, heard: _, ...owner }) => {
    return {
      ...owner,
      size,
      rest: Math.max(0, until - now),
      isOwn: instance === startedAt,
      isAwake: sleptAt <= until - LEASE_MS,
    };
  });
  const age = claims.held().some(({ kept }) => kept) && Math.min(now - startedAt, LEASE_MS);
  const service = world.calls.map(({ job, key, runner, begunAt, state }) => {
    const runs = state === "running" && (now - begunAt < LEASE_MS || runners.includes(runner));
    return JSON.stringify([job, key, runs ? runner.name : state]);
  });
  const waits = world
    .awaited()
    .filter(({ kind }) => kind !== "end")
    .map(({ runner, told }) => [runner?.name, told]);
  const leases = runners.map(({ name, calledAt }) => [name, calledAt === now, now - calledAt < LEAST_LEASE_MS]);
  const outside = [accepted.length, isWaking, alarmAt, [...never], troubles > 0 ? [troubles, ...left] : 0];
  const ages = wakes.map((at) => Math.min(now - at, LEASE_MS));
  const seen = [rows, held, owners, ages, age, [...new Set(service)].sort(), waits, leases, outside];
  const next = [queue.answer({ owner: "", ...NEW }), await world.last()];
  const future = (time: string) => `${Math.max(0, Number(time) - now)}`;
  // Of a call only whether it is new to the queue.
  const print = function (this: Partial<ExchangeRequest>, key: string, value: unknown) {
    return key === "seq" && this.owner !== undefined ? Number(value) > (heard.get(this.owner) ?? 0) : value;
  };
  const text = JSON.stringify([seen, next], print).replace(TIME, future).replace(UNREAD, "");
  const numbers = [...new Set(text.match(NUMBER))].sort();
  const names = [...new Set(text.match(NAME))];
  const ordered = text.replace(NUMBER, (number) => `#${numbers.indexOf(number)}`);
  return ordered.replace(NAME, (name) => `@${names.indexOf(name)}`);
}
