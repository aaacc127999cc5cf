import { fileURLToPath } from 'node:url';
import {
  type Client,
  type ClientUnaryCall,
  type GrpcObject,
  loadPackageDefinition,
  type Metadata,
  type requestCallback,
  type ServiceClientConstructor,
} from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

/** A request of the demo's service. */
export interface GetUserRequest {
  readonly id: string;
}

/** Its reply. */
export interface User {
  readonly id: string;
  /** Name of the server that answered. */
  readonly servedBy: string;
}

/** The generated client of `user.proto`, typed by hand. */
export interface UserServiceClient extends Client {
  getUser(
    request: GetUserRequest,
    metadata: Metadata,
    options: { readonly deadline: Date },
    callback: requestCallback<User>,
  ): ClientUnaryCall;
}

/** Loads `user.proto` at run time: no code generator, no `protoc`. */
export function loadUserService(): ServiceClientConstructor {
  const proto = fileURLToPath(new URL('../user.proto', import.meta.url));
  const loaded = loadPackageDefinition(loadSync(proto));
  const { UserService } = loaded['user'] as GrpcObject;
  return UserService as ServiceClientConstructor;
}
