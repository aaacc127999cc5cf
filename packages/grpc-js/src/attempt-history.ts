import { type StatusObject, status } from './grpc.ts';

/** Metadata of a failed call's status: where its attempts went, and what came of them. */
const ATTEMPTS_KEY = 'wrr-attempts';

/** The failed attempts of one call, for whoever reads its error. */
export class AttemptHistory {
  readonly #lines: string[] = [];

  add(endpoint: string | undefined, { code }: StatusObject): void {
    this.#lines.push(`${endpoint ?? 'not sent'} ${status[code]}`);
  }

  /** Returns a failed call's status with its attempts, if there were several. */
  addedTo(result: StatusObject): StatusObject {
    if (result.code === status.OK || this.#lines.length < 2) return result;
    const metadata = result.metadata.clone();
    for (const line of this.#lines) metadata.add(ATTEMPTS_KEY, line);
    return { ...result, metadata };
  }
}
