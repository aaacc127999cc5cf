import {
  Client,
  credentials,
  Metadata,
  Server,
  ServerCredentials,
  type ServerUnaryCall,
  type ServerWritableStream,
  type sendUnaryData,
  status,
} from '@grpc/grpc-js';
import { decodeLoadReport } from '@wrr/core';
import { loadReportInterceptor } from '@wrr/grpc-js';
import { type EchoReply, type EchoRequest, echoService, waitFor } from '@wrr/test-support';
import { expect, it } from 'vitest';
import { closing } from '../clients.ts';

const answer: EchoReply = { server: 'a', payload: '', metadata: {}, index: 0 };
const shared = new Metadata();
shared.set('own', 'trailer');

/** A server that hangs, fails or answers as a request's payload says, and a client of it. */
async function setUp() {
  let hanging = 0;
  const server = new Server({ interceptors: [loadReportInterceptor()] });
  server.addService(echoService, {
    unary: (call: ServerUnaryCall<EchoRequest, EchoReply>, send: sendUnaryData<EchoReply>) => {
      const { payload } = call.request;
      if (payload === 'hang') hanging++;
      else if (payload === 'fail') send({ code: status.INTERNAL, details: 'told to fail' });
      else send(null, answer, payload === 'trailer' ? shared : undefined);
    },
    serverStream: (call: ServerWritableStream<EchoRequest, EchoReply>) => {
      call.write(answer);
      call.end(call.request.payload === 'trailer' ? shared : undefined);
    },
    clientStream: () => {},
    bidi: () => {},
  });
  const port = await new Promise<number>((resolve, reject) => {
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, bound) =>
      error === null ? resolve(bound) : reject(error),
    );
  });
  closing({ close: () => server.forceShutdown() });
  const client = closing(new Client(`127.0.0.1:${port}`, credentials.createInsecure()));
  const { unary, serverStream } = echoService;
  const start = (payload: string, done: (trailers: Metadata) => void = () => {}) => {
    const call = client.makeUnaryRequest(
      unary.path,
      unary.requestSerialize,
      unary.responseDeserialize,
      { payload },
      () => {},
    );
    call.on('status', ({ metadata }) => done(metadata));
    return call;
  };
  return {
    start,
    trailersOf: (payload: string) => new Promise<Metadata>((done) => start(payload, done)),
    trailersOfStream: (payload: string) =>
      new Promise<Metadata>((done) => {
        client
          .makeServerStreamRequest(
            serverStream.path,
            serverStream.requestSerialize,
            serverStream.responseDeserialize,
            { payload },
          )
          .on('data', () => {})
          .on('status', ({ metadata }) => done(metadata));
      }),
    hanging: () => hanging,
  };
}

function inFlight(trailers: Metadata): number | undefined {
  const [bytes] = trailers.get('wrr-load-bin');
  return Buffer.isBuffer(bytes) ? decodeLoadReport(bytes)?.inFlight : undefined;
}

it('says how many other requests are in flight, and forgets those that clients give up', async () => {
  const { start, trailersOf, trailersOfStream, hanging } = await setUp();
  expect(inFlight(await trailersOf('answer'))).toBe(0);
  const calls = Array.from({ length: 3 }, () => start('hang'));
  await waitFor(() => hanging() === 3);
  expect(inFlight(await trailersOf('answer'))).toBe(3);
  expect(inFlight(await trailersOfStream('answer'))).toBe(3);
  for (const call of calls) call.cancel();
  await waitFor(async () => inFlight(await trailersOf('answer')) === 0);
});

it('says nothing with a failure, which must not attract calls, and counts it out', async () => {
  const { trailersOf } = await setUp();
  for (let index = 0; index < 5; index++) {
    expect(inFlight(await trailersOf('fail'))).toBeUndefined();
  }
  expect(inFlight(await trailersOf('answer'))).toBe(0);
});

it("keeps the application's trailers, and leaves their object alone", async () => {
  const { trailersOf, trailersOfStream } = await setUp();
  for (const trailers of [await trailersOf('trailer'), await trailersOfStream('trailer')]) {
    expect(trailers.get('own')).toEqual(['trailer']);
    expect(inFlight(trailers)).toBe(0);
  }
  expect(Object.keys(shared.getMap())).toEqual(['own']);
});
