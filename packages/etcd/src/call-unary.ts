import type { Connection, Session } from './connection.ts';
import type { Connector } from './connector.ts';
import { asEtcdError, EtcdError, type EtcdErrorReason } from './errors.ts';
import type { Login } from './login.ts';
import type { UnaryMethods } from './protocol.ts';
import type { Timers } from './timers.ts';

/** A call and what it is made with. */
export interface UnaryCall<M extends keyof UnaryMethods> {
  readonly connector: Connector;
  readonly login: Login;
  readonly session: () => Promise<Session>;
  readonly timers: Timers;
  readonly method: M;
  readonly request: UnaryMethods[M][0];
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

/** What has arrived while this process was busy is read in this time. */
const LAST_LOOK_MS = 50;

/**
 * Makes a call, on another member if need be. One try gets half of what time is left, so that a hung
 * member leaves time for another.
 */
export async function callUnary<M extends keyof UnaryMethods>(
  call: UnaryCall<M>,
): Promise<UnaryMethods[M][1]> {
  const { connector, login, session, timers, method, request, timeoutMs, signal } = call;
  const deadline = timers.now() + timeoutMs;
  const left = (): number => deadline - timers.now();
  let last: EtcdError | undefined;
  const late = (): EtcdError =>
    last ?? new EtcdError('timeout', `etcd ${method}: no connection within ${timeoutMs} ms`);
  for (let attempt = 1; attempt <= 3 && left() > 0; attempt++) {
    try {
      const { connection, token } = await within(session(), left(), timers, late);
      if (signal?.aborted) throw new EtcdError('closed', `etcd ${method}: given up`);
      const { answers } = connection;
      try {
        return await connection.unary(method, request, { timeoutMs: left() / 2, token });
      } catch (error) {
        last = asEtcdError(error);
        // One answer is late, others come: everybody's connection is not dropped for that.
        const isLate = last.reason === 'timeout' && (await answered(connection, answers, timers));
        if (!isLate) blame(connector, login, { connection, token }, last);
      }
    } catch (error) {
      last = asEtcdError(error);
    }
    if (!isTransient(last)) throw last;
  }
  throw late();
}

/** Whether anything has arrived on a connection since it had so many answers. */
async function answered(connection: Connection, before: number, timers: Timers): Promise<boolean> {
  // Timers run before the sockets are read: after a pause of this process, all answers look late.
  if (connection.answers === before) {
    await new Promise<void>((resolve) => {
      timers.setTimeout(resolve, LAST_LOOK_MS);
    });
  }
  return connection.answers > before;
}

/** Acts on what went wrong: a silent member is left, an old token forgotten. */
export function blame(
  connector: Connector,
  login: Login,
  { connection, token }: Session,
  error: EtcdError,
): void {
  if (error.reason === 'token') login.forget(token);
  else if (isTransient(error)) connector.discard(connection, error);
}

const TRANSIENT: ReadonlySet<EtcdErrorReason> = new Set(['unavailable', 'timeout', 'token']);

function isTransient(error: EtcdError): boolean {
  return TRANSIENT.has(error.reason);
}

/** Resolves as `promise` does, or rejects with `late()` after `ms`. */
function within<T>(promise: Promise<T>, ms: number, timers: Timers, late: () => Error): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = timers.setTimeout(() => reject(late()), ms);
    promise.then(resolve, reject).finally(() => timer.cancel());
  });
}
