import { ApiError } from "../errors.ts";
import type { EmulatorState } from "./emulator-state.ts";

/** @throws ApiError 401 */
export function authenticate(emulator: EmulatorState, header: string | undefined): string {
  const token = /^Bearer\s+(\S+)\s*$/i.exec(header ?? "")?.[1];
  if (token === undefined) throw new ApiError(401, "token_missing", "an API key is required");
  const { apiKey } = emulator.settings;
  if (apiKey !== null && token !== apiKey) throw new ApiError(401, "token_invalid", "the API key is not valid");
  return token;
}
