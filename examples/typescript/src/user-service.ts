import grpc from '@grpc/grpc-js';
import { loadSync } from '@grpc/proto-loader';

/** The message GetUserRequest of user.proto. */
export interface GetUserRequest {
  readonly id: string;
}

/** The message User. */
export interface User {
  readonly id: string;
  readonly servedBy: string;
}

/** What a generator such as ts-proto or proto-loader-gen-types makes of user.proto. */
export interface UserClient extends grpc.Client {
  getUser(
    request: GetUserRequest,
    options: grpc.CallOptions,
    callback: (error: grpc.ServiceError | null, user?: User) => void,
  ): grpc.ClientUnaryCall;
}

const file = new URL('../user.proto', import.meta.url).pathname;
const definitions = grpc.loadPackageDefinition(loadSync(file));

/** Creates a client of the UserService. */
export function createUserClient(target: string, options: grpc.ClientOptions): UserClient {
  const { user } = definitions as unknown as {
    user: {
      UserService: new (...args: ConstructorParameters<typeof grpc.Client>) => UserClient;
    };
  };
  return new user.UserService(target, grpc.credentials.createInsecure(), options);
}
