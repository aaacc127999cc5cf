import { setTimeout as sleep } from 'node:timers/promises';
import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';
import { createServer } from 'nice-grpc';

const { service } = grpc.loadPackageDefinition(loadSync('user.proto')).user.UserService;

/**
 * The service's definition, its methods by the names that nice-grpc uses: `getUser`. With ts-proto it is
 * a generated import, and knows which methods are idempotent.
 */
export const UserService = Object.fromEntries(
  Object.values(service).map((method) => [method.originalName, method]),
);

/** Starts a server of the service. It hangs while `isHanging` says so. */
export async function startServer(name, isHanging = () => false) {
  const server = createServer();
  server.add(UserService, {
    async getUser({ id }, { signal }) {
      if (isHanging()) await sleep(60_000, undefined, { signal });
      return { id, servedBy: name };
    },
  });
  const port = await server.listen('127.0.0.1:0');
  return { server, address: `127.0.0.1:${port}` };
}
