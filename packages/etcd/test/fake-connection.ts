import type { Connection } from '../src/connection.ts';
import type { EtcdError } from '../src/errors.ts';
import type { StreamMethods, UnaryMethods } from '../src/protocol.ts';

/** A stream as the test holds its far end. */
export interface FakeStream<M extends keyof StreamMethods = keyof StreamMethods> {
  readonly method: M;
  readonly sent: StreamMethods[M][0][];
  answer(message: StreamMethods[M][1]): void;
  end(error: EtcdError): void;
  readonly open: boolean;
}

/** A connection whose far end is the test. */
export interface FakeConnection extends Connection {
  alive: boolean;
  readonly streams: FakeStream[];
}

type Answers = {
  [M in keyof UnaryMethods]?: (request: UnaryMethods[M][0]) => UnaryMethods[M][1];
};

/** Creates a connection that answers unary calls from `answers`, and records streams. */
export function createFakeConnection(address: string, answers: Answers = {}): FakeConnection {
  const streams: FakeStream[] = [];
  let given = 0;
  const connection: FakeConnection = {
    address,
    alive: true,
    get answers() {
      return given;
    },
    streams,
    async unary(method, request) {
      const answer = answers[method];
      if (!answer) throw new Error(`no answer to ${method}`);
      given++;
      return answer(request);
    },
    stream(method, _token, handlers) {
      let open = true;
      const stream: FakeStream<typeof method> = {
        method,
        sent: [],
        answer: (message) => {
          given++;
          if (open) handlers.onMessage(message);
        },
        end(error) {
          if (!open) return;
          open = false;
          handlers.onEnd(error);
        },
        get open() {
          return open;
        },
      };
      streams.push(stream);
      return {
        send: (request) => void stream.sent.push(request),
        cancel: () => {
          open = false;
        },
      };
    },
    drop(error) {
      if (!connection.alive) return;
      connection.alive = false;
      for (const stream of streams) stream.end(error);
    },
  };
  return connection;
}
