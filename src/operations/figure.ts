/** How a number of the statistics is exposed: as a metric, and in the text of `distlogd status`. */
export interface Figure {
  /** The name without the prefix `distlogd_`. Counters end in `_total`. */
  readonly metric: string;
  readonly type: 'counter' | 'gauge';
  readonly help: string;
  /** Where the text shows it: in the head or a table, among the losses, or among the other figures. */
  readonly shown: 'table' | 'losses' | 'others';
  /** The counted thing in the text: `records dropped`. */
  readonly what: string;
}

/** The component that the statistics belong to. */
export interface Place {
  /** The component in the text: `sink archive`. */
  readonly where: string;
  /** The labels of the metrics. */
  readonly labels: Readonly<Record<string, string>>;
}

/** A figure with its value. */
export interface Measured extends Place {
  readonly figure: Figure;
  /** Empty if it is not counted by cause. */
  readonly cause: string;
  /** In the unit of the metric. */
  readonly value: number;
}

/** A field of the statistics and its figures. */
export interface Field<V> {
  /** @param value undefined if the daemon does not report it */
  measure(value: V | undefined, place: Place, cause?: string): Iterable<Measured>;
}

/** Requires every field of the statistics; a missing one does not compile. */
export type FieldsOf<T> = { readonly [K in keyof T]-?: Field<NonNullable<T[K]>> };

type Shown = readonly [shown: 'table'] | readonly [shown: 'losses' | 'others', what: string];

export function counter(metric: string, help: string, ...shown: Shown): Field<number> {
  return number({ type: 'counter', metric: `${metric}_total`, help, ...shownAs(shown) });
}

export function gauge(metric: string, help: string, ...shown: Shown): Field<number | boolean> {
  return number({ type: 'gauge', metric, help, ...shownAs(shown) });
}

/** For a field in milliseconds. */
export function seconds(metric: string, help: string, ...shown: Shown): Field<number> {
  return number({ type: 'gauge', metric: `${metric}_seconds`, help, ...shownAs(shown) }, 1_000);
}

/** A name or a text, which only the status shows. */
export function inText(): Field<string | number> {
  return { measure: () => [] };
}

/** An optional text: the metric shows whether it is set, the status shows the text. */
export function presence(metric: string, help: string): Field<string> {
  const present = gauge(metric, help, 'table');
  return { measure: (value, place) => present.measure(value !== undefined, place) };
}

/** A field with one of several values: one gauge per value, which is 1 for the current one. */
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

/** Counters that only the component defines, such as `rotations`. @param prefix the prefix of their names */
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

/** A single component. */
export function inPlace<T>(where: string, field: Field<T>): Field<T> {
  return { measure: (value, place) => field.measure(value, { ...place, where }) };
}

/** Several components of one kind. */
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
