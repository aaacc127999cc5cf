import { Inject, Injectable, Module, type OnModuleInit } from '@nestjs/common';
import { type ClientGrpc, ClientsModule, Transport } from '@nestjs/microservices';
import { channelOptions, register } from '@wrr/grpc-js';
import { firstValueFrom, type Observable } from 'rxjs';

/** The message User of user.proto. */
export interface User {
  readonly id: string;
  readonly servedBy: string;
}

interface UserClient {
  getUser(request: { readonly id: string }): Observable<User>;
}

const servers = process.env['SERVERS'] ?? '127.0.0.1:50051=5,127.0.0.1:50052=1';
register(); // before the client is made

/** Calls the UserService. */
@Injectable()
export class Users implements OnModuleInit {
  @Inject('USERS') private readonly grpc!: ClientGrpc;
  #client: UserClient | undefined;

  onModuleInit(): void {
    this.#client = this.grpc.getService<UserClient>('UserService');
  }

  /** Asks one of the servers. */
  async get(id: string): Promise<User> {
    if (this.#client === undefined) throw new Error('the module is not initialised');
    return firstValueFrom(this.#client.getUser({ id }));
  }

  /** Closes the channel: Nest leaves that to us. */
  close(): void {
    this.grpc.getClientByServiceName<{ close(): void }>('UserService').close();
  }
}

/** The application's module. */
// #region module
@Module({
  imports: [
    ClientsModule.register([
      {
        name: 'USERS',
        transport: Transport.GRPC,
        options: {
          package: 'user',
          protoPath: new URL('../user.proto', import.meta.url).pathname,
          url: `wrr:///${servers}`, // or etcd:///service/user
          // Interceptors work in channelOptions only, and Nest writes into the object: make a new one.
          channelOptions: channelOptions({
            failover: { idempotent: true, perAttemptTimeoutMs: 500 },
          }),
        },
      },
    ]),
  ],
  providers: [Users],
})
// #endregion module
// oxlint-disable-next-line typescript/no-extraneous-class -- Nest's modules are such classes
export class UserModule {}
