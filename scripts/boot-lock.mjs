// One install at a time. The lock is a file that names its owner. Imported by boot.mjs, so no dependencies.
import { spawnSync } from "node:child_process";
import { linkSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { hostname } from "node:os";

/** An owner on another machine cannot be looked at. An install takes less than this. */
const FOREIGN_LOCK_MS = 600_000;
const WAIT_MS = 250;

/**
 * Takes the lock, or waits until another process gives it back. Resolves with the function that gives it back, or with null when
 * `isDone` says that the other process has done the work.
 */
export async function takeLock(file, isDone) {
  for (let waits = 0; ; waits += 1) {
    if (tryLock(file)) return () => releaseLock(file);
    const holder = readHolder(file);
    if (holder === null) continue;
    if (!isAlive(holder)) {
      removeDead(file, holder);
      continue;
    }
    if (waits === 0) console.error(explainWait(file, holder));
    await new Promise((resolve) => setTimeout(resolve, WAIT_MS));
    if (isDone()) return null;
  }
}

function tryLock(file) {
  const own = `${file}-${process.pid}`;
  const owner = { pid: process.pid, born: bornOf(process.pid), host: hostname(), since: new Date().toISOString() };
  writeFileSync(own, JSON.stringify(owner));
  try {
    // A link appears with its whole content, and only if there is none of its name.
    linkSync(own, file);
    return true;
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
    return false;
  } finally {
    rmSync(own, { force: true });
  }
}

/** Null when the lock is gone. A lock without a readable owner has none: an earlier version of boot made folders. */
function readHolder(file) {
  try {
    const text = readFileSync(file, "utf8");
    return { text, age: Date.now() - statSync(file).mtimeMs, ...JSON.parse(text) };
  } catch (error) {
    return error.code === "ENOENT" ? null : { text: null };
  }
}

function isAlive({ pid, born, host, age }) {
  if (pid === undefined) return false;
  if (host !== hostname()) return age < FOREIGN_LOCK_MS;
  try {
    process.kill(pid, 0);
  } catch (error) {
    if (error.code !== "EPERM") return false;
  }
  // The system gives the number of a dead process to a new one.
  return born === bornOf(pid);
}

/** When a process began, in the system's own words: two processes of one number differ in it. Null: the system does not say. */
function bornOf(pid) {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    return stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
  } catch {
    if (process.platform === "win32") return null;
    const { status, stdout } = spawnSync("ps", ["-o", "lstart=", "-p", String(pid)], { encoding: "utf8" });
    return status === 0 ? stdout.trim() : null;
  }
}

/** Puts the lock aside before it removes it: another start may have replaced the dead owner's lock by its own, which goes back. */
function removeDead(file, { text }) {
  const aside = `${file}-${process.pid}`;
  try {
    renameSync(file, aside);
  } catch (error) {
    if (error.code === "ENOENT") return;
    throw error;
  }
  const taken = readHolder(aside);
  try {
    if (taken !== null && taken.text !== text) linkSync(aside, file);
  } catch (error) {
    if (error.code !== "EEXIST") throw error;
  } finally {
    rmSync(aside, { recursive: true, force: true });
  }
}

function releaseLock(file) {
  if (readHolder(file)?.pid === process.pid) rmSync(file, { force: true });
}

function explainWait(file, { pid, host, since }) {
  const [day, time] = since.replace(/\..*/, "").split("T");
  if (host !== hostname())
    return (
      `[boot] Another install holds ${file}: process ${pid} on ${host}, since ${day} ${time} UTC. ` +
      `This start waits for it, ten minutes at most. If that process is gone: rm ${file}`
    );
  return `[boot] Another install is under way: process ${pid}, since ${day} ${time} UTC. This start waits for it. To end it: kill ${pid}`;
}
