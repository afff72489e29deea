import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { Collecting, type Room } from '../../../src/gateway/collecting.ts';

const MOST = 1_000_000;
const MINUTE = 60_000;

/** A budget, and a clock that a test moves. */
function budget(limit: number) {
  const clock = { time: 1000, now: () => clock.time };
  const all = new Collecting(limit);
  const room = (length?: number, most = MOST): Room | undefined => all.room(length, most, clock);
  const taken = (length?: number): Room => {
    const found = room(length);
    if (!found) throw new Error('There is no room.');
    return found;
  };
  return { clock, room, taken };
}

const filled = (length: number, value = 1): Uint8Array => new Uint8Array(length).fill(value);

/** Reads what is there, piece by piece. */
function read(room: Room): number[] | undefined {
  const bytes: number[] = [];
  for (;;) {
    const piece = room.from(bytes.length);
    if (!piece) return undefined;
    if (piece.byteLength === 0) return bytes;
    bytes.push(...piece);
  }
}

describe('one body', () => {
  test.each([
    ['whose length is known', true],
    ['whose length is not', false],
  ])('%s is what was added, however it is cut', (_, known) => {
    fc.assert(
      fc.property(fc.array(fc.uint8Array({ maxLength: 40_000 }), { maxLength: 8 }), (chunks) => {
        const wanted = chunks.flatMap((chunk) => [...chunk]);
        const room = budget(MOST).taken(known ? wanted.length : undefined);
        for (const chunk of chunks) expect(room.append(chunk)).toBe(true);
        expect(room.length).toBe(wanted.length);
        expect(read(room)).toEqual(wanted);
        const whole = room.whole();
        expect([...(whole ?? [])]).toEqual(wanted);
        // Nothing that is stored is larger than it has to be.
        expect(whole?.buffer.byteLength).toBe(wanted.length);
      }),
      { numRuns: 50 },
    );
  });

  test('is read on from the bytes that are stored: there is one copy of it', () => {
    for (const length of [undefined, 100_000]) {
      const room = budget(MOST).taken(length);
      room.append(filled(100_000));
      const whole = room.whole();
      expect(room.from(70_000)?.buffer).toBe(whole?.buffer);
    }
  });

  test('is read while it grows: what has been handed out stays as it was', () => {
    const room = budget(MOST).taken();
    room.append(filled(10_000, 7));
    const piece = room.from(0);
    room.append(filled(100_000, 8));
    expect([...(piece ?? [])]).toEqual([...filled(10_000, 7)]);
  });

  test('that is given back leaves what is stored', () => {
    const room = budget(MOST).taken(3);
    room.append(filled(3));
    const whole = room.whole();
    room.release();
    expect([...(whole ?? [])]).toEqual([1, 1, 1]);
    expect(room.from(1)).toBeUndefined();
    expect(room.append(filled(1))).toBe(false);
  });
});

describe('all bodies together', () => {
  test('have so many bytes, and no more', () => {
    const { room, taken } = budget(100_000);
    const first = taken(60_000);
    expect(room(40_001)).toBeUndefined();
    const second = taken(40_000);
    expect(room(1)).toBeUndefined();
    first.release();
    // Twice is once.
    first.release();
    expect(room(60_001)).toBeUndefined();
    taken(60_000);
    second.release();
    taken(40_000);
    expect(room(1)).toBeUndefined();
  });

  test('grow no further than there is room, and lose nothing by it', () => {
    const { taken } = budget(50_000);
    const one = taken();
    const other = taken(30_000);
    expect(one.append(filled(16_384))).toBe(true);
    expect(one.append(filled(1))).toBe(false);
    expect(read(one)).toHaveLength(16_384);
    other.release();
    expect(one.append(filled(1))).toBe(true);
    expect(read(one)).toHaveLength(16_385);
  });

  test('what is read to its end takes as much as it is, not as much as it grew to', () => {
    const { room, taken } = budget(100_000);
    const one = taken();
    one.append(filled(40_000));
    one.append(filled(1));
    one.whole();
    expect(room(59_999)).toBeDefined();
  });

  test('a body takes room for what may be kept of it', () => {
    const { room } = budget(100);
    expect(room(1_000_000, 100)).toBeDefined();
  });
});

describe('what nothing has happened to for a minute', () => {
  test('stays as long as nobody needs the room', () => {
    const { clock, taken } = budget(100);
    const old = taken(50);
    old.append(filled(50));
    clock.time += 10 * MINUTE;
    taken(50);
    expect(read(old)).toHaveLength(50);
  });

  test('gives way to whoever does, the oldest first, and no more than is needed', () => {
    const { clock, room, taken } = budget(100);
    const olds = [taken(40), taken(40)];
    for (const old of olds) old.append(filled(40));
    clock.time += MINUTE - 1;
    expect(room(30)).toBeUndefined();
    clock.time += 1;
    expect(room(30)).toBeDefined();
    expect(olds.map(read)).toEqual([undefined, [...filled(40)]]);
    expect(olds[0]?.append(filled(1))).toBe(false);
    expect(olds[0]?.whole()).toBeUndefined();
    // It has nothing left to give back.
    olds[0]?.release();
    expect(room(31)).toBeUndefined();
  });

  test('has been read, or added to, meanwhile: it stays', () => {
    const { clock, room, taken } = budget(100);
    const reading = taken(50);
    reading.append(filled(50));
    const growing = taken(50);
    clock.time += MINUTE - 1;
    reading.from(0);
    growing.append(filled(1));
    clock.time += MINUTE - 1;
    expect(room(1)).toBeUndefined();
  });

  test('counts from a clock that was set back as well', () => {
    const { clock, room, taken } = budget(100);
    taken(100);
    clock.time -= 2 * MINUTE;
    expect(room(100)).toBeDefined();
  });
});
