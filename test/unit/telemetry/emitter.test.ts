import { describe, expect, test } from 'vitest';
import { Emitter } from '../../../src/telemetry/emitter.ts';
import { hit, miss, type TelemetryEvent } from '../../../src/telemetry/events.ts';

const MISS = miss('acme', 'e:a', 'absent');
const HIT = hit('acme', 'e:a', 'memory', true);

describe('a listener', () => {
  test('hears the events of its name, in the order in which listeners were added; * hears all', () => {
    const emitter = new Emitter();
    const heard: string[] = [];
    emitter.on('*', ({ type }) => heard.push(`all ${type}`));
    emitter.on('miss', () => heard.push('first'));
    emitter.on('miss', () => heard.push('second'));
    emitter.sink(MISS);
    emitter.sink(HIT);
    expect(heard).toEqual(['first', 'second', 'all miss', 'all hit']);
  });

  test('is taken away by its own function, once; no other is, also not one added since', () => {
    const emitter = new Emitter();
    let heard = 0;
    const off = emitter.on('miss', () => (heard += 100));
    off();
    emitter.on('miss', () => (heard += 1));
    off();
    off();
    emitter.sink(MISS);
    expect(heard).toBe(1);
  });

  test('that is added twice hears twice, and is taken away one time each', () => {
    const emitter = new Emitter();
    let heard = 0;
    const listener = (): void => void (heard += 1);
    const offs = [emitter.on('miss', listener), emitter.on('miss', listener)];
    for (const [at, off] of offs.entries()) {
      heard = 0;
      emitter.sink(MISS);
      expect(heard).toBe(2 - at);
      off();
    }
    heard = 0;
    emitter.sink(MISS);
    expect(heard).toBe(0);
  });

  test('that takes itself away while it hears does not keep others from hearing', () => {
    const emitter = new Emitter();
    const heard: string[] = [];
    const off = emitter.on('miss', () => {
      heard.push('once');
      off();
    });
    emitter.on('miss', () => heard.push('always'));
    emitter.sink(MISS);
    emitter.sink(MISS);
    expect(heard).toEqual(['once', 'always', 'always']);
  });
});

describe('a listener that fails', () => {
  test('thrown or rejected, is told to whoever hears of failures, and to the one who is always told', async () => {
    const reported: TelemetryEvent[] = [];
    const heard: TelemetryEvent[] = [];
    const emitter = new Emitter((event) => void reported.push(event));
    emitter.on('listener_error', (event) => void heard.push(event));
    emitter.on('miss', () => {
      throw new Error('thrown');
    });
    emitter.on('miss', async () => {
      throw new Error('rejected');
    });
    emitter.sink(MISS);
    await Promise.resolve();
    await Promise.resolve();
    const wrong = ['thrown', 'rejected'].map((message) => ({
      type: 'listener_error',
      event: 'miss',
      message: `Error: ${message}`,
    }));
    expect(heard).toEqual(wrong);
    expect(reported).toEqual(wrong);
  });

  test('of such failures is not told of its own', () => {
    const emitter = new Emitter();
    let calls = 0;
    emitter.on('listener_error', () => {
      calls += 1;
      throw new Error('again');
    });
    emitter.on('miss', () => {
      throw new Error('first');
    });
    emitter.sink(MISS);
    expect(calls).toBe(1);
  });
});
