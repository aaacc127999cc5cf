import type { SchedulerSnapshot } from '@wrr/core';

interface Peer {
  readonly key: number;
  weight: number;
  up: boolean;
  current: number;
  /** Has been out of rotation during a pick; its credit is clamped before it competes again. */
  stale: boolean;
}

/**
 * The model that the scheduler is compared with: nginx's loop as nginx writes it (`current += weight`
 * over the list, strictly greatest wins, `best.current -= total`), and the rules for live changes
 * written down in the plainest way. Slow and obvious on purpose.
 */
export class NaiveNginx {
  peers: Peer[] = [];
  reference = 0;

  set(key: number, weight: number): void {
    const peer = this.peers.find((p) => p.key === key);
    if (peer) peer.weight = weight;
    else this.peers.push({ key, weight, up: true, current: 0, stale: false });
  }

  delete(key: number): void {
    this.peers = this.peers.filter((p) => p.key !== key);
  }

  setAvailable(key: number, up: boolean): void {
    const peer = this.peers.find((p) => p.key === key);
    if (peer) peer.up = up;
  }

  active(): Peer[] {
    return this.peers.filter((p) => p.up && p.weight > 0);
  }

  total(): number {
    return this.active().reduce((sum, p) => sum + p.weight, 0);
  }

  next(tried: ReadonlySet<number> = new Set()): number | undefined {
    this.settle();
    let total = 0;
    let best: Peer | undefined;
    for (const p of this.peers) {
      if (!p.up || p.weight === 0 || tried.has(p.key)) continue;
      p.current += p.weight;
      total += p.weight;
      if (!best || p.current > best.current) best = p;
    }
    if (!best) return undefined;
    best.current -= total;
    return best.key;
  }

  /** What changes since the last pick do to credits. */
  settle(): void {
    const total = this.total();
    if (total === 0) return;
    // Survivors keep their credit in calls when the total has more than doubled or halved.
    if (this.reference === 0) this.reference = total;
    if (total > this.reference * 2 || total < this.reference / 2) {
      for (const p of this.peers) p.current = Math.trunc((p.current * total) / this.reference) || 0;
      this.reference = total;
    }
    // Who comes back is owed, or owes, one call at most.
    for (const p of this.active()) {
      if (p.stale) p.current = Math.max(-total, Math.min(total, p.current));
    }
    for (const p of this.peers) p.stale = !(p.up && p.weight > 0);
  }

  credits(): [number, number][] {
    return this.peers.map((p) => [p.key, p.current]);
  }

  static from(snapshot: SchedulerSnapshot<number>): NaiveNginx {
    const model = new NaiveNginx();
    model.reference = snapshot.referenceWeight;
    model.peers = snapshot.entries.map(({ key, weight, available, credit }) => {
      return { key, weight, up: available, current: credit ?? 0, stale: true };
    });
    return model;
  }
}
