import type { Called } from "../lab.ts";

/** Calls, and tells an error as data. */
export async function called<T>(call: () => Promise<T>): Promise<Called<T>> {
  try {
    return { answer: (await call()) ?? (null as T) };
  } catch (error) {
    const { message, retryable, overloaded, remote } = error as Record<string, unknown>;
    const isTrue = (flag: unknown): boolean => flag === true;
    return {
      error: {
        message: String(message),
        retryable: isTrue(retryable),
        overloaded: isTrue(overloaded),
        remote: isTrue(remote),
      },
    };
  }
}
