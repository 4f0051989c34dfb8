/** How a number of the statistics leaves the daemon: as a metric, and in the text of `distlogd status`. */
export interface Figure {
  /** Without the prefix `distlogd_`. Counters end in `_total`. */
  readonly metric: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** In the text: in the head or a table of it, among the losses, or among the other figures. */
  readonly shown: 'table' | 'losses' | 'others';
  /** What is counted, for the text: `records dropped`. */
  readonly what: string;
}

/** Whose statistics they are. */
export interface Place {
  /** For the text: `sink archive`. */
  readonly where: string;
  /** For the metrics. */
  readonly labels: Readonly<Record<string, string>>;
}

/** A figure with its value. */
export interface Measured extends Place {
  readonly figure: Figure;
  /** Empty: it is not counted by cause. */
  readonly cause: string;
  /** In the unit of the metric. */
  readonly value: number;
}

/** One field of the statistics: which figures its value gives. */
export interface Field<V> {
  /** @param value undefined: the daemon that was asked does not have it */
  measure(value: V | undefined, place: Place, cause?: string): Iterable<Measured>;
}

/** A field of the statistics that is missing in such an object does not compile. */
export type FieldsOf<T> = { readonly [K in keyof T]-?: Field<NonNullable<T[K]>> };

type Shown = readonly [shown: 'table'] | readonly [shown: 'losses' | 'others', what: string];

export function counter(metric: string, help: string, ...shown: Shown): Field<number> {
  return number({ type: 'counter', metric: `${metric}_total`, help, ...shownAs(shown) });
}

export function gauge(metric: string, help: string, ...shown: Shown): Field<number | boolean> {
  return number({ type: 'gauge', metric, help, ...shownAs(shown) });
}

/** Of a field in milliseconds. */
export function seconds(metric: string, help: string, ...shown: Shown): Field<number> {
  return number({ type: 'gauge', metric: `${metric}_seconds`, help, ...shownAs(shown) }, 1_000);
}

/** A name or a text, which only the status shows. */
export function inText(): Field<string | number> {
  return { measure: () => [] };
}

/** A text that is there or not: the metric says which, the status shows it. */
export function presence(metric: string, help: string): Field<string> {
  const present = gauge(metric, help, 'table');
  return { measure: (value, place) => present.measure(value !== undefined, place) };
}

/** One of some words: a gauge for each, which is 1 for the one that it is. */
export function oneOf<T extends string>(metric: string, help: string, words: readonly T[]): Field<T> {
  const is = gauge(metric, help, 'table');
  return {
    *measure(value, place) {
      for (const word of words) yield* is.measure(value === word, { ...place, ...labelled(place, word) });
    },
  };
}

/** Values by cause, which becomes a label. */
export function byCause<V>(each: Field<V>): Field<Readonly<Record<string, V>>> {
  return {
    *measure(values = {}, place) {
      for (const [cause, value] of Object.entries(values)) yield* each.measure(value, place, cause);
    },
  };
}

/** Counters whose names only the component knows, such as `rotations`. @param prefix stands before them */
export function named(prefix: (place: Place) => string): Field<Readonly<Record<string, number>>> {
  return {
    *measure(values = {}, place) {
      for (const [name, value] of Object.entries(values)) {
        const metric = `${prefix(place)}_${name}`.replaceAll(/\W/g, '_');
        const words = name.replaceAll('_', ' ');
        yield* counter(metric, `Counted by the component itself: ${words}.`, 'others', words).measure(
          value,
          place,
        );
      }
    },
  };
}

export function fields<T>(all: FieldsOf<T>): Field<T> {
  return {
    *measure(value, place, cause) {
      for (const [name, field] of Object.entries<Field<unknown>>(all)) {
        yield* field.measure(value?.[name as keyof T], place, cause);
      }
    },
  };
}

/** A component of which there is one. */
export function inPlace<T>(where: string, field: Field<T>): Field<T> {
  return { measure: (value, place) => field.measure(value, { ...place, where }) };
}

/** Components of one sort. */
export function each<T>(place: (component: T) => Place, field: Field<T>): Field<readonly T[]> {
  return {
    *measure(components = []) {
      for (const component of components) yield* field.measure(component, place(component));
    },
  };
}

function number(figure: Figure, divisor = 1): Field<number | boolean> {
  return {
    *measure(value, place, cause = '') {
      if (value !== undefined) yield { ...place, cause, figure, value: Number(value) / divisor };
    },
  };
}

function shownAs([shown, what = '']: Shown): Pick<Figure, 'shown' | 'what'> {
  return { shown, what };
}

function labelled({ labels }: Place, state: string): Pick<Place, 'labels'> {
  return { labels: { ...labels, state } };
}
