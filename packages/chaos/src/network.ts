import { type Child, startChild } from './child.ts';
import type { ChildEvent, ProxyCommand } from './protocol.ts';

/** A TCP proxy in another process. Everything that is asked of it has been done when it resolves. */
export interface RemoteProxy {
  /** Where clients connect, `127.0.0.1:port`. */
  readonly endpoint: string;
  /** Resets the open connections. */
  cut(): Promise<void>;
  /** Swallows everything in both directions, on old and new connections. */
  blackHole(): Promise<void>;
  /** Delivers everything `ms` later. */
  delay(ms: number): Promise<void>;
  /** Resets the open connections and refuses new ones. */
  refuse(): Promise<void>;
  /** Ends every fault. */
  heal(): Promise<void>;
}

/** The network between the processes of a run. */
export interface Network {
  /** Opens a proxy in front of `target`. */
  open(target: string): Promise<RemoteProxy>;
  close(): Promise<void>;
}

/** Starts the process that runs the proxies. */
export async function startNetwork(
  onEvent: (event: ChildEvent) => void,
  onCrash: (reason: string) => void,
): Promise<Network> {
  const child: Child<ProxyCommand> = await startChild({
    entry: 'proxy-process',
    settings: {},
    onEvent,
    onCrash,
  });
  const order = async (command: ProxyCommand): Promise<void> => void (await child.ask(command));
  return {
    async open(target) {
      const { id, endpoint } = (await child.ask({ kind: 'open', target })) as {
        id: number;
        endpoint: string;
      };
      return {
        endpoint,
        cut: () => order({ kind: 'cut', id }),
        blackHole: () => order({ kind: 'black-hole', id }),
        delay: (ms) => order({ kind: 'delay', id, ms }),
        refuse: () => order({ kind: 'refuse', id }),
        heal: () => order({ kind: 'heal', id }),
      };
    },
    close: () => child.kill(),
  };
}
