// The exports of a file in cases/, and how they are used. Types only.

/**
 * The extent of the measurement.
 *
 * @typedef {object} Form
 * @property {boolean} isQuick the short form, for CI: fewer sizes, fewer repeats
 * @property {number} repeats how often each side is measured, unless a trial overrides it
 */

/**
 * The result of one repeat: figures by name, in the unit of the name.
 *
 * @typedef {{ readonly [figure: string]: number }} Figures
 */

/**
 * The parameters of `prepare()`, which are passed on a command line.
 *
 * @typedef {{ readonly [setting: string]: string | number | boolean }} Settings
 */

/**
 * A measurement on several sides, each in its own process.
 *
 * @typedef {object} Trial
 * @property {string} measure what is measured, a few words
 * @property {string} options the settings of the measurement, in terms of the options
 * @property {{ readonly [side: string]: Settings }} sides ours, and the ones that it is compared with
 * @property {number} [repeats] if they differ from those of the form
 * @property {number} [slices] the number of alternating slices per side in a repeat, which are averaged; default 1
 * @property {number} [repeatsPerProcess] the number of repeats after which the processes are replaced; default 3
 * @property {boolean} [withReceiver] whether an OTLP receiver runs in another process
 * @property {{ readonly [variable: string]: string }} [env] environment of the processes
 */

/**
 * A side that is ready to be measured: warmed up, with full buffers.
 *
 * @typedef {object} Prepared
 * @property {() => Figures | Promise<Figures>} repeat
 * @property {() => unknown} [end]
 */

/**
 * The figures of all repeats, by side.
 *
 * @typedef {{ readonly [side: string]: readonly Figures[] }} Results
 */

/**
 * A line of the table. Without a bound it is shown only for comparison.
 *
 * @typedef {object} Line
 * @property {string} measure
 * @property {string} options
 * @property {string} figures
 * @property {number} [nanoseconds] of a peer
 * @property {number} [ourNanoseconds] of ours, if it does the same as that peer
 * @property {number} [ratio] ours / theirs
 * @property {string} [bound]
 * @property {boolean} [isMet]
 */

/**
 * A module of cases/.
 *
 * @typedef {object} Case
 * @property {string} title the question of the case, a sentence for the page
 * @property {string} [note] the text below its figures, from a profile
 * @property {(form: Form) => readonly Trial[]} trials
 * @property {(settings: Settings) => Prepared | Promise<Prepared>} prepare runs in the process of a side
 * @property {(trial: Trial, results: Results) => readonly Line[]} lines evaluates the figures; throws if they
 * show that something else was measured
 */

/**
 * A case that was measured.
 *
 * @typedef {object} Finished
 * @property {string} name
 * @property {string} title
 * @property {string | undefined} note
 * @property {readonly Line[]} lines
 */

export {};
