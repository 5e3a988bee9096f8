// biome-ignore-all format: generated
// biome-ignore-all lint: generated
// Made of docs/openapi.json by packages/control-client/scripts/generate.ts. Do not edit.

export interface paths {
    "/api/v1/warm": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Enqueue variants in bulk
         * @description JSON up to 16 MB; `application/x-ndjson` (one item, or one id, a line) and `text/csv` (header with id, v, sourceEtag, recipe, presets, transforms; several values separated by spaces) stream at any length.
         */
        post: {
            parameters: {
                query?: {
                    dryRun?: "0" | "1" | "true" | "false";
                    /** @description Join this run, or begin it under this name: a long list sent in parts is one run */
                    run?: string;
                    label?: string;
                    force?: "0" | "1" | "true" | "false";
                    onlyMissing?: "0" | "1" | "true" | "false";
                    /** @description For items that name nothing themselves (NDJSON and CSV) */
                    recipe?: string;
                };
                header?: {
                    /** @description A repeat with the same body continues or repeats the same run */
                    "idempotency-key"?: string;
                };
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["WarmRequest"];
                    "application/x-ndjson": string;
                    "text/csv": string;
                };
            };
            responses: {
                /** @description Dry run: nothing was enqueued */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DryRun"];
                    };
                };
                /** @description Every accepted variant has a durable row */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["WarmAnswer"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body has more than 16,000,000 or 500,000,000 bytes, by its type */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not JSON, NDJSON or CSV */
                415: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The Idempotency-Key was used with another body */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too much work is waiting; see Retry-After */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The ledger is nearly full, and takes no new bulk; see Retry-After */
                507: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Runs, newest first */
        get: {
            parameters: {
                query?: {
                    /** @description Rows in one page */
                    limit?: number;
                    /** @description `nextCursor` of the page before; opaque */
                    cursor?: string;
                    state?: "open" | "done" | "cancelled";
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page of runs */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RunPage"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One run's progress */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    run: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The run */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Run"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No such run */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /**
         * Cancel what nobody else waits for
         * @description Asynchronous: the run is closed at once, its rows follow in slices.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    run: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The run is cancelled */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Run"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No such run */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/runs/{run}/rejected": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The items of a run's requests that were refused, by their place in the body */
        get: {
            parameters: {
                query?: {
                    /** @description Rows in one page */
                    limit?: number;
                    /** @description `nextCursor` of the page before; opaque */
                    cursor?: string;
                };
                header?: never;
                path: {
                    run: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page of them */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["RejectedPage"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs.csv": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All jobs that match, as CSV with a header, streamed */
        get: {
            parameters: {
                query?: {
                    /** @description May repeat: any of them */
                    state?: ("queued" | "processing" | "retrying" | "stored" | "dead" | "refused" | "cancelled")[];
                    /** @description May repeat: any of them */
                    lane?: ("live" | "upload" | "bulk")[];
                    run?: string;
                    /** @description Qualifiers `id:` `format:` `error:` `run:` `lane:` `state:` `age:>1h` `attempts:>3` (quotes allowed, all must match) and free text within the variant key */
                    search?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The jobs */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/csv": string;
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs.ndjson": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All jobs that match, as a JSON document a line, streamed */
        get: {
            parameters: {
                query?: {
                    /** @description May repeat: any of them */
                    state?: ("queued" | "processing" | "retrying" | "stored" | "dead" | "refused" | "cancelled")[];
                    /** @description May repeat: any of them */
                    lane?: ("live" | "upload" | "bulk")[];
                    run?: string;
                    /** @description Qualifiers `id:` `format:` `error:` `run:` `lane:` `state:` `age:>1h` `attempts:>3` (quotes allowed, all must match) and free text within the variant key */
                    search?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The jobs */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/x-ndjson": string;
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Jobs: what is open or ended without bytes, then what was stored of late
         * @description Walks past at most 1,000 open jobs, 2,000 ended ones or 1,000 stored ones a call, and has the newest of those first: with more of them, or with a search that matches seldom, a page may be short and still have a `nextCursor`, and the next page may begin with a newer job. A stored job is listed under the run that asked for it first.
         */
        get: {
            parameters: {
                query?: {
                    /** @description May repeat: any of them */
                    state?: ("queued" | "processing" | "retrying" | "stored" | "dead" | "refused" | "cancelled")[];
                    /** @description May repeat: any of them */
                    lane?: ("live" | "upload" | "bulk")[];
                    run?: string;
                    /** @description Qualifiers `id:` `format:` `error:` `run:` `lane:` `state:` `age:>1h` `attempts:>3` (quotes allowed, all must match) and free text within the variant key */
                    search?: string;
                    /** @description Rows in one page */
                    limit?: number;
                    /** @description `nextCursor` of the page before; opaque */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page of jobs */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["JobPage"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{job}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One job with its failed attempts */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    job: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The job */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["JobDetail"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No such job */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{job}/retry": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Try a dead, refused or cancelled job again, or one that waits for its next retry now */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    job: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It is queued again */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Job"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No such job */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The job is open */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{job}/promote": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Let an open job go before others: a lane up */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    job: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It is in the higher lane */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Job"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No such job */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The job has ended, or a viewer waits for it already */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/jobs/{job}/cancel": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Cancel an open job */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    job: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It is cancelled, or will be as soon as its handler looks */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Job"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No such job */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The job has ended */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/dead": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Dead letters grouped by cause, the largest group first; or one group's jobs */
        get: {
            parameters: {
                query?: {
                    fingerprint?: string;
                    /** @description May repeat: any of them */
                    lane?: ("live" | "upload" | "bulk")[];
                    /** @description Rows in one page */
                    limit?: number;
                    /** @description `nextCursor` of the page before; opaque */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Dead letters */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["DeadLetters"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/causes": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Why jobs fail now: causes over retrying, dead and refused jobs, those with most jobs first */
        get: {
            parameters: {
                query?: {
                    window?: "5m" | "1h" | "1d" | "all";
                    run?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Causes, at most 200 */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Causes"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/actions": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Actions, newest first */
        get: {
            parameters: {
                query?: {
                    /** @description Rows in one page */
                    limit?: number;
                    /** @description `nextCursor` of the page before; opaque */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ActionPage"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Retry, cancel or promote every job that matches */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["ActionRequest"];
                };
            };
            responses: {
                /** @description Dry run: what it would touch */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ActionPreview"];
                    };
                };
                /** @description Under way */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Action"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing matches */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body has more than 65,536 bytes */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/actions/{action}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** One action's progress */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    action: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The action */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Action"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No such action */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /** Stop an action; what it has done stays done */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    action: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The action */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Action"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No such action */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/images": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * Images of which something was stored of late, or has failed
         * @description Of the newest 10,000 stored jobs and the failed ones that have rows; an older image is found by its id.
         */
        get: {
            parameters: {
                query?: {
                    search?: string;
                    sort?: "latest" | "largest" | "failed";
                    /** @description Rows in one page */
                    limit?: number;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Images */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ImageList"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/images/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All variants of one image, from R2 and the open rows */
        get: {
            parameters: {
                query?: {
                    /** @description `nextCursor` of the page before; opaque */
                    cursor?: string;
                };
                header?: never;
                path: {
                    /** @description One URL-encoded segment, or the rest of the path */
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The image */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Image"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        /**
         * Remove every variant of one image
         * @description Asynchronous, in slices; edge caches follow within the configured cacheSeconds.
         */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    /** @description One URL-encoded segment, or the rest of the path */
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Under way */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Purge"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/thumbs/{id}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * A small picture of an image: the smallest of its stored variants that shows something
         * @description Reads only: an address at the edge would order the variant that it names.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    id: string;
                };
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The picture */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "image/*": string;
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Nothing of it is stored */
                404: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/info": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * What is known of many images, for builds
         * @description Reads only: nothing is made. An image is known once a variant of it is stored.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        ids: string[];
                    };
                };
            };
            responses: {
                /** @description Each id once, in the order asked */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["ImageInfos"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body has more than 1,000,000 bytes */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/stats": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Everything the overview shows */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Now */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Stats"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/serving": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * What views were answered with, what that saved, and what was missed
         * @description Counted by the edge where it has a dataset of Analytics Engine; read at most once a minute.
         */
        get: {
            parameters: {
                query?: {
                    window?: "1h" | "1d" | "30d";
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Of this window */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Serving"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/pulse": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** What was stored in each of the last 300 seconds, by lane */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The oldest second first; the last one still fills */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Pulse"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/history": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The past: 60 minutes, 24 hours or 30 days unless `from` says otherwise */
        get: {
            parameters: {
                query?: {
                    tier?: "minute" | "hour" | "day";
                    from?: number | null;
                    to?: number | null;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Buckets, oldest first, empty ones included */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["History"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/gate": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Pause, breaker, rate, concurrency, budget */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The gate */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Gate"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        /** Change what is named; it holds at once, everywhere */
        patch: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["GatePatch"];
                };
            };
            responses: {
                /** @description The gate after the change */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Gate"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body has more than 65,536 bytes */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        trace?: never;
    };
    "/api/v1/audit": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who did what and when, newest first */
        get: {
            parameters: {
                query?: {
                    /** @description Rows in one page */
                    limit?: number;
                    /** @description `nextCursor` of the page before; opaque */
                    cursor?: string;
                    /** @description Part of who, what, its target or the details, in any case of letters */
                    search?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["AuditPage"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Outgoing events, the newest first, with what each endpoint answered */
        get: {
            parameters: {
                query?: {
                    /** @description Rows in one page */
                    limit?: number;
                    /** @description `nextCursor` of the page before; opaque */
                    cursor?: string;
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description A page */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["EventPage"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/events/test": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Tell every endpoint of a test */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description On its way */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["EventTest"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The configuration names no endpoint */
                409: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/doctor": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Compare ledger and store, as far as one request gets; mend with fix */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /**
                         * @description Mend what is found; else nothing is changed
                         * @default false
                         */
                        fix?: boolean;
                        /**
                         * @description `nextCursor` of the answer before
                         * @default
                         */
                        cursor?: string;
                        /**
                         * @description An older copy of the ledger's database was put back: first all leases end, and numbers go on above all that can have been given
                         * @default false
                         */
                        restored?: boolean;
                    };
                };
            };
            responses: {
                /** @description What was found in this part of the store */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            findings: components["schemas"]["Finding"][];
                            /** @description null: everything was looked at */
                            nextCursor: string | null;
                        };
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body has more than 65,536 bytes */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ledger/export": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** All rows of the ledger: a header line, a line each, a last line with their number */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The copy */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/x-ndjson": string;
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ledger/import": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Put a copy in the ledger's place
         * @description The lines of an export, whole or in parts one after the other. Nothing is changed until the last line has come; then all leases end, and numbers go on above all that were given.
         */
        post: {
            parameters: {
                query: {
                    /** @description What is there now is lost */
                    replace: "true";
                };
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/x-ndjson": string;
                };
            };
            responses: {
                /** @description Taken in */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LedgerImport"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body has more than 500,000,000 bytes */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/ledger/restore": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /** Put the database back to an earlier time by the platform's bookmarks */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": {
                        /**
                         * Format: date-time
                         * @description Within the last 30 days
                         */
                        at: string;
                    } | {
                        bookmark: string;
                    };
                };
            };
            responses: {
                /** @description It stands on the bookmark */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["LedgerRestore"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body has more than 65,536 bytes */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/session": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Who am I */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description The session */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Session"];
                    };
                };
                /** @description Nobody: no token, and no session */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        /** Sign in with a token; sets an HttpOnly, SameSite=Strict cookie */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": components["schemas"]["SignIn"];
                };
            };
            responses: {
                /** @description Signed in */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Session"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body has more than 65,536 bytes */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many tries */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        /** Sign out */
        delete: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Signed out */
                204: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content?: never;
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/api/v1/hooks": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Hooks, and the last 200 deliveries with their verdicts, the newest first */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Now */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["Hooks"];
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/hooks/{name}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * An upload system tells what is new, replaced or gone
         * @description The proof (signature or token) and the body's shape are the configured hook's. The body is at most 1 MiB.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    name: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": unknown;
                };
            };
            responses: {
                /** @description Durable */
                202: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["HookAnswer"];
                    };
                };
                /** @description Proved, but not a body the mapper reads */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid proof, whatever the reason; also for hooks that do not exist */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body has more than 1,048,576 bytes */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The same delivery id with another body */
                422: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too much work is waiting; see Retry-After */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The ledger is unreachable, or the hook's configuration is at fault: send it again */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/ittybit/{token}": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        get?: never;
        put?: never;
        /**
         * Ittybit tells that a job has ended
         * @description The address is the same for all jobs and causes nothing but a look at the job that the body names. With `ITTYBIT_WEBHOOK_SECRET` the body must be signed too. The body is at most 64 kB, in any of the shapes that Ittybit's guides show.
         */
        post: {
            parameters: {
                query?: never;
                header?: never;
                path: {
                    token: string;
                };
                cookie?: never;
            };
            requestBody: {
                content: {
                    "application/json": unknown;
                };
            };
            responses: {
                /** @description Noted */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": components["schemas"]["IttybitHookAnswer"];
                    };
                };
                /** @description The right address, but no body that names a job */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description A wrong token or signature, or webhooks are off */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The body has more than 65,536 bytes */
                413: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many wrong tokens from this network; see Retry-After */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The ledger is unreachable: send it again */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/metrics": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** Prometheus text format */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Metrics */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "text/plain": string;
                    };
                };
                /** @description Malformed request */
                400: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description No valid token or session */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description The role does not allow this, or a browser wrote from elsewhere */
                403: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not configured, or the ledger is unreachable */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/healthz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** The Worker runs */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description It runs */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            status: "ok";
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/readyz": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /**
         * The ledger answers, the configuration is whole and the Worker has what it needs
         * @description A caller without a token learns how many checks fail, a caller with any token learns which.
         */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description Ready */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            status: "ready";
                            version: components["schemas"]["CodeVersion"] & unknown;
                            ledger: components["schemas"]["CodeVersion"] & unknown;
                        };
                    };
                };
                /** @description A wrong token */
                401: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Too many wrong tokens from this network; see Retry-After */
                429: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/problem+json": components["schemas"]["Problem"];
                    };
                };
                /** @description Not ready */
                503: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            /** @enum {string} */
                            status: "not ready";
                            version: components["schemas"]["CodeVersion"] & unknown;
                            ledger: components["schemas"]["CodeVersion"] & unknown;
                            /** @description Checks that fail */
                            failing: number;
                            /** @description To callers with a token */
                            reasons?: string[];
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
    "/openapi.json": {
        parameters: {
            query?: never;
            header?: never;
            path?: never;
            cookie?: never;
        };
        /** This document */
        get: {
            parameters: {
                query?: never;
                header?: never;
                path?: never;
                cookie?: never;
            };
            requestBody?: never;
            responses: {
                /** @description OpenAPI 3.1 */
                200: {
                    headers: {
                        [name: string]: unknown;
                    };
                    content: {
                        "application/json": {
                            [key: string]: unknown;
                        };
                    };
                };
            };
        };
        put?: never;
        post?: never;
        delete?: never;
        options?: never;
        head?: never;
        patch?: never;
        trace?: never;
    };
}
export type webhooks = Record<string, never>;
export interface components {
    schemas: {
        WarmItem: {
            id: string;
            /** @description The site's version token; part of the key */
            v?: string;
            /** @description The original's version; another one than before makes its variants anew */
            sourceEtag?: string;
            recipe?: string;
            presets?: string[];
            transforms?: string[];
        };
        Problem: {
            type: string;
            title: string;
            status: number;
            /** @enum {string} */
            code: "id_invalid" | "parameter_unknown" | "parameter_repeated" | "parameter_invalid" | "parameter_conflict" | "preset_unknown" | "signature_required" | "signature_invalid" | "not_found" | "original_missing" | "method_not_allowed" | "range_not_satisfiable" | "body_invalid" | "body_too_deep" | "body_too_large" | "media_type_unsupported" | "transform_invalid" | "source_unknown" | "idempotency_mismatch" | "unauthorized" | "https_required" | "forbidden" | "conflict" | "too_many_requests" | "backlog_full" | "ledger_full" | "not_configured" | "unavailable" | "internal";
            detail?: string;
        } & {
            [key: string]: unknown;
        };
        DryRun: {
            /** @enum {boolean} */
            dryRun: true;
            images: number;
            /** @description Variants asked for, each counted once */
            variants: number;
            /** @description Variants already stored */
            existing: number;
            /** @description Variants that already have an open job */
            duplicates: number;
            /** @description Ittybit jobs it would take */
            jobs: number;
            /** @description Bytes Ittybit would read from the source, each job reading its original; null: unknown */
            downloadBytes: number | null;
            /** @description Originals whose size was asked to estimate downloadBytes */
            sampled: number;
            /** @description False when the request was too large to look up every variant */
            exact: boolean;
            /** @description In the configured currency unit */
            price: {
                amount: number;
                per1000Jobs: number;
            } | "unknown";
            rejected: components["schemas"]["Rejection"][];
            rejectedTotal: number;
        };
        Rejection: {
            /** @description Place of the item in the body, from 0 */
            index: number;
            /** @description As it was asked for; null: it names none that can be read */
            id: string | null;
            code: string;
            message: string;
        };
        WarmAnswer: {
            run: string;
            /** @description Variants with a job from now on */
            accepted: number;
            /** @description Variants that already had an open job, or stood twice in this request */
            duplicates: number;
            /** @description Variants that R2 has, where `onlyMissing` asked it; else it is seen when their turn comes, without a job */
            existing: number;
            /** @description At most 1,000 are listed */
            rejected: components["schemas"]["Rejection"][];
            rejectedTotal: number;
            /** @description The whole request had been accepted before under this Idempotency-Key */
            repeat: boolean;
        };
        WarmRequest: {
            label?: string;
            /** @description Make anew even what is stored */
            force?: boolean;
            /** @description Ask R2 and leave out what it holds */
            onlyMissing?: boolean;
            items: components["schemas"]["WarmItem"][];
        };
        RunPage: {
            runs: components["schemas"]["Run"][];
            /** @description null: this is the last page */
            nextCursor: string | null;
        };
        Run: {
            run: string;
            label: string | null;
            lane: components["schemas"]["Lane"];
            /** @enum {string} */
            state: "accepting" | "running" | "done" | "cancelled";
            /** @description Unix milliseconds */
            createdAt: number;
            /** @description Unix milliseconds */
            updatedAt: number;
            /** @description Unix milliseconds */
            endedAt: number | null;
            accepted: number;
            duplicates: number;
            existing: number;
            /** @description Items of its requests that were refused at the door */
            rejectedTotal: number;
            /** @description Who asked; null: a hook, or not told */
            who: string | null;
            /**
             * @description Of a run that is done. failed: nothing was stored, or every item was refused
             * @enum {string|null}
             */
            outcome: "ok" | "with failures" | "failed" | null;
            waitingFor: components["schemas"]["WaitingFor"];
            /** @description Variants this run waits for or waited for: accepted and joined ones */
            total: number;
            /** @description Variants of `total` that have ended */
            done: number;
            states: components["schemas"]["CountsByState"];
            /** @description Variants that ended per second, last five minutes */
            ratePerSecond: number;
            etaSeconds: number | null;
            /** @description From acceptance to stored, in milliseconds */
            timeToReady: {
                /** @description milliseconds */
                p50: number | null;
                /** @description milliseconds */
                p95: number | null;
            };
        };
        /** @enum {string} */
        Lane: "live" | "upload" | "bulk";
        /** @description Why something waits, as the ledger's next decision has it; null: it does not */
        WaitingFor: {
            /** @example retry */
            code: string;
            /** @example Retry 3 of 7, in 40 s. */
            text: string;
            /** @description When that ends by itself */
            until: number | null;
            /** @description Jobs before it, or of it; null where there is no line */
            ahead: number | null;
        } | null;
        CountsByState: {
            queued: number;
            processing: number;
            retrying: number;
            stored: number;
            dead: number;
            refused: number;
            cancelled: number;
        };
        /** @description Up to 1,000 of each request are kept */
        RejectedPage: {
            rejected: components["schemas"]["Rejection"][];
            /** @description null: this is the last page */
            nextCursor: string | null;
        };
        JobPage: {
            jobs: components["schemas"]["Job"][];
            /** @description null: this is the last page */
            nextCursor: string | null;
        };
        Job: {
            /**
             * @description The job's name; a variant ordered again keeps it
             * @example 0k3v9xw2m1a
             */
            job: string;
            key: string;
            /** @description The image's id */
            id: string;
            v: string | null;
            /** @example w=800&q=high&f=webp */
            transform: string;
            format: components["schemas"]["Format"];
            state: components["schemas"]["JobState"];
            lane: components["schemas"]["Lane"];
            run: string | null;
            attempts: number;
            error: components["schemas"]["JobError"];
            ittybitJob: string | null;
            /** @description When it is looked at next */
            due: number | null;
            /** @description Unix milliseconds */
            createdAt: number;
            /** @description Unix milliseconds */
            updatedAt: number;
            /** @description When Ittybit was asked last */
            submittedAt: number | null;
            /** @description How long Ittybit worked on what is stored, ms */
            tookMs: number | null;
            /** @description Unix milliseconds */
            storedAt: number | null;
            /** @description bytes */
            bytes: number | null;
        };
        /** @enum {string} */
        Format: "avif" | "webp" | "jpeg" | "png";
        /** @enum {string} */
        JobState: "queued" | "processing" | "retrying" | "stored" | "dead" | "refused" | "cancelled";
        JobError: {
            code: string;
            message: string;
        } | null;
        JobDetail: components["schemas"]["Job"] & {
            generation: number;
            sourceEtag: string | null;
            waitingFor: components["schemas"]["WaitingFor"];
            /** @description All that wait for it, the first asker first; of a stored job that one */
            runs: string[];
            /** @description Of the original, once a variant of it is stored */
            originalBytes: number | null;
            originalUrl: string | null;
            variantUrl: string | null;
            history: components["schemas"]["Attempt"][];
        };
        /** @description One failed try; waiting, throttling and pausing are none */
        Attempt: {
            number: number;
            /** @description Unix milliseconds */
            startedAt: number | null;
            /** @description Unix milliseconds */
            endedAt: number;
            tookMs: number | null;
            httpStatus: number | null;
            /** @description Ittybit's kind of error */
            kind: string | null;
            code: string;
            message: string;
            ittybitJob: string | null;
        };
        DeadLetters: {
            total: number;
            /** @description Without `fingerprint`: every group (at most 200). With it: that group */
            groups: components["schemas"]["DeadGroup"][];
            /** @description With `fingerprint`: a page of its jobs */
            jobs: components["schemas"]["Job"][];
            /** @description The newest 50 unreadable messages */
            messages: components["schemas"]["DeadMessage"][];
            /** @description null: this is the last page */
            nextCursor: string | null;
        };
        DeadGroup: {
            /** @description Stable name of the cause; `GET /api/v1/dead?fingerprint=` lists its jobs */
            fingerprint: string;
            code: string;
            /** @description A sample; numbers and ids in it vary within the group */
            message: string;
            count: number;
            /** @description Unix milliseconds */
            firstAt: number;
            /** @description Unix milliseconds */
            lastAt: number;
            formats: {
                [key: string]: number;
            };
            sample: components["schemas"]["Job"];
        };
        /** @description A queue message nobody could read */
        DeadMessage: {
            id: string;
            queue: string;
            reason: string;
            /** @description First 2,000 characters */
            body: string;
            /** @description Unix milliseconds */
            at: number;
        };
        Causes: {
            /** @enum {string} */
            window: "5m" | "1h" | "1d" | "all";
            /** @description Unix milliseconds */
            from: number;
            /** @description False: more than 100,000 jobs of a state have failed; some are not counted */
            exact: boolean;
            causes: components["schemas"]["Cause"][];
        };
        Cause: {
            /** @description Stable name; an action's `fingerprint` */
            cause: string;
            code: string;
            /** @description A sample; numbers, ids and the asked format vary within a cause */
            text: string;
            /** @description Jobs that failed last within the window */
            count: number;
            states: {
                retrying: number;
                dead: number;
                refused: number;
            };
            /** @description `count` by twelve equal parts of the window, the oldest first */
            trend: number[];
            /** @description Of all that failed alike and are still known */
            firstSeen: number;
            /** @description Unix milliseconds */
            lastSeen: number;
            formats: {
                [key: string]: number;
            };
            /** @description Folders with most of them */
            prefixes: {
                prefix: string;
                count: number;
            }[];
            sample: components["schemas"]["Job"];
            /** @description What the code means (docs/job-errors.md) */
            meaning: string | null;
            /** @description What to do */
            cure: string | null;
        };
        ActionPreview: {
            /** @enum {boolean} */
            dryRun: true;
            /**
             * @description promote: open jobs go a lane higher, bulk with the uploads
             * @enum {string}
             */
            kind: "retry" | "cancel" | "promote";
            total: number;
            exact: boolean;
        };
        Action: {
            /** @description The action's id */
            action: string;
            /**
             * @description promote: open jobs go a lane higher, bulk with the uploads
             * @enum {string}
             */
            kind: "retry" | "cancel" | "promote";
            filter: components["schemas"]["ActionFilter"];
            rate: number | null;
            /**
             * @description halted: of the canary not all were stored, so that it did not go on
             * @enum {string}
             */
            state: "running" | "done" | "cancelled" | "halted";
            /** @description So many go first; 0: none, or all of them are stored */
            canary: number;
            /** @description Of a retry: the run that its jobs are in */
            run: string | null;
            outcome: components["schemas"]["CountsByState"] | null;
            /** @description Jobs that matched at creation */
            total: number;
            /** @description False: counting stopped at a bound and `total` is a lower bound */
            exact: boolean;
            /** @description Jobs acted on */
            done: number;
            /** @description Jobs that had changed since and were left alone */
            skipped: number;
            /** @description Unix milliseconds */
            createdAt: number;
            /** @description Unix milliseconds */
            updatedAt: number;
            /** @description Unix milliseconds */
            endedAt: number | null;
            who: string;
        };
        ActionFilter: {
            state?: components["schemas"]["JobState"] | components["schemas"]["JobState"][];
            lane?: components["schemas"]["Lane"] | components["schemas"]["Lane"][];
            run?: string;
            search?: string;
            /** @description A group of dead letters */
            fingerprint?: string;
            /** @description Just these */
            jobs?: string[];
        };
        ActionRequest: {
            /**
             * @description promote: open jobs go a lane higher, bulk with the uploads
             * @enum {string}
             */
            action: "retry" | "cancel" | "promote";
            filter: components["schemas"]["ActionFilter"];
            /** @description Jobs a second; default 100 for retry, unlimited for cancel */
            rate?: number;
            /** @description Of a retry: so many first, and the others only once all of these are stored */
            canary?: number;
            /** @description Only count */
            dryRun?: boolean;
        };
        ActionPage: {
            actions: components["schemas"]["Action"][];
            /** @description null: this is the last page */
            nextCursor: string | null;
        };
        ImageList: {
            images: {
                id: string;
                /** @description Variants stored of late */
                stored: number;
                /** @description Of these */
                bytes: number;
                /** @description Unix milliseconds */
                storedAt: number | null;
                /** @description Dead and refused variants */
                failed: number;
            }[];
        };
        Image: {
            id: string;
            originalUrl: string | null;
            /** @description Of the original, once a variant of it is stored */
            originalBytes: number | null;
            sourceEtag: string | null;
            purging: boolean;
            variants: components["schemas"]["Variant"][];
            /** @description null: this is the last page */
            nextCursor: string | null;
        };
        Variant: {
            transform: string;
            format: components["schemas"]["Format"];
            state: components["schemas"]["JobState"];
            /** @description bytes */
            bytes: number | null;
            /** @description Where the edge answers it */
            url: string;
            key: string;
            v: string | null;
            /** @example 0k3v9xw2m1a */
            job: string;
            width: number | null;
            height: number | null;
            error: components["schemas"]["JobError"];
            /** @description Unix milliseconds */
            storedAt: number | null;
        };
        Purge: {
            id: string;
            purge: string;
            /** @enum {string} */
            state: "purging" | "done";
        };
        ImageInfos: {
            images: components["schemas"]["ImageInfo"][];
            /** @description Ids of which nothing is stored */
            unknown: string[];
        };
        ImageInfo: {
            id: string;
            /** @description Of the original, as a viewer sees it, in px */
            width: number;
            /** @description px */
            height: number;
            /** @description Media type of the original */
            type: string;
            /** @description Of the original; null: its server did not say */
            bytes: number | null;
            frames: number;
            /** @description A tiny picture as a data URL; absent until it is stored */
            lqip?: string;
            /** @description Widths that are stored uncropped in one format at least */
            widths: number[];
            /** @description The version token under which they are stored */
            version: string | null;
        };
        Stats: {
            /** @description Unix milliseconds */
            at: number;
            environment: string;
            /** @description Which code runs; null where the platform tells none */
            versions: {
                consumer: components["schemas"]["CodeVersion"];
                ledger: components["schemas"]["CodeVersion"];
            };
            health: components["schemas"]["Health"];
            /** @description Everything that is wrong, the worst first; `health` is the first of it */
            warnings: components["schemas"]["Warning"][];
            states: components["schemas"]["CountsByState"] & unknown;
            lanes: {
                live: components["schemas"]["CountsByState"];
                upload: components["schemas"]["CountsByState"];
                bulk: components["schemas"]["CountsByState"];
            };
            open: number;
            /** @description All dead jobs: a refused one is no dead letter */
            deadLetters: number;
            /** @description Age of the oldest job that waits, in milliseconds */
            oldest: {
                /** @description milliseconds */
                live: number | null;
                /** @description milliseconds */
                upload: number | null;
                /** @description milliseconds */
                bulk: number | null;
            };
            /** @description Why each lane's jobs wait; null: none does */
            waitingFor: {
                live: components["schemas"]["WaitingFor"];
                upload: components["schemas"]["WaitingFor"];
                bulk: components["schemas"]["WaitingFor"];
            };
            /** @description Of late */
            rates: {
                /** @description Over how long: the minute before and the one under way */
                seconds: number;
                storedPerSecond: number;
                /** @description However they ended */
                endedPerSecond: number;
                failedPerSecond: number;
                acceptedPerSecond: number;
                submittedPerSecond: number;
                /** @description Of the last five minutes: those that failed, and all that ended */
                attempts: {
                    failed: number;
                    all: number;
                };
                /** @description Failed attempts of those of the last five minutes */
                failureRatio: number;
            };
            /** @description Since the ledger was made: `failed` counts attempts, `throttled` Ittybit's 429s */
            totals: {
                accepted: number;
                stored: number;
                failed: number;
                dead: number;
                refused: number;
                cancelled: number;
                throttled: number;
            };
            wait: components["schemas"]["Percentiles"];
            run: components["schemas"]["Percentiles"] & unknown;
            /** @description Of the last hour, by lane */
            ready: {
                live: components["schemas"]["LaneTimes"];
                upload: components["schemas"]["LaneTimes"];
                bulk: components["schemas"]["LaneTimes"];
            };
            /** @description Until the open jobs have ended at this rate; null while some of them may not go */
            etaSeconds: number | null;
            /** @description By queue name; null where the platform gives no metrics */
            queues: {
                [key: string]: components["schemas"]["QueueMetrics"];
            };
            utilisation: {
                /** @description Jobs at Ittybit of those allowed */
                concurrency: {
                    used: number;
                    limit: number | null;
                };
                /** @description Submissions a second of those allowed */
                rate: {
                    used: number;
                    limit: number | null;
                };
            };
            budget: components["schemas"]["Budget"];
            /** @description By `prices.ittybitPer1000Jobs` */
            forecast: {
                /** @description Of this month at its end, should it go on as until now */
                jobs: number;
                /** @description What they cost; null: no price is set */
                amount: number | null;
                /** @description What this month's jobs have cost so far */
                spent: number | null;
                /** @description And today's (UTC) */
                spentToday: number | null;
                /** @description The price that all this goes by */
                per1000Jobs: number | null;
                /** @description When this month's budget is used up at that pace; null: not this month, or unlimited */
                exhaustedAt: number | null;
            };
            gate: components["schemas"]["Gate"];
            ledger: {
                /** @description Of jobs; stored ones have none */
                rows: number;
                /** @description bytes */
                bytes: number;
                /** @description bytes */
                limitBytes: number;
            };
            /** @description Ittybit's webhooks since the ledger's instance began; null while they are off */
            hooks: {
                /** @description That caused a look at a job */
                woke: number;
                /** @description That named no open job, or one that had its looks already */
                unknown: number;
                /** @description Without the right token or signature */
                refused: number;
                /** @description When Ittybit refused to take an address; for a day it is told none */
                refusedAt: number | null;
            } | null;
            /** @description Times that recording a metric failed */
            metricErrors: number;
        };
        CodeVersion: {
            id: string;
            /** @description What `wrangler deploy --tag` said */
            tag: string;
        } | null;
        Health: {
            /** @enum {string} */
            level: "ok" | "warning" | "problem";
            /** @example Healthy: nothing waits. */
            sentence: string;
            /** @description Unix milliseconds */
            since: number | null;
        };
        Warning: {
            /**
             * @description A note is worth a look, and no alarm
             * @enum {string}
             */
            level: "problem" | "warning" | "note";
            /** @example breaker */
            code: string;
            sentence: string;
            /**
             * @description Where on the dashboard its cause stands
             * @example /causes?window=5m
             */
            link: string;
            /** @description Unix milliseconds */
            since: number | null;
        };
        /** @description Enqueued to first submitted, last hour, without retries */
        Percentiles: {
            /** @description milliseconds */
            p50: number | null;
            /** @description milliseconds */
            p95: number | null;
            /** @description milliseconds */
            p99: number | null;
        };
        /** @description What was stored of a lane, and how long it took from order to stored */
        LaneTimes: {
            stored: number;
            ready: components["schemas"]["Percentiles"] & unknown;
        };
        QueueMetrics: {
            backlogCount: number;
            /** @description bytes */
            backlogBytes: number;
            /** @description Unix milliseconds */
            oldestMessageAt: number | null;
        } | null;
        Budget: {
            /** @description null: unlimited */
            monthlyJobs: number | null;
            warmingShare: number;
            /** @description Of the month's jobs, what viewers' misses may use */
            liveShare: number;
            /** @description Of the viewers' share, what one day (UTC) may use */
            liveDayShare: number;
            /** @example 2026-11 */
            month: string;
            used: number;
            usedByLane: {
                live: number;
                upload: number;
                bulk: number;
            };
            /** @description Jobs of today (UTC) */
            usedToday: number;
            /** @description Viewers' jobs of today (UTC) */
            liveToday: number;
            alertLevels: number[];
            /** @description The highest alert level that is passed */
            alert: number | null;
            exhausted: {
                live: boolean;
                warming: boolean;
            };
        };
        Gate: {
            paused: {
                live: boolean;
                upload: boolean;
                bulk: boolean;
            };
            pauses: {
                live: components["schemas"]["Pause"];
                upload: components["schemas"]["Pause"];
                bulk: components["schemas"]["Pause"];
            };
            /** @description The last change of pauses or limits; a patch with `undo` and this `at` puts back what stood before */
            undo: {
                /** @description Unix milliseconds */
                at: number;
                who: string;
            } | null;
            breaker: components["schemas"]["Breaker"];
            rate: {
                perSecond: number;
                burst: number;
            };
            concurrency: number;
            /** @description How rate and concurrency came about */
            limits: {
                rate: components["schemas"]["GateLimit"];
                concurrency: components["schemas"]["GateLimit"];
            };
            budget: components["schemas"]["Budget"];
            /** @description Ittybit's Retry-After */
            throttledUntil: number | null;
            /** @description Why something waits right now; empty: nothing is held back */
            reasons: {
                lane: components["schemas"]["Lane"] | null;
                code: string;
                message: string;
                /** @description Unix milliseconds */
                until: number | null;
            }[];
            /** @description Unix milliseconds */
            updatedAt: number;
        };
        Pause: {
            who: string;
            /** @description Unix milliseconds */
            since: number;
            reason: string | null;
            /** @description When it ends by itself; null: when somebody ends it */
            until: number | null;
        } | null;
        Breaker: {
            /** @enum {string} */
            state: "closed" | "open" | "half-open";
            reason: string | null;
            /** @description Ittybit's answer that opened it */
            status: number | null;
            /** @description Unix milliseconds */
            since: number | null;
            /** @description When one job is tried next */
            probeAt: number | null;
        };
        GateLimit: {
            /**
             * @description pinned: an operator set a number
             * @enum {string}
             */
            mode: "auto" | "configured" | "pinned";
            value: number;
            /** @description The bounds of an automatic limit */
            min: number | null;
            max: number | null;
            /** @description Why an automatic limit moved last */
            why: string | null;
            /** @description Unix milliseconds */
            since: number | null;
        };
        Serving: {
            /** @enum {string} */
            window: "1h" | "1d" | "30d";
            /** @description Unix milliseconds */
            from: number;
            /** @description When it was read */
            at: number;
            /** @enum {string} */
            state: "counted" | "off" | "unreadable";
            /** @description How to switch it on, or what failed; null while it is counted */
            text: string | null;
            /** @description `countViews`: one view in so many is counted and stands for them */
            oneIn: number;
            /** @description GETs of images by what answered them: the variant from `cache` or `store` (R2), a `stand-in`, the `original`, the `placeholder`; `bypass`: shown as it is; `refused`: 4xx; `failed`: 5xx */
            views: {
                cache: number;
                store: number;
                "stand-in": number;
                original: number;
                placeholder: number;
                bypass: number;
                refused: number;
                failed: number;
            };
            /** @description Answered with the variant, of all but `bypass` and `refused`; null: no view */
            hitRatio: number | null;
            /** @description Of variants, sent whole */
            bytes: number;
            /** @description Less than the originals would have been, where their size is known; below 0: more */
            savedBytes: number;
            /** @description What those originals would have been */
            originalBytes: number;
            formats: {
                /** @enum {string} */
                format: "avif" | "webp" | "jpeg" | "png";
                views: number;
                /** @description bytes */
                bytes: number;
                savedBytes: number;
            }[];
            /** @description Hits, and views without the variant, by steps of the window, the oldest first */
            buckets: {
                /** @description Unix milliseconds */
                at: number;
                hits: number;
                others: number;
            }[];
            /** @description What viewers asked for most and did not get, of what can be made */
            missed: {
                key: string;
                id: string;
                transform: string;
                v: string | null;
                views: number;
                /** @description By now */
                stored: boolean;
            }[];
        };
        Pulse: {
            /** @description Start of the first second */
            from: number;
            lanes: {
                /** @description One number a second; null where more was stored since than is looked back on */
                live: (number | null)[];
                /** @description One number a second; null where more was stored since than is looked back on */
                upload: (number | null)[];
                /** @description One number a second; null where more was stored since than is looked back on */
                bulk: (number | null)[];
            };
        };
        History: {
            /** @enum {string} */
            tier: "minute" | "hour" | "day";
            /** @description milliseconds */
            bucketMs: number;
            buckets: components["schemas"]["HistoryBucket"][];
        };
        HistoryBucket: {
            /** @description Start of the bucket */
            at: number;
            /** @description Still open: draw it dashed */
            filling: boolean;
            accepted: number;
            stored: number;
            /** @description Failed attempts */
            failed: number;
            dead: number;
            /** @description Originals of no use */
            refused: number;
            throttled: number;
            wait: components["schemas"]["Percentiles"] & unknown;
            run: components["schemas"]["Percentiles"] & unknown;
            lanes: {
                live: components["schemas"]["LaneTimes"];
                upload: components["schemas"]["LaneTimes"];
                bulk: components["schemas"]["LaneTimes"];
            };
            /** @description Age of the oldest waiting job, highest seen */
            oldestMs: number | null;
            open: number | null;
        };
        GatePatch: {
            paused?: {
                live?: boolean | {
                    reason?: string | null;
                    /** @description When it ends by itself */
                    until?: number | null;
                };
                upload?: boolean | {
                    reason?: string | null;
                    /** @description When it ends by itself */
                    until?: number | null;
                };
                bulk?: boolean | {
                    reason?: string | null;
                    /** @description When it ends by itself */
                    until?: number | null;
                };
            };
            /** @description `undo.at` of the gate: puts back what stood before that change */
            undo?: number;
            /** @description Reset the breaker */
            breaker?: {
                /** @enum {string} */
                state: "closed";
            };
            rate?: number | "auto" | {
                perSecond?: number | "auto";
                burst?: number;
            };
            /** @description auto: find it; a number pins it */
            concurrency?: number | "auto";
            budget?: {
                monthlyJobs?: number | null;
                warmingShare?: number;
                liveShare?: number;
                liveDayShare?: number;
                alertLevels?: number[];
            };
        };
        AuditPage: {
            entries: components["schemas"]["AuditEntry"][];
            /** @description null: this is the last page */
            nextCursor: string | null;
        };
        AuditEntry: {
            seq: number;
            /** @description Unix milliseconds */
            at: number;
            /**
             * @description Never the token itself
             * @example operator token 1
             */
            who: string;
            /** @example gate.patch */
            what: string;
            target: string | null;
            details: {
                [key: string]: unknown;
            };
        };
        EventPage: {
            endpoints: {
                url: string;
                types: ("run.finished" | "image.ready" | "variant.dead" | "breaker.opened" | "breaker.closed" | "budget.level" | "live.stalled" | "nothing.consumed")[] | null;
            }[];
            events: components["schemas"]["EventDelivery"][];
            /** @description null: this is the last page */
            nextCursor: string | null;
        };
        EventDelivery: {
            /** @description The event's `webhook-id`, the same for every endpoint */
            id: string;
            /** @description Its address; to viewers its host and the path's first part */
            endpoint: string;
            type: string;
            /** @description Unix milliseconds */
            at: number;
            /** @description As it is sent, JSON text */
            body: string;
            /** @enum {string} */
            state: "waiting" | "delivered" | "given up";
            tries: number;
            /** @description The last answer; 0: none came, null: not tried yet */
            status: number | null;
            /** @description Its first words */
            said: string | null;
            /** @description Unix milliseconds */
            nextAt: number | null;
        };
        EventTest: {
            endpoints: number;
        };
        Finding: {
            /** @enum {string} */
            code: "object_below_floor" | "marker_stale" | "row_forgotten" | "lease_expired" | "slot_leaked" | "counters_differ";
            count: number;
            message: string;
            /** @description Mended: a second look finds it no more */
            fixed: boolean;
            /** @description Some of the variant keys concerned */
            examples: string[];
        };
        LedgerImport: {
            /** @description Rows of this body */
            rows: number;
            /** @description The copy was whole, and is the ledger now */
            done: boolean;
        };
        LedgerRestore: {
            bookmark: string;
            /** @description The bookmark of now: restoring it takes this back */
            undo: string;
        };
        Session: {
            /** @enum {string} */
            role: "viewer" | "operator";
            who: string;
            /** @description Acts that the server lets it do */
            may: ("warm" | "retry" | "cancel" | "promote" | "pause" | "limits" | "purge" | "mend" | "copy" | "restore")[];
            /** @enum {string} */
            by: "token" | "cookie" | "access";
            /** @description Unix milliseconds */
            expiresAt: number | null;
            environment: string;
            /** @description Where images are served; empty when not configured */
            edgeUrl: string;
            /** @description Names of recipes that can be warmed */
            recipes: string[];
        };
        SignIn: {
            token: string;
        };
        Hooks: {
            hooks: {
                name: string;
                verifier: string;
                mapper: string;
                recipe: string;
                /** @description Why it takes nothing now */
                fault: string | null;
            }[];
            deliveries: components["schemas"]["HookDelivery"][];
        };
        HookDelivery: {
            /** @description As configured; `r2`: R2's notifications; `unknown`: no hook's name */
            hook: string;
            /** @description Of refusals alike the last */
            at: number;
            /** @enum {string} */
            verdict: "accepted" | "repeat" | "refused";
            /** @description Of a refusal, or of the first item that was rejected */
            why: string | null;
            /** @description Refusals alike within ten minutes of each other; without a proof, at least so many */
            n: number;
            run: string | null;
            accepted: number;
            duplicates: number;
            existing: number;
            purged: number;
            ignored: number;
            rejected: number;
        };
        HookAnswer: {
            /** @description The rolling run of this hook and day; null when nothing was enqueued */
            run: string | null;
            accepted: number;
            duplicates: number;
            existing: number;
            /** @description Images whose deletion was told */
            purged: number;
            /** @description Events that are no image upload: test events, other types, our own variants */
            ignored: number;
            rejected: components["schemas"]["Rejection"][];
            /** @description This very delivery had been accepted before; nothing was done */
            duplicate: boolean;
        };
        IttybitHookAnswer: {
            /** @enum {string} */
            status: "taken";
        };
    };
    responses: never;
    parameters: never;
    requestBodies: never;
    headers: never;
    pathItems: never;
}
export type WarmItem = components['schemas']['WarmItem'];
export type Problem = components['schemas']['Problem'];
export type DryRun = components['schemas']['DryRun'];
export type Rejection = components['schemas']['Rejection'];
export type WarmAnswer = components['schemas']['WarmAnswer'];
export type WarmRequest = components['schemas']['WarmRequest'];
export type RunPage = components['schemas']['RunPage'];
export type Run = components['schemas']['Run'];
export type Lane = components['schemas']['Lane'];
export type WaitingFor = components['schemas']['WaitingFor'];
export type CountsByState = components['schemas']['CountsByState'];
export type RejectedPage = components['schemas']['RejectedPage'];
export type JobPage = components['schemas']['JobPage'];
export type Job = components['schemas']['Job'];
export type Format = components['schemas']['Format'];
export type JobState = components['schemas']['JobState'];
export type JobError = components['schemas']['JobError'];
export type JobDetail = components['schemas']['JobDetail'];
export type Attempt = components['schemas']['Attempt'];
export type DeadLetters = components['schemas']['DeadLetters'];
export type DeadGroup = components['schemas']['DeadGroup'];
export type DeadMessage = components['schemas']['DeadMessage'];
export type Causes = components['schemas']['Causes'];
export type Cause = components['schemas']['Cause'];
export type ActionPreview = components['schemas']['ActionPreview'];
export type Action = components['schemas']['Action'];
export type ActionFilter = components['schemas']['ActionFilter'];
export type ActionRequest = components['schemas']['ActionRequest'];
export type ActionPage = components['schemas']['ActionPage'];
export type ImageList = components['schemas']['ImageList'];
export type Image = components['schemas']['Image'];
export type Variant = components['schemas']['Variant'];
export type Purge = components['schemas']['Purge'];
export type ImageInfos = components['schemas']['ImageInfos'];
export type ImageInfo = components['schemas']['ImageInfo'];
export type Stats = components['schemas']['Stats'];
export type CodeVersion = components['schemas']['CodeVersion'];
export type Health = components['schemas']['Health'];
export type Warning = components['schemas']['Warning'];
export type Percentiles = components['schemas']['Percentiles'];
export type LaneTimes = components['schemas']['LaneTimes'];
export type QueueMetrics = components['schemas']['QueueMetrics'];
export type Budget = components['schemas']['Budget'];
export type Gate = components['schemas']['Gate'];
export type Pause = components['schemas']['Pause'];
export type Breaker = components['schemas']['Breaker'];
export type GateLimit = components['schemas']['GateLimit'];
export type Serving = components['schemas']['Serving'];
export type Pulse = components['schemas']['Pulse'];
export type History = components['schemas']['History'];
export type HistoryBucket = components['schemas']['HistoryBucket'];
export type GatePatch = components['schemas']['GatePatch'];
export type AuditPage = components['schemas']['AuditPage'];
export type AuditEntry = components['schemas']['AuditEntry'];
export type EventPage = components['schemas']['EventPage'];
export type EventDelivery = components['schemas']['EventDelivery'];
export type EventTest = components['schemas']['EventTest'];
export type Finding = components['schemas']['Finding'];
export type LedgerImport = components['schemas']['LedgerImport'];
export type LedgerRestore = components['schemas']['LedgerRestore'];
export type Session = components['schemas']['Session'];
export type SignIn = components['schemas']['SignIn'];
export type Hooks = components['schemas']['Hooks'];
export type HookDelivery = components['schemas']['HookDelivery'];
export type HookAnswer = components['schemas']['HookAnswer'];
export type IttybitHookAnswer = components['schemas']['IttybitHookAnswer'];
export type $defs = Record<string, never>;
export type operations = Record<string, never>;
