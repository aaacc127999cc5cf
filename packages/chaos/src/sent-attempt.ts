import { findAttemptLink } from '@wrr/core';

/** A pick is made at once, or the attempt waits for a connection. */
const LOOK_AFTER_MS = 10;

/**
 * Calls `onSent` when an attempt has been sent to a server, soon after it was. One that waits for a
 * connection in vain, or finds no endpoint at all, costs no server anything and is none.
 *
 * @param id Of the attempt's link, from its metadata.
 * @returns a function to call when the attempt has ended.
 */
export function watchAttempt(id: string | undefined, onSent: () => void): () => void {
  const link = id === undefined ? undefined : findAttemptLink(id);
  let told = false;
  const look = (): void => {
    if (told || link?.endpoint === undefined) return;
    told = true;
    onSent();
  };
  const timer = setTimeout(look, LOOK_AFTER_MS);
  return () => {
    clearTimeout(timer);
    look();
  };
}
