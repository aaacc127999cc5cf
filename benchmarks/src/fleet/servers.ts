import type { Events } from './events.ts';
import { ANTAGONIST, type FleetModel, type Incident } from './model.ts';
import type { ServerView } from './policies/policy.ts';
import { createStream, type RandomStream } from './random.ts';
import { Server } from './server.ts';

/** Steps in which a cold server gains speed. */
const WARMING_STEP_MS = 100;

/** A server with all that makes it slow, and what clients are told of it. */
interface Place {
  readonly server: Server;
  readonly view: ServerView;
  isPresent: boolean;
  neighbour: number;
  incident: number;
  warmth: number;
}

/** The servers of a fleet, their neighbours, and what befalls them. */
export class Servers {
  readonly #events: Events;
  readonly #places: readonly Place[];
  readonly #changed: () => void;

  /** @param changed called when clients must be told of another set. */
  constructor(model: FleetModel, seed: number, events: Events, changed: () => void) {
    this.#events = events;
    this.#changed = changed;
    const { capacities, weights = capacities, absent = [], workersPerCapacity } = model;
    this.#places = capacities.map((capacity, index) => ({
      server: new Server(events, capacity, Math.round(capacity * workersPerCapacity)),
      view: { index, key: `server-${index}`, weight: weights[index] ?? 1 },
      isPresent: !absent.includes(index),
      neighbour: 1,
      incident: 1,
      warmth: 1,
    }));
    for (const [i, place] of this.#places.entries()) {
      if (model.antagonists) this.#quieten(place, createStream(seed, `antagonist ${i}`));
    }
    for (const incident of model.incidents) {
      events.at(model.warmUpMs + incident.at, () => this.#befall(incident));
    }
  }

  at(index: number): Server {
    return this.#place(index).server;
  }

  /** Workers of the servers that are there. */
  get workers(): number {
    return this.#present.reduce((sum, { server }) => sum + server.workers, 0);
  }

  /** The servers that are there, as clients are told of them. */
  get views(): readonly ServerView[] {
    return this.#present.map(({ view }) => view);
  }

  get #present(): readonly Place[] {
    return this.#places.filter(({ isPresent }) => isPresent);
  }

  #place(index: number): Place {
    const place = this.#places[index];
    if (place === undefined) throw new RangeError(`no server ${index}`);
    return place;
  }

  /** The neighbours are quiet, for a time. */
  #quieten(place: Place, stream: RandomStream): void {
    const { quietMs, shortestMs, longestMs, mild, severe } = ANTAGONIST;
    this.#slow(place, { neighbour: 1 });
    this.#events.after(stream.exponential(quietMs), () => {
      this.#slow(place, { neighbour: 1 / stream.between(mild, severe) });
      const burstMs = stream.between(shortestMs, longestMs);
      this.#events.after(burstMs, () => this.#quieten(place, stream));
    });
  }

  #befall(incident: Incident): void {
    const place = this.#place(incident.server);
    switch (incident.kind) {
      case 'speed':
        this.#slow(place, { incident: incident.speed });
        break;
      case 'mode':
        place.server.setMode(incident.mode);
        break;
      case 'cold':
        this.#warm(place, incident.fromSpeed, incident.coldMs, this.#events.now);
        break;
      case 'join':
      case 'leave':
        place.isPresent = incident.kind === 'join';
        this.#changed();
        break;
    }
  }

  #warm(place: Place, fromSpeed: number, coldMs: number, since: number): void {
    const progress = Math.min(1, (this.#events.now - since) / coldMs);
    this.#slow(place, { warmth: fromSpeed + (1 - fromSpeed) * progress });
    if (progress === 1) return;
    this.#events.after(WARMING_STEP_MS, () => this.#warm(place, fromSpeed, coldMs, since));
  }

  #slow(place: Place, factor: Partial<Pick<Place, 'neighbour' | 'incident' | 'warmth'>>): void {
    Object.assign(place, factor);
    place.server.setSpeed(place.neighbour * place.incident * place.warmth);
  }
}
