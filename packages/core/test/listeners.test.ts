import { createListeners } from '@wrr/core';
import { expect, it } from 'vitest';

it('tells every listener that is there, and nobody else', () => {
  const told: string[] = [];
  const listeners = createListeners<number>();
  const stop = listeners.add((value) => {
    told.push(`a${value}`);
    if (value === 1) listeners.add(() => told.push('late'));
    stop();
    stop();
  });
  listeners.add((value) => told.push(`b${value}`));
  listeners.tell(1);
  expect(told).toEqual(['a1', 'b1']);
  expect(listeners.size).toBe(2);
  listeners.tell(2);
  expect(told).toEqual(['a1', 'b1', 'b2', 'late']);
  listeners.clear();
  listeners.tell(3);
  expect(told).toHaveLength(4);
});

it('one that throws harms nobody, and is reported to whoever wants to know', () => {
  const thrown: unknown[] = [];
  const told: number[] = [];
  const listeners = createListeners<number>((error) => thrown.push(error));
  listeners.add(() => {
    throw new Error('listener');
  });
  listeners.add((value) => told.push(value));
  listeners.tell(1);
  expect(told).toEqual([1]);
  expect(thrown).toEqual([new Error('listener')]);
});

it('one added twice is told twice, and each is removed alone', () => {
  let told = 0;
  const listeners = createListeners<void>();
  const listener = () => {
    told++;
  };
  const stop = listeners.add(listener);
  listeners.add(listener);
  stop();
  listeners.tell();
  expect(told).toBe(1);
});
