import { listenerError, type Sink, type TelemetryEvent } from './events.ts';

/** The name of an event, or `*` for all. */
export type EventName = TelemetryEvent['type'] | '*';

/** The events of a name. */
export type EventOf<Name extends EventName> = Name extends '*'
  ? TelemetryEvent
  : Extract<TelemetryEvent, { readonly type: Name }>;

/** Hears events. What it throws, and a promise of it that rejects, changes nothing for anybody, and is an event itself. */
export type Listener<Name extends EventName = '*'> = (event: EventOf<Name>) => unknown;

/** Passes events on to listeners. */
export class Emitter {
  readonly #listeners = new Map<EventName, Set<(event: never) => unknown>>();

  readonly #report: Sink;

  /** @param report is told what listeners did wrong, besides other listeners */
  constructor(report: Sink = () => undefined) {
    this.#report = report;
  }

  /** Receives events; pass it on as the sink. */
  readonly sink: Sink = (event) => this.#emit(event);

  /** Adds a listener and answers the function that takes it away again, and no other one. */
  on<Name extends EventName>(name: Name, listener: Listener<Name>): () => void {
    const listeners = this.#listeners.get(name) ?? new Set();
    this.#listeners.set(name, listeners);
    // One function may be added twice, and each time is taken away by itself.
    const heard = (event: never): unknown => listener(event);
    listeners.add(heard);
    return () => {
      listeners.delete(heard);
      if (listeners.size === 0 && this.#listeners.get(name) === listeners)
        this.#listeners.delete(name);
    };
  }

  #emit(event: TelemetryEvent): void {
    if (this.#listeners.size === 0) return;
    for (const name of [event.type, '*'] as const) {
      // Each is called with events of its name only.
      for (const listener of this.#listeners.get(name) ?? [])
        this.#call(listener as (event: TelemetryEvent) => unknown, event);
    }
  }

  #call(listener: (event: TelemetryEvent) => unknown, event: TelemetryEvent): void {
    const report = (error: unknown): void => {
      // A listener of these that throws is not told of itself.
      const wrong = listenerError(event.type, error);
      this.#report(wrong);
      if (event.type !== 'listener_error') this.#emit(wrong);
    };
    try {
      const answer = listener(event);
      if (answer instanceof Promise) answer.catch(report);
    } catch (error) {
      report(error);
    }
  }
}
