/** Who calls, as the guard found out. */
export interface Caller {
  role: "viewer" | "operator";
  /** For the audit log: `operator token 1`, or an e-mail address. Never a secret. */
  who: string;
  by: "token" | "cookie" | "access";
  /** Unix ms; null: as long as the token lives. */
  expiresAt: number | null;
}

export interface Tokens {
  adminTokens: readonly string[];
  viewerTokens: readonly string[];
}

/** All tokens with what each stands for; operators first. */
export function tokenList({
  adminTokens,
  viewerTokens,
}: Tokens): { token: string; role: Caller["role"]; who: string }[] {
  return [
    ...adminTokens.map((token, index) => ({ token, role: "operator" as const, who: `operator token ${index + 1}` })),
    ...viewerTokens.map((token, index) => ({ token, role: "viewer" as const, who: `viewer token ${index + 1}` })),
  ];
}
