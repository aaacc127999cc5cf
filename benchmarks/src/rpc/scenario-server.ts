// A server's process in `bench rpc --scenario`: started by scenario-servers.ts, told what to do by IPC.
import {
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { loadReportInterceptor } from '@wrr/grpc-js';
import { type EchoReply, type EchoRequest, echoService } from '@wrr/test-support';
import type { ServerOptions, ServerState } from './scenario-servers.ts';

/** Calls worked on at once, as with a pool of connections to a database; the others wait in a queue. */
const WORKERS = 4;
/** What a call takes: processor time, and time in which the worker waits, in milliseconds. */
const BURN_MS = 0.2;
const WAIT_MS = 10;
/** How many times longer both take in a slow server. */
const SLOWER = 5;

const { name, port, reports }: ServerOptions = JSON.parse(process.argv[2] ?? '{}');
let state: ServerState = 'healthy';
let working = 0;
const queue: (() => void)[] = [];

function burn(ms: number): void {
  const end = performance.now() + ms;
  while (performance.now() < end);
}

async function answer(
  call: ServerUnaryCall<EchoRequest, EchoReply>,
  send: sendUnaryData<EchoReply>,
): Promise<void> {
  if (state === 'black-hole') {
    send({ code: status.UNAVAILABLE, details: 'told to fail at once' });
    return;
  }
  if (working < WORKERS) working++;
  else await new Promise<void>((free) => queue.push(free));
  if (!call.cancelled) {
    const factor = state === 'slow' ? SLOWER : 1;
    burn(BURN_MS * factor);
    await new Promise((done) => setTimeout(done, WAIT_MS * factor));
    send(null, { server: name, payload: '', metadata: {}, index: 0 });
  }
  const next = queue.shift();
  if (next === undefined) working--;
  else next();
}

const server = new Server({ interceptors: reports ? [loadReportInterceptor()] : [] });
server.addService(echoService, {
  unary: (call: ServerUnaryCall<EchoRequest, EchoReply>, send: sendUnaryData<EchoReply>) =>
    void answer(call, send),
  clientStream: () => {},
  serverStream: () => {},
  bidi: () => {},
});
process.on('message', (next: ServerState) => {
  state = next;
  process.send?.('done');
});
process.on('disconnect', () => process.exit(0));
server.bindAsync(`127.0.0.1:${port}`, ServerCredentials.createInsecure(), (error, bound) => {
  if (error !== null) throw error;
  process.send?.(bound);
});
