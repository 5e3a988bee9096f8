import { expect, onTestFinished } from "vitest";
import { type Emulator, type EmulatorOptions, startEmulator } from "../server.ts";
import { type Origin, startOrigin } from "./origin.ts";
import { landscape } from "./pictures.ts";

/** A job in the reference dialect. */
export interface JobBody {
  id: string;
  status: string;
  output: string | null;
  error: unknown;
  options: Record<string, unknown>;
  metadata: Record<string, unknown>;
  created_at: number;
  started_at: number | null;
  finished_at: number | null;
  updated_at: number;
  tasks: { kind: string; status: string; output: { width: number; height: number; format: string } | null }[];
}

export interface World {
  emulator: Emulator;
  origin: Origin;
  /** URL of a 400×300 JPEG. */
  photo: string;
  call(path: string, init?: RequestInit): Promise<Response>;
  /** `POST /jobs`; `input` and `kind` are filled in. */
  create(body?: object, headers?: Record<string, string>): Promise<Response>;
  /** The same, expecting the 201. */
  made(body?: object, headers?: Record<string, string>): Promise<JobBody>;
  job(id: string): Promise<JobBody>;
  /** The job once it has ended. */
  ended(id: string): Promise<JobBody>;
  /** Makes a job, waits for its end and gives the response of its output URL. */
  output(body?: object): Promise<Response>;
}

const ENDED = ["succeeded", "failed", "cancelled"];

/** How conditions are waited for: vitest's own second is too short for a machine that is busy elsewhere. */
export const PATIENTLY = { timeout: 15_000, interval: 5 };

const photoBytes = landscape();

/** An emulator with quick jobs and an origin of its own, both gone when the test is. */
export async function setup(options: EmulatorOptions = {}): Promise<World> {
  const origin = await startOrigin();
  const emulator = await startEmulator({ jobMs: { min: 0, max: 5 }, seed: 7, ...options });
  onTestFinished(async () => {
    await emulator.close();
    await origin.close();
  });
  const photo = origin.put("/photo.jpg", await photoBytes);
  const call: World["call"] = (path, init = {}) =>
    fetch(emulator.apiUrl + path, { ...init, headers: { authorization: "Bearer test", ...init.headers } });
  const create: World["create"] = (body = {}, headers = {}) =>
    call("/jobs", {
      method: "POST",
      headers: { "content-type": "application/json", ...headers },
      body: JSON.stringify({ input: photo, kind: "image", ...body }),
    });
  const made: World["made"] = async (body, headers) => {
    const response = await create(body, headers);
    expect(response.status).toBe(201);
    return (await response.json()) as JobBody;
  };
  const job: World["job"] = async (id) => (await (await call(`/jobs/${id}`)).json()) as JobBody;
  const ended: World["ended"] = async (id) => {
    await expect.poll(async () => ENDED.includes((await job(id)).status), PATIENTLY).toBe(true);
    return job(id);
  };
  const output: World["output"] = async (body) => {
    const { output: url, error } = await ended((await made(body)).id);
    expect(error).toBeNull();
    return fetch(url ?? "");
  };
  return { emulator, origin, photo, call, create, made, job, ended, output };
}

/** The error kind an answer names. */
export async function kindOf(response: Response): Promise<string> {
  return ((await response.json()) as { kind: string }).kind;
}

export async function bytesOf(response: Response): Promise<Buffer> {
  return Buffer.from(await response.arrayBuffer());
}
