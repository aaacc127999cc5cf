/** The part of opossum that is compared with; it brings no types of its own. */
declare module 'opossum' {
  export interface Options {
    readonly timeout?: number | false;
    readonly errorThresholdPercentage?: number;
    readonly resetTimeout?: number;
    readonly rollingPercentilesEnabled?: boolean;
    readonly enableSnapshots?: boolean;
  }
  // biome-ignore lint/style/noDefaultExport: it is how opossum exports it
  export default class CircuitBreaker<T> {
    constructor(action: () => Promise<T>, options?: Options);
    fire(): Promise<T>;
    open(): void;
    shutdown(): void;
  }
}
