export const SUMS: { version: string; archives: Record<string, string>; programs: Record<string, string> };
export function sha256(bytes: Uint8Array): string;
export function nodeFault(root: string, platform?: string): string | null;
