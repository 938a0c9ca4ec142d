// One client connection: passes its messages to the database, and stands in for what a WASM
// backend cannot do (COPY over the wire, statement names of its own, being cancelled).

import * as wire from './wire.mjs'
import { TurnRefused } from './turns.mjs'

const COMMENTS = String.raw`(?:\s|--[^\n]*\n|/\*[\s\S]*?\*/)*`
const COPY_IN = new RegExp(String.raw`^${COMMENTS}copy\s[\s\S]*?\bfrom\s+stdin\b`, 'i')
const COPY_OUT = new RegExp(String.raw`^${COMMENTS}copy\s[\s\S]*\bto\s+stdout\b`, 'i')
const COPY_OPTIONS = /\b(?:stdin|stdout)\b([^']*)$/i
const COPY_CHUNK_BYTES = 64 * 1024

const UNDEFINED_DATABASE = '3D000'
const QUERY_CANCELED = '57014'
const FEATURE_NOT_SUPPORTED = '0A000'
const INTERNAL_ERROR = 'XX000'

const isCopy = (sql) => COPY_IN.test(sql) || COPY_OUT.test(sql)
const isBinary = (sql) => /\bbinary\b/i.test(COPY_OPTIONS.exec(sql)?.[1] ?? '')

const fromBlob = (sql) => sql.replace(/\bfrom\s+stdin\b/i, "from '/dev/blob'")
const toBlob = (sql) => sql.replace(/([\s\S]*)\bto\s+stdout\b/i, "$1to '/dev/blob'")

export class Session {
  #socket
  #front
  #reader = new wire.MessageReader()
  #database = null
  #busy = Promise.resolve()
  #closed = false
  #status = 'I'
  #copy = null
  #skipToSync = false
  #awaitsSync = false
  #wasReset = false
  #listens = false
  #statements = new Set()

  constructor(socket, front, processId) {
    this.#socket = socket
    this.#front = front
    this.processId = processId
    this.secret = Math.floor(Math.random() * 2 ** 31)
    socket.setNoDelay(true)
    socket.on('data', (chunk) => this.#receive(chunk))
    socket.on('error', () => {}) // a reset connection; 'close' follows
    socket.on('close', () => this.#leave())
  }

  /** Answers a client's cancel request; only waiting can be cancelled, WASM runs to its end. */
  cancel() {
    const refusal = new TurnRefused(QUERY_CANCELED, 'canceling statement due to user request')
    this.#database?.turns.refuse(this, refusal)
  }

  disconnect() {
    this.#socket.destroy()
  }

  #receive(chunk) {
    this.#reader.push(chunk)
    this.#busy = this.#busy.then(() => this.#drain()).catch((error) => this.#fail(error))
  }

  async #drain() {
    while (!this.#closed) {
      const starting = this.#database === null
      const message = starting ? this.#reader.nextStartup() : this.#reader.next()
      if (message === null) return
      if (starting) this.#start(message)
      else await this.#handle(message)
    }
  }

  #fail(error) {
    if (this.#closed) return
    console.error(error)
    this.#end(INTERNAL_ERROR, String(error))
  }

  #start(packet) {
    const code = packet.readInt32BE(4)
    if (code === wire.SSL_REQUEST || code === wire.GSS_REQUEST) return this.#send(Buffer.from('N'))
    if (code === wire.CANCEL_REQUEST) return this.#passCancel(packet)
    const { user, database = user, options = '', ...settings } = wire.startupParameters(packet)
    const found = this.#front.databases.get(database)
    if (found === undefined) {
      return this.#end(UNDEFINED_DATABASE, `database "${database}" does not exist`)
    }
    this.startSettings = { ...settings, ...optionSettings(options) }
    this.settings = this.startSettings
    this.#database = found
    found.sessions.add(this)
    this.#send(wire.greeting(found.version, this.processId, this.secret))
  }

  #passCancel(packet) {
    this.#front.cancel(packet.readInt32BE(8), packet.readInt32BE(12))
    this.#socket.end()
  }

  async #handle(message) {
    const type = wire.typeOf(message)
    if (type === 'X') return this.#socket.end()
    if (this.#copy !== null) return this.#takeCopy(type, message)
    if (this.#skipToSync) return this.#skip(type)
    try {
      await this.#database.enter(this)
    } catch (error) {
      if (!(error instanceof TurnRefused)) throw error
      return this.#refuse(type, error)
    }
    if (type === 'Q') return this.#query(message)
    if (type === 'P') return this.#parse(message)
    if (type === 'H') return this.#flush()
    if (type === 'B') this.#awaitsSync = true
    return this.#pass(renamed(message, (name) => this.#statementName(name)))
  }

  #refuse(type, { code, message: reason }) {
    this.#send(wire.errorResponse({ code, reason }))
    if (type === 'Q') this.#send(wire.readyForQuery(this.#status))
    else this.#skipToSync = true
  }

  #skip(type) {
    if (type !== 'S') return
    this.#skipToSync = false
    this.#send(wire.readyForQuery(this.#status))
  }

  #query(message) {
    const [sql] = wire.readText(wire.bodyOf(message))
    if (COPY_IN.test(sql)) return this.#startCopy(sql)
    if (COPY_OUT.test(sql)) return this.#copyOut(sql)
    return this.#pass(message)
  }

  #parse(message) {
    const [name, afterName] = wire.readText(wire.bodyOf(message))
    const rest = wire.bodyOf(message).subarray(afterName)
    if (isCopy(wire.readText(rest)[0])) return this.#refuseParsedCopy()
    const ownName = this.#statementName(name)
    if (name === '') this.#database.run(wire.closeStatement(ownName))
    this.#statements.add(ownName)
    return this.#pass(wire.message('P', wire.text(ownName), rest))
  }

  /** A client that only prepares may flush and keep silent: others must not wait for its sync. */
  async #flush() {
    if (this.#status !== 'I' || this.#awaitsSync) return
    this.#database.run(wire.sync())
    await this.#endTurn()
  }

  #refuseParsedCopy() {
    const reason = 'the WASM test server takes COPY as a simple query only'
    return this.#pass(wire.query(raiseSql(FEATURE_NOT_SUPPORTED, reason)), { untilSync: true })
  }

  /** The unnamed statement too, for another client's turn may come before it is bound. */
  #statementName(name) {
    return `c${this.processId}_${name}`
  }

  #pass(message, options) {
    return this.#deliver(this.#database.run(message), options)
  }

  /** Hands an answer on; with `untilSync`, "ready" waits for the sync the client will send. */
  async #deliver(answer, { untilSync = false } = {}) {
    const passed = []
    let ready = false
    for (const reply of wire.messagesIn(answer)) {
      const type = wire.typeOf(reply)
      this.#note(type, wire.bodyOf(reply))
      ready ||= type === 'Z'
      const isHeldBack = type === 'A' || (type === 'Z' && untilSync)
      if (!isHeldBack) passed.push(reply)
    }
    this.#send(Buffer.concat(passed))
    if (!ready) return
    this.#skipToSync = untilSync
    if (this.#status === 'I') await this.#endTurn()
  }

  #note(type, body) {
    if (type === 'Z') this.#status = body.toString('latin1')
    if (type === 'E') this.#awaitsSync = true
    if (type === 'A') this.#front.notify(this.#database, wire.message('A', body))
    if (type === 'C') this.#noteCommand(wire.readText(body)[0])
  }

  #noteCommand(tag) {
    if (tag === 'RESET' || tag === 'DISCARD ALL') this.#wasReset = true
    if (tag === 'LISTEN') this.#listens = true
  }

  notify(notification) {
    if (this.#listens) this.#send(notification)
  }

  async #endTurn() {
    this.#awaitsSync = false
    if (this.#wasReset) await this.#database.restoreDefaults(this)
    this.#wasReset = false
    this.#database.turns.release(this)
  }

  #startCopy(sql) {
    this.#copy = { sql, chunks: [] }
    this.#send(wire.copyInResponse(isBinary(sql)))
  }

  async #takeCopy(type, message) {
    if (type === 'd') return void this.#copy.chunks.push(wire.bodyOf(message))
    if (type !== 'c' && type !== 'f') return
    const { sql, chunks } = this.#copy
    this.#copy = null
    if (type === 'f') return this.#pass(wire.query(copyFailedSql(message)))
    await this.#deliver(await this.#database.copyIn(fromBlob(sql), chunks))
  }

  async #copyOut(sql) {
    const [answer, bytes] = await this.#database.copyOut(toBlob(sql))
    const failed = [...wire.messagesIn(answer)].some((reply) => wire.typeOf(reply) === 'E')
    if (!failed) this.#sendCopy(bytes, isBinary(sql))
    await this.#deliver(answer)
  }

  #sendCopy(bytes, binary) {
    this.#send(wire.copyOutResponse(binary))
    for (let start = 0; start < bytes.length; start += COPY_CHUNK_BYTES) {
      this.#send(wire.copyData(bytes.subarray(start, start + COPY_CHUNK_BYTES)))
    }
    this.#send(wire.copyDone())
  }

  #send(bytes) {
    if (this.#socket.writable) this.#socket.write(bytes)
  }

  #end(code, reason) {
    this.#send(wire.errorResponse({ severity: 'FATAL', code, reason }))
    this.#socket.end()
  }

  /** The client is gone, maybe in a transaction, maybe still waiting for its turn. */
  #leave() {
    this.#closed = true
    this.#front.remove(this)
    if (this.#database === null) return
    this.cancel()
    this.#busy = this.#busy.then(() => this.#cleanUp()).catch((error) => console.error(error))
  }

  async #cleanUp() {
    await this.#database.turns.take(this, { limited: false })
    try {
      await this.#database.forget(this, this.#statements)
    } finally {
      this.#database.turns.release(this)
    }
  }
}

/** `-c name=value` pairs of the start-up option string. */
function optionSettings(options) {
  const pairs = options.matchAll(/(?:-c\s*|--)([\w.]+)=((?:\\.|\S)*)/g)
  return Object.fromEntries(Array.from(pairs, ([, name, value]) => [name, value]))
}

/** A Bind, Describe or Close message with its statement renamed; any other as it is. */
function renamed(message, rename) {
  const type = wire.typeOf(message)
  const body = wire.bodyOf(message)
  if (type === 'B') {
    const [portal, afterPortal] = wire.readText(body)
    const [statement, afterStatement] = wire.readText(body, afterPortal)
    const rest = body.subarray(afterStatement)
    return wire.message('B', wire.text(portal), wire.text(rename(statement)), rest)
  }
  const isStatement = (type === 'D' || type === 'C') && body[0] === 'S'.charCodeAt(0)
  if (!isStatement) return message
  const [statement] = wire.readText(body, 1)
  return wire.message(type, Buffer.from('S'), wire.text(rename(statement)))
}

/** SQL that fails the way asked for, so that an open transaction is aborted as it would be. */
function raiseSql(code, reason) {
  const text = reason.replaceAll("'", "''").replaceAll('%', '%%')
  return `do $raise$ begin raise exception '${text}' using errcode = '${code}'; end $raise$`
}

function copyFailedSql(message) {
  const [reason] = wire.readText(wire.bodyOf(message))
  return raiseSql(QUERY_CANCELED, `COPY from stdin failed: ${reason}`)
}
