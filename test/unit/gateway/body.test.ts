import * as fc from 'fast-check';
import { describe, expect, it, test } from 'vitest';
import { readBounded } from '../../../src/gateway/body.ts';
import { OriginError } from '../../../src/errors.ts';
import { turn } from '../support/runtime.ts';

const never = new Promise<void>(() => undefined);
const bytes = (...values: number[]): Uint8Array<ArrayBuffer> => new Uint8Array(values);
const read = async (stream: ReadableStream<Uint8Array>): Promise<number[]> => [
  ...new Uint8Array(await new Response(stream).arrayBuffer()),
];

/** A body whose chunks a test sends one by one. */
function controlled() {
  let controller: ReadableStreamDefaultController<Uint8Array> | undefined;
  let cancelled = false;
  const stream = new ReadableStream<Uint8Array>({
    start: (its) => {
      controller = its;
    },
    cancel: () => {
      cancelled = true;
    },
  });
  if (!controller) throw new Error('no controller');
  return { stream, controller, cancelled: () => cancelled };
}

function response(chunks: readonly Uint8Array[], headers: Record<string, string> = {}): Response {
  const stream = new ReadableStream<Uint8Array>({
    start: (controller) => {
      for (const chunk of chunks) controller.enqueue(chunk);
      controller.close();
    },
  });
  return new Response(stream, { headers });
}

describe('a body within the limit', () => {
  test('is read whole, however it is cut into chunks', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 20 })), async (chunks) => {
        const whole = chunks.flatMap((chunk) => [...chunk]);
        const body = await readBounded(response(chunks), whole.length, never);
        expect(body).toEqual({ whole: true, bytes: bytes(...whole) });
      }),
    );
  });

  test('that is empty, or none at all, is whole', async () => {
    const empty = { whole: true, bytes: bytes() };
    expect(await readBounded(new Response(null), 10, never)).toEqual(empty);
    expect(await readBounded(response([]), 10, never)).toEqual(empty);
  });

  test('with the length that it announced is whole', async () => {
    const body = await readBounded(response([bytes(1, 2)], { 'content-length': '2' }), 10, never);
    expect(body).toEqual({ whole: true, bytes: bytes(1, 2) });
  });
});

describe('a body that is cut short must never be stored', () => {
  it.each([
    ['shorter', '3'],
    ['longer', '1'],
    ['nothing at all', '0'],
  ])('one of another length than announced: %s', async (_what, length) => {
    const body = readBounded(response([bytes(1, 2)], { 'content-length': length }), 10, never);
    await expect(body).rejects.toThrow(OriginError);
    await expect(body).rejects.toMatchObject({ code: 'origin_invalid' });
  });

  test('one that breaks off', async () => {
    const { stream, controller } = controlled();
    const body = readBounded(new Response(stream), 10, never);
    controller.enqueue(bytes(1));
    await turn();
    controller.error(new Error('reset'));
    await expect(body).rejects.toMatchObject({ code: 'origin_invalid', retryable: true });
  });

  it.each<[string, Record<string, string>]>([
    [
      'of a coding that the runtime has decoded',
      { 'content-length': '9', 'content-encoding': 'gzip' },
    ],
    ['that is no length', { 'content-length': 'x' }],
  ])('but a length %s says nothing', async (_what, headers) => {
    const body = await readBounded(response([bytes(1, 2)], headers), 10, never);
    expect(body).toEqual({ whole: true, bytes: bytes(1, 2) });
  });
});

describe('a body over the limit goes on as a stream, whole', () => {
  test('without a byte being read, when it says so itself', async () => {
    const { stream } = controlled();
    const body = await readBounded(
      new Response(stream, { headers: { 'content-length': '11' } }),
      10,
      never,
    );
    expect(body).toMatchObject({ whole: false, reason: 'too-large' });
    expect(stream.locked).toBe(false);
  });

  test('from its beginning, however it is cut', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.uint8Array({ minLength: 1, maxLength: 9 }), { minLength: 1 }),
        fc.nat(),
        async (chunks, pick) => {
          const whole = chunks.flatMap((chunk) => [...chunk]);
          const body = await readBounded(response(chunks), pick % whole.length, never);
          if (body.whole) throw new Error('read whole');
          expect(await read(body.stream)).toEqual(whole);
        },
      ),
    );
  });

  test('at the limit it is whole, one byte over it is not', async () => {
    expect(await readBounded(response([bytes(1, 2)]), 2, never)).toMatchObject({ whole: true });
    expect(await readBounded(response([bytes(1, 2)]), 1, never)).toMatchObject({
      whole: false,
      reason: 'too-large',
    });
  });
});

describe('a body that is late goes on as a stream: its client does not wait for the store [trap:oversized]', () => {
  test('with what was read, the read that is under way, and the rest', async () => {
    const { stream, controller } = controlled();
    const late = Promise.withResolvers<void>();
    const body = readBounded(new Response(stream), 100, late.promise);
    controller.enqueue(bytes(1));
    await turn();
    late.resolve();
    const bounded = await body;
    if (bounded.whole) throw new Error('read whole');
    expect(bounded.reason).toBe('too-slow');
    const rest = read(bounded.stream);
    controller.enqueue(bytes(2));
    controller.enqueue(bytes(3));
    controller.close();
    expect(await rest).toEqual([1, 2, 3]);
  });

  test('that ends with the read that is under way', async () => {
    const { stream, controller } = controlled();
    const body = await readBounded(new Response(stream), 100, Promise.resolve());
    if (body.whole) throw new Error('read whole');
    controller.close();
    expect(await read(body.stream)).toEqual([]);
  });

  test('and breaks off where the origin breaks off', async () => {
    const { stream, controller } = controlled();
    const body = await readBounded(new Response(stream), 100, Promise.resolve());
    if (body.whole) throw new Error('read whole');
    const rest = read(body.stream);
    controller.error(new Error('reset'));
    await expect(rest).rejects.toThrow('reset');
  });

  test('a client that goes away ends the origin’s body too', async () => {
    const { stream, controller, cancelled } = controlled();
    const late = Promise.withResolvers<void>();
    const body = readBounded(new Response(stream), 100, late.promise);
    controller.enqueue(bytes(1));
    await turn();
    late.resolve();
    const bounded = await body;
    if (bounded.whole) throw new Error('read whole');
    await bounded.stream.cancel();
    await expect.poll(cancelled).toBe(true);
  });
});
