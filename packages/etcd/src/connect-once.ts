import {
  type ChannelControlHelper,
  type ChannelOptions,
  connectivityState,
  type GrpcEndpoint,
  type LoadBalancer,
  policies,
  type StatusOr,
  type Subchannel,
  type SubchannelAddress,
} from './grpc.ts';

const { PickResultType, QueuePicker, registerLoadBalancerType, UnavailablePicker } = policies;

const NAME = 'wrr_etcd_connect_once';

/** A channel's service config that has it connect once and never again by itself. */
export const CONNECT_ONCE: string = JSON.stringify({ loadBalancingConfig: [{ [NAME]: {} }] });

/**
 * A load-balancing policy that tries the addresses of one host one after the other, once, and stays
 * with the outcome: when to try again is the connector's decision alone.
 *
 * grpc-js' own pick_first schedules a reconnection with every failure, even in a channel that is
 * being closed for it (1.14.7, `onSubchannelStateUpdate`): so each failed attempt would be followed by
 * a second one a second later, and one that succeeds would stay open with nobody to use or close it.
 */
class ConnectOnce implements LoadBalancer {
  readonly #helper: ChannelControlHelper;
  #subchannel: Subchannel | undefined;
  #started = false;

  constructor(helper: ChannelControlHelper) {
    this.#helper = helper;
  }

  updateAddressList(
    list: StatusOr<GrpcEndpoint[]>,
    _config: unknown,
    options: ChannelOptions,
    _note: string,
  ): boolean {
    if (this.#started) return true;
    if (!list.ok) {
      this.#fail(list.error.details ?? 'name not resolved');
      return true;
    }
    this.#started = true;
    const addresses = list.value.flatMap((endpoint) => endpoint.addresses);
    this.#tryNext(addresses, options, 'no address');
    return true;
  }

  exitIdle(): void {}

  resetBackoff(): void {}

  destroy(): void {
    this.#release();
  }

  getTypeName(): string {
    return NAME;
  }

  #tryNext(addresses: readonly SubchannelAddress[], options: ChannelOptions, last: string): void {
    this.#release();
    const [address, ...rest] = addresses;
    if (address === undefined) {
      this.#fail(last);
      return;
    }
    const subchannel = this.#helper.createSubchannel(address, options);
    subchannel.ref();
    this.#subchannel = subchannel;
    this.#helper.updateState(connectivityState.CONNECTING, new QueuePicker(this), null);
    subchannel.addConnectivityStateListener((_, before, now, __, error) => {
      if (this.#subchannel !== subchannel) return;
      if (now === connectivityState.READY) this.#succeed(subchannel);
      else if (before === connectivityState.READY) this.#fail('connection lost');
      else if (now !== connectivityState.CONNECTING) {
        this.#tryNext(rest, options, error ?? 'connection failed');
      }
    });
    subchannel.startConnecting();
  }

  #succeed(subchannel: Subchannel): void {
    const result = {
      pickResultType: PickResultType.COMPLETE,
      subchannel,
      status: null,
      onCallStarted: null,
      onCallEnded: null,
    } as const;
    this.#helper.updateState(connectivityState.READY, { pick: () => result }, null);
  }

  #fail(details: string): void {
    const picker = new UnavailablePicker({ details });
    this.#helper.updateState(connectivityState.TRANSIENT_FAILURE, picker, details);
  }

  #release(): void {
    const subchannel = this.#subchannel;
    this.#subchannel = undefined;
    subchannel?.unref();
  }
}

/** The policy has no options; grpc-js wants a class for them. */
class NoOptions {
  getLoadBalancerName(): string {
    return NAME;
  }

  toJsonObject(): object {
    return { [NAME]: {} };
  }

  static createFromJson(): NoOptions {
    return new NoOptions();
  }
}

/** Registers the policy with grpc-js. Safe to call twice. */
export function registerConnectOnce(): void {
  registerLoadBalancerType(NAME, ConnectOnce, NoOptions);
}
