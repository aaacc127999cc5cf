/** What became of a number of calls. */
export class Tally {
  calls = 0;
  failed = 0;
  slowestMs = 0;
  /** Calls answered, by the name of the server. */
  readonly byServer: Map<string, number> = new Map();
  /** How often each error was seen. */
  readonly errors: Map<string, number> = new Map();

  answered(server: string, ms: number): void {
    this.calls++;
    this.slowestMs = Math.max(this.slowestMs, ms);
    this.byServer.set(server, (this.byServer.get(server) ?? 0) + 1);
  }

  failedWith(message: string, ms: number): void {
    this.calls++;
    this.failed++;
    this.slowestMs = Math.max(this.slowestMs, ms);
    this.errors.set(message, (this.errors.get(message) ?? 0) + 1);
  }

  /** Calls that `server` answered. */
  of(server: string): number {
    return this.byServer.get(server) ?? 0;
  }
}
