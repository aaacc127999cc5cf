import { describe, expect, it } from 'vitest';
import { createWatchState } from '../src/watch-state.ts';
import { FakeEtcdStore } from './fake-etcd-store.ts';

function watched(revisions = 0) {
  const store = new FakeEtcdStore();
  for (let i = 0; i < revisions; i++) store.commit([['s/a', String(i)]]);
  const state = createWatchState();
  state.listing();
  state.listed(store.header(), store.list('s/'));
  return { store, state };
}

describe('createWatchState', () => {
  it('E05: does not take the revision of "created" for its own: the history is still to come', () => {
    const { store, state } = watched();
    const from = state.nextRevision;
    store.commit([['s/a', '1']]);
    store.commit([['s/a', '2']]);
    state.opened();
    expect(state.received(store.message({ created: true }))).toEqual({ kind: 'created' });
    expect(state.nextRevision).toBe(from);
  });

  it('E21: does not take the revision of a batch for its own: more batches may follow', () => {
    const { store, state } = watched();
    for (let i = 0; i < 5; i++) store.commit([['s/a', String(i)]]);
    const [first = []] = store.batches(state.nextRevision, 's/', 2);
    state.received(store.message({ events: first }));
    expect(state.nextRevision).toBe(4);
    expect(store.revision).toBe(6);
  });

  it('E15b: counts the parts of a message only when the last one is here', () => {
    const { store, state } = watched();
    store.commit([
      ['s/a', '1'],
      ['s/b', '1'],
    ]);
    const [[a, b] = []] = store.batches(state.nextRevision, 's/', 9);
    if (!a || !b) throw new Error('two events expected');
    const before = state.nextRevision;
    expect(state.received(store.message({ events: [a], fragment: true }))).toEqual({
      kind: 'nothing',
    });
    expect([state.view.size, state.nextRevision]).toEqual([0, before]);
    expect(state.received(store.message({ events: [b] })).kind).toBe('changed');
    expect([state.view.size, state.nextRevision]).toEqual([2, before + 1]);
  });

  it('E06: asks for a list when the history it needs has been compacted', () => {
    const { store, state } = watched();
    expect(state.received(store.message({ canceled: true, compactRevision: '7' }))).toEqual({
      kind: 'list',
      reason: 'compacted up to 7',
    });
  });

  it('E18: asks for a list when the store is behind what was seen', () => {
    const { state } = watched(5);
    const wiped = new FakeEtcdStore();
    expect(state.received(wiped.message({ created: true })).kind).toBe('list');
  });

  it('E18: asks for a list when another cluster answers, however far it is', () => {
    const { state } = watched(2);
    const other = new FakeEtcdStore('2');
    for (let i = 0; i < 9; i++) other.commit([['s/b', String(i)]]);
    expect(state.received(other.message({ created: true })).kind).toBe('list');
  });

  it('takes the list of another cluster for the whole truth, even at a higher revision', () => {
    const { state } = watched(2);
    const other = new FakeEtcdStore('2');
    other.commit([['s/b', '1']]);
    state.listing();
    expect(state.listed({ ...other.header(), revision: '1' }, other.list('s/'))).toMatchObject({
      rebased: true,
    });
    expect([...state.view.keys()]).toEqual(['s/b']);
    expect(state.nextRevision).toBe(2);
  });

  it('takes the list of a cluster with another ID for the truth at any revision', () => {
    const { store, state } = watched(2);
    const other = new FakeEtcdStore('2');
    state.listing();
    // An event of the old cluster, newer than anything the new one has.
    for (let i = 0; i < 5; i++) store.commit([['s/a', 'late']]);
    state.received(store.message({ events: store.batches(state.nextRevision, 's/', 9)[0] ?? [] }));
    state.listed({ ...other.header(), revision: '4' }, []);
    expect(state.view.size).toBe(0);
  });

  it('says why etcd has ended the watch', () => {
    const { store, state } = watched();
    const message = store.message({
      canceled: true,
      cancelReason: 'etcdserver: permission denied',
    });
    expect(state.received(message)).toEqual({
      kind: 'refused',
      reason: 'etcdserver: permission denied',
    });
  });
});
