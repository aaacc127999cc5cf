import type { InterceptingCallInterface, MessageContext } from './grpc.ts';

interface Sent {
  readonly context: MessageContext;
  readonly message: unknown;
}

/** What the caller has sent so far, kept for as long as another attempt may have to send it again. */
export class RequestBuffer {
  readonly #limit: number;
  #sent: Sent[] = [];
  #halfClosed = false;
  /** Whether it has outgrown its limit: the attempt that has everything cannot be replaced. */
  pinned = false;

  /** @param limit Messages to keep. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** Keeps a message, and passes it on to the attempts under way. */
  send(
    context: MessageContext,
    message: unknown,
    calls: readonly InterceptingCallInterface[],
  ): void {
    const once = callbackOnce(context);
    this.#sent.push({ context: once, message });
    if (this.#sent.length > this.#limit) this.pinned = true;
    for (const call of calls) call.sendMessageWithContext(once, message);
    if (calls.length > 0) this.#release();
  }

  halfClose(): void {
    this.#halfClosed = true;
  }

  /** Sends everything again. */
  replay(call: InterceptingCallInterface): void {
    for (const { context, message } of this.#sent) call.sendMessageWithContext(context, message);
    if (this.#halfClosed) call.halfClose();
    this.#release();
  }

  /** Forgets what nobody will ask for. */
  clear(): void {
    this.#sent = [];
  }

  #release(): void {
    if (this.pinned) this.clear();
  }
}

/**
 * The stream that the caller writes to waits for its callback, once. An attempt that fails must not
 * call it with its error: the next attempt sends the same message.
 */
function callbackOnce(context: MessageContext): MessageContext {
  const { callback, ...rest } = context;
  if (callback === undefined) return context;
  let called = false;
  return {
    ...rest,
    callback: (error) => {
      if (called || (error !== undefined && error !== null)) return;
      called = true;
      callback();
    },
  };
}
