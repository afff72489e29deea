import type { Runtime } from '../runtime.ts';

/** A quarter of an isolate's memory: what is stored in it needs about as much again. */
const MAX_BYTES = 33_554_432;
/** What nobody has added to or read from for so long is taken away where room is needed, in milliseconds. */
const STALLED_MS = 60_000;
const FIRST_BYTES = 16_384;
/** So much is handed out at once where it has to be copied, in bytes. */
const PIECE_BYTES = 65_536;

/** What is held of one body. Plain data, which any request may take away; undefined when one has. */
interface Held {
  bytes: Uint8Array<ArrayBuffer> | undefined;
  touchedAt: number;
}

type Now = Pick<Runtime, 'now'>;

/**
 * The memory for bodies that are being read for the store, and that their clients have not read yet, of all requests of an
 * isolate together. Whoever finds no room passes the body on at the client's pace, and does not store it.
 *
 * Room is given back by whoever has it. A request whose client is gone may never come to that, and a client may read
 * nothing for as long as it likes: what nothing has happened to for a minute gives way to whoever needs the room.
 */
export class Collecting {
  readonly #limit: number;
  /** In the order in which they came. */
  readonly #held = new Set<Held>();
  #taken = 0;

  /** @param limit in bytes */
  constructor(limit = MAX_BYTES) {
    this.#limit = limit;
  }

  /**
   * Room for one body.
   * @param length that of the whole, where it is known: the room is just as large then; else it grows
   * @param most more than this is never kept, in bytes
   * @returns undefined when there is none
   */
  room(length: number | undefined, most: number, clock: Now): Room | undefined {
    const first = Math.max(1, Math.min(length ?? FIRST_BYTES, most));
    const held: Held = { bytes: undefined, touchedAt: clock.now() };
    const resize = (size: number): boolean => this.#resize(held, size, clock.now());
    return resize(first) ? new Room(held, resize, clock, length === first, most) : undefined;
  }

  /** Counts another size for what is held; 0 gives it back. */
  #resize(held: Held, size: number, now: number): boolean {
    const more = size - (held.bytes?.byteLength ?? 0);
    if (more > 0 && !this.#makeRoom(more, held, now)) return false;
    this.#taken += more;
    if (size === 0) {
      held.bytes = undefined;
      this.#held.delete(held);
      return true;
    }
    held.bytes = held.bytes
      ? new Uint8Array(held.bytes.buffer.transfer(size))
      : new Uint8Array(size);
    this.#held.add(held);
    return true;
  }

  #makeRoom(bytes: number, forWhom: Held, now: number): boolean {
    for (const other of this.#held) {
      if (this.#taken + bytes <= this.#limit) return true;
      // A clock that was set back must not make it last.
      if (other !== forWhom && Math.abs(now - other.touchedAt) >= STALLED_MS)
        this.#resize(other, 0, now);
    }
    return this.#taken + bytes <= this.#limit;
  }
}

/** The bytes of one body, in one buffer: a body in tiny chunks takes no more memory than any other. */
export class Room {
  readonly #held: Held;
  readonly #resize: (size: number) => boolean;
  readonly #clock: Now;
  readonly #most: number;
  /** The buffer is the last one: who reads from it needs no copy. */
  #isFinal: boolean;
  #length = 0;

  constructor(
    held: Held,
    resize: (size: number) => boolean,
    clock: Now,
    isFinal: boolean,
    most: number,
  ) {
    this.#held = held;
    this.#resize = resize;
    this.#clock = clock;
    this.#isFinal = isFinal;
    this.#most = most;
  }

  get length(): number {
    return this.#length;
  }

  /** Adds what has come. False when there is no room for it, or what was there has been taken away: nothing is added then. */
  append(chunk: Uint8Array): boolean {
    const { bytes } = this.#held;
    if (!bytes) return this.#length === 0 && chunk.byteLength === 0;
    const length = this.#length + chunk.byteLength;
    if (length > bytes.byteLength) {
      this.#isFinal = false;
      const size = Math.max(length, Math.min(2 * bytes.byteLength, this.#most));
      if (!this.#resize(size)) return false;
    }
    this.#held.bytes?.set(chunk, this.#length);
    this.#length = length;
    this.#touch();
    return true;
  }

  /** What there is from a position on, or the beginning of it; undefined when it has been taken away. */
  from(position: number): Uint8Array | undefined {
    if (position >= this.#length) return new Uint8Array(0);
    const { bytes } = this.#held;
    this.#touch();
    const end = Math.min(this.#length, position + PIECE_BYTES);
    // A buffer that is replaced is gone at once: whoever has a view of it would lose what it shows.
    return this.#isFinal ? bytes?.subarray(position, end) : bytes?.slice(position, end);
  }

  /** All of it, in a buffer just as large, which whoever reads on shares; undefined when it has been taken away. */
  whole(): Uint8Array<ArrayBuffer> | undefined {
    if (this.#length === 0) return new Uint8Array(0);
    const { bytes } = this.#held;
    if (bytes && bytes.byteLength > this.#length) this.#resize(this.#length);
    this.#isFinal = true;
    return this.#held.bytes;
  }

  /** Gives it back. What {@link whole} has returned stays as it is. */
  release(): void {
    this.#resize(0);
  }

  #touch(): void {
    this.#held.touchedAt = this.#clock.now();
  }
}
