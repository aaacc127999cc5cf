import { promisify } from 'node:util';
import { Server, ServerCredentials, type ServiceDefinition } from '@grpc/grpc-js';

/** A running server of the examples' user service. */
export interface UserServer {
  /** Where it listens, as `host:port`. */
  readonly address: string;
  /** Ends it at once, and every open call with it. */
  readonly stop: () => void;
}

interface UserCall {
  readonly request: { readonly id: string };
}
type UserReply = (error: null, user: { id: string; servedBy: string }) => void;

/**
 * Serves the examples' user service in this process: `getUser` answers with the id it was asked for and
 * with `name`. `service` is the definition the example loads itself; `address` is `host:port`, by default
 * a free port of 127.0.0.1.
 */
export async function startUserServer(
  service: ServiceDefinition,
  name: string,
  address = '127.0.0.1:0',
): Promise<UserServer> {
  const server = new Server();
  server.addService(service, {
    getUser: ({ request }: UserCall, reply: UserReply) =>
      reply(null, { id: request.id, servedBy: name }),
  });
  const bind = promisify(server.bindAsync.bind(server));
  const port = await bind(address, ServerCredentials.createInsecure());
  const host = address.slice(0, address.lastIndexOf(':'));
  return { address: `${host}:${port}`, stop: () => server.forceShutdown() };
}
