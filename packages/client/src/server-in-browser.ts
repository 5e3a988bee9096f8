// Bundlers use this for `@prewarm/client/server` in a browser's bundle, where a key would be public.
throw new Error("@prewarm/client/server signs with a secret key: it must not run in a browser");

export {};
