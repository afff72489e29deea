/** What happened to the data, in the words of the domain. */
export interface CityUpdated {
  readonly type: 'city.updated';
  readonly id: number;
  readonly country: string;
  /** ISO 8601. */
  readonly at: string;
}

export type DomainEvent = CityUpdated;

/** Where domain events go. The change is already in the database; the answer to the client does not wait for it. */
export type EventSink = (event: DomainEvent) => void | Promise<void>;

/** One line of JSON for each event on stdout. */
export const printEvent: EventSink = (event) => {
  console.log(JSON.stringify(event));
};

/** Hands an event over. A sink that fails is reported, and never fails the request that changed the data. */
export async function emit(event: DomainEvent, sink: EventSink): Promise<void> {
  try {
    await sink(event);
  } catch (error) {
    console.error(`origin: the event ${event.type} for city ${event.id} was not taken:`, error);
  }
}
