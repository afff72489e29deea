import { variableName, type SettingId } from './settings.ts';

/** Variables and secrets of a Worker, as they come: nothing is trusted. */
export type Variables = Readonly<Record<string, unknown>>;

/** What a variable says; undefined if it is not set. The platform hands a secret that was cleared over as an empty text. */
export function valueOfVariable(variables: Variables, id: SettingId): unknown {
  const value = variables[variableName(id)];
  return value === '' && (id === 'redisUrl' || id === 'redisToken') ? undefined : value;
}
