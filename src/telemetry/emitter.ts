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

  /** Receives events; pass it on as the sink. */
  readonly sink: Sink = (event) => this.#emit(event);

  /** Adds a listener and answers the function that takes it away again. */
  on<Name extends EventName>(name: Name, listener: Listener<Name>): () => void {
    let listeners = this.#listeners.get(name);
    if (!listeners) {
      listeners = new Set();
      this.#listeners.set(name, listeners);
    }
    listeners.add(listener);
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0) this.#listeners.delete(name);
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
      // A listener of these that throws has nobody left to tell.
      if (event.type !== 'listener_error') this.#emit(listenerError(event.type, error));
    };
    try {
      const answer = listener(event);
      if (answer instanceof Promise) answer.catch(report);
    } catch (error) {
      report(error);
    }
  }
}
