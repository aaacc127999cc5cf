/**
 * Publishes a message on one of wrr's `node:diagnostics_channel`s. Asked for at run time, because the
 * middlewares run in browsers, too, where nothing happens.
 */
export function publish(name: 'wrr:breaker' | 'wrr:failover', message: object): void {
  const { process }: { process?: Partial<typeof globalThis.process> } = globalThis;
  const diagnostics = process?.getBuiltinModule?.('node:diagnostics_channel');
  diagnostics?.channel(name).publish(message);
}
