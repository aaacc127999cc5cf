import { CONNECT_ONCE, registerConnectOnce } from './connect-once.ts';
import type { Connection, Member, TlsOptions } from './connection.ts';
import { EtcdError } from './errors.ts';
import {
  type ChannelCredentials,
  type ChannelOptions,
  Client,
  connectivityState,
  credentials,
  Metadata,
  methodOf,
  type ServiceError,
} from './grpc.ts';
import { errorFromStatus } from './status.ts';

const CHANNEL_OPTIONS: ChannelOptions = {
  // A shared pool could hand out the dead connection that was just dropped.
  'grpc.use_local_subchannel_pool': 1,
  'grpc.service_config': CONNECT_ONCE,
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  'grpc.enable_retries': 0,
  // A proxy from the environment is meant for the web, and would be handed etcd's address.
  'grpc.enable_http_proxy': 0,
  'grpc.service_config_disable_resolution': 1,
  // etcd punishes pings that come more often than every 5 s.
  'grpc.keepalive_time_ms': 10_000,
  'grpc.keepalive_timeout_ms': 3_000,
  'grpc.enable_channelz': 0,
};

/**
 * Opens a connection to one member of a cluster, nothing more: which member, when to try again and
 * with which token is decided elsewhere. Resolves when the member answers; rejects with the reason
 * as soon as it is known, after `timeoutMs` at the latest, and at once when `signal` aborts.
 */
export async function openConnection(
  member: Member,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<Connection> {
  registerConnectOnce();
  const client = new Client(member.address, createCredentials(member.tls), {
    ...CHANNEL_OPTIONS,
    ...(member.tls?.serverName && { 'grpc.ssl_target_name_override': member.tls.serverName }),
  });
  try {
    await becomeReady(client, member.address, timeoutMs, signal);
  } catch (error) {
    client.close();
    throw error;
  }
  return createConnection(client, member.address);
}

function createConnection(client: Client, address: string): Connection {
  const underWay = new Set<(error: EtcdError) => void>();
  let dropped = false;
  let answers = 0;

  return {
    address,
    get answers() {
      return answers;
    },
    get alive() {
      return (
        !dropped && client.getChannel().getConnectivityState(false) === connectivityState.READY
      );
    },
    unary(method, request, { timeoutMs, token }) {
      if (dropped) return Promise.reject(goneError(method, address));
      return new Promise((resolve, reject) => {
        const settle = (act: () => void): void => {
          if (underWay.delete(abort)) act();
        };
        const abort = (error: EtcdError): void => {
          settle(() => reject(error));
          call.cancel();
        };
        underWay.add(abort);
        const { path, requestSerialize, responseDeserialize } = methodOf(method);
        const call = client.makeUnaryRequest(
          path,
          requestSerialize,
          responseDeserialize,
          request,
          metadataFor(token),
          { deadline: Date.now() + timeoutMs },
          (error, response) => {
            if (response !== undefined) answers++;
            settle(() => {
              if (response !== undefined) resolve(response);
              else reject(statusError(error, method, address));
            });
          },
        );
      });
    },
    stream(method, token, handlers) {
      if (dropped) throw goneError(method, address);
      const metadata = metadataFor(token);
      // Without it a member that has lost its cluster leaves the stream silent for ever.
      metadata.set('hasleader', 'true');
      const { path, requestSerialize, responseDeserialize } = methodOf(method);
      const call = client.makeBidiStreamRequest(
        path,
        requestSerialize,
        responseDeserialize,
        metadata,
      );
      const end = (error: EtcdError): void => {
        if (!underWay.delete(end)) return;
        call.cancel();
        handlers.onEnd(error);
      };
      underWay.add(end);
      call.on('data', (response) => {
        answers++;
        if (underWay.has(end)) handlers.onMessage(response);
      });
      call.on('error', (error: ServiceError) => end(statusError(error, method, address)));
      call.on('end', () =>
        end(new EtcdError('unavailable', `etcd ${method} at ${address}: stream ended`)),
      );
      return {
        send: (request) => void call.write(request),
        cancel() {
          if (underWay.delete(end)) call.cancel();
        },
      };
    },
    drop(error) {
      if (dropped) return;
      dropped = true;
      client.close();
      for (const abort of Array.from(underWay)) abort(error);
    },
  };
}

/**
 * Waits for the channel. As soon as it reports a failure, a call is made for the only thing that
 * knows why: its status.
 */
async function becomeReady(
  client: Client,
  address: string,
  timeoutMs: number,
  signal: AbortSignal,
): Promise<void> {
  const channel = client.getChannel();
  const deadline = Date.now() + timeoutMs;
  for (;;) {
    const state = channel.getConnectivityState(true);
    if (state === connectivityState.READY) return;
    if (state === connectivityState.TRANSIENT_FAILURE) throw await reasonOf(client, address);
    await new Promise<void>((resolve, reject) => {
      const end = (error?: EtcdError): void => {
        clearTimeout(alive);
        signal.removeEventListener('abort', onAbort);
        if (error) reject(error);
        else resolve();
      };
      const onAbort = (): void => end(new EtcdError('closed', `etcd at ${address}: given up`));
      // grpc-js does not keep the process alive while it connects; whoever waits here must.
      const alive = setTimeout(() => {}, timeoutMs);
      signal.addEventListener('abort', onAbort, { once: true });
      channel.watchConnectivityState(state, deadline, (late) => {
        const message = `etcd at ${address}: no connection within ${Math.round(timeoutMs)} ms`;
        end(late && new EtcdError('unavailable', message));
      });
      if (signal.aborted) onAbort();
    });
  }
}

function reasonOf(client: Client, address: string): Promise<EtcdError> {
  const { path, requestSerialize, responseDeserialize } = methodOf('KV/Range');
  const request = { key: Buffer.from('\0') };
  const options = { deadline: Date.now() + 100 };
  return new Promise((resolve) => {
    client.makeUnaryRequest(
      path,
      requestSerialize,
      responseDeserialize,
      request,
      options,
      (error) => {
        const why = error?.details ?? 'connection lost';
        resolve(new EtcdError('unavailable', `etcd at ${address}: ${why}`));
      },
    );
  });
}

function createCredentials(tls: TlsOptions | undefined): ChannelCredentials {
  if (!tls) return credentials.createInsecure();
  return credentials.createSsl(pemOrNull(tls.ca), pemOrNull(tls.key), pemOrNull(tls.cert));
}

function pemOrNull(pem: string | Buffer | undefined): Buffer | null {
  return pem === undefined ? null : Buffer.from(pem);
}

function metadataFor(token: string | undefined): Metadata {
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('token', token);
  return metadata;
}

function goneError(method: string, address: string): EtcdError {
  return new EtcdError('unavailable', `etcd ${method} at ${address}: connection lost`);
}

function statusError(error: ServiceError | null, method: string, address: string): EtcdError {
  return errorFromStatus(
    error?.code,
    error?.details ?? 'no answer',
    `etcd ${method} at ${address}`,
  );
}
