import {
  type Attempt,
  type AttemptDetails,
  type AttemptLink,
  type Balancer,
  type NoPickReason,
  type Outcome,
  outcomeOfStatus,
  REFUSED_KEY,
} from '@wrr/core';
import { attemptDetails } from './attempt-details.ts';
import { POLICY_NAME } from './config.ts';
import {
  type Grpc,
  type Metadata,
  type PickArgs,
  type Picker,
  type PickResult,
  type StatusCode,
  type SubchannelInterface,
  status,
} from './grpc.ts';
import { illegalHeader } from './illegal-headers.ts';
import type { LeafEndpoint } from './leaf.ts';
import type { FailureCodes } from './outcome.ts';
import type { ReportedWeighting } from './reported-weighting.ts';
import { leaveMark, markOf, STREAM_ID, type TriedMark, takeLink } from './tried.ts';
import { warnOnce } from './warn.ts';

/**
 * The policy's data plane: asks the balancer for an endpoint and reports to it how the attempt went.
 *
 * One picker serves as long as the settings stay the same: all that changes lives in the balancer. It
 * must never throw: grpc-js would leave the call hanging and the process with an unhandled rejection.
 */
export class WeightedPicker implements Picker {
  readonly #grpc: Grpc;
  readonly #balancer: Balancer<LeafEndpoint>;
  readonly #failureCodes: FailureCodes;
  readonly #reports: ReportedWeighting | undefined;
  readonly #isAdaptive: boolean;

  /** `isAdaptive`: the balancer heeds load, and wants to know what servers say of theirs. */
  constructor(
    grpc: Grpc,
    balancer: Balancer<LeafEndpoint>,
    failureCodes: FailureCodes,
    reports: ReportedWeighting | undefined,
    isAdaptive = false,
  ) {
    this.#grpc = grpc;
    this.#balancer = balancer;
    this.#failureCodes = failureCodes;
    this.#reports = reports;
    this.#isAdaptive = isAdaptive;
  }

  pick(args: PickArgs): PickResult {
    try {
      return this.#pick(args);
    } catch (error) {
      return this.#refuse('TRANSIENT_FAILURE', `pick failed: ${String(error)}`, 'error');
    }
  }

  #pick(args: PickArgs): PickResult {
    const said = takeLink(args.metadata);
    const link = said === STREAM_ID ? undefined : said;
    const illegal = illegalHeader(args.metadata);
    if (illegal !== undefined) return this.#refuse('DROP', illegal, 'illegal-metadata', link);
    const mark = markOf(args);
    const tried = link?.tried ?? (mark && (mark.tried ?? new Set([mark.key])));
    const pick =
      tried === undefined || tried.size === 0
        ? this.#balancer.pick()
        : this.#balancer.pick({ tried, whenAllTried: link?.whenAllTried ?? 'repeat' });
    if (pick.kind === 'none') return this.#explain(pick.reason, pick.retryAfterMs, link);
    const { key, leaf } = pick.endpoint;
    if (leaf.subchannel === null) {
      pick.attempt.end('ignored');
      return this.#queue();
    }
    // All were tried: begin another round, so that it, too, goes to a different endpoint each time.
    if (tried?.has(key) === true) tried.clear();
    tried?.add(key);
    if (link !== undefined) {
      link.endpoint = key;
      link.picks++;
      link.refused = false;
    }
    const { COMPLETE } = this.#grpc.experimental.PickResultType;
    const picked = new Picked(COMPLETE, leaf.subchannel, key, tried, pick.attempt, said, this);
    leaveMark(args, picked);
    return picked;
  }

  /** Tells what an attempt's end says about its endpoint. */
  judge(
    key: string,
    link: AttemptLink | undefined,
    code: StatusCode,
    details: string,
    trailers: Metadata,
  ): Outcome {
    this.#reports?.callEnded(key, trailers);
    if (link !== undefined && code !== status.OK) {
      const said = trailers.get('grpc-retry-pushback-ms');
      link.pushback = said.length === 0 ? undefined : said.join(', ');
    }
    return link?.timedOut === true ? 'failure' : outcomeOfStatus(code, details, this.#failureCodes);
  }

  /** Tells what else its end says, if the balancer wants to know. */
  details(streams: boolean, trailers: Metadata): AttemptDetails | undefined {
    return this.#isAdaptive ? attemptDetails(streams, trailers) : undefined;
  }

  #explain(reason: NoPickReason, retryAfterMs: number, link: AttemptLink | undefined): PickResult {
    switch (reason) {
      case 'empty':
        return this.#refuse('TRANSIENT_FAILURE', 'all endpoints are drained', reason, link);
      case 'all-open': {
        // A drop: neither waited for (wait_for_ready) nor retried, and it costs no throttling tokens.
        const wait = `retry in ${Math.ceil(retryAfterMs)} ms`;
        return this.#refuse('DROP', `all circuit breakers are open; ${wait}`, reason, link);
      }
      case 'all-tried':
        return this.#refuse('DROP', 'all endpoints were tried', reason, link);
      case 'unavailable':
        break;
    }
    // The channel is about to say that it is not ready; until then the call waits.
    return this.#queue();
  }

  #queue(): PickResult {
    return {
      pickResultType: this.#grpc.experimental.PickResultType.QUEUE,
      subchannel: null,
      status: null,
      onCallStarted: null,
      onCallEnded: null,
    };
  }

  #refuse(
    type: 'TRANSIENT_FAILURE' | 'DROP',
    details: string,
    reason: string,
    link?: AttemptLink,
  ): PickResult {
    if (link !== undefined) link.refused = true;
    const metadata = new this.#grpc.Metadata();
    metadata.set(REFUSED_KEY, reason);
    return {
      pickResultType: this.#grpc.experimental.PickResultType[type],
      subchannel: null,
      status: {
        code: reason === 'illegal-metadata' ? status.INTERNAL : status.UNAVAILABLE,
        details: `${POLICY_NAME}: ${details}`,
        metadata,
      },
      onCallStarted: null,
      onCallEnded: null,
    };
  }
}

/**
 * A pick's result, its attempt, and the mark on its call.
 *
 * An attempt whose `onCallStarted` never comes (the call ended first, the connection was lost in
 * between) is never ended: nothing was sent, nothing counts, and a breaker's probe is freed by its
 * lease.
 */
class Picked implements PickResult, TriedMark {
  readonly pickResultType: PickResult['pickResultType'];
  readonly subchannel: SubchannelInterface;
  readonly status = null;
  readonly key: string;
  readonly tried: Set<string> | undefined;
  ended = false;
  readonly #attempt: Attempt;
  readonly #link: AttemptLink | undefined;
  readonly #streams: boolean;
  readonly #picker: WeightedPicker;

  constructor(
    type: PickResult['pickResultType'],
    subchannel: SubchannelInterface,
    key: string,
    tried: Set<string> | undefined,
    attempt: Attempt,
    said: AttemptLink | typeof STREAM_ID | undefined,
    picker: WeightedPicker,
  ) {
    this.pickResultType = type;
    this.subchannel = subchannel;
    this.key = key;
    this.tried = tried;
    this.#attempt = attempt;
    this.#link = said === STREAM_ID ? undefined : said;
    this.#streams = said === STREAM_ID || said?.streams === true;
    this.#picker = picker;
  }

  readonly onCallStarted = (): void => {
    this.#attempt.start();
  };

  /** Kept and called by grpc-js without its object. What it threw would end the process. */
  readonly onCallEnded = (code: StatusCode, details: string, trailers: Metadata): void => {
    this.ended = true;
    try {
      const outcome = this.#picker.judge(this.key, this.#link, code, details, trailers);
      this.#attempt.end(outcome, this.#picker.details(this.#streams, trailers));
    } catch (error) {
      warnOnce(`${POLICY_NAME}: the end of a call could not be recorded: ${String(error)}`);
    }
  };
}
