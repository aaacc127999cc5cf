import { createFakeClock, type FakeClock } from '@wrr/test-support';
import type { Session } from '../src/connection.ts';
import type { EtcdError } from '../src/errors.ts';
import type { EtcdInternals } from '../src/etcd-client.ts';
import { createFakeConnection, type FakeConnection } from './fake-connection.ts';

/** The inside of a client whose far end and time are the test's. */
export interface FakeClient extends EtcdInternals {
  readonly clock: FakeClock;
  readonly connections: FakeConnection[];
  readonly blamed: EtcdError[];
  /** Set: nobody gets a connection, and unary calls fail with it. */
  down: EtcdError | undefined;
}

type Answers = Parameters<typeof createFakeConnection>[1];

/** Creates a client whose unary calls are answered from `answers`. */
export function createFakeClient(answers: Answers = {}, random = () => 0.5): FakeClient {
  const clock = createFakeClock();
  const client: FakeClient = {
    clock,
    connections: [],
    blamed: [],
    down: undefined,
    timers: { ...clock, random },
    requestTimeoutMs: 5_000,
    namespace: '',
    closed: false,
    feeds: new Map(),
    async session(): Promise<Session> {
      await clock.sleep(1);
      if (client.down) throw client.down;
      let connection = client.connections.at(-1);
      if (!connection?.alive) {
        connection = createFakeConnection(`m${client.connections.length}`, answers);
        client.connections.push(connection);
      }
      return { connection, token: undefined };
    },
    async unary(method, request) {
      const { connection } = await client.session();
      return connection.unary(method, request, { timeoutMs: 5_000, token: undefined });
    },
    blame({ connection }, error) {
      client.blamed.push(error);
      connection.drop(error);
    },
    own: () => () => {},
  };
  return client;
}
