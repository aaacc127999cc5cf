// Entry of a test server's process: `node dist/grpc-server-process.js`, started by grpc-cluster.ts.
import { subscribe } from 'node:diagnostics_channel';
import type { EventEmitter } from 'node:events';
import {
  Metadata,
  Server,
  ServerCredentials,
  type ServerDuplexStream,
  type ServerReadableStream,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import {
  type EchoReply,
  type EchoRequest,
  echoService,
  type GrpcBehaviour,
  type ServerCommand,
  type ServerSettings,
} from './grpc-protocol.ts';
import { HealthReporter } from './health-reporter.ts';
import { shutDown } from './shut-down.ts';

/** What every kind of call has. */
interface Call extends EventEmitter {
  readonly cancelled: boolean;
  readonly metadata: Metadata;
  sendMetadata(metadata: Metadata): void;
}

const settings: ServerSettings = JSON.parse(
  (process.env as { WRR_TEST_SERVER?: string }).WRR_TEST_SERVER ?? '{}',
);
let behaviour = settings.behaviour;
let failuresLeft = behaviour.failTimes ?? Number.POSITIVE_INFINITY;
const health = settings.health === undefined ? undefined : new HealthReporter(settings.health);
const answered = new WeakSet<Call>();
const counters = {
  calls: 0,
  active: 0,
  ok: 0,
  failed: 0,
  cancelled: 0,
  connections: 0,
  retries: 0,
};

subscribe('net.server.socket', () => {
  counters.connections++;
});

function trailersOf(what: GrpcBehaviour): Metadata {
  const metadata = new Metadata();
  for (const [key, value] of Object.entries(what.trailers ?? {})) {
    metadata.set(key, key.endsWith('-bin') ? Buffer.from(value, 'base64') : value);
  }
  return metadata;
}

function failureOf(
  what: GrpcBehaviour,
  own: boolean,
): { code: number; details: string } | undefined {
  if (what.failWith === undefined) return undefined;
  if (what.failRatio !== undefined && Math.random() >= what.failRatio) return undefined;
  if (own && failuresLeft-- <= 0) return undefined;
  return { code: what.failWith, details: what.details ?? 'told to fail' };
}

/** Counts a call in, and waits as its behaviour says. Resolves only if the call should be answered. */
async function arrive(
  call: Call,
  request: EchoRequest | undefined,
): Promise<GrpcBehaviour | undefined> {
  counters.calls++;
  counters.active++;
  if (call.metadata.get('grpc-previous-rpc-attempts').length > 0) counters.retries++;
  call.on('cancelled', () => {
    // grpc-js says so at the end of answered calls, too.
    if (answered.has(call)) return;
    answered.add(call);
    counters.cancelled++;
    counters.active--;
  });
  const what = request?.behaviour ?? behaviour;
  if (what.headersFirst === true) call.sendMetadata(new Metadata());
  if (what.burnMs !== undefined) {
    const end = performance.now() + what.burnMs;
    while (performance.now() < end);
  }
  if (what.delayMs !== undefined) await new Promise((done) => setTimeout(done, what.delayMs));
  if (what.hang === true || call.cancelled) return undefined;
  return what;
}

function leave(call: Call, failed: boolean): void {
  answered.add(call);
  counters.active--;
  counters[failed ? 'failed' : 'ok']++;
}

function reply(call: Call, payload: string, index = 0): EchoReply {
  const metadata: Record<string, string[]> = {};
  for (const key of Object.keys(call.metadata.getMap())) {
    metadata[key] = call.metadata.get(key).map(String);
  }
  return { server: settings.name, payload, metadata, index };
}

async function answerOnce(
  call: Call,
  request: EchoRequest | undefined,
  payload: string,
  callback: sendUnaryData<EchoReply>,
): Promise<void> {
  const what = await arrive(call, request);
  if (what === undefined) return;
  const failure = failureOf(what, request?.behaviour === undefined);
  leave(call, failure !== undefined);
  const metadata = trailersOf(what);
  if (failure === undefined) callback(null, reply(call, payload), metadata);
  else callback({ ...failure, metadata });
}

async function answerMany(
  call: ServerWritableStream<EchoRequest, EchoReply> | ServerDuplexStream<EchoRequest, EchoReply>,
  request: EchoRequest | undefined,
): Promise<void> {
  const what = await arrive(call, request);
  if (what === undefined) return;
  const failure = failureOf(what, request?.behaviour === undefined);
  const count = failure === undefined ? (what.messages ?? 3) : (what.failAfter ?? 0);
  for (let index = 0; index < count && !call.cancelled; index++) {
    if (!call.write(reply(call, request?.payload ?? '', index))) {
      await new Promise((done) => {
        call.once('drain', done);
        call.once('cancelled', done);
      });
    }
  }
  if (call.cancelled) return;
  leave(call, failure !== undefined);
  const metadata = trailersOf(what);
  if (failure === undefined) call.end(metadata);
  else call.emit('error', { ...failure, metadata });
}

/** Resolves with the first message, which decides the behaviour; the rest is read and joined. */
async function drain(
  call: ServerReadableStream<EchoRequest, EchoReply>,
): Promise<{ first: EchoRequest | undefined; payload: string }> {
  let first: EchoRequest | undefined;
  const parts: string[] = [];
  await new Promise<void>((done) => {
    call.on('data', (request: EchoRequest) => {
      first ??= request;
      parts.push(request.payload ?? '');
    });
    call.on('end', done);
    call.on('error', done);
  });
  return { first, payload: parts.join('') };
}

const server = new Server(settings.options);
server.addService(echoService, {
  unary: (call: ServerUnaryCall<EchoRequest, EchoReply>, callback: sendUnaryData<EchoReply>) => {
    void answerOnce(call, call.request, call.request.payload ?? '', callback);
  },
  clientStream: (
    call: ServerReadableStream<EchoRequest, EchoReply>,
    callback: sendUnaryData<EchoReply>,
  ) => {
    void drain(call).then(({ first, payload }) => answerOnce(call, first, payload, callback));
  },
  serverStream: (call: ServerWritableStream<EchoRequest, EchoReply>) => {
    void answerMany(call, call.request);
  },
  bidi: (call: ServerDuplexStream<EchoRequest, EchoReply>) => {
    call.once('data', (first: EchoRequest) => {
      void answerMany(call, first);
    });
  },
});
if (health !== undefined) health.serve(server);

function obey(command: ServerCommand): unknown {
  switch (command.kind) {
    case 'behave':
      behaviour = command.behaviour;
      failuresLeft = behaviour.failTimes ?? Number.POSITIVE_INFINITY;
      return undefined;
    case 'health':
      health?.change(command.state);
      return undefined;
    case 'counters': {
      const result = { ...counters, watches: health?.watches ?? 0 };
      if (command.reset) {
        const { active } = counters;
        Object.assign(counters, { calls: active, ok: 0, failed: 0, cancelled: 0, retries: 0 });
        counters.connections = 0;
      }
      return result;
    }
    case 'shutdown':
      if (command.force) server.forceShutdown();
      health?.end();
      return shutDown(server).then(() => void setImmediate(() => process.exit(0)));
    default:
      throw new Error(`unknown command ${JSON.stringify(command)}`);
  }
}

process.on('message', ({ id, command }: { id: number; command: ServerCommand }) => {
  void Promise.resolve(obey(command)).then((result) => process.send?.({ id, result }));
});
process.on('disconnect', () => process.exit(0));

const { tls } = settings;
const credentials =
  tls === undefined
    ? ServerCredentials.createInsecure()
    : ServerCredentials.createSsl(
        tls.ca === undefined ? null : Buffer.from(tls.ca),
        [{ cert_chain: Buffer.from(tls.cert), private_key: Buffer.from(tls.key) }],
        tls.ca !== undefined,
      );
server.bindAsync(`${settings.host}:${settings.port}`, credentials, (error, port) => {
  process.send?.(error === null ? { port } : { error: error.message, code: status.UNAVAILABLE });
});
