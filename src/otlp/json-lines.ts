import {
  type AnyValue,
  type Attributes,
  type DecodedLogRecord,
  isBytes,
  isMap,
  isWholeDouble,
  type LogGroup,
  type LogResource,
  type LogScope,
} from './decoded.ts';

/** A line ends after the group in which it reaches one of these limits. */
const LINE_RECORDS = 512;
const LINE_CHARACTERS = 262_144;
type AttributesAndCount = Pick<LogResource, 'attributes' | 'droppedAttributesCount'>;

const END = ']}]}]}\n';
const MAX_KEYS = 1_024;
/** Needs no escaping in JSON: no quote, backslash, control character or lone surrogate. */
const UNESCAPED = /^[ !#-[\]-\ud7ff\ue000-\uffff]*$/;

/**
 * Writes logs as lines of OTLP/JSON, each `{"resourceLogs":[…]}` and a line break: the format of the
 * Collector's `file` exporter and `otlp_json_file` receiver, and of lnav. `decodeJsonLogs` reads it. A lone
 * surrogate, which some JSON readers reject, becomes U+FFFD.
 *
 * It only appends text, and caches the JSON of attribute keys, of which a service has few.
 */
export class JsonLines {
  readonly #keys = new Map<string, string>();

  /**
   * The lines of one request, as pieces of text. A line ends when it has {@link LINE_RECORDS} records or
   * about {@link LINE_CHARACTERS} characters, unless the next line would repeat more (resource and scope)
   * than is new in this line. So the lines of a request are never much larger than the request.
   *
   * If iterating over the groups throws, the current line is ended before the error is rethrown.
   */
  *lines(groups: Iterable<LogGroup>): Generator<string> {
    let resource: LogResource | undefined;
    let scope: LogScope | undefined;
    let resourceHead = '';
    let scopeHead = '';
    let records = 0;
    let characters = 0;
    try {
      for (const group of groups) {
        let text = ',';
        if (resource !== group.resource) {
          resourceHead = `{"resource":{${this.#common(group.resource)}}${schemaUrlOf(group.resource)},"scopeLogs":[`;
          scopeHead = this.#scopeHead(group.scope);
          text = `${resource === undefined ? '{"resourceLogs":[' : ']}]},'}${resourceHead}${scopeHead}`;
        } else if (scope !== group.scope) {
          scopeHead = this.#scopeHead(group.scope);
          text = `]},${scopeHead}`;
        }
        if (resource === undefined) characters = -text.length;
        ({ resource, scope } = group);
        let between = '{';
        for (const record of group.records) {
          text += between + this.#record(record);
          between = ',{';
        }
        records += group.records.length;
        characters += text.length;
        const isFull = records >= LINE_RECORDS || characters >= LINE_CHARACTERS;
        if (isFull && characters >= resourceHead.length + scopeHead.length) {
          text += END;
          resource = undefined;
          records = 0;
        }
        yield text;
      }
    } catch (error) {
      if (resource !== undefined) yield END;
      throw error;
    }
    if (resource !== undefined) yield END;
  }

  #scopeHead(scope: LogScope): string {
    const name = scope.name === '' ? '' : `"name":${quoted(scope.name)}`;
    const version = scope.version === '' ? '' : `"version":${quoted(scope.version)}`;
    const fields = [name, version, this.#common(scope)].filter((field) => field !== '').join(',');
    return `{"scope":{${fields}}${schemaUrlOf(scope)},"logRecords":[`;
  }

  #record(record: DecodedLogRecord): string {
    const { severityNumber, severityText, body, flags } = record;
    const times = timesOf(record);
    let text = times;
    if (severityNumber !== 0) text += `,"severityNumber":${severityNumber}`;
    if (severityText !== '') text += `,"severityText":${quoted(severityText)}`;
    if (body !== undefined) text += `,"body":${this.#value(body)}`;
    const more = this.#common(record);
    if (more !== '') text += `,${more}`;
    if (flags !== 0) text += `,"flags":${flags}`;
    if (record.traceId !== '') text += `,"traceId":"${record.traceId}"`;
    if (record.spanId !== '') text += `,"spanId":"${record.spanId}"`;
    if (record.eventName !== '') text += `,"eventName":${quoted(record.eventName)}`;
    return `${times === '' ? text.slice(1) : text}}`;
  }

  /** `attributes` and `droppedAttributesCount`, if they are set. */
  #common({ attributes, droppedAttributesCount }: AttributesAndCount): string {
    const count = droppedAttributesCount === 0 ? '' : `"droppedAttributesCount":${droppedAttributesCount}`;
    if (attributes.length === 0) return count;
    return `"attributes":[${this.#keyValues(attributes)}]${count === '' ? '' : ','}${count}`;
  }

  #keyValues(entries: Attributes): string {
    let text = '';
    let between = '{"key":';
    for (const [key, value] of entries) {
      text += between;
      between = ',{"key":';
      text += `${this.#key(key)},"value":${this.#value(value)}}`;
    }
    return text;
  }

  #key(key: string): string {
    const known = this.#keys.get(key);
    if (known !== undefined) return known;
    const text = quoted(key);
    // Keys generated from data must not exhaust the memory.
    if (this.#keys.size >= MAX_KEYS) this.#keys.clear();
    if (key.length <= 256) this.#keys.set(key, text);
    return text;
  }

  #value(value: AnyValue): string {
    if (typeof value === 'string') return `{"stringValue":${quoted(value)}}`;
    if (typeof value === 'number') {
      return Number.isSafeInteger(value) ? `{"intValue":"${value}"}` : double(value);
    }
    if (typeof value === 'boolean') return `{"boolValue":${value}}`;
    if (value === null) return '{}';
    if (typeof value === 'bigint') return `{"intValue":"${value}"}`;
    if (isBytes(value)) return `{"bytesValue":"${Buffer.from(value).toString('base64')}"}`;
    if (isMap(value)) return `{"kvlistValue":{"values":[${this.#keyValues(value.entries)}]}}`;
    if (isWholeDouble(value)) return double(value.double);
    return `{"arrayValue":{"values":[${value.map((each) => this.#value(each)).join(',')}]}}`;
  }
}

function double(value: number): string {
  if (!Number.isFinite(value)) return `{"doubleValue":"${value}"}`;
  return `{"doubleValue":${Object.is(value, -0) ? '-0.0' : value}}`;
}

/** Omits unset times: an empty record takes two bytes on the wire. */
function timesOf({ timeUnixNano, observedTimeUnixNano }: DecodedLogRecord): string {
  const time = String(timeUnixNano);
  // The two are often the same.
  const observed = observedTimeUnixNano === timeUnixNano ? time : String(observedTimeUnixNano);
  if (time === '0') return observed === '0' ? '' : `"observedTimeUnixNano":"${observed}"`;
  if (observed === '0') return `"timeUnixNano":"${time}"`;
  return `"timeUnixNano":"${time}","observedTimeUnixNano":"${observed}"`;
}

function schemaUrlOf({ schemaUrl }: LogResource): string {
  return schemaUrl === '' ? '' : `,"schemaUrl":${quoted(schemaUrl)}`;
}

function quoted(text: string): string {
  return UNESCAPED.test(text) ? `"${text}"` : JSON.stringify(Buffer.from(text, 'utf8').toString('utf8'));
}
