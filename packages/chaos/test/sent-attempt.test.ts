import { closeAttemptLink, openAttemptLink } from '@wrr/core';
import { expect, it } from 'vitest';
import { watchAttempt } from '../src/sent-attempt.ts';

it('counts an attempt that was sent, once, and none that found no endpoint', () => {
  let sent = 0;
  const onSent = (): void => {
    sent++;
  };
  const [one, none] = [openAttemptLink(new Set()), openAttemptLink(new Set())];
  const oneEnded = watchAttempt(one.id, onSent);
  const noneEnded = watchAttempt(none.id, onSent);
  const strangerEnded = watchAttempt(undefined, onSent);
  one.endpoint = 'a:1';
  for (const link of [one, none]) closeAttemptLink(link);
  for (const ended of [oneEnded, noneEnded, strangerEnded, oneEnded]) ended();
  expect(sent).toBe(1);
});
