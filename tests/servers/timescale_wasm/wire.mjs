// PostgreSQL wire protocol, version 3: framing, and the messages this front writes itself.

const HEADER_BYTES = 5

export const CANCEL_REQUEST = 80877102
export const SSL_REQUEST = 80877103
export const GSS_REQUEST = 80877104

/** Cuts a stream of bytes into messages. */
export class MessageReader {
  #pending = Buffer.alloc(0)

  push(chunk) {
    this.#pending = Buffer.concat([this.#pending, chunk])
  }

  /** The next start-up packet (these carry no type byte), or null until it is complete. */
  nextStartup() {
    return this.#pending.length < 4 ? null : this.#cut(this.#pending.readInt32BE(0))
  }

  /** The next typed message, header included, or null until it is complete. */
  next() {
    if (this.#pending.length < HEADER_BYTES) return null
    return this.#cut(this.#pending.readInt32BE(1) + 1)
  }

  #cut(length) {
    if (this.#pending.length < length) return null
    const message = this.#pending.subarray(0, length)
    this.#pending = this.#pending.subarray(length)
    return message
  }
}

export function* messagesIn(bytes) {
  let start = 0
  while (start + HEADER_BYTES <= bytes.length) {
    const end = start + 1 + bytes.readInt32BE(start + 1)
    yield bytes.subarray(start, end)
    start = end
  }
}

export const typeOf = (message) => String.fromCharCode(message[0])

export function bodyOf(message) {
  return message.subarray(HEADER_BYTES)
}

/** The zero-terminated text at `offset`, and the offset behind it. */
export function readText(bytes, offset = 0) {
  const end = bytes.indexOf(0, offset)
  return [bytes.toString('utf8', offset, end), end + 1]
}

export const text = (value) => Buffer.from(`${value}\0`)

export function int32(value) {
  const bytes = Buffer.alloc(4)
  bytes.writeInt32BE(value)
  return bytes
}

export function message(type, ...parts) {
  const body = Buffer.concat(parts)
  return Buffer.concat([Buffer.from(type, 'latin1'), int32(body.length + 4), body])
}

export const query = (sql) => message('Q', text(sql))

export const closeStatement = (name) => message('C', Buffer.from('S'), text(name))

export const sync = () => message('S')

export const readyForQuery = (status) => message('Z', Buffer.from(status))

export function errorResponse({ severity = 'ERROR', code, reason }) {
  const fields = { S: severity, V: severity, C: code, M: reason }
  const parts = Object.entries(fields).map(([key, value]) => text(key + value))
  return message('E', ...parts, Buffer.from([0]))
}

const copyFormat = (isBinary) => Buffer.from([isBinary ? 1 : 0, 0, 0])

export const copyInResponse = (isBinary) => message('G', copyFormat(isBinary))

export const copyOutResponse = (isBinary) => message('H', copyFormat(isBinary))

export const copyData = (bytes) => message('d', bytes)

export const copyDone = () => message('c')

/** What the server says once a client is let in. */
export function greeting(serverVersion, processId, secret) {
  const settings = {
    server_version: serverVersion,
    server_encoding: 'UTF8',
    client_encoding: 'UTF8',
    DateStyle: 'ISO, MDY',
    IntervalStyle: 'postgres',
    TimeZone: 'UTC',
    integer_datetimes: 'on',
    standard_conforming_strings: 'on',
  }
  const status = Object.entries(settings).map(([k, v]) => message('S', text(k), text(v)))
  return Buffer.concat([
    message('R', int32(0)),
    ...status,
    message('K', int32(processId), int32(secret)),
    readyForQuery('I'),
  ])
}

/** The key and value pairs of a start-up packet. */
export function startupParameters(packet) {
  const parameters = {}
  let offset = 8
  while (packet[offset]) {
    const [key, afterKey] = readText(packet, offset)
    const [value, afterValue] = readText(packet, afterKey)
    parameters[key] = value
    offset = afterValue
  }
  return parameters
}
