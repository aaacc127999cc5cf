import { connectivityState, type Grpc, type SubchannelInterface } from './grpc.ts';
import { type Health, HealthWatch } from './health-watch.ts';

/** A connection whose server's health is watched; unhealthy until the server has said otherwise. */
export interface HealthCheckedSubchannel extends SubchannelInterface {
  /** Whether it is connected, and the server has not said yet how it is. */
  readonly isWaiting: boolean;
  /** The connection without the watch: what a picker must hand out. */
  readonly unwrapped: SubchannelInterface;
  /** Stops watching while the server is serving, and takes that for granted until it is resumed. */
  pause(): void;
  resume(): void;
}

/** What a health-checked connection is made of. */
export interface HealthCheckOptions {
  /** Name of the service to ask for; empty for the server as a whole. */
  readonly service: string;
  /** Called when what is known has changed. */
  readonly onHealth: () => void;
  readonly onDestroy: () => void;
}

type Wrap = (child: SubchannelInterface, options: HealthCheckOptions) => HealthCheckedSubchannel;

const wraps = new WeakMap<Grpc, Wrap>();

/** Wraps a connection in a watch of its server's health. */
export function withHealthCheck(
  grpc: Grpc,
  child: SubchannelInterface,
  options: HealthCheckOptions,
): HealthCheckedSubchannel {
  let wrap = wraps.get(grpc);
  if (wrap === undefined) {
    wrap = wrapperFor(grpc);
    wraps.set(grpc, wrap);
  }
  return wrap(child, options);
}

/** Makes the wrapper's class: its base belongs to one copy of grpc-js. */
function wrapperFor(grpc: Grpc): Wrap {
  class Checked extends grpc.experimental.BaseSubchannelWrapper {
    #health: Health = 'unknown';
    readonly #options: HealthCheckOptions;
    #watch: HealthWatch | undefined;
    #isPaused = false;

    constructor(child: SubchannelInterface, options: HealthCheckOptions) {
      super(child);
      this.#options = options;
      this.setHealthy(false);
      child.addConnectivityStateListener(this.#connectivityChanged);
      this.#begin();
    }

    get isWaiting(): boolean {
      return (
        this.#health === 'unknown' && this.child.getConnectivityState() === connectivityState.READY
      );
    }

    get unwrapped(): SubchannelInterface {
      return this.child;
    }

    pause(): void {
      if (this.#health !== 'serving' || this.#isPaused) return;
      this.#isPaused = true;
      this.#watch?.close();
      this.#watch = undefined;
    }

    resume(): void {
      if (!this.#isPaused) return;
      this.#isPaused = false;
      this.#begin();
    }

    protected override destroy(): void {
      this.child.removeConnectivityStateListener(this.#connectivityChanged);
      this.#watch?.close();
      super.destroy();
      this.#options.onDestroy();
    }

    readonly #connectivityChanged = (): void => {
      const isReady = this.child.getConnectivityState() === connectivityState.READY;
      if (isReady) {
        this.#begin();
        return;
      }
      this.#watch?.close();
      this.#watch = undefined;
      this.#isPaused = false;
      this.#learn('unknown');
    };

    #begin(): void {
      if (this.#watch !== undefined) return;
      if (this.child.getConnectivityState() !== connectivityState.READY) return;
      const { service } = this.#options;
      const onHealth = (health: Health): void => this.#learn(health);
      this.#watch = new HealthWatch({ grpc, subchannel: this.child, service, onHealth });
    }

    #learn(health: Health): void {
      if (health === this.#health) return;
      this.#health = health;
      this.setHealthy(health === 'serving');
      this.#options.onHealth();
    }
  }
  return (child, options) => new Checked(child, options);
}
