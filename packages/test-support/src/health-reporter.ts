import type { Server, ServerUnaryCall, ServerWritableStream, sendUnaryData } from '@grpc/grpc-js';
import { type HealthState, healthService } from './grpc-protocol.ts';

/** The health service of a test server: says what it was told to, to those who ask and who watch. */
export class HealthReporter {
  #state: HealthState;
  readonly #watchers = new Set<ServerWritableStream<Buffer, HealthState>>();

  constructor(state: HealthState) {
    this.#state = state;
  }

  /** Streams that are open. */
  get watches(): number {
    return this.#watchers.size;
  }

  serve(server: Server): void {
    server.addService(healthService, {
      check: (
        _call: ServerUnaryCall<Buffer, HealthState>,
        callback: sendUnaryData<HealthState>,
      ) => {
        callback(null, this.#state);
      },
      watch: (call: ServerWritableStream<Buffer, HealthState>) => {
        this.#watchers.add(call);
        call.on('cancelled', () => this.#watchers.delete(call));
        call.on('close', () => this.#watchers.delete(call));
        call.write(this.#state);
      },
    });
  }

  /** Says something else from now on. */
  change(state: HealthState): void {
    this.#state = state;
    for (const call of this.#watchers) call.write(state);
  }

  /** Ends all streams, which would hold up a shutdown. */
  end(): void {
    for (const call of this.#watchers) call.end();
  }
}
