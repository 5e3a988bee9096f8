import { createId, type EmulatorClock } from "../clock.ts";
import { invalidRequest } from "../errors.ts";
import { isRecord } from "./job-request.ts";

interface Connection {
  id: string;
  object: "connection";
  kind: "s3";
  name: string | null;
  endpoint: string | null;
  region: string | null;
  is_default: boolean;
  created_at: number;
}

export interface Connections {
  /** @throws ApiError 400 */
  add(body: unknown): Connection;
  list(): Connection[];
  /** Whether an export may use this id, or the default connection when none is named. */
  has(id: string | undefined): boolean;
  clear(): void;
}

function text(value: unknown): string | null {
  return typeof value === "string" ? value : null;
}

/** Storage connections. Secrets are neither kept nor echoed (the service's own 2025 pages showed them in answers). */
export function createConnections(clock: EmulatorClock, hasDefault: () => boolean): Connections {
  let connections: Connection[] = [];
  return {
    add(body) {
      if (!isRecord(body) || body.kind !== "s3") throw invalidRequest("kind must be s3");
      if (!text(body.access_key_id) || !text(body.secret_access_key)) {
        throw invalidRequest("access_key_id and secret_access_key are required");
      }
      const connection: Connection = {
        id: createId("conn", clock),
        object: "connection",
        kind: "s3",
        name: text(body.name),
        endpoint: text(body.endpoint),
        region: text(body.region),
        is_default: connections.length === 0,
        created_at: clock.now(),
      };
      connections.push(connection);
      return connection;
    },
    list: () => connections,
    has: (id) =>
      id === undefined
        ? hasDefault() || connections.length > 0
        : connections.some((connection) => connection.id === id),
    clear() {
      connections = [];
    },
  };
}
