/** In place of a row: a word has ended. */
const FOUND = -1;

/**
 * Whether any of some words stands in some bytes, upper and lower case of A to Z alike: one pass for all words, whatever
 * they are (Aho and Corasick, "Efficient string matching", CACM 18, 1975). Nobody can choose words that make it slow.
 * @param words as bytes, none of them empty
 */
export function wordSearch(words: readonly Uint8Array[]): (bytes: Uint8Array) => boolean {
  const classes = classesOf(words);
  const width = Math.max(...classes) + 1;
  const { next, ends, fallbacks, states } = tree(words, classes, width);
  // Behind the root: every state is complete before those that are further away from it.
  const queue = new Int32Array(states);
  let last = 1;
  for (let at = 0; at < last; at += 1) {
    const state = queue[at] ?? 0;
    const fallback = fallbacks[state] ?? 0;
    if (ends[fallback]) ends[state] = 1;
    for (let one = 0; one < width; one += 1) {
      const slot = state * width + one;
      const child = next[slot] ?? 0;
      const beside = state === 0 ? 0 : (next[fallback * width + one] ?? 0);
      if (child === 0) next[slot] = beside;
      else {
        fallbacks[child] = beside;
        queue[last] = child;
        last += 1;
      }
    }
  }
  const steps = next.map((state) => (ends[state] ? FOUND : state * width));
  return (bytes) => {
    let row = 0;
    for (let at = 0; at < bytes.length; at += 1) {
      row = steps[row + (classes[bytes[at] as number] as number)] as number;
      if (row === FOUND) return true;
    }
    return false;
  };
}

/** A number for each byte that stands in a word; 0 for all others. */
function classesOf(words: readonly Uint8Array[]): Uint8Array {
  const classes = new Uint8Array(256);
  let last = 0;
  for (const word of words)
    for (const byte of word) {
      const lower = lowerCase(byte);
      if (classes[lower]) continue;
      last += 1;
      classes[lower] = last;
      classes[upperCase(lower)] = last;
    }
  return classes;
}

/** The words as a tree: a row for each state, with the state that each class leads to. */
function tree(words: readonly Uint8Array[], classes: Uint8Array, width: number) {
  const most = words.reduce((sum, word) => sum + word.byteLength, 1);
  const next = new Int32Array(most * width);
  const ends = new Uint8Array(most);
  let states = 1;
  for (const word of words) {
    let state = 0;
    for (const byte of word) {
      const slot = state * width + (classes[byte] ?? 0);
      state = next[slot] ?? 0;
      if (state !== 0) continue;
      state = states;
      next[slot] = state;
      states += 1;
    }
    ends[state] = 1;
  }
  return { next, ends, fallbacks: new Int32Array(states), states };
}

function lowerCase(byte: number): number {
  return byte >= 0x41 && byte <= 0x5a ? byte + 0x20 : byte;
}

function upperCase(byte: number): number {
  return byte >= 0x61 && byte <= 0x7a ? byte - 0x20 : byte;
}
