import type { NameChoice } from './policy.ts';

/** Whether a name is of the chosen. */
export type Chooser = (name: string) => boolean;

const everyName: Chooser = () => true;
const noName: Chooser = () => false;

const compiled = new WeakMap<NameChoice, Chooser>();

/** A choice as a function. Names are compared as they are, case included. Made once for each choice. */
export function chooserOf(choice: NameChoice): Chooser {
  let chooser = compiled.get(choice);
  if (!chooser) {
    chooser = compile(choice);
    compiled.set(choice, chooser);
  }
  return chooser;
}

/** True for a choice that leaves nothing out. */
export function keepsAll(choice: NameChoice): boolean {
  return 'drop' in choice ? choice.drop.length === 0 : choice.allow.includes('*');
}

/** True for a choice that leaves everything out. */
export function keepsNone(choice: NameChoice): boolean {
  return 'drop' in choice ? choice.drop.includes('*') : choice.allow.length === 0;
}

function compile(choice: NameChoice): Chooser {
  if (keepsAll(choice)) return everyName;
  if (keepsNone(choice)) return noName;
  const allows = 'allow' in choice;
  const names = allows ? choice.allow : choice.drop;
  const exact = new Set(names.filter((name) => !name.endsWith('*')));
  const beginnings = names.filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1));
  return (name) =>
    (exact.has(name) || beginnings.some((beginning) => name.startsWith(beginning))) === allows;
}
