/** Takes back one step of a start. */
export type Undo = () => Promise<unknown>;

/** Takes back every step, the last one first, and leaves none to be taken back again. A step that fails is told of on stderr, and the others are taken back all the same. */
export async function undoAll(steps: Undo[]): Promise<void> {
  for (const step of steps.splice(0).toReversed()) {
    try {
      await step();
    } catch (error) {
      console.error('Something could not be stopped:', error);
    }
  }
}
