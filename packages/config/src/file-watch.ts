import { type FSWatcher, watch } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Options of {@link watchFile}. */
export interface FileWatchOptions {
  readonly file: string;
  /** Quiet time after the last event before the file is looked at, in ms. */
  readonly debounceMs: number;
  /** The longest a burst of events can hold up a look, in ms. */
  readonly maxWaitMs: number;
  /** Time between looks without any event, in ms. */
  readonly pollMs: number;
  /** Told to look at the file. It may not have changed. */
  readonly onLook: () => void;
  /** Told that only polling is left, and why. */
  readonly onDegraded: (error: Error) => void;
}

/**
 * Says when a file may have changed. Watches the directory, not the file: a watch on the file follows
 * the inode and goes blind after an editor's rename or Kubernetes' swap of the `..data` symlink.
 * Polls as well, for network mounts and for a directory that is itself replaced. Keeps no process alive.
 */
export function watchFile(options: FileWatchOptions): { close(): void } {
  const { file, debounceMs, maxWaitMs, pollMs, onLook, onDegraded } = options;
  let timer: NodeJS.Timeout | undefined;
  let firstEvent = 0;

  const look = () => {
    clearTimeout(timer);
    timer = undefined;
    onLook();
  };
  const onEvent = (_type: string, name: string | null) => {
    const now = performance.now();
    if (timer === undefined) firstEvent = now;
    // Others in the directory may be a link on the way to the file, so they cause a look; but a busy
    // neighbour must not postpone one.
    else if (name !== null && name !== basename(file)) return;
    clearTimeout(timer);
    timer = setTimeout(look, Math.min(debounceMs, Math.max(0, firstEvent + maxWaitMs - now)));
    timer.unref();
  };

  let watcher: FSWatcher | undefined;
  try {
    watcher = watch(dirname(file), { persistent: false }, onEvent);
    watcher.on('error', onDegraded);
  } catch (error) {
    onDegraded(error instanceof Error ? error : new Error(String(error)));
  }
  onEvent('change', null); // what changed before the watch began
  const poll = setInterval(look, pollMs);
  poll.unref();

  return {
    close() {
      clearTimeout(timer);
      clearInterval(poll);
      watcher?.close();
    },
  };
}
