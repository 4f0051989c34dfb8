// What a file in cases/ exports, and what becomes of it. Types only.

/**
 * How much is measured.
 *
 * @typedef {object} Form
 * @property {boolean} isQuick the short form, for CI: fewer sizes, fewer repeats
 * @property {number} repeats how often each side is measured, unless a trial says otherwise
 */

/**
 * What one repeat found: figures by name, in the unit that the name says.
 *
 * @typedef {{ readonly [figure: string]: number }} Figures
 */

/**
 * What `prepare()` is given; it must survive a command line.
 *
 * @typedef {{ readonly [setting: string]: string | number | boolean }} Settings
 */

/**
 * The same thing measured on several sides, each in a process of its own.
 *
 * @typedef {object} Trial
 * @property {string} measure what is measured, a few words
 * @property {string} options what it was measured with, in the words of the options
 * @property {{ readonly [side: string]: Settings }} sides ours, and what it is compared with
 * @property {number} [repeats] when not those of the form
 * @property {number} [slices] a repeat is so many slices of each side in turns, and their mean; default 1
 * @property {number} [repeatsPerProcess] after so many repeats the processes are replaced; default 3
 * @property {boolean} [withReceiver] whether an OTLP receiver runs beside it, in yet another process
 * @property {{ readonly [variable: string]: string }} [env] environment of the processes
 */

/**
 * A side that is ready to be measured: warm, and its buffers full.
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
 * A line of the table. Without a bound it is shown for scale only.
 *
 * @typedef {object} Line
 * @property {string} measure
 * @property {string} options
 * @property {string} figures
 * @property {number} [nanoseconds] of a peer
 * @property {number} [ourNanoseconds] of ours, where it does what that peer does
 * @property {number} [ratio] ours / theirs
 * @property {string} [bound]
 * @property {boolean} [isMet]
 */

/**
 * A module of cases/.
 *
 * @typedef {object} Case
 * @property {string} title what the case asks, a sentence for the page
 * @property {string} [note] what stands below its figures: what a profile says of them
 * @property {(form: Form) => readonly Trial[]} trials
 * @property {(settings: Settings) => Prepared | Promise<Prepared>} prepare runs in the process of a side
 * @property {(trial: Trial, results: Results) => readonly Line[]} lines what the figures say; throws when they
 * show that something else was measured than what the case is about
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
