/**
 * Node's HTTP, without what importing it costs: an import reads each of its names, and the one named WebSocket brings undici
 * along, some 35 ms of every start (Node 24: `syncExports` in lib/internal/bootstrap/realm.js).
 */
export const { Agent, createServer, request } = process.getBuiltinModule('node:http');
export type Agent = InstanceType<typeof Agent>;
