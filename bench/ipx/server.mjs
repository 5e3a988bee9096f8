// ipx as its documentation sets it up, over originals on another host: `node server.mjs HOST:PORT` prints its own port.
import { createServer } from "node:http";
import { createIPX, createIPXNodeServer, ipxHttpStorage } from "ipx";

const [domain = ""] = process.argv.slice(2);
const ipx = createIPX({ storage: ipxHttpStorage({ domains: [domain] }) });
const server = createServer(createIPXNodeServer(ipx));
server.listen(0, "127.0.0.1", () => console.log(server.address().port));
