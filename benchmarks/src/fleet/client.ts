import { createRetryBudget, type RetryBudget } from '@wrr/core';
import type { Events } from './events.ts';
import { DEADLINE_MS, type FleetModel } from './model.ts';
import type { Policy, Reply, Sent } from './policies/policy.ts';
import type { RandomStream } from './random.ts';
import type { Job } from './server.ts';
import type { Servers } from './servers.ts';
import type { Tally } from './tally.ts';

/** Time on the network each way, in milliseconds. */
const NETWORK = { least: 0.1, most: 0.5 } as const;

/** What all clients of a run share. */
export interface World {
  readonly model: FleetModel;
  readonly events: Events;
  readonly servers: Servers;
  readonly tally: Tally;
  readonly demand: RandomStream;
  readonly network: RandomStream;
}

/** Time that a message takes, drawn anew. */
export function hopMs({ network }: World): number {
  return network.between(NETWORK.least, NETWORK.most);
}

/** A client: makes calls at random times, whatever became of the ones before (an open loop). */
export class Client {
  readonly index: number;
  readonly policy: Policy;
  readonly budget: RetryBudget | undefined;
  readonly #world: World;
  readonly #arrivals: RandomStream;
  readonly #meanGapMs: number;

  constructor(
    index: number,
    policy: Policy,
    world: World,
    arrivals: RandomStream,
    meanGapMs: number,
  ) {
    this.index = index;
    this.policy = policy;
    this.budget = world.model.attempts > 1 ? createRetryBudget() : undefined;
    this.#world = world;
    this.#arrivals = arrivals;
    this.#meanGapMs = meanGapMs;
  }

  start(): void {
    const { events } = this.#world;
    events.after(this.#arrivals.exponential(this.#meanGapMs), () => {
      this.start();
      this.budget?.deposit(events.now);
      new Call(this, this.#world).send();
    });
  }
}

/** A call, with the one attempt of it that is under way. */
class Call implements Job {
  readonly demandMs: number;
  readonly #client: Client;
  readonly #world: World;
  readonly #startedAt: number;
  #attempts = 0;
  #sentAt = 0;
  #sent: Sent | undefined;
  #tried: Set<string> | undefined;
  #isSettled = false;

  constructor(client: Client, world: World) {
    const { model, demand, events } = world;
    this.#client = client;
    this.#world = world;
    this.#startedAt = events.now;
    this.demandMs =
      model.demand === 'exponential'
        ? demand.exponential(model.demandMs)
        : model.demandMs * Math.exp(demand.normal() - 0.5); // log-normal with this mean
    events.after(DEADLINE_MS, () => this.#expire());
  }

  send(): void {
    const { events, tally, servers } = this.#world;
    const sent = this.#client.policy.pick(events.now, this.#tried);
    if (sent === undefined) {
      this.#settle(false);
      return;
    }
    this.#sent = sent;
    this.#sentAt = events.now;
    this.#attempts++;
    tally.sent(events.now, this.#client.index, sent.server);
    events.after(hopMs(this.#world), () => servers.at(sent.server).receive(this));
  }

  answered(isSuccess: boolean): void {
    const { events, servers } = this.#world;
    const sent = this.#sent;
    if (this.#isSettled || sent === undefined) return;
    const server = servers.at(sent.server);
    const reply = isSuccess
      ? {
          inFlight: server.inFlight,
          ...server.report(),
          queued: server.queued,
          serviceMs: this.demandMs / server.speed,
        }
      : undefined;
    events.after(hopMs(this.#world), () => this.#replied(sent, reply));
  }

  #replied(sent: Sent, reply: Reply | undefined): void {
    if (this.#isSettled) return;
    const { events, model } = this.#world;
    const { now } = events;
    this.#sent = undefined;
    sent.end(now, reply ? 'success' : 'failure', now - this.#sentAt, reply);
    const { budget } = this.#client;
    if (reply !== undefined) this.#settle(true);
    else if (this.#attempts < model.attempts && budget?.withdraw(now) === true) {
      this.#tried ??= new Set();
      this.#tried.add(sent.key);
      this.send();
    } else this.#settle(false);
  }

  #expire(): void {
    if (this.#isSettled) return;
    const { now } = this.#world.events;
    this.#sent?.end(now, 'failure', now - this.#sentAt, undefined);
    this.#settle(false);
  }

  #settle(isSuccess: boolean): void {
    this.#isSettled = true;
    const { tally, events } = this.#world;
    tally.settled(events.now, this.#startedAt, this.demandMs, isSuccess);
  }
}
