import type { ChildEvent } from './protocol.ts';

/** Tells the parent something. */
export function tellParent(event: ChildEvent): void {
  process.send?.(event);
}

/** Answers the parent's commands, and ends with it. */
export function obeyParent(obey: (command: unknown) => unknown): void {
  process.on('message', ({ id, command }: { readonly id: number; readonly command: unknown }) => {
    Promise.resolve()
      .then(() => obey(command))
      .then(
        (result) => process.send?.({ id, result }),
        (error: unknown) => process.send?.({ id, error: String(error) }),
      );
  });
  process.on('disconnect', () => process.exit(0));
}

/** The settings that the parent started this process with, for whoever knows their type. */
export function settingsFromParent(): unknown {
  const { WRR_CHAOS_CHILD = '{}' } = process.env;
  return JSON.parse(WRR_CHAOS_CHILD);
}
