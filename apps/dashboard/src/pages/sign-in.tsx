import { ApiError } from "@prewarm/control-client/client";
import { useEffect, useState } from "preact/hooks";
import { signIn } from "../api/session.ts";
import { TextField } from "../ui/fields.tsx";

/** The sign-in page. The token goes to the server once; the answer sets a cookie that no script can read. */
export function SignInPage() {
  const [token, setToken] = useState(takeTokenFromLink);
  const [error, setError] = useState<string | null>(null);
  const [busy, setBusy] = useState(false);
  // The local stack prints a link with its token behind the `#`, which no server and no log sees.
  useEffect(() => {
    if (token !== "") void submit();
  }, []);
  const submit = async () => {
    setBusy(true);
    setError(null);
    await signIn(token.trim()).catch((reason: unknown) => setError(explain(reason)));
    setBusy(false);
  };
  return (
    <main class="lonely">
      <form
        class="card stack sign-in"
        onSubmit={(event) => {
          event.preventDefault();
          void submit();
        }}
      >
        <img src="/icon.svg" alt="" width="40" height="40" />
        <h1>Prewarm</h1>
        <p class="muted">Sign in with an operator or viewer token.</p>
        <TextField
          label="Token"
          type="password"
          name="token"
          autocomplete="current-password"
          required
          autofocus
          value={token}
          set={setToken}
        />
        {error && (
          <p class="strip bad" role="alert">
            {error}
          </p>
        )}
        <button type="submit" class="primary" disabled={busy || token.trim() === ""}>
          {busy ? "Signing in…" : "Sign in"}
        </button>
        <p class="muted small-text">Tokens are the Worker's secrets ADMIN_TOKEN and VIEWER_TOKEN.</p>
      </form>
    </main>
  );
}

/**
 * The token of a sign-in link (`/#token=…`), taken out of the address so that it stays in no history; else empty. The local stack's links only:
 * elsewhere another site's link could sign somebody in under a token of its choice.
 */
function takeTokenFromLink(): string {
  if (!["localhost", "127.0.0.1", "[::1]"].includes(location.hostname)) return "";
  const token = new URLSearchParams(location.hash.slice(1)).get("token") ?? "";
  if (token !== "") history.replaceState(history.state, "", location.pathname + location.search);
  return token;
}

function explain(reason: unknown): string {
  if (!(reason instanceof ApiError)) return String(reason);
  if (reason.status === 401) return "This token is not valid. Tokens are case-sensitive.";
  if (reason.status === 429)
    return reason.retryAfter ? `Too many tries. Wait ${reason.retryAfter} s.` : "Too many tries. Wait a minute.";
  return reason.message;
}
