import { computed, signal } from "@preact/signals";
import { ApiError, type Call, createCall } from "@prewarm/control-client/client";
import type { Session } from "@prewarm/control-schema/session";
import type { Act } from "@prewarm/shared/acts";

/** Longest that the page waits for an answer, in ms. */
const TIMEOUT_MS = 10_000;

/** The browser sends the session's cookie by itself. */
const call = createCall({ timeoutMs: TIMEOUT_MS });

/** Who is signed in. `unknown` until the server has answered; null when nobody is. */
export const session = signal<Session | null | "unknown">("unknown");
/** The error when the server could not tell who is signed in, or null. */
export const sessionError = signal<ApiError | null>(null);

/** Whoever is signed in; null also while that is not known. */
export const known = () => (session.value === "unknown" ? null : session.value);

/** Only operators see buttons that change something. The server checks the role; a viewer is spared buttons that would be refused. */
export const isOperator = computed(() => known()?.role === "operator");
/** Whether an operator may do this: a token may be for some acts only. */
export const may = (act: Act) => known()?.may.includes(act) ?? false;
export const recipes = computed(() => known()?.recipes ?? []);
export const environment = computed(() => known()?.environment ?? "");

/** Calls the API as the user who is signed in. A 401 leads back to the sign-in page. */
export const ask: Call = async (name, given) => {
  try {
    return await call(name, given);
  } catch (error) {
    if (error instanceof ApiError && error.status === 401) session.value = null;
    throw error;
  }
};

export async function findSession(): Promise<void> {
  try {
    // Nothing when nobody is: a browser's console would show a refusal as an error.
    session.value = await call("GET /api/v1/session", {});
    sessionError.value = null;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 401) session.value = null;
    sessionError.value = error.status === 401 ? null : error;
  }
}

export async function signIn(token: string): Promise<void> {
  session.value = await call("POST /api/v1/session", { body: { token } });
}

export async function signOut(): Promise<void> {
  await call("DELETE /api/v1/session", {}).catch(() => null);
  session.value = null;
}
