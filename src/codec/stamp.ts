import { InvalidFrame } from '../errors.ts';

/**
 * Which ledger an entry was loaded under, and up to which seq that ledger was known before the load began. An older
 * `asOf` than necessary is always safe.
 */
export interface Stamp {
  /** 32 hexadecimal digits. */
  readonly epoch: string;
  /** Microseconds since the Unix epoch, as issued by the authority. An exact integer until the year 2255. */
  readonly asOf: number;
}

/** Frame format written by this version. Any other is a miss. */
const FRAME_MAGIC = 'TCL1';
const EPOCH_LENGTH = 32;
const SEQ_LENGTH = 16;
/** Bytes of the clear header: magic and version, epoch, asOf. Fixed width, ASCII, so that scripts can read and write it. */
export const CLEAR_HEADER_LENGTH = FRAME_MAGIC.length + EPOCH_LENGTH + SEQ_LENGTH;

/** A seq in the fixed width that compares as text as it does as a number. */
export function formatSeq(seq: number): string {
  return String(seq).padStart(SEQ_LENGTH, '0');
}

/** The clear header of a frame. */
export function formatClearHeader(stamp: Stamp): string {
  return FRAME_MAGIC + stamp.epoch + formatSeq(stamp.asOf);
}

/** Reads a clear header. Throws {@link InvalidFrame} when it is none, or one of another version. */
export function parseClearHeader(header: string): Stamp {
  if (header.length < CLEAR_HEADER_LENGTH) throw new InvalidFrame('short');
  if (!header.startsWith(FRAME_MAGIC)) {
    throw new InvalidFrame(header.startsWith(FRAME_MAGIC.slice(0, 3)) ? 'version' : 'magic');
  }
  const epoch = header.slice(FRAME_MAGIC.length, FRAME_MAGIC.length + EPOCH_LENGTH);
  const seq = header.slice(FRAME_MAGIC.length + EPOCH_LENGTH, CLEAR_HEADER_LENGTH);
  if (!/^[0-9a-f]{32}$/.test(epoch) || !/^[0-9]{16}$/.test(seq)) throw new InvalidFrame('stamp');
  return { epoch, asOf: Number(seq) };
}
