// What bundlers take for `@prewarm/client/server` in a browser's bundle: a key there would be everybody's.
throw new Error("@prewarm/client/server signs with a secret key: it must not run in a browser");

export {};
