import { type CommonFields, commonHeaders, NO_STORE } from "../respond.ts";

/** One light grey pixel as GIF, which every client shows; 35 bytes. */
export const PLACEHOLDER = Uint8Array.from(atob("R0lGODlhAQABAIAAAOXl5eXl5SwAAAAAAQABAAACAkQBADs="), (letter) =>
  letter.charCodeAt(0),
);

/**
 * Answers with the pixel if viewers may not or cannot see the original. 200, because browsers do not show the body of
 * an error.
 */
export function placeholder(method: string, fields: CommonFields): Response {
  const headers = {
    ...commonHeaders(fields, NO_STORE),
    "Content-Type": "image/gif",
    "Content-Length": String(PLACEHOLDER.length),
  };
  return new Response(method === "HEAD" ? null : PLACEHOLDER, { headers });
}
